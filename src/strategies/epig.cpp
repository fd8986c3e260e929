#include <algorithm>
#include <iterator>
#include <numeric>
#include <string>
#include <vector>

#include <goldpan/core/error.hpp>

#include "kernels/blas.hpp"
#include "kernels/row_statistics.hpp"
#include "strategies/rows.hpp"
#include "strategies/top_by_score.hpp"

namespace goldpan {
namespace {

// Joint probabilities held by a thread at a time: they stay in the second-level cache (256 KiB)
// between the product that writes them and the entropies that read them.
constexpr std::size_t kJointValues = std::size_t{1} << 16;
// Joint probabilities of one row, its C classes times the targets' of one chunk.
constexpr std::size_t kRowValues = kJointValues / 8;

std::vector<Index> choose_targets(const Pool& pool, const StrategyOptions& options,
                                  Generator& generator) {
  std::vector<Index> all;
  std::merge(pool.labeled.begin(), pool.labeled.end(), pool.unlabeled.begin(), pool.unlabeled.end(),
             std::back_inserter(all));
  if (!options.epig_targets.empty()) {
    for (const Index row : options.epig_targets) {
      if (!std::binary_search(all.begin(), all.end(), row)) {
        throw Error("epig_targets",
                    "got row " + std::to_string(row) + ", expected labelled or unlabelled rows");
      }
    }
    return {options.epig_targets.begin(), options.epig_targets.end()};
  }
  std::vector<Index> targets =
      generator.stream("epig targets")
          .sample(all, std::min(options.values.count("epig_target_count"), all.size()));
  std::sort(targets.begin(), targets.end());
  return targets;
}

/// The targets' passes, cut into chunks of a few targets: chunk is K x (targets * C), so that the
/// joint probabilities of a row with a chunk are one product.
struct Targets {
  std::vector<Matrix<float>> chunks;
  std::size_t count = 0;
  double mean_entropy = 0;
};

Targets gather_targets(const StochasticPasses& passes, std::span<const Index> rows) {
  const std::size_t classes = passes.classes(), count = passes.passes();
  const std::size_t step = std::max<std::size_t>(1, kRowValues / (classes * classes));
  Targets targets;
  targets.count = rows.size();
  for (std::size_t begin = 0; begin < rows.size(); begin += step) {
    const auto part = rows.subspan(begin, std::min(step, rows.size() - begin));
    std::vector<float> p(part.size() * count * classes);
    passes.probabilities(part, p);
    Matrix<float> chunk(count, part.size() * classes);
    Matrix<float> means(part.size(), classes);
    for (std::size_t t = 0; t < part.size(); ++t) {
      for (std::size_t k = 0; k < count; ++k) {
        for (std::size_t c = 0; c < classes; ++c) {
          const float value = p[(t * count + k) * classes + c];
          chunk(k, t * classes + c) = value;
          means(t, c) += value / static_cast<float>(count);
        }
      }
    }
    std::vector<double> entropies(part.size());
    row_entropies(means, entropies);
    targets.mean_entropy += std::accumulate(entropies.begin(), entropies.end(), 0.0);
    targets.chunks.push_back(std::move(chunk));
  }
  targets.mean_entropy /= static_cast<double>(rows.size());
  return targets;
}

/// Scores of a few rows, whose passes p holds: H[p(y)] + mean over targets of H[p(y*)] minus mean
/// over targets of H[p(y, y*)] (Bickford Smith et al. 2023, equation 7).
void epig_scores(std::span<const float> p, std::size_t passes, std::size_t classes,
                 const Targets& targets, std::span<double> scores) {
  const std::size_t rows = scores.size();
  const auto share = 1.0f / static_cast<float>(passes);
  Matrix<float> by_class(rows * classes, passes);  // row (r, c) holds p^k_c of row r over k
  Matrix<float> means(rows, classes);
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t k = 0; k < passes; ++k) {
      for (std::size_t c = 0; c < classes; ++c) {
        const float value = p[(r * passes + k) * classes + c];
        by_class(r * classes + c, k) = value;
        means(r, c) += value * share;
      }
    }
  }
  row_entropies(means, scores);

  std::vector<double> joint_entropies(rows), sums(rows);
  std::vector<float> joint(rows * classes * targets.chunks.front().cols());
  for (const Matrix<float>& chunk : targets.chunks) {
    const MatrixView<float> out(joint.data(), rows * classes, chunk.cols());
    multiply(by_class, chunk, out, share);
    // The joint probabilities of one row with all targets of the chunk lie together, and only the
    // sum of their entropies matters.
    row_entropies(MatrixView<const float>(joint.data(), rows, classes * chunk.cols()),
                  joint_entropies);
    for (std::size_t r = 0; r < rows; ++r) sums[r] += joint_entropies[r];
  }
  for (std::size_t r = 0; r < rows; ++r) {
    scores[r] += targets.mean_entropy - sums[r] / static_cast<double>(targets.count);
  }
}

Selection select_epig(const Pool& pool, std::size_t batch, const StrategyOptions& options,
                      Generator& generator, Workers& workers) {
  const StochasticPasses& passes = *pool.passes;
  const std::size_t values = passes.passes() * passes.classes();
  const Targets targets = gather_targets(passes, choose_targets(pool, options, generator));
  const std::size_t row_values = passes.classes() * targets.chunks.front().cols();
  const std::size_t together = std::max<std::size_t>(1, kJointValues / row_values);
  return top_by_score(pool.unlabeled, batch, 8 * together, options.progress, workers,
                      [&](std::span<const Index> rows, std::span<double> scores) {
                        std::vector<float> p(rows.size() * values);
                        passes.probabilities(rows, p);
                        for (std::size_t r = 0; r < rows.size(); r += together) {
                          const std::size_t count = std::min(together, rows.size() - r);
                          epig_scores(std::span(p).subspan(r * values, count * values),
                                      passes.passes(), passes.classes(), targets,
                                      scores.subspan(r, count));
                        }
                      });
}

}  // namespace

constexpr OptionInfo kEpigOptions[] = {
    {.name = "epig_target_count",
     .type = OptionType::kCount,
     .standard = "500",
     .help = "rows drawn from the pool whose predictions the labels should inform",
     .least = 1}};

constinit const StrategyInfo rows::epig = {
    .name = "epig",
    .label = "EPIG",
    .summary = "most informative about the predictions on a sample of the pool",
    .paper = "Bickford Smith et al. 2023",
    .score = "expected information gain about the targets' predictions, nats; large informs",
    .needs = {.passes = true},
    .options = kEpigOptions,
    .look = {"#A6761D", "9 2 2 2", 12},
    .select = select_epig};

}  // namespace goldpan
