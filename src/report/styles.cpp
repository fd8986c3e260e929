#include "report/styles.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include <fmt/format.h>

#include <goldpan/acquire/mine.hpp>
#include <goldpan/strategies/detection_table.hpp>

namespace goldpan::report {
namespace {

constexpr std::array<std::string_view, 6> kOtherColors = {"#332288", "#88CCEE", "#882255",
                                                          "#999933", "#117733", "#661100"};
constexpr std::array<std::string_view, 4> kOtherDashes = {"", "6 2", "2 2", "9 2 2 2"};
constexpr std::array<int, 6> kOtherMarkers = {6, 4, 8, 10, 12, 2};

}  // namespace

const StrategyInfo* row_of(std::string_view strategy) {
  for (const auto table : {strategies(), detection_strategies()}) {
    const auto row = std::ranges::find(table, strategy, &StrategyInfo::name);
    if (row != table.end()) return &*row;
  }
  const MinerInfo* const miner = find_miner(strategy);
  return miner == nullptr ? nullptr : &miner->strategy;
}

std::vector<Style> styles_of(const std::vector<std::string>& strategies) {
  std::vector<Style> styles;
  std::size_t others = 0;
  for (const std::string& name : strategies) {
    const StrategyInfo* const row = row_of(name);
    Style style;
    if (row != nullptr) {
      style.label = row->label;
      style.baseline = row->uniform;
    } else {  // of a journal that another version wrote
      style.label = name;
      std::replace(style.label.begin(), style.label.end(), '_', ' ');
    }
    if (row != nullptr && !row->look.color.empty()) {
      style.color = row->look.color;
      style.dash = row->look.dash;
      style.marker = row->look.marker;
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

std::string percent(double fraction) {
  const std::string text = fmt::format("{:.6g} %", 100 * fraction);
  // A count of labels is an odd share of the pool: 20 of 31,367 are 0.064 %, not 0.0637613 %.
  constexpr std::size_t kLong = 8;
  return fraction < 0.05 && text.size() >= kLong ? fmt::format("{:.2g} %", 100 * fraction) : text;
}

std::string thousands(double count) {
  std::string digits = fmt::format("{:.0f}", std::abs(count));
  for (std::size_t place = digits.size(); place > 3; place -= 3) digits.insert(place - 3, ",");
  return count < 0 && digits != "0" ? "-" + digits : digits;
}

}  // namespace goldpan::report
