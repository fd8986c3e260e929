#pragma once

#include <string_view>

namespace goldpan::report {

// Pages but for their data, whose place is "{{data}}": assets/*, put together by CMake.

extern const std::string_view kPageTemplate;
extern const std::string_view kEvaluationTemplate;
extern const std::string_view kPicksTemplate;

}  // namespace goldpan::report
