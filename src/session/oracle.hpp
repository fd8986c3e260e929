#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include <goldpan/core/targets.hpp>
#include <goldpan/session/label_source.hpp>
#include <goldpan/tasks/task.hpp>

namespace goldpan {

/// Sells the labels of a pool, each once, and answers at once. Nothing else in a run can read the
/// target of a pool row before it is bought here. The targets are shared between oracles; what was
/// bought is each oracle's own.
class Oracle : public LabelSource {
 public:
  Oracle(std::shared_ptr<const Targets> targets, std::size_t pool_size, const Task& task)
      : targets_(std::move(targets)), task_(task), is_bought_(pool_size) {}

  /// Throws Error if a row was asked for before: a strategy that asks twice is broken.
  void request(std::span<const Index> rows) override;
  std::vector<Answer> poll() override;

  std::size_t bought() const { return bought_; }

 private:
  std::shared_ptr<const Targets> targets_;
  const Task& task_;
  std::vector<bool> is_bought_;
  std::vector<Answer> answers_;
  std::size_t bought_ = 0;
};

}  // namespace goldpan
