#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <goldpan/strategies/strategy.hpp>

namespace goldpan::report {

/// How a strategy looks in every figure and on the page.
struct Style {
  std::string label;      ///< "k-center"
  std::string color;      ///< "#0072B2"
  std::string dash;       ///< stroke-dasharray in units of the line width; "" for a solid line
  int marker = 0;         ///< gnuplot point type; the page draws the same shapes
  bool baseline = false;  ///< random: drawn thick and first
};

/// The row of the strategy table or of the miners, or null for one that this version does not know.
const StrategyInfo* row_of(std::string_view strategy);

/// A fixed style for each known strategy, so that a strategy looks the same in every run; others
/// get what is left, in their order. The colours are Okabe & Ito's, told apart by the colour-blind;
/// dashes and markers tell the lines apart in grey.
std::vector<Style> styles_of(const std::vector<std::string>& strategies);

/// "5 %", "12.5 %".
std::string percent(double fraction);
/// "40,000".
std::string thousands(double count);

}  // namespace goldpan::report
