#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "kernels/positive_definite.hpp"
#include "strategies/cluster_picks.hpp"
#include "strategies/rows.hpp"

namespace goldpan {
namespace {

constexpr std::size_t kBlock = 512;
// Rows from which the head is read off, at most.
constexpr std::size_t kFitRows = 8192;
// Below this a probability's logarithm says more about rounding than about the head.
constexpr float kLeastProbability = 1e-30f;
// Share of predictions that a head read off has to give again.
constexpr double kLeastAgreement = 0.98;

/// ln p less its mean over the classes: the logits of the head, up to what no prediction sees.
void centered_logits(std::span<const float> p, std::span<double> out) {
  double sum = 0;
  for (std::size_t c = 0; c < p.size(); ++c) {
    out[c] = std::log(double{std::max(p[c], kLeastProbability)});
    sum += out[c];
  }
  for (double& value : out) value -= sum / static_cast<double>(p.size());
}

std::size_t arg_max(std::span<const double> values) {
  return static_cast<std::size_t>(std::ranges::max_element(values) - values.begin());
}

/// The weights of a linear head, (D + 1) x C with the bias last, from its features and
/// probabilities: logits are linear in the features, so least squares finds them.
Matrix<double> read_head(const Pool& pool) {
  const Embeddings& features = pool.head_features();
  const std::size_t dims = features.cols() + 1, classes = pool.probabilities.cols();
  const std::size_t count = std::min(pool.unlabeled.size(), kFitRows);
  Matrix<double> gram(dims, dims), right(dims, classes);
  std::vector<float> copy(features.cols());
  std::vector<double> x(dims, 1.0), logits(classes);
  for (std::size_t i = 0; i < count; ++i) {
    const Index row = pool.unlabeled[i * pool.unlabeled.size() / count];
    const auto p = pool.probabilities.row(row);
    if (*std::ranges::min_element(p) <= kLeastProbability) continue;
    const auto values = features.read_rows(row, 1, copy.data()).row(0);
    std::copy(values.begin(), values.end(), x.begin());
    centered_logits(p, logits);
    for (std::size_t a = 0; a < dims; ++a) {
      for (std::size_t b = 0; b <= a; ++b) gram(a, b) += x[a] * x[b];
      for (std::size_t c = 0; c < classes; ++c) right(a, c) += x[a] * logits[c];
    }
  }
  double trace = 0;
  for (std::size_t a = 0; a < dims; ++a) trace += gram(a, a);
  // Keeps features that never vary, and fewer rows than features, from making it singular.
  const double ridge = 1e-9 * trace / static_cast<double>(dims) + 1e-30;
  for (std::size_t a = 0; a < dims; ++a) gram(a, a) += ridge;
  Matrix<double> weights(dims, classes);
  if (!invert_positive_definite(gram)) return weights;
  for (std::size_t a = 0; a < dims; ++a) {
    for (std::size_t b = 0; b < dims; ++b) {
      for (std::size_t c = 0; c < classes; ++c) weights(a, c) += gram(a, b) * right(b, c);
    }
  }
  return weights;
}

/// How well the weights give the predictions again.
double agreement(const Pool& pool, const Matrix<double>& weights) {
  const Embeddings& features = pool.head_features();
  const std::size_t count = std::min<std::size_t>(pool.unlabeled.size(), 1000);
  std::vector<float> copy(features.cols());
  std::vector<double> logits(weights.cols());
  std::size_t same = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const Index row = pool.unlabeled[i * pool.unlabeled.size() / count];
    const auto x = features.read_rows(row, 1, copy.data()).row(0);
    for (std::size_t c = 0; c < logits.size(); ++c) {
      logits[c] = weights(x.size(), c);
      for (std::size_t d = 0; d < x.size(); ++d) logits[c] += x[d] * weights(d, c);
    }
    const auto p = pool.probabilities.row(row);
    // Classes that are as likely may change places.
    same += p[arg_max(logits)] >= *std::ranges::max_element(p) - 1e-3f;
  }
  return static_cast<double>(same) / static_cast<double>(count);
}

/// The mean feature of the labelled rows of each class, one a row.
Matrix<double> anchors(const Pool& pool) {
  const Embeddings& features = pool.head_features();
  std::vector<std::vector<double>> sums(pool.probabilities.cols());
  std::vector<double> counts(sums.size(), 0);
  std::vector<float> copy(features.cols());
  for (const Index row : pool.labeled) {
    const auto p = pool.probabilities.row(row);
    const auto c = static_cast<std::size_t>(std::ranges::max_element(p) - p.begin());
    sums[c].resize(features.cols(), 0.0);
    const auto x = features.read_rows(row, 1, copy.data()).row(0);
    for (std::size_t d = 0; d < x.size(); ++d) sums[c][d] += x[d];
    ++counts[c];
  }
  std::erase_if(sums, [](const auto& sum) { return sum.empty(); });
  std::erase(counts, 0.0);
  Matrix<double> out(sums.size(), features.cols());
  for (std::size_t a = 0; a < sums.size(); ++a) {
    for (std::size_t d = 0; d < out.cols(); ++d) out(a, d) = sums[a][d] / counts[a];
  }
  return out;
}

/// W^T W of the class weights, without the bias: C x C.
Matrix<double> class_products(const Matrix<double>& weights) {
  Matrix<double> out(weights.cols(), weights.cols());
  for (std::size_t d = 0; d + 1 < weights.rows(); ++d) {
    for (std::size_t a = 0; a < out.rows(); ++a) {
      for (std::size_t b = 0; b < out.cols(); ++b) out(a, b) += weights(d, a) * weights(d, b);
    }
  }
  return out;
}

/// Whether a step of this length along the gradient of the predicted label's loss changes the
/// prediction. The step moves the logits by length * W W^T q / |W^T q|, q = p - onehot.
bool changes(std::span<const float> p, double length, const Matrix<double>& products,
             std::span<double> logits, std::span<double> shift) {
  centered_logits(p, logits);
  const std::size_t plain = arg_max(logits);
  double norm = 0;
  for (std::size_t a = 0; a < p.size(); ++a) {
    shift[a] = 0;
    for (std::size_t b = 0; b < p.size(); ++b) {
      shift[a] += products(a, b) * (double{p[b]} - (b == plain ? 1.0 : 0.0));
    }
    norm += (double{p[a]} - (a == plain ? 1.0 : 0.0)) * shift[a];
  }
  if (!(norm > 0)) return false;
  for (std::size_t a = 0; a < p.size(); ++a) logits[a] += length * shift[a] / std::sqrt(norm);
  return arg_max(logits) != plain;
}

Selection select_alfa_mix(const Pool& pool, std::size_t batch, const StrategyOptions& options,
                          Generator& generator, Workers& workers) {
  const Embeddings& features = pool.head_features();
  Generator stream = generator.stream("alfa_mix");
  const Matrix<double> centers = anchors(pool);
  std::vector<std::uint8_t> is_candidate(pool.unlabeled.size(), 0);
  std::string warning;
  if (centers.rows() > 0) {
    const Matrix<double> weights = read_head(pool);
    const double agreed = agreement(pool, weights);
    if (agreed < kLeastAgreement) {
      warning = "alfa_mix: a linear head on the features gives only " +
                std::to_string(static_cast<int>(100 * agreed)) +
                " % of the predictions again: they are not what the last layer sees";
    }
    const Matrix<double> products = class_products(weights);
    const double epsilon =
        options.values.real("mix_epsilon") / std::sqrt(static_cast<double>(features.cols()));
    workers.for_blocks(pool.unlabeled.size(), kBlock, [&](std::size_t begin, std::size_t end) {
      std::vector<float> copy(features.cols());
      std::vector<double> logits(pool.probabilities.cols()), shift(logits.size());
      for (std::size_t i = begin; i < end; ++i) {
        const Index row = pool.unlabeled[i];
        const auto x = features.read_rows(row, 1, copy.data()).row(0);
        double farthest = 0;
        for (std::size_t a = 0; a < centers.rows(); ++a) {
          double sum = 0;
          for (std::size_t d = 0; d < x.size(); ++d) {
            const double difference = centers(a, d) - x[d];
            sum += difference * difference;
          }
          farthest = std::max(farthest, sum);
        }
        is_candidate[i] = changes(pool.probabilities.row(row), epsilon * std::sqrt(farthest),
                                  products, logits, shift);
      }
    });
  }
  std::vector<Index> candidates;
  for (std::size_t i = 0; i < is_candidate.size(); ++i) {
    if (is_candidate[i] != 0) candidates.push_back(pool.unlabeled[i]);
  }
  Selection selection = pick_from_candidates("alfa_mix", features, candidates, pool, batch, stream,
                                             workers, options.progress);
  if (!warning.empty()) selection.notes.push_back(warning);
  return selection;
}

}  // namespace

constexpr OptionInfo kAlfaMixOptions[] = {
    {.name = "mix_epsilon",
     .standard = "0.2",
     .help = "length of the mix: this over the square root of the features' number, times the "
             "distance to an anchor"}};

constinit const StrategyInfo rows::alfa_mix = {
    .name = "alfa_mix",
    .label = "ALFA-Mix",
    .summary = "clusters of the rows whose prediction a small step towards a class changes",
    .paper = "Parvaneh et al. 2022",
    .score = "rows of the cluster that the pick stands for; large stands for more",
    .cost = CostLaw::kPoolBatch,
    .needs = {.embeddings = true,
              .features = true,
              .probabilities = true,
              .labeled_probabilities = true},
    .options = kAlfaMixOptions,
    .look = {"#999933", "9 2 2 2", 9},
    .select = select_alfa_mix};

}  // namespace goldpan
