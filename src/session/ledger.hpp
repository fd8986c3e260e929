#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <goldpan/acquire/propose.hpp>
#include <goldpan/core/targets.hpp>
#include <goldpan/session/label_source.hpp>
#include <goldpan/tasks/task.hpp>

#include "acquire/class_floor.hpp"
#include "session/importance_weights.hpp"

namespace goldpan {

/// What was bought of a pool, and how. It follows from the picks and their answers alone, so that a
/// journal can restore it.
class Ledger {
 public:
  /// `targets` are those of the pool, all unknown (Task::unknown).
  Ledger(Targets targets, std::size_t pool_size, const Task& task);

  /// Enters a batch. answers[i] belongs to picks[i]. Requires: none of the rows is labelled.
  void enter(std::span<const Pick> picks, std::span<const Answer> answers);

  std::span<const Index> labeled() const { return labeled_; }      ///< ascending
  std::span<const Index> unlabeled() const { return unlabeled_; }  ///< ascending
  const Targets& targets() const { return targets_; }              ///< known where bought
  /// What the labels bought name, per class (Task::count).
  const std::vector<std::uint64_t>& bought() const { return bought_; }
  /// What all of them cost, in the task's units.
  double cost() const { return cost_; }
  /// The uniform samples among the batches.
  const std::vector<UniformSample>& samples() const { return samples_; }
  const std::vector<SampledBatch>& batches() const { return batches_; }

 private:
  const Task& task_;
  Targets targets_;
  std::vector<bool> is_labeled_;
  std::vector<Index> labeled_, unlabeled_;
  std::vector<std::uint64_t> bought_;
  double cost_ = 0;
  std::vector<UniformSample> samples_;
  std::vector<SampledBatch> batches_;
};

}  // namespace goldpan
