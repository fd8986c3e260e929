#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "distributed/messages.hpp"
#include "strategies/badge_draws.hpp"
#include "strategies/gradient_embedding.hpp"

namespace goldpan::distributed {

// What the two sides of BADGE say to each other. Positions count the unlabelled rows of the whole
// pool; blocks of kRowBlock positions may lie in several shards.

enum class GradientAsk : std::uint8_t {
  kLongest,    // the row with the longest gradient
  kRefresh,    // bring the bounds up to date with these picks; their sums
  kBounds,     // the bounds of these blocks
  kGradients,  // the gradients at these positions
  kLeft,       // the rows with the longest gradients that are not yet picked
};

/// A bound that was lowered by a draw.
struct LoweredBound {
  std::uint64_t position;
  float bound;
};

/// Where a shard's unlabelled rows lie among all.
struct Positions {
  std::uint64_t begin, end, all;

  /// Blocks [first_whole(), last_whole()) lie in this shard alone.
  std::uint64_t first_whole() const { return (begin + kRowBlock - 1) / kRowBlock; }
  std::uint64_t last_whole() const {
    const std::uint64_t last = end == all ? (end + kRowBlock - 1) / kRowBlock : end / kRowBlock;
    return last > first_whole() ? last : first_whole();
  }
  /// The part of a block that lies in this shard.
  std::uint64_t begin_of(std::uint64_t block) const {
    return std::min(std::max(begin, block * kRowBlock), end);
  }
  std::uint64_t end_of(std::uint64_t block) const {
    return std::max(std::min(end, (block + 1) * kRowBlock), begin);
  }
};

inline void put_gradients(const GradientRows& rows, std::size_t begin, std::size_t end,
                          Writer& to) {
  to.put_matrix(rows.features.view().rows_between(begin, end));
  to.put_matrix(rows.residuals.view().rows_between(begin, end));
  to.put_all(std::span(rows.squared_norms).subspan(begin, end - begin));
}

inline GradientRows get_gradients(Reader& from) {
  Matrix<float> features = from.get_rows(), residuals = from.get_rows();
  std::vector<float> norms = from.get_all<float>();
  if (features.rows() != norms.size() || residuals.rows() != norms.size()) {
    throw Error("message", "holds gradients that do not fit together");
  }
  GradientRows rows(0, 0, 0);
  rows.count = norms.size();
  rows.features = std::move(features);
  rows.residuals = std::move(residuals);
  rows.squared_norms = std::move(norms);
  return rows;
}

}  // namespace goldpan::distributed
