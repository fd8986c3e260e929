#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <goldpan/core/embeddings.hpp>
#include <goldpan/core/random.hpp>
#include <goldpan/core/workers.hpp>

namespace goldpan {

/// A part of the items that nobody named, and how a model fares there.
struct FailureCluster {
  std::vector<Index> items;  ///< ascending, rows of the embeddings
  std::vector<Index>
      failures;  ///< those of them that the model gets wrong, nearest the center first
  double error_rate = 0;
  /// The probability of so many failures or more, were they dealt to the items at random (upper
  /// tail of the hypergeometric distribution), and the same corrected for the number of clusters
  /// (Holm 1979).
  double p_value = 1, corrected_p_value = 1;
};

struct FailureClusterOptions {
  std::size_t clusters = 20;
  std::size_t least_items = 10;  ///< smaller clusters are not tested nor listed
};

/// Slices that nobody named: k-means clusters of all items in an embedding, by rising corrected
/// p-value, then falling error rate. `failed[i]` says that the model gets item i wrong. Throws
/// Error for lengths that differ or embeddings that are not finite.
std::vector<FailureCluster> failure_clusters(const Embeddings& embeddings,
                                             std::span<const std::uint8_t> failed,
                                             const FailureClusterOptions& options,
                                             Generator& generator, Workers& workers);

/// Holm's correction: in the order of the p-values, the i-th times the number of tests left, made
/// monotone and cut at 1.
std::vector<double> holm_correction(std::span<const double> p_values);

/// P(X >= k) where X counts the failures among n items drawn without replacement from N items of
/// which K fail.
double hypergeometric_tail(std::size_t k, std::size_t n, std::size_t failures, std::size_t items);

}  // namespace goldpan
