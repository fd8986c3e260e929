#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "report/grid.hpp"
#include "report/styles.hpp"

// Parts that figures over the budget are put together from, in gnuplot's language.
namespace goldpan::report {

/// A point of a curve and half the width of its band.
struct Spread {
  double mean = kNan;
  double std = kNan;
};

/// Of what is said beside curves.
inline constexpr const char* kGrey = "#555555";

/// Text inside gnuplot's double quotes and its "enhanced" markup.
std::string gnuplot_text(const std::string& text);
/// A number as gnuplot reads it.
std::string gnuplot_number(double value);
/// Borders, tics and margins of a panel.
const char* panel_look();
/// Places of budgets of a grid, ascending.
using Budgets = std::vector<std::size_t>;
Budgets all_budgets(const Grid& grid);
/// The axis of some budgets: per cent above labels, at those asked for; where labels are few,
/// labels above per cent.
std::string budget_axis(const Grid& grid, const Budgets& budgets);
/// A named data block: a point at each of these budgets (those that are not finite left out), and
/// after two empty lines the band.
std::string curve_block(const Grid& grid, const Budgets& budgets, const std::string& name,
                        const std::function<Spread(std::size_t budget)>& values_at);
/// What draws a block's band and line.
std::string band(const std::string& block, const Style& style);
std::string line(const std::string& block, const Style& style, const std::string& title);
/// One plot command of several.
std::string joined(const std::vector<std::string>& plots);
/// A strip of this share of the height at the bottom that holds the legend alone.
std::string legend_strip(const std::vector<Style>& styles, std::size_t rows, double share,
                         std::size_t seeds);

}  // namespace goldpan::report
