#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include <goldpan/core/matrix.hpp>

namespace goldpan {

/// Keeps the k best-scored rows of a stream: largest score first, ties to the lowest row. Memory
/// O(k), time O(stream) whatever its order.
class TopK {
 public:
  struct Entry {
    double score;
    Index row;
  };

  explicit TopK(std::size_t k);

  /// Adds row rows[i] with scores[i]. Requires: rows come in ascending order over all calls; no
  /// score is NaN.
  void add(std::span<const Index> rows, std::span<const double> scores);

  /// The best min(k, rows added), best first. Leaves the collector empty.
  std::vector<Entry> take();

 private:
  void shrink();

  std::size_t k_;
  std::size_t capacity_;
  /// The k-th best so far; a later row must beat it, since a tie goes to the earlier row.
  double threshold_;
  bool full_ = false;
  std::vector<Entry> kept_;
};

}  // namespace goldpan
