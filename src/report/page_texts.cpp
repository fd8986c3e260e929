#include <cmath>

#include <fmt/format.h>

#include "report/csv.hpp"
#include "report/page.hpp"
#include "report/reflection_phrases.hpp"

namespace goldpan::report {
namespace {

Json tile(std::string value, std::string meaning) {
  return {{"value", std::move(value)}, {"meaning", std::move(meaning)}};
}

}  // namespace

Json page_tiles(const Analysis& analysis) {
  const Grid& grid = analysis.grid;
  Json tiles = Json::array();
  if (grid.strategies().empty()) return tiles;
  if (std::isfinite(analysis.full_accuracy)) {
    tiles.push_back(tile(fixed(100 * analysis.full_accuracy, 1) + " %",
                         fmt::format("{} with all {} labels", grid.task().headline.label,
                                     thousands(static_cast<double>(grid.labels(*grid.full()))))));
  }
  std::size_t better = 0;
  std::size_t worse = 0;
  std::size_t tested = 0;
  const Area* best = nullptr;
  for (const Area& area : analysis.areas) {
    const Comparison& comparison = area.against_random;
    if (comparison.test.n == 0) continue;
    ++tested;
    better += comparison.verdict == "better" ? 1 : 0;
    worse += comparison.verdict == "worse" ? 1 : 0;
    if (best == nullptr || comparison.test.mean > best->against_random.test.mean) best = &area;
  }
  if (best != nullptr) {
    tiles.push_back(tile(
        signed_fixed(best->against_random.test.mean, 2) + " points",
        fmt::format("largest mean gain over random, area under the curve: {} ({})",
                    name_of(grid, best->against_random.strategy), best->against_random.verdict)));
    tiles.push_back(tile(fmt::format("{} / {} / {}", better, worse, tested - better - worse),
                         "strategies better / worse / not shown against random, over all budgets"));
  }
  if (analysis.check.applies()) {
    tiles.push_back(tile(analysis.check.passed() ? "passed" : "failed",
                         fmt::format("check at 100 %: {} within {} points", values_of(grid),
                                     fixed(analysis.check.spread, 2))));
  }
  tiles.push_back(
      tile(fmt::format("{}", grid.seeds().size()),
           grid.seeds().size() == 1 ? "seed: no difference can be shown" : "seeds, paired"));
  return tiles;
}

}  // namespace goldpan::report
