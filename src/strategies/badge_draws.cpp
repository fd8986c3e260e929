#include "strategies/badge_draws.hpp"

#include <algorithm>
#include <limits>

namespace goldpan {
namespace {

/// What reading a row costs, in distances.
constexpr double kReadCost = 8;
/// Centers in one task of measuring the candidates.
constexpr std::size_t kCenterTask = 512;

/// Squared distances of the candidates to their nearest of the centers from `known` on.
std::vector<float> measure(const GradientRows& candidates, const GradientRows& centers,
                           std::size_t known, Workers& workers) {
  const std::size_t outstanding = centers.count - known;
  const std::size_t tasks = (outstanding + kCenterTask - 1) / kCenterTask;
  Matrix<float> nearest(tasks, candidates.count);
  workers.run(tasks, [&](std::size_t task) {
    const std::size_t begin = known + task * kCenterTask;
    std::ranges::fill(nearest.row(task), std::numeric_limits<float>::infinity());
    lower_to_nearest(candidates, centers, begin, std::min(centers.count, begin + kCenterTask),
                     nearest.row(task));
  });
  std::vector<float> smallest(candidates.count, std::numeric_limits<float>::infinity());
  for (std::size_t task = 0; task < tasks; ++task) {
    for (std::size_t i = 0; i < candidates.count; ++i) {
      smallest[i] = std::min(smallest[i], nearest(task, i));
    }
  }
  return smallest;
}

}  // namespace

double sum_bounds(std::span<const float> bounds) {
  double sum = 0;
  for (const float bound : bounds) sum += bound;
  return sum;
}

std::size_t block_at(std::span<const double> block_sums, double& target) {
  std::size_t block = 0;
  while (block + 1 < block_sums.size() && target >= block_sums[block])
    target -= block_sums[block++];
  return block;
}

std::optional<std::size_t> place_at(std::span<const float> bounds, double target) {
  std::optional<std::size_t> last;
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    if (bounds[i] == 0.0f) continue;
    last = i;
    if (target < bounds[i]) return i;
    target -= bounds[i];
  }
  return last;
}

double resolve(Handful& handful, const GradientRows& candidates, const GradientRows& centers,
               std::size_t known, std::size_t most, Workers& workers,
               const std::function<void(std::size_t)>& keep) {
  const std::size_t count = handful.positions.size();
  std::vector<float>& weights = handful.weights;
  weights = measure(candidates, centers, known, workers);
  for (std::size_t i = 0; i < count; ++i) weights[i] = std::min(weights[i], handful.bounds[i]);

  // One after the other: a candidate that is kept is a center to those after it.
  Matrix<float> between(count, count);
  std::vector<float> room;
  squared_distances(candidates, candidates, 0, between, room);
  std::size_t kept = 0, tried = 0;
  for (; tried < count && kept < most; ++tried) {
    const std::size_t i = tried;
    if (!(handful.lots[i] * handful.bounds[i] < weights[i])) continue;
    keep(i);
    ++kept;
    for (std::size_t j = i; j < count; ++j) {
      // A row drawn twice is at no distance from itself, even where its gradient is so short that
      // the products of the distance underflow.
      weights[j] =
          handful.positions[j] == handful.positions[i] ? 0.0f : std::min(weights[j], between(i, j));
    }
  }
  return static_cast<double>(kept) / static_cast<double>(tried);
}

bool worth_a_refresh(double acceptance, std::size_t outstanding, std::size_t left,
                     std::size_t rows) {
  if (outstanding == 0 || left == 0) return false;
  const double draws_a_pick = 1 / std::max(acceptance, 1e-9);
  const auto to_come = static_cast<double>(left), known = static_cast<double>(outstanding);
  const double saved = to_come * (draws_a_pick - 1) * (known + to_come / 2);
  return saved > 2 * (known + kReadCost) * static_cast<double>(rows);
}

}  // namespace goldpan
