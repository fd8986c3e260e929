#include <algorithm>
#include <vector>

#include "kernels/row_statistics.hpp"
#include "strategies/rows.hpp"
#include "strategies/top_by_score.hpp"

namespace goldpan {
namespace {

// Rows of one task. Fixed, so that blocks are the same for any number of threads.
constexpr std::size_t kBlock = 4096;
// Values copied together where the block's rows do not lie together: half of a usual first cache.
constexpr std::size_t kGather = 4096;

/// Calls score(matrix of consecutive rows, place of their scores) over all rows: in place where
/// they lie together in the matrix, else through a small copy.
template <typename Score>
void for_runs(MatrixView<const float> matrix, std::span<const Index> rows, std::span<double> scores,
              const Score& score) {
  if (rows.back() - rows.front() + 1 == rows.size()) {
    score(matrix.rows_between(rows.front(), rows.back() + std::size_t{1}), scores);
    return;
  }
  const std::size_t cols = matrix.cols(), step = std::max<std::size_t>(1, kGather / cols);
  std::vector<float> copy(std::min(step, rows.size()) * cols);
  for (std::size_t begin = 0; begin < rows.size(); begin += step) {
    const std::size_t count = std::min(step, rows.size() - begin);
    for (std::size_t i = 0; i < count; ++i) {
      std::copy_n(matrix.row(rows[begin + i]).data(), cols, copy.data() + i * cols);
    }
    score(MatrixView<const float>(copy.data(), count, cols), scores.subspan(begin, count));
  }
}

/// Picks by combine(largest, second largest probability), largest first. In double, where the
/// difference of two floats is exact: rows do not tie by rounding.
template <typename Combine>
Selection select_by_two_largest(const Pool& pool, std::size_t batch, const StrategyOptions& options,
                                Workers& workers, const Combine& combine) {
  return top_by_score(pool.unlabeled, batch, kBlock, options.progress, workers,
                      [&](std::span<const Index> rows, std::span<double> scores) {
                        std::vector<float> largest(rows.size()), second(rows.size());
                        for_runs(pool.probabilities, rows, scores,
                                 [&](MatrixView<const float> run, std::span<double> out) {
                                   const auto p1 = std::span(largest).first(run.rows());
                                   const auto p2 = std::span(second).first(run.rows());
                                   row_two_largest(run, p1, p2);
                                   std::transform(p1.begin(), p1.end(), p2.begin(), out.begin(),
                                                  combine);
                                 });
                      });
}

Selection select_entropy(const Pool& pool, std::size_t batch, const StrategyOptions& options,
                         Generator& /*generator*/, Workers& workers) {
  return top_by_score(pool.unlabeled, batch, kBlock, options.progress, workers,
                      [&](std::span<const Index> rows, std::span<double> scores) {
                        for_runs(pool.probabilities, rows, scores, row_entropies);
                      });
}

Selection select_margin(const Pool& pool, std::size_t batch, const StrategyOptions& options,
                        Generator& /*generator*/, Workers& workers) {
  Selection selection =
      select_by_two_largest(pool, batch, options, workers, [](double largest, double second) {
        return second - largest;  // smallest margin first
      });
  for (double& score : selection.scores) score = 0.0 - score;  // the margin itself, and never -0
  return selection;
}

Selection select_least_confidence(const Pool& pool, std::size_t batch,
                                  const StrategyOptions& options, Generator& /*generator*/,
                                  Workers& workers) {
  return select_by_two_largest(pool, batch, options, workers,
                               [](double largest, double) { return 1.0 - largest; });
}

}  // namespace

constinit const StrategyInfo rows::entropy = {.name = "entropy",
                                              .label = "entropy",
                                              .summary = "largest entropy of the predicted class",
                                              .paper = "Settles 2009",
                                              .score = "entropy in nats; large is uncertain",
                                              .needs = {.probabilities = true},
                                              .look = {"#56B4E9", "2 2", 5},
                                              .select = select_entropy};

constinit const StrategyInfo rows::margin = {
    .name = "margin",
    .label = "margin",
    .summary = "smallest gap between the two likeliest classes",
    .paper = "Scheffer et al. 2001",
    .score = "gap between the two largest probabilities; small is uncertain",
    .needs = {.probabilities = true},
    .look = {"#E69F00", "6 2", 9},
    .select = select_margin};

constinit const StrategyInfo rows::least_confidence = {
    .name = "least_confidence",
    .label = "least confidence",
    .summary = "least probable likeliest class",
    .paper = "Lewis & Gale 1994",
    .score = "1 - largest probability; large is uncertain",
    .needs = {.probabilities = true},
    .look = {"#6A51A3", "9 2 2 2", 13},
    .select = select_least_confidence};

}  // namespace goldpan
