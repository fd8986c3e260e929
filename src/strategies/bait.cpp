// BAIT: greedy minimisation of tr(M^-1 F), where M is the Fisher information of what is labelled or
// picked and F that of the whole pool.
//
// A row with Fisher information V^T V changes the trace by tr((I + S)^-1 T), S = V M^-1 V^T and
// T = V M^-1 F M^-1 V^T. Every candidate keeps its S and T, (C - 1) x (C - 1). A pick with
// W = M^-1 V*^T and Y = M^-1 F W changes them by A = V W and B = V Y, which need only the
// products h^T W_c and h^T Y_c of its features: O(C^2 D) a candidate, as one matrix product.
#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include <goldpan/core/error.hpp>

#include "kernels/blas.hpp"
#include "kernels/trace_gains.hpp"
#include "kernels/vector_products.hpp"
#include "strategies/fisher_inverse.hpp"
#include "strategies/rows.hpp"

namespace goldpan {
namespace {

// Candidates of one task.
constexpr std::size_t kBlock = 512;
// (C - 1) D at most: four matrices of that order take 4 GiB.
constexpr std::size_t kMaxOrder = 16384;

std::vector<Index> all_rows(const Pool& pool) {
  std::vector<Index> rows;
  std::merge(pool.labeled.begin(), pool.labeled.end(), pool.unlabeled.begin(), pool.unlabeled.end(),
             std::back_inserter(rows));
  return rows;
}

double mean_square(const Embeddings& features, std::span<const Index> rows) {
  std::vector<float> row(features.cols());
  double sum = 0;
  for (const Index i : rows) {
    const auto values = features.read_rows(i, 1, row.data()).row(0);
    for (const float value : values) sum += double{value} * value;
  }
  return sum / (static_cast<double>(rows.size()) * static_cast<double>(features.cols()));
}

/// Candidates with their states, in blocks.
class Candidates {
 public:
  Candidates(const Embeddings& features, float scale, std::size_t classes, std::vector<Index> rows)
      : features_(features), scale_(scale), rows_(std::move(rows)), alive_(rows_.size(), true) {
    for (std::size_t begin = 0; begin < rows_.size(); begin += kBlock) {
      blocks_.emplace_back(classes, std::min(kBlock, rows_.size() - begin));
    }
    gains_.resize(rows_.size());
  }

  /// S and T from scratch: K_cc' = h^T (A)_cc' h for every pair of classes.
  void initialize(const FisherInverse& inverse, MatrixView<const float> probabilities,
                  Workers& workers) {
    for_blocks(workers, [&](std::size_t b) {
      for (std::size_t i = 0; i < count(b); ++i) {
        const auto p = probabilities.row(rows_[b * kBlock + i]);
        for (std::size_t c = 0; c < p.size(); ++c) blocks_[b].probability(c, i) = p[c];
      }
    });
    for (std::size_t c = 0, pair = 0; c < inverse.order(); ++c) {
      for (std::size_t other = 0; other <= c; ++other, ++pair) {
        const Matrix<float> first = inverse.block(0, c, other);
        const Matrix<float> second = inverse.block(1, c, other);
        for_blocks(workers, [&](std::size_t b) {
          const Matrix<float> h = read(b);
          quadratic_forms(h, first, blocks_[b].information(pair));
          quadratic_forms(h, second, blocks_[b].middle(pair));
        });
      }
    }
    for_blocks(workers, [&](std::size_t b) { blocks_[b].enter_basis(); });
    score(1.0f, workers);
  }

  /// The states after a pick or removal, and the gains that follow.
  void update(const FisherInverse::Change& change, const Matrix<float>& gain, float sign,
              Workers& workers) {
    const std::size_t order = gain.rows(), dims = features_.cols();
    // Row (c, j) holds column j of W_c, then of Y_c.
    Matrix<float> columns(2 * order * order, dims);
    for (std::size_t c = 0; c < order; ++c) {
      for (std::size_t j = 0; j < order; ++j) {
        for (std::size_t d = 0; d < dims; ++d) {
          columns(c * order + j, d) = change.w(c * dims + d, j) * scale_;
          columns(order * order + c * order + j, d) = change.y(c * dims + d, j) * scale_;
        }
      }
    }
    for_blocks(workers, [&](std::size_t b) {
      const Matrix<float> h = read(b);
      thread_local std::vector<float> values;
      values.resize(columns.rows() * h.rows());
      const MatrixView<float> products(values.data(), columns.rows(), h.rows());
      multiply_transposed(columns.view(), h.view(), products);
      blocks_[b].update(products, gain, change.t);
    });
    score(sign, workers);
  }

  /// Place of the candidate with the largest gain, ties to the lowest row.
  std::size_t best() const {
    std::size_t place = rows_.size();
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      if (alive_[i] && (place == rows_.size() || gains_[i] > gains_[place])) place = i;
    }
    return place;
  }
  /// Place of the candidate with the smallest gain; of equal ones the highest row, so that the
  /// lowest stay.
  std::size_t worst() const {
    std::size_t place = rows_.size();
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      if (alive_[i] && (place == rows_.size() || gains_[i] <= gains_[place])) place = i;
    }
    return place;
  }

  Index row(std::size_t place) const { return rows_[place]; }
  float gain(std::size_t place) const { return gains_[place]; }
  void retire(std::size_t place) { alive_[place] = false; }
  bool alive(std::size_t place) const { return alive_[place]; }

  std::vector<float> features(std::size_t place) const {
    std::vector<float> h(features_.cols());
    features_.gather_rows({&rows_[place], 1}, {h.data(), 1, h.size()});
    for (float& value : h) value *= scale_;
    return h;
  }
  Matrix<float> factor(std::size_t place) {
    TraceBlock& block = blocks_[place / kBlock];
    std::vector<float> p(block.order() + 1);
    for (std::size_t c = 0; c < p.size(); ++c) p[c] = block.probability(c, place % kBlock);
    return multinomial_factor(p);
  }

  /// The candidates at these places with their states, to be pruned: gains are now losses.
  Candidates subset(std::span<const std::size_t> places, std::size_t classes,
                    Workers& workers) const {
    std::vector<Index> rows;
    for (const std::size_t place : places) rows.push_back(rows_[place]);
    Candidates chosen(features_, scale_, classes, std::move(rows));
    for (std::size_t i = 0; i < places.size(); ++i) {
      chosen.blocks_[i / kBlock].copy(i % kBlock, blocks_[places[i] / kBlock], places[i] % kBlock);
    }
    chosen.score(-1.0f, workers);
    return chosen;
  }

 private:
  std::size_t count(std::size_t b) const { return std::min(kBlock, rows_.size() - b * kBlock); }

  template <typename Body>
  void for_blocks(Workers& workers, const Body& body) {
    workers.run(blocks_.size(), [&](std::size_t b) { body(b); });
  }

  /// Features of a block, with rows of zeros up to its width.
  Matrix<float> read(std::size_t b) const {
    Matrix<float> h(blocks_[b].width(), features_.cols());
    features_.gather_rows(std::span(rows_).subspan(b * kBlock, count(b)),
                          h.view().rows_between(0, count(b)));
    return h;
  }

  void quadratic_forms(const Matrix<float>& h, const Matrix<float>& form, std::span<float> out) {
    Matrix<float> scaled(form.rows(), form.cols());
    for (std::size_t i = 0; i < form.size(); ++i) {
      scaled.data()[i] = form.data()[i] * scale_ * scale_;
    }
    Matrix<float> half(h.rows(), h.cols());
    multiply(h.view(), scaled.view(), half.view());
    dot_pairs(half, h, out);
  }

  void score(float sign, Workers& workers) {
    for_blocks(workers, [&](std::size_t b) {
      std::vector<float> out(blocks_[b].width());
      blocks_[b].gains(sign, out);
      std::copy_n(out.begin(), count(b), gains_.begin() + static_cast<std::ptrdiff_t>(b * kBlock));
    });
  }

  const Embeddings& features_;
  float scale_;
  std::vector<Index> rows_;
  std::vector<bool> alive_;
  std::vector<TraceBlock> blocks_;
  std::vector<float> gains_;
};

Selection first_rows(std::span<const Index> rows, std::size_t batch) {
  Selection selection;
  selection.indices.assign(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(batch));
  selection.scores.assign(batch, 0.0);
  return selection;
}

Selection select_bait(const Pool& pool, std::size_t batch, const StrategyOptions& options,
                      Generator& /*generator*/, Workers& workers) {
  const Embeddings& features = pool.head_features();
  const std::size_t classes = pool.probabilities.cols();
  if (classes == 1) return first_rows(pool.unlabeled, batch);  // nothing to be informed about
  if (features.cols() > kMaxOrder / (classes - 1)) {
    throw Error("features", "got " + std::to_string(features.cols()) + " dimensions and " +
                                std::to_string(classes) + " classes, expected at most " +
                                std::to_string(kMaxOrder) +
                                " dimensions times classes less one for strategy 'bait'");
  }

  const std::vector<Index> rows = all_rows(pool);
  const double square = mean_square(features, rows);
  const auto scale = static_cast<float>(square > 0.0 ? 1.0 / std::sqrt(square) : 1.0);
  const auto information = [&](std::span<const Index> of, double weight) {
    return fisher_information(features, pool.probabilities, of, scale, workers, weight);
  };
  FisherInverse inverse(information(pool.labeled, 1.0),
                        information(rows, 1.0 / static_cast<double>(rows.size())),
                        static_cast<float>(options.values.real("bait_lambda")), classes, workers);
  Candidates candidates(features, scale, classes, {pool.unlabeled.begin(), pool.unlabeled.end()});
  candidates.initialize(inverse, pool.probabilities, workers);

  const auto wanted = static_cast<std::size_t>(
      std::min(std::ceil(options.values.real("bait_oversampling") * static_cast<double>(batch)),
               static_cast<double>(pool.unlabeled.size())));
  const std::size_t steps = 2 * wanted - batch;
  std::vector<std::size_t> picks;  // places, in order
  std::vector<double> gains;
  while (picks.size() < wanted) {
    options.progress.step(picks.size(), steps);
    const std::size_t place = candidates.best();
    picks.push_back(place);
    gains.push_back(candidates.gain(place));
    candidates.retire(place);
    const FisherInverse::Change change =
        inverse.change(candidates.features(place), candidates.factor(place));
    candidates.update(change, inverse.apply(change, 1.0f), 1.0f, workers);
  }

  std::vector<std::size_t> by_row = picks;
  std::sort(by_row.begin(), by_row.end());
  Candidates chosen = candidates.subset(by_row, classes, workers);
  for (std::size_t removed = 0; removed < wanted - batch; ++removed) {
    options.progress.step(wanted + removed, steps);
    const std::size_t place = chosen.worst();
    chosen.retire(place);
    const FisherInverse::Change change =
        inverse.change(chosen.features(place), chosen.factor(place));
    chosen.update(change, inverse.apply(change, -1.0f), -1.0f, workers);
  }
  options.progress.step(steps, steps);

  Selection selection;
  for (std::size_t i = 0; i < picks.size(); ++i) {
    const auto at = std::lower_bound(by_row.begin(), by_row.end(), picks[i]) - by_row.begin();
    if (!chosen.alive(static_cast<std::size_t>(at))) continue;
    selection.indices.push_back(candidates.row(picks[i]));
    selection.scores.push_back(gains[i]);
  }
  return selection;
}

}  // namespace

constexpr OptionInfo kBaitOptions[] = {
    {.name = "bait_lambda",
     .standard = "1",
     .help =
         "weight of the identity in the Fisher information, in units of the features' mean square",
     .above_least = true},
    {.name = "bait_oversampling",
     .standard = "2",
     .help = "the forward greedy picks this many times the batch before pruning",
     .least = 1}};

constinit const StrategyInfo rows::bait = {
    .name = "bait",
    .label = "BAIT",
    .summary = "most Fisher information about the head, for the pool as a whole",
    .paper = "Ash et al. 2021",
    .score = "decrease of tr(M^-1 F) at the time of the pick; large informs",
    .cost = CostLaw::kPoolBatch,
    .needs = {.features = true, .probabilities = true, .labeled_probabilities = true},
    .options = kBaitOptions,
    .look = {"#7F7F7F", "2 2", 10},
    .select = select_bait};

}  // namespace goldpan
