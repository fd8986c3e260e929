#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include <goldpan/report/report.hpp>

#include "report/reflection.hpp"
#include "report/statistics.hpp"

// report.html is one template (assets/page.html with its style sheet and scripts) and one JSON
// document that fills it in the browser. No markup is written here: texts stay texts, which the
// page's script puts into text nodes.
namespace goldpan::report {

using Json = nlohmann::json;

/// The whole report as one HTML page that needs nothing from outside: style, script, data and
/// thumbnails are in it. Adds to `warnings` what thumbnails could not be made.
std::string report_page(const Analysis& analysis, const ReportOptions& options,
                        const std::vector<ReflectionSection>& reflection,
                        std::vector<std::string>& warnings);

/// What the page is filled with (page_data.cpp):
/// - sections: ids of those that have something to show; empty: ["empty", ...];
/// - conclusion {text, shown, details}, summary, tiles [{value, meaning}], warnings, labels_note,
///   reflection [{title, sentences}]: texts, `code` in backticks;
/// - strategies [{name, label, color, color_dark, dash, marker, baseline}], budgets [{fraction,
///   labels, percent}], seeds, random (a place or null), shown (places);
/// - metrics {name: [strategy][budget][seed]}, reliability, class_counts and class_recall
///   [strategy][budget][class], pool_class_counts, classes, timings: what charts are drawn from;
/// - tables {id: {columns, rows, csv}} (page_tables.cpp), picks (page_picks.cpp).
Json page_data(const Analysis& analysis, const ReportOptions& options,
               const std::vector<ReflectionSection>& reflection,
               std::vector<std::string>& warnings);

/// JSON that may stand inside a <script> element: bytes that are no UTF-8 are replaced, and no '<'
/// is left that could end it.
std::string script_safe(const Json& data);

// The parts of the data, by file.

Json page_tables(const Analysis& analysis, const LabelPrices& prices);
std::string labels_note(const Analysis& analysis, const LabelPrices& prices);
/// The first picks of each batch with their pictures, each once; null without pictures.
Json page_picks(const Analysis& analysis, const ReportOptions& options,
                std::vector<std::string>& warnings);
Json page_tiles(const Analysis& analysis);

/// A finite number, rounded to a multiple of 1 / precision, or null.
Json number(double value, double precision = 1e6);

}  // namespace goldpan::report
