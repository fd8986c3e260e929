#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <goldpan/report/report.hpp>

#include "report/reflection.hpp"
#include "report/statistics.hpp"

namespace goldpan::report {

/// The whole report as one HTML page that needs nothing from outside: style, script, data and
/// thumbnails are in it. Adds to `warnings` what thumbnails could not be made.
std::string report_page(const Analysis& analysis, const ReportOptions& options,
                        const std::vector<ReflectionSection>& reflection,
                        std::vector<std::string>& warnings);

// The pieces of the page, by file.

/// Text made safe between tags and inside double-quoted attributes.
std::string escaped(std::string_view text);
/// Plain text whose `names` in backticks become <code>.
std::string with_code(std::string_view text);

/// What the charts are drawn from, as JSON that may stand inside a <script> element
/// (html_data.cpp).
std::string page_data(const Analysis& analysis);

/// Sections as HTML; empty where the run has nothing to show (html_tables.cpp, html_picks.cpp).
std::string gains_section(const Analysis& analysis);
std::string labels_section(const Analysis& analysis, const LabelPrices& prices);
std::string wins_section(const Analysis& analysis);
std::string timings_section(const Analysis& analysis);
std::string settings_section(const Analysis& analysis);
std::string picks_section(const Analysis& analysis, const ReportOptions& options,
                          std::vector<std::string>& warnings);

/// A swatch of a strategy's colour and its name, as a row's header.
std::string strategy_header(const Analysis& analysis, std::size_t strategy);

std::string base64(std::string_view bytes);

}  // namespace goldpan::report
