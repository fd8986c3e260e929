#pragma once

#include <cstdint>

namespace goldpan::distributed {

// What the two sides of k_center say to each other.

enum class FarAsk : std::uint8_t {
  kLabeled,      // the embeddings of the labelled rows
  kPrepareMean,  // sum the blocks of unlabelled rows that lie within this shard
  kFoldMean,     // carry the sum of all unlabelled rows on over this shard's
  kClosest,      // the unlabelled row closest to this point
  kFarthest,     // the rows farthest from all centers, these ones included
  kValues,       // the embeddings of these rows
};

/// A row of the pool and its squared distance to the nearest center.
struct FarRow {
  float squared;
  std::uint64_t row;

  /// In the order of picks.
  bool before(const FarRow& other) const {
    return squared != other.squared ? squared > other.squared : row < other.row;
  }
};

}  // namespace goldpan::distributed
