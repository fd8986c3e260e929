#include "session/slice_mining.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include <goldpan/core/error.hpp>

namespace goldpan {
namespace {

constexpr std::size_t kFolds = 5;

/// A fold for each of the rows. Rows of one group are in one fold, and groups of the slice are
/// dealt on their own, so that no fold takes all of a rare slice.
std::vector<std::size_t> deal(const Examples& examples, const MinedSlice& slice,
                              Generator generator) {
  std::map<std::uint32_t, std::vector<std::size_t>> of_group;  // places among the rows
  for (std::size_t i = 0; i < examples.rows.size(); ++i) {
    const Index row = examples.rows[i];
    of_group[examples.groups.empty() ? row : examples.groups[row]].push_back(i);
  }
  std::vector<const std::vector<std::size_t>*> with_slice, others;
  for (const auto& [group, places] : of_group) {
    const bool inside =
        std::ranges::any_of(places, [&](std::size_t i) { return slice.inside[examples.rows[i]]; });
    (inside ? with_slice : others).push_back(&places);
  }
  std::vector<std::size_t> folds(examples.rows.size());
  std::size_t next = 0;
  for (auto* const groups : {&with_slice, &others}) {
    generator.shuffle(std::span(*groups));
    for (const auto* places : *groups) {
      for (const std::size_t i : *places) folds[i] = next % kFolds;
      ++next;
    }
  }
  return folds;
}

/// The headline metric of each item alone; NaN where there is nothing to get right.
std::vector<double> judged_alone(const Task& task, const Predictions& predictions,
                                 const Targets& targets, std::span<const Index> items) {
  std::vector<Slice> alone;
  for (Index place = 0; place < items.size(); ++place) {
    alone.push_back({fmt::format("item {}", place), {place}});
  }
  const Evaluation found = task.evaluate(predictions, targets, items, alone);
  std::map<std::string_view, double> values;
  for (const Metric& metric : found.metrics.rows()) {
    if (metric.name == task.headline() && metric.cls == kAllClasses) {
      values[metric.slice] = metric.value;
    }
  }
  std::vector<double> judged;
  for (const Slice& slice : alone) {
    const auto at = values.find(slice.name);
    judged.push_back(at == values.end() ? std::nan("") : at->second);
  }
  return judged;
}

}  // namespace

const StrategyInfo& find_played_strategy(std::string_view name) {
  const MinerInfo* const miner = find_miner(name);
  return miner == nullptr ? find_strategy(name) : miner->strategy;
}

std::size_t MinedSlice::count(std::size_t begin, std::size_t end) const {
  return static_cast<std::size_t>(std::count(inside.begin() + static_cast<std::ptrdiff_t>(begin),
                                             inside.begin() + static_cast<std::ptrdiff_t>(end),
                                             true));
}

MinedSlice mined_slice(const std::string& condition, const AttributeColumns& attributes,
                       std::size_t pool_size, std::size_t size) {
  MinedSlice mined;
  if (condition.empty()) return mined;
  const Slice slice = slice_where(condition, attributes);
  mined.name = slice.name;
  mined.inside.resize(size);
  for (const Index row : slice.items) mined.inside[row] = true;
  for (const bool pool : {true, false}) {
    if (mined.count(pool ? 0 : pool_size, pool ? pool_size : size) > 0) continue;
    throw Error("--mine", fmt::format("'{}' has no item of the {}, expected some of both the pool "
                                      "and the test set",
                                      condition, pool ? "pool" : "test set"));
  }
  return mined;
}

Slice mined_test_slice(const MinedSlice& mined, std::size_t pool_size) {
  Slice slice{mined.name, {}};
  for (std::size_t row = pool_size; row < mined.inside.size(); ++row) {
    if (mined.inside[row]) slice.items.push_back(static_cast<Index>(row - pool_size));
  }
  return slice;
}

KnownSlice known_slice(const BoughtSlice& bought, const Examples& examples, const StreamOf& stream,
                       Workers& workers) {
  KnownSlice known;
  for (const Index row : examples.rows) {
    (bought.slice.inside[row] ? known.inside : known.outside).push_back(row);
  }
  if (known.inside.empty()) return known;
  const std::vector<std::size_t> folds = deal(examples, bought.slice, stream("mine_folds"));
  std::map<Index, double> value_of;
  for (std::size_t fold = 0; fold < kFolds; ++fold) {
    std::vector<Index> learned, held_out;
    std::vector<float> weights;
    for (std::size_t i = 0; i < examples.rows.size(); ++i) {
      const Index row = examples.rows[i];
      if (folds[i] != fold) {
        learned.push_back(row);
        if (!examples.weights.empty()) weights.push_back(examples.weights[i]);
      } else if (bought.slice.inside[row]) {
        held_out.push_back(row);
      }
    }
    if (learned.empty() || held_out.empty()) continue;
    const auto learner = bought.make_learner();
    const std::string purpose = fmt::format("mine_fold_{}", fold);
    learner->fit(
        {.rows = learned,
         .targets = examples.targets,
         .weights = weights,
         .groups = examples.groups},
        [&](const char* name) { return stream(purpose.c_str()).stream(name); }, workers);
    const std::vector<double> values =
        judged_alone(bought.task, learner->predict(held_out, workers), examples.targets, held_out);
    for (std::size_t i = 0; i < held_out.size(); ++i) value_of[held_out[i]] = values[i];
  }
  double sum = 0;
  std::size_t count = 0;
  for (const auto& [row, value] : value_of) {
    if (std::isnan(value)) continue;
    sum += value;
    ++count;
  }
  for (const auto& [row, value] : value_of) {
    if (value < sum / static_cast<double>(count)) known.failures.push_back(row);
  }
  return known;
}

}  // namespace goldpan
