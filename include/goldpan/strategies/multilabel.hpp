#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <goldpan/core/matrix.hpp>
#include <goldpan/core/stochastic_passes.hpp>
#include <goldpan/core/targets.hpp>
#include <goldpan/core/workers.hpp>

// Uncertainty where an item has several labels at once: probabilities of sigmoid outputs, which do
// not sum to 1.

namespace goldpan {

/// "weather:0-6,scene:7-13" (both ends belong to it). Throws Error for what is not of that form,
/// groups that overlap, or labels beyond `labels`.
std::vector<LabelGroup> parse_label_groups(std::string_view text, std::size_t labels);

enum class LabelScore {
  kEntropy,  ///< of two outcomes p and 1 - p, in nats; of a group, of its probabilities
  kMargin,   ///< 1 - |2 p - 1|; of a group, 1 - (p1 - p2)
};
enum class LabelAggregate { kSum, kMax };

struct MultilabelOptions {
  LabelAggregate aggregate = LabelAggregate::kSum;
  /// Labels in no group are for themselves. Probabilities of a group are divided by their sum.
  std::vector<LabelGroup> groups;
};

/// The score of each of `rows`, larger where less is known: the sum, or the largest, over labels
/// and groups. `probabilities` is N x L, each in [0, 1]. Throws Error naming row and label
/// otherwise.
std::vector<double> multilabel_scores(MatrixView<const float> probabilities,
                                      std::span<const Index> rows, LabelScore score,
                                      const MultilabelOptions& options, Workers& workers);

/// BALD (Houlsby et al. 2011) a label, H(mean_k p^k) - mean_k H(p^k) over two outcomes (of a group,
/// over its labels), clipped at 0, summed or the largest.
std::vector<double> multilabel_bald(const StochasticPasses& passes, std::span<const Index> rows,
                                    const MultilabelOptions& options, Workers& workers);

}  // namespace goldpan
