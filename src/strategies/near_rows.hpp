#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <span>
#include <vector>

#include <goldpan/core/embeddings.hpp>
#include <goldpan/core/matrix.hpp>
#include <goldpan/core/progress.hpp>
#include <goldpan/core/random.hpp>
#include <goldpan/core/workers.hpp>

namespace goldpan {

/// Exact searches for near rows among the named rows of a pool, which are known by their place in
/// the list. Lower bounds of few dimensions (Contraction) rule out most pairs; distances that count
/// are computed from differences. 128 bytes a row.
class NearRows {
 public:
  /// Searches ask `progress` whether to stop, and throw Cancelled.
  NearRows(const Embeddings& embeddings, std::span<const Index> rows, const Generator& generator,
           Workers& workers, Progress progress = {});

  std::size_t size() const { return rows_.size(); }

  /// Places of one task: searches for more should be cut into so many.
  static constexpr std::size_t kBlock = 256;

  /// Calls visit(i, place) for every row, itself included, whose squared distance to the i-th of
  /// the given places is below `limit` (infinity: for every row). At most kBlock places.
  void for_each_within(std::span<const std::uint32_t> places, float limit,
                       const std::function<void(std::size_t i, std::uint32_t place)>& visit) const;

  /// Lowers nearest[i] to the smallest squared distance of place begin + i to the places
  /// [from, to). At most kBlock places.
  void lower_nearest(std::size_t begin, std::span<float> nearest, std::size_t from,
                     std::size_t to) const;

 private:
  float distance(std::span<const float> point, std::size_t place, std::vector<float>& copy) const;
  std::span<const float> read(std::size_t place, std::vector<float>& copy) const;
  float limit_of_bound(float limit, float norm) const;
  void stop_if_asked() const;

  Embeddings embeddings_;  // a view, which may come from a temporary
  std::span<const Index> rows_;
  Matrix<float> short_;
  std::vector<float> norms_;
  float largest_norm_ = 0;
  Progress progress_;
  mutable std::mutex asking_;  // searches run side by side, a Progress is asked by one at a time
};

}  // namespace goldpan
