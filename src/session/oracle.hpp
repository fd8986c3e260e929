#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include <goldpan/core/error.hpp>
#include <goldpan/core/matrix.hpp>

namespace goldpan {

/// Sells the labels of the pool, one at a time, and counts them. Nothing else in a run can read a
/// pool label before it is bought here. The labels are shared between oracles; what was bought is
/// each oracle's own.
class Oracle {
 public:
  explicit Oracle(std::shared_ptr<const std::vector<std::int32_t>> labels)
      : labels_(std::move(labels)), is_bought_(labels_->size()) {}

  /// The label of a pool row; it counts once. Throws Error if it was bought before: a strategy that
  /// asks twice is broken.
  std::int32_t buy(Index row) {
    if (is_bought_.at(row))
      throw Error("oracle", "row " + std::to_string(row) + " is bought already");
    is_bought_[row] = true;
    ++bought_;
    return (*labels_)[row];
  }

  std::size_t bought() const { return bought_; }

 private:
  std::shared_ptr<const std::vector<std::int32_t>> labels_;
  std::vector<bool> is_bought_;
  std::size_t bought_ = 0;
};

}  // namespace goldpan
