#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include <goldpan/core/embeddings.hpp>
#include <goldpan/core/matrix.hpp>
#include <goldpan/core/workers.hpp>

namespace goldpan {

/// The search of deduplicate() over one stretch of a pool's rows, a block at a time. What is kept
/// and what stands for a row depend on pairs of rows alone, so that a stretch that has met all rows
/// kept before it goes on as if it had been there.
class TwinSearch {
 public:
  /// `first_row`: the number in the pool of the stretch's first row. Throws Error as deduplicate()
  /// does. The embeddings must outlive the search.
  TwinSearch(const Embeddings& embeddings, std::size_t first_row, double cosine);
  ~TwinSearch();
  TwinSearch(const TwinSearch&) = delete;
  TwinSearch& operator=(const TwinSearch&) = delete;

  /// Rows that were kept before this stretch, with their numbers in the pool, ascending from call
  /// to call. Requires: passed() == 0.
  void meet(const Embeddings& others, std::span<const Index> rows, Workers& workers);
  /// Decides on the next block. Requires: !finished().
  void step(Workers& workers);
  bool finished() const { return next_ == embeddings_.rows(); }
  /// Rows decided on.
  std::size_t passed() const { return next_; }
  /// Rows of this stretch that are kept so far, by their number in the pool, ascending.
  const std::vector<Index>& kept() const { return kept_; }
  /// For each of the first passed() rows the kept row that stands for it.
  const std::vector<Index>& kept_row_of() const { return kept_row_of_; }

  /// A kept row and how similar it is.
  struct Nearest {
    float cosine = -2.0f;
    Index row = 0;

    // The comparison is strict, so that among equals the first one seen, the lowest, stays.
    void offer(float other_cosine, Index other_row) {
      if (other_cosine > cosine) *this = {other_cosine, other_row};
    }
  };
  class Kept;

 private:
  MatrixView<const float> read_block(std::size_t begin, Workers& workers);

  const Embeddings& embeddings_;
  std::size_t first_row_;
  float threshold_;
  std::size_t next_ = 0;
  std::unique_ptr<Kept> kept_here_;
  std::vector<Nearest> before_;  // of each row, among those of meet(); empty before the first
  std::vector<Index> kept_, kept_row_of_;
  Matrix<float> directions_, cosines_;
};

}  // namespace goldpan
