#include "session/split.hpp"

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include <goldpan/core/error.hpp>
#include <goldpan/core/random.hpp>

namespace goldpan {
namespace {

/// Units that move as one: single items, or whole groups. Each belongs to the stratum of its first
/// item.
std::vector<std::vector<std::vector<Index>>> units_by_stratum(const Dataset& dataset,
                                                              const Task& task) {
  std::vector<std::vector<std::vector<Index>>> units(task.classes(dataset.targets).size() + 1);
  std::unordered_map<std::uint32_t, std::pair<std::size_t, std::size_t>> place_of_group;
  for (Index item = 0; item < dataset.size(); ++item) {
    const auto label = task.stratum(dataset.targets, item);
    if (dataset.items.groups.empty()) {
      units[label].push_back({item});
      continue;
    }
    const auto [place, is_new] =
        place_of_group.try_emplace(dataset.items.groups[item], label, units[label].size());
    if (is_new) units[label].emplace_back();
    units[place->second.first][place->second.second].push_back(item);
  }
  return units;
}

}  // namespace

PoolAndTest hold_out(const Dataset& dataset, const Task& task, double fraction,
                     std::uint64_t seed) {
  const Generator generator = Generator(seed).stream("split");
  PoolAndTest parts;
  std::size_t label = 0;
  for (auto& units : units_by_stratum(dataset, task)) {
    std::size_t items = 0;
    for (const auto& unit : units) items += unit.size();
    const auto wanted =
        static_cast<std::size_t>(std::llround(fraction * static_cast<double>(items)));
    Generator order = generator.stream(label++);
    order.shuffle(std::span(units));
    std::size_t held_out = 0;
    for (std::size_t i = 0; i < units.size(); ++i) {
      // The last unit stays in the pool: a class must be there to be learned.
      const bool take = held_out < wanted && i + 1 < units.size();
      auto& part = take ? parts.test : parts.pool;
      part.insert(part.end(), units[i].begin(), units[i].end());
      if (take) held_out += units[i].size();
    }
  }
  std::ranges::sort(parts.pool);
  std::ranges::sort(parts.test);
  if (parts.test.empty()) {
    throw Error(dataset.spec, "is too small to hold out a test set: " +
                                  std::to_string(dataset.size()) + " items");
  }
  return parts;
}

PoolAndTest official_split(const Dataset& dataset) {
  PoolAndTest parts;
  for (Index item = 0; item < dataset.items.splits.size(); ++item) {
    (dataset.items.splits[item] == Split::kTest ? parts.test : parts.pool).push_back(item);
  }
  if (parts.pool.empty() || parts.test.empty()) {
    throw Error(dataset.spec, "ships no test split; use --test holdout");
  }
  return parts;
}

}  // namespace goldpan
