#include "report/styles.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include <fmt/format.h>

namespace goldpan::report {
namespace {

struct Look {
  std::string_view color;
  std::string_view dash;
  int marker;
};

// By place in the strategy table, so that a strategy looks the same in every run. gnuplot's point
// types: 7 disc, 5 square, 9 triangle, 11 triangle down, 13 diamond, and their outlines one less; 2
// is a cross.
constexpr auto kLooks = std::to_array<Look>({
    {"#000000", "", 7},          // random
    {"#009E73", "9 2 2 2", 5},   // k-center
    {"#D55E00", "", 11},         // BADGE
    {"#0072B2", "4 2", 4},       // hybrid
    {"#56B4E9", "2 2", 5},       // entropy
    {"#E69F00", "6 2", 9},       // margin
    {"#6A51A3", "9 2 2 2", 13},  // least confidence
    {"#CC79A7", "2 2", 13},      // BALD
    {"#AA4499", "4 2", 12},      // PowerBALD
    {"#A6761D", "9 2 2 2", 12},  // EPIG
    {"#56B4E9", "", 6},          // TypiClust
    {"#8C6BB1", "6 2", 8},       // ProbCover
    {"#7F7F7F", "2 2", 10},      // BAIT
    {"#44AA99", "2 2", 4},       // k-center (approximate)
    {"#B8860B", "4 2", 8},       // BADGE (approximate)
});

constexpr std::array<std::string_view, 6> kOtherColors = {"#332288", "#88CCEE", "#882255",
                                                          "#999933", "#117733", "#661100"};
constexpr std::array<std::string_view, 4> kOtherDashes = {"", "6 2", "2 2", "9 2 2 2"};
constexpr std::array<int, 6> kOtherMarkers = {6, 4, 8, 10, 12, 2};

}  // namespace

const StrategyInfo* row_of(std::string_view strategy) {
  const auto table = strategies();
  const auto row = std::ranges::find(table, strategy, &StrategyInfo::name);
  return row == table.end() ? nullptr : &*row;
}

std::vector<Style> styles_of(const std::vector<std::string>& strategies) {
  std::vector<Style> styles;
  std::size_t others = 0;
  for (const std::string& name : strategies) {
    const StrategyInfo* const row = row_of(name);
    const auto place =
        static_cast<std::size_t>(row == nullptr ? 0 : row - goldpan::strategies().data());
    Style style;
    if (row != nullptr) {
      style.label = row->label;
      style.baseline = row->uniform;
    } else {  // of a journal that another version wrote
      style.label = name;
      std::replace(style.label.begin(), style.label.end(), '_', ' ');
    }
    if (row != nullptr && place < kLooks.size()) {
      style.color = kLooks[place].color;
      style.dash = kLooks[place].dash;
      style.marker = kLooks[place].marker;
    } else {
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
