#pragma once

#include <string_view>

// The page, its style sheet and its script: assets/*, turned into a source file by CMake.
namespace goldpan::label {

extern const std::string_view kPage;
extern const std::string_view kPageStyle;
extern const std::string_view kPageScript;

}  // namespace goldpan::label
