#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

#include <goldpan/core/error.hpp>
#include <goldpan/tasks/failure_clusters.hpp>

#include "kernels/kmeans.hpp"

namespace goldpan {
namespace {

double log_choose(std::size_t n, std::size_t k) {
  const auto gamma = [](std::size_t x) { return std::lgamma(static_cast<double>(x) + 1); };
  return gamma(n) - gamma(k) - gamma(n - k);
}

}  // namespace

double hypergeometric_tail(std::size_t k, std::size_t n, std::size_t failures, std::size_t items) {
  const std::size_t most = std::min(n, failures);
  const std::size_t least = n + failures > items ? n + failures - items : 0;
  if (k <= least) return 1;
  double sum = 0;
  // From the far end, where terms are small.
  for (std::size_t x = most + 1; x > k; --x) {
    sum += std::exp(log_choose(failures, x - 1) + log_choose(items - failures, n - (x - 1)) -
                    log_choose(items, n));
  }
  return std::min(sum, 1.0);
}

std::vector<double> holm_correction(std::span<const double> p_values) {
  std::vector<std::size_t> order(p_values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order,
                           [&](std::size_t a, std::size_t b) { return p_values[a] < p_values[b]; });
  std::vector<double> corrected(p_values.size());
  double largest = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    largest = std::max(largest, p_values[order[i]] * static_cast<double>(order.size() - i));
    corrected[order[i]] = std::min(largest, 1.0);
  }
  return corrected;
}

std::vector<FailureCluster> failure_clusters(const Embeddings& embeddings,
                                             std::span<const std::uint8_t> failed,
                                             const FailureClusterOptions& options,
                                             Generator& generator, Workers& workers) {
  if (failed.size() != embeddings.rows()) {
    throw Error("failed", fmt::format("got {} items, expected the {} rows of the embeddings",
                                      failed.size(), embeddings.rows()));
  }
  if (failed.empty()) return {};
  check_finite(embeddings, "embeddings");
  KMeansOptions kmeans_options;
  kmeans_options.clusters = options.clusters;
  const KMeans found = kmeans(embeddings, kmeans_options, generator, workers);
  std::vector<FailureCluster> all(found.centers.rows());
  std::size_t failures = 0;
  for (std::size_t i = 0; i < failed.size(); ++i) {
    FailureCluster& cluster = all[found.assignment[i]];
    cluster.items.push_back(static_cast<Index>(i));
    if (failed[i] == 0) continue;
    cluster.failures.push_back(static_cast<Index>(i));
    ++failures;
  }
  std::erase_if(all, [&](const FailureCluster& cluster) {
    return cluster.items.size() < std::max<std::size_t>(options.least_items, 1);
  });
  std::vector<double> p_values;
  for (FailureCluster& cluster : all) {
    std::ranges::stable_sort(cluster.failures, [&](Index a, Index b) {
      return found.squared_distances[a] < found.squared_distances[b];
    });
    cluster.error_rate =
        static_cast<double>(cluster.failures.size()) / static_cast<double>(cluster.items.size());
    cluster.p_value =
        hypergeometric_tail(cluster.failures.size(), cluster.items.size(), failures, failed.size());
    p_values.push_back(cluster.p_value);
  }
  const std::vector<double> corrected = holm_correction(p_values);
  for (std::size_t c = 0; c < all.size(); ++c) all[c].corrected_p_value = corrected[c];
  std::ranges::stable_sort(all, [](const FailureCluster& a, const FailureCluster& b) {
    return a.corrected_p_value != b.corrected_p_value ? a.corrected_p_value < b.corrected_p_value
                                                      : a.error_rate > b.error_rate;
  });
  return all;
}

}  // namespace goldpan
