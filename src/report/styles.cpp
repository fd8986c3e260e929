#include "report/styles.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include <fmt/format.h>

namespace goldpan::report {
namespace {

struct Known {
  std::string_view name;
  std::string_view label;
  std::string_view color;
  std::string_view dash;
  int marker;
};

// The first nine are the default run's; gnuplot's point types: 7 disc, 5 square, 9 triangle, 11
// triangle down, 13 diamond, and their outlines one less; 2 is a cross.
constexpr std::array<Known, 15> kKnown = {{
    {"random", "random", "#000000", "", 7},
    {"margin", "margin", "#E69F00", "6 2", 9},
    {"bald", "BALD", "#CC79A7", "2 2", 13},
    {"k_center", "k-center", "#009E73", "9 2 2 2", 5},
    {"badge", "BADGE", "#D55E00", "", 11},
    {"hybrid", "hybrid", "#0072B2", "4 2", 4},
    {"entropy", "entropy", "#56B4E9", "2 2", 5},
    {"least_confidence", "least confidence", "#6A51A3", "9 2 2 2", 13},
    {"typiclust", "TypiClust", "#56B4E9", "", 6},
    {"probcover", "ProbCover", "#8C6BB1", "6 2", 8},
    {"bait", "BAIT", "#7F7F7F", "2 2", 10},
    {"epig", "EPIG", "#A6761D", "9 2 2 2", 12},
    {"power_bald", "PowerBALD", "#AA4499", "4 2", 12},
    {"power_margin", "PowerMargin", "#B8860B", "4 2", 8},
    {"k_center_approximate", "k-center (approximate)", "#44AA99", "2 2", 4},
}};

constexpr std::array<std::string_view, 6> kOtherColors = {"#332288", "#88CCEE", "#882255",
                                                          "#999933", "#117733", "#661100"};
constexpr std::array<std::string_view, 4> kOtherDashes = {"", "6 2", "2 2", "9 2 2 2"};
constexpr std::array<int, 6> kOtherMarkers = {6, 4, 8, 10, 12, 2};

}  // namespace

std::vector<Style> styles_of(const std::vector<std::string>& strategies) {
  std::vector<Style> styles;
  std::size_t others = 0;
  for (const std::string& name : strategies) {
    const auto known = std::find_if(kKnown.begin(), kKnown.end(),
                                    [&](const Known& style) { return style.name == name; });
    Style style;
    if (known != kKnown.end()) {
      style = {std::string(known->label), std::string(known->color), std::string(known->dash),
               known->marker, name == "random"};
    } else {
      style.label = name;
      std::replace(style.label.begin(), style.label.end(), '_', ' ');
      style.color = kOtherColors[others % kOtherColors.size()];
      style.dash = kOtherDashes[others % kOtherDashes.size()];
      style.marker = kOtherMarkers[others % kOtherMarkers.size()];
      ++others;
    }
    styles.push_back(style);
  }
  return styles;
}

std::string percent(double fraction) { return fmt::format("{:.6g} %", 100 * fraction); }

std::string thousands(double count) {
  std::string digits = fmt::format("{:.0f}", std::abs(count));
  for (std::size_t place = digits.size(); place > 3; place -= 3) digits.insert(place - 3, ",");
  return count < 0 && digits != "0" ? "-" + digits : digits;
}

}  // namespace goldpan::report
