#include "acquire/class_floor.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace goldpan {
namespace {

constexpr double kFloor = 0.5;  // of the class's estimated share of the pool
constexpr double kMostOfBatch = 0.1;

std::uint64_t sum(const std::vector<std::uint64_t>& counts) {
  return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

}  // namespace

std::vector<double> estimate_class_shares(const std::vector<UniformSample>& samples,
                                          std::size_t classes) {
  std::vector<double> shares(classes);
  double weights = 0;
  for (const UniformSample& sample : samples) {
    const auto size = static_cast<double>(sum(sample.counts));
    if (size == 0) continue;
    const auto unlabeled = static_cast<double>(sample.unlabeled_before);
    const double pool = unlabeled + static_cast<double>(sum(sample.bought_before));
    for (std::size_t c = 0; c < classes; ++c) {
      const double estimate = static_cast<double>(sample.bought_before[c]) +
                              unlabeled * static_cast<double>(sample.counts[c]) / size;
      shares[c] += size * estimate / pool;
    }
    weights += size;
  }
  if (weights > 0) {
    for (double& share : shares) share /= weights;
  }
  return shares;
}

std::vector<std::size_t> class_floor_picks(const std::vector<double>& shares,
                                           const std::vector<std::uint64_t>& bought,
                                           std::size_t batch) {
  std::vector<std::size_t> picks(shares.size());
  const auto labeled = static_cast<double>(sum(bought));
  std::size_t wanted = 0;
  for (std::size_t c = 0; c < shares.size(); ++c) {
    const auto have = static_cast<double>(bought[c]);
    if (have >= kFloor * shares[c] * labeled) continue;
    const double floor = kFloor * shares[c] * (labeled + static_cast<double>(batch));
    picks[c] = static_cast<std::size_t>(std::ceil(floor - have));
    wanted += picks[c];
  }
  const auto most = static_cast<std::size_t>(kMostOfBatch * static_cast<double>(batch));
  if (wanted > most) {
    for (std::size_t& count : picks) count = count * most / wanted;
  }
  return picks;
}

}  // namespace goldpan
