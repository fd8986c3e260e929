#pragma once

#include <string>
#include <vector>

#include <goldpan/report/report.hpp>

#include "report/reflection.hpp"
#include "report/statistics.hpp"
#include "report/template.hpp"

// report.html: what fills assets/page.html.
namespace goldpan::report {

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

// The parts of the data, by file.

Json page_tables(const Analysis& analysis, const LabelPrices& prices);
std::string labels_note(const Analysis& analysis, const LabelPrices& prices);
/// The first picks of each batch with their pictures, each once; null without pictures.
Json page_picks(const Analysis& analysis, const ReportOptions& options,
                std::vector<std::string>& warnings);
Json page_tiles(const Analysis& analysis);

}  // namespace goldpan::report
