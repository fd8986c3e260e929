#include "session/ledger.hpp"

#include <algorithm>
#include <cmath>

#include <goldpan/core/error.hpp>

namespace goldpan {
namespace {

/// Drawn uniformly from all that was unlabelled: it can stand for the rest.
bool is_uniform(const Pick& pick) {
  return pick.reason == Reason::kReserve ||
         (pick.reason == Reason::kColdStart && !std::isnan(pick.inclusion_probability));
}

}  // namespace

Ledger::Ledger(Targets targets, std::size_t pool_size, const Task& task)
    : task_(task),
      targets_(std::move(targets)),
      is_labeled_(pool_size),
      unlabeled_(complement({}, pool_size)),
      bought_(task.classes(targets_).size()) {}

void Ledger::enter(std::span<const Pick> picks, std::span<const Answer> answers) {
  UniformSample sample{std::vector<std::uint64_t>(bought_.size()), bought_, unlabeled_.size()};
  SampledBatch batch;
  batch.unlabeled_before = unlabeled_.size();
  const bool everything = picks.size() == unlabeled_.size();
  for (std::size_t i = 0; i < picks.size(); ++i) {
    const Pick& pick = picks[i];
    const Answer& answer = answers[i];
    if (answer.row != pick.row || answer.state != Answer::State::kAnswered) {
      throw Error("labels", "row " + std::to_string(pick.row) +
                                " has no label, expected one for every row of a pool that is "
                                "measured on");
    }
    task_.read(answer.target, pick.row, targets_);
    task_.count(targets_, pick.row, bought_);
    cost_ += task_.cost(targets_, pick.row);
    const bool uniform = is_uniform(pick);
    if (uniform || everything) task_.count(targets_, pick.row, sample.counts);
    (uniform ? batch.uniform : batch.certain).push_back(pick.row);
    is_labeled_[pick.row] = true;
    labeled_.push_back(pick.row);
  }
  samples_.push_back(std::move(sample));
  batches_.push_back(std::move(batch));
  std::ranges::sort(labeled_);
  std::erase_if(unlabeled_, [&](Index row) { return is_labeled_[row]; });
}

}  // namespace goldpan
