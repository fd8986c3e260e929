#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include <goldpan/core/embeddings.hpp>

#include "kernels/sketch.hpp"
#include "strategies/row_bounds.hpp"
#include "strategies/sketched_rows.hpp"

// What the tasks of a farthest-first search (farthest_search.cpp) work on, and with.
namespace goldpan::farthest {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// 64 candidates that are brought up to date together.
struct Block {
  std::size_t begin = 0, size = 0;      // places in the order
  std::size_t known = 0;                // the nearest of the first so many centers is known
  float bound = kInfinity;              // no candidate here is farther (squared)
  Index best = 0;                       // the lowest candidate at that distance
  std::unique_ptr<BlockBounds> bounds;  // made when the block is first brought up to date
};

/// The block whose farthest candidate is farthest comes first; of equals, that of the lowest. Being
/// brought up to date can only move a block back in this order.
struct Nearer {
  bool operator()(const Block* a, const Block* b) const {
    return a->bound != b->bound ? a->bound < b->bound : a->best > b->best;
  }
};

/// Room for one task at work.
struct Scratch {
  std::vector<Index> rows;
  std::vector<float> values, sketches, slack, dense, row;
  AlignedFloats block, products;
  std::vector<std::uint32_t> pairs, sorted;  // of a place of the block and a center

  /// Sorts the pairs candidate by candidate, so that each row is read once.
  void sort_by_lane() {
    std::size_t starts[kSketchBlock + 1] = {};
    for (const std::uint32_t pair : pairs) ++starts[pair % kSketchBlock + 1];
    for (std::size_t i = 0; i < kSketchBlock; ++i) starts[i + 1] += starts[i];
    sorted.resize(pairs.size());
    for (const std::uint32_t pair : pairs) sorted[starts[pair % kSketchBlock]++] = pair;
  }
};

/// Hands out Scratch, as many as tasks run at once.
class ScratchPool {
 public:
  std::unique_ptr<Scratch> take() {
    const std::lock_guard lock(mutex_);
    if (free_.empty()) return std::make_unique<Scratch>();
    std::unique_ptr<Scratch> scratch = std::move(free_.back());
    free_.pop_back();
    return scratch;
  }
  void give_back(std::unique_ptr<Scratch> scratch) {
    const std::lock_guard lock(mutex_);
    free_.push_back(std::move(scratch));
  }

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<Scratch>> free_;
};

}  // namespace goldpan::farthest
