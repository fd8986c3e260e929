#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <goldpan/core/embeddings.hpp>
#include <goldpan/core/matrix.hpp>
#include <goldpan/core/progress.hpp>
#include <goldpan/core/random.hpp>
#include <goldpan/core/stochastic_passes.hpp>
#include <goldpan/core/workers.hpp>

namespace goldpan {

/// What a strategy may look at: views of N rows, and which of them are labelled. Owns nothing. Only
/// what the strategy needs (StrategyInfo::needs) has to be there.
struct Pool {
  /// N x D embeddings.
  Embeddings embeddings;
  /// N x H penultimate features h of the head; empty: the embeddings (a linear head).
  Embeddings features;
  /// N x C calibrated class probabilities. Only the unlabelled rows are read, except where
  /// StrategyNeeds::labeled_probabilities says otherwise (bait).
  MatrixView<const float> probabilities;
  /// K stochastic passes over the pool's rows.
  const StochasticPasses* passes = nullptr;
  /// Rows with labels and rows without: each ascending, no row in both.
  std::span<const Index> labeled;
  std::span<const Index> unlabeled;

  const Embeddings& head_features() const { return features.empty() ? embeddings : features; }
};

/// The chosen rows, in the order chosen, with the strategy's score of each (its unit is the
/// strategy's own).
struct Selection {
  std::vector<Index> indices;
  std::vector<double> scores;
  /// What the user should know about how it went ("nothing left to cover: 12 picks at random").
  std::vector<std::string> notes;
};

struct StrategyOptions {
  /// hybrid: the shortlist holds this many times the batch.
  double shortlist_factor = 2.0;
  /// epig: the rows whose predictions the labels should inform, labelled or not. Empty:
  /// epig_target_count of them, drawn from all rows of the pool.
  std::span<const Index> epig_targets;
  std::size_t epig_target_count = 500;
  /// bait: weight of the identity in the Fisher information, in units of the features' mean square.
  double bait_lambda = 1.0;
  /// bait: the forward greedy picks this many times the batch before pruning.
  double bait_oversampling = 2.0;
  /// k_center_approximate, badge_approximate: the share of the unlabelled rows that is looked at,
  /// but no fewer rows than approximate_rows_per_pick for each pick.
  double approximate_share = 0.01;
  std::size_t approximate_rows_per_pick = 10;
  /// prob_cover: the radius of a ball. 0: the largest for which this share of the balls holds one
  /// pseudo-label only. Pseudo-labels are this many clusters; 0: as many as the probabilities have
  /// classes, 10 without probabilities.
  double prob_cover_radius = 0.0;
  double prob_cover_purity = 0.95;
  std::size_t prob_cover_classes = 0;
  /// prob_cover: edges kept in memory at most, 4 bytes each. Beyond, neighbours are searched for
  /// again whenever they are needed: the same picks, later.
  std::size_t prob_cover_max_edges = std::size_t{1} << 24;
  /// Long selections report here and can be stopped.
  Progress progress;
};

/// Inputs that a strategy asks for; the caller computes no others.
struct StrategyNeeds {
  bool embeddings = false;
  bool features = false;  ///< head features h: the embeddings themselves where the head is linear
  bool probabilities = false;
  bool passes = false;
  bool labeled_probabilities = false;  ///< probabilities of the labelled rows too
  /// The strategy has a way without a model, by embeddings alone: where neither probabilities nor
  /// passes are given it takes that way and says so in Selection::notes.
  bool model_optional = false;
  /// Where the model learns its features from the images, the strategy wants those as embeddings
  /// instead of the encoder's: core-set is defined on what the network sees.
  bool learned_embeddings = false;

  bool model() const { return features || probabilities || passes; }
};

/// One row of the strategy table.
struct StrategyInfo {
  std::string_view name;
  std::string_view summary;  ///< one line for the help text and the docs
  std::string_view paper;    ///< author and year, or empty
  StrategyNeeds needs;
  Selection (*select)(const Pool& pool, std::size_t batch, const StrategyOptions& options,
                      Generator& generator, Workers& workers);
};

/// All strategies, in the order they are listed to users.
std::span<const StrategyInfo> strategies();

/// The row of this name. Throws Error listing the known names.
const StrategyInfo& find_strategy(std::string_view name);

/// Chooses `batch` unlabelled rows by the named strategy: distinct, each from pool.unlabeled, ties
/// to the lowest row, the same for any number of workers. Throws Error if an input that the
/// strategy needs is missing, has the wrong shape, or holds NaN; if an index is out of range,
/// repeated or both labelled and unlabelled; or if the batch is larger than the unlabelled set.
Selection select(std::string_view strategy, const Pool& pool, std::size_t batch,
                 Generator& generator, Workers& workers, const StrategyOptions& options = {});

}  // namespace goldpan
