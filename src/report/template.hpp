#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

// A page is a template (assets/*.html with its style sheet and scripts) and one JSON document that
// fills it in the browser. No markup is written in C++: texts stay texts, which the page's script
// puts into text nodes.
namespace goldpan::report {

using Json = nlohmann::json;

/// JSON that may stand inside a <script> element: bytes that are no UTF-8 are replaced, and no '<'
/// is left that could end it.
std::string script_safe(const Json& data);

/// The page with its data: one HTML file that needs nothing from outside.
std::string fill(std::string_view page_template, const Json& data);

/// A finite number, rounded to a multiple of 1 / precision, or null.
Json number(double value, double precision = 1e6);

}  // namespace goldpan::report
