#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include <goldpan/core/embeddings.hpp>
#include <goldpan/core/workers.hpp>

namespace goldpan {

/// Farthest-first over `candidates`, from centers that may come from anywhere: the pool's own
/// picks, or another machine's. Lazy and exact: every distance that is given out is that of the
/// plain algorithm, to the last bit, whatever the order of the calls.
class FarthestSearch {
 public:
  struct Far {
    float squared;    ///< squared distance to the nearest center
    Index candidate;  ///< a place in `candidates`
  };

  /// Room for `capacity` centers in all. Requires: candidates ascending and at least one; finite
  /// embeddings; all of them outlive the search.
  FarthestSearch(const Embeddings& embeddings, std::span<const Index> candidates,
                 std::size_t capacity, Workers& workers);
  ~FarthestSearch();

  void add_centers(MatrixView<const float> rows);
  /// The candidate is never given out again. Requires: its row is among the centers added before
  /// the next question.
  void take(std::size_t candidate);

  /// The farthest candidate (of equals, the first), which is taken and becomes a center. Requires:
  /// a center; a candidate left.
  Far take_farthest();
  /// The `count` farthest candidates (fewer if fewer are left), farthest first, of equals the
  /// first. They stay. Requires: a center.
  std::vector<Far> farthest(std::size_t count);

 private:
  class Search;
  std::unique_ptr<Search> search_;
};

}  // namespace goldpan
