#pragma once

#include <string_view>

namespace goldpan::report {

/// The page but for its data, whose place is "{{data}}": assets/*, put together by CMake.
extern const std::string_view kPageTemplate;

}  // namespace goldpan::report
