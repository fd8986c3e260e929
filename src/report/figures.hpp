#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "report/statistics.hpp"

namespace goldpan::report {

/// Draws every figure that the records allow into folder/figures, as PNG (twice the size, for
/// print) and SVG. Adds what was written to `files` and what could not be drawn to `warnings`.
void draw_figures(const Analysis& analysis, const std::string& gnuplot,
                  const std::filesystem::path& folder, std::vector<std::filesystem::path>& files,
                  std::vector<std::string>& warnings);

/// The names of the figures that the records allow, without folder and ending.
std::vector<std::string> figure_names(const Analysis& analysis);

/// The strategies of the main figure: all but the other flavours of uncertainty when margin stands
/// for them.
std::vector<std::size_t> main_strategies(const Grid& grid);
/// Random and the flavours of uncertainty; empty unless there are two flavours at least.
std::vector<std::size_t> uncertainty_strategies(const Grid& grid);

}  // namespace goldpan::report
