#pragma once

#include <string_view>

namespace goldpan::report {

/// The page but for its data, whose place is "{{data}}": assets/*, put together by CMake.
extern const std::string_view kPageTemplate;
/// Its style sheet alone, which other pages share.
extern const std::string_view kStyleSheet;

}  // namespace goldpan::report
