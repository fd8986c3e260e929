#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "kernels/row_statistics.hpp"
#include "strategies/rows.hpp"
#include "strategies/top_by_score.hpp"

namespace goldpan {
namespace {

// Probabilities of one block of rows: they stay in the second-level cache (256 KiB) between the
// passes that write them and the entropies that read them.
constexpr std::size_t kBlockValues = std::size_t{1} << 16;

std::size_t block_rows(const StochasticPasses& passes) {
  return std::max<std::size_t>(16, kBlockValues / (passes.passes() * passes.classes()));
}

/// BALD scores of rows, through a buffer of the block's passes.
void bald_scores(const StochasticPasses& passes, std::span<const Index> rows,
                 std::span<double> scores) {
  const std::size_t values = passes.passes() * passes.classes();
  // A buffer a thread lives on: a fresh one of this size would be mapped and zeroed for each block.
  thread_local std::vector<float> buffer;
  buffer.resize(rows.size() * values);
  passes.probabilities(rows, buffer);
  row_mutual_information(MatrixView<const float>(buffer.data(), rows.size(), values),
                         passes.classes(), scores);
}

Selection select_bald(const Pool& pool, std::size_t batch, const StrategyOptions& options,
                      Generator& /*generator*/, Workers& workers) {
  Selection selection =
      top_by_score(pool.unlabeled, batch, block_rows(*pool.passes), options.progress, workers,
                   [&](std::span<const Index> rows, std::span<double> scores) {
                     bald_scores(*pool.passes, rows, scores);
                   });
  if (pool.passes->passes() == 1) {
    selection.notes.emplace_back(
        "bald: a single pass cannot disagree with itself: all scores are 0");
  }
  return selection;
}

Selection select_power_bald(const Pool& pool, std::size_t batch, const StrategyOptions& options,
                            Generator& generator, Workers& workers) {
  const Generator noise = generator.stream("power_bald");
  return top_by_score(pool.unlabeled, batch, block_rows(*pool.passes), options.progress, workers,
                      [&](std::span<const Index> rows, std::span<double> scores) {
                        bald_scores(*pool.passes, rows, scores);
                        for (std::size_t i = 0; i < rows.size(); ++i) {
                          // A stream a row: the noise of a row does not depend on which others are
                          // unlabelled. Rows without information come last (finite, so that every
                          // table can hold it).
                          scores[i] = scores[i] > 0.0
                                          ? std::log(scores[i]) +
                                                noise.stream(std::uint64_t{rows[i]}).gumbel()
                                          : std::numeric_limits<double>::lowest();
                        }
                      });
}

}  // namespace

constinit const StrategyInfo rows::bald = {
    .name = "bald",
    .label = "BALD",
    .summary = "largest disagreement between stochastic passes",
    .paper = "Houlsby et al. 2011; Gal & Ghahramani 2016",
    .score = "mutual information in nats; large is uncertain",
    .needs = {.passes = true},
    .look = {"#CC79A7", "2 2", 13},
    .select = select_bald};

constinit const StrategyInfo rows::power_bald = {
    .name = "power_bald",
    .label = "PowerBALD",
    .summary = "BALD with noise, so that a batch repeats itself less",
    .paper = "Kirsch et al. 2021",
    .score = "logarithm of the mutual information plus Gumbel noise; large is uncertain",
    .needs = {.passes = true},
    .look = {"#AA4499", "4 2", 12},
    .select = select_power_bald};

}  // namespace goldpan
