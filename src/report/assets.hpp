#pragma once

#include <string_view>

// The page's style sheet and scripts: assets/*, turned into a source file by CMake.
namespace goldpan::report {

extern const std::string_view kStyleSheet;
extern const std::string_view kChartsScript;
extern const std::string_view kPageScript;

}  // namespace goldpan::report
