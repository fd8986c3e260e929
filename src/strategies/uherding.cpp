#include <algorithm>
#include <string>
#include <vector>

#include "kernels/row_statistics.hpp"
#include "strategies/greedy_coverage.hpp"
#include "strategies/herding_rules.hpp"
#include "strategies/rows.hpp"

namespace goldpan {
namespace {

constexpr double kColdRadius = 1;
// Closer than this at length 1, two rows are one: rounding of a float.
constexpr double kSameRow = 1e-4;
constexpr std::size_t kBlock = 4096;

}  // namespace

std::vector<float> uncertainties(const Pool& pool, Workers& workers) {
  std::vector<float> out(pool.unlabeled.size());
  workers.for_blocks(out.size(), kBlock, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      float largest = 0, second = 0;
      row_two_largest(
          pool.probabilities.rows_between(pool.unlabeled[i], pool.unlabeled[i] + std::size_t{1}),
          {&largest, 1}, {&second, 1});
      out[i] = std::clamp(1.0f - (largest - second), 0.0f, 1.0f);
    }
  });
  return out;
}

HerdingRadius herding_radius(const OptionValues& options, const Embeddings& embeddings,
                             std::span<const Index> labeled, Workers& workers) {
  double radius = options.real("radius");
  if (radius != 0) return {radius, ""};
  if (labeled.empty()) return {kColdRadius, ""};
  radius = kColdRadius;
  const double rule = smallest_distance(embeddings, labeled, kSameRow, workers);
  const double least = options.real("radius_floor");
  if (rule > 0) radius = std::max(rule, least);
  return {radius, rule == 0      ? ": no two labelled rows differ"
                  : rule < least ? ": the smallest distance of two labelled rows is " +
                                       std::to_string(rule) + ", below radius_floor"
                                 : ", the smallest distance of two labelled rows"};
}

namespace {

Selection select_uherding(const Pool& pool, std::size_t batch, const StrategyOptions& options,
                          Generator& /*generator*/, Workers& workers) {
  const auto [radius, chosen] =
      herding_radius(options.values, pool.embeddings, pool.labeled, workers);
  const bool with_model = !pool.probabilities.empty() && !pool.labeled.empty();
  std::vector<float> weights;
  if (with_model) weights = uncertainties(pool, workers);
  Selection selection =
      cover_greedily(pool, batch, {.radius = radius}, weights, options.progress, workers);
  if (!with_model) {
    selection.notes.push_back(pool.labeled.empty()
                                  ? "uherding: no labels, every row weighs the same"
                                  : "uherding: no probabilities, every row weighs the same");
  }
  selection.notes.push_back("uherding: radius " + std::to_string(radius) + chosen);
  return selection;
}

}  // namespace

constexpr OptionInfo kUherdingOptions[] = {
    {.name = "radius",
     .standard = "0",
     .help =
         "h of the kernel e^(-(d / h)^2) on embeddings of length 1; 0: the smallest distance of "
         "two labelled rows, 1 without labels"},
    {.name = "radius_floor",
     .standard = "0",
     .help = "where the radius follows the labelled rows: no smaller than this"}};

constinit const StrategyInfo rows::uherding = {
    .name = "uherding",
    .label = "UHerding",
    .summary = "MaxHerding with every row weighed by its uncertainty: covers what is not known yet",
    .paper = "Bae et al. 2025",
    .score = "rise of the pool's mean similarity to its nearest label, weighed; large covers more",
    .cost = CostLaw::kPoolBatch,
    .needs = {.embeddings = true, .probabilities = true, .model_optional = true},
    .options = kUherdingOptions,
    .look = {"#332288", "", 13},
    .select = select_uherding};

}  // namespace goldpan
