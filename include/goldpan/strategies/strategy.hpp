#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <goldpan/core/embeddings.hpp>
#include <goldpan/core/matrix.hpp>
#include <goldpan/core/options.hpp>
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
  /// Values of the strategy's own options (StrategyInfo::options) by name; those not given have
  /// their defaults.
  OptionValues values;
  /// epig: the rows whose predictions the labels should inform, labelled or not. Empty:
  /// epig_target_count of them, drawn from all rows of the pool.
  std::span<const Index> epig_targets;
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

/// How the time of a selection grows where the batch is a share of the pool.
enum class CostLaw : std::uint8_t {
  kPool,       ///< with the pool
  kPoolBatch,  ///< with pool x batch: every pick is compared with every candidate, so with its
               ///< square
};

/// How a strategy looks in every figure; left out, it gets what no other uses.
struct StrategyLook {
  std::string_view color = {};  ///< "#0072B2"
  std::string_view dash = {};  ///< stroke-dasharray in units of the line width; "" for a solid line
  /// gnuplot's point type: 7 disc, 5 square, 9 triangle, 11 triangle down, 13 diamond, and their
  /// outlines one less; 2 a cross.
  int marker = 0;
};

/// One row of the strategy table: all that anyone lists about a strategy.
struct StrategyInfo {
  std::string_view name;        ///< "k_center"
  std::string_view label = {};  ///< in figures and texts: "k-center"
  std::string_view summary;     ///< one line for the help text and the docs
  std::string_view paper;       ///< author and year, or empty
  /// What a score says and which way it points: "entropy in nats; large is uncertain".
  std::string_view score = {};
  CostLaw cost = CostLaw::kPool;
  StrategyNeeds needs;
  std::span<const OptionInfo> options = {};
  /// Every row is as likely as any other: the baseline, whose inclusion probabilities are known.
  bool uniform = false;
  StrategyLook look = {};
  /// `options.values` are resolved against the row's options.
  Selection (*select)(const Pool& pool, std::size_t batch, const StrategyOptions& options,
                      Generator& generator, Workers& workers);
};

/// All strategies, in the order they are listed to users.
std::span<const StrategyInfo> strategies();

/// The row of this name. Throws Error listing the known names.
const StrategyInfo& find_strategy(std::string_view name);

/// Chooses `batch` unlabelled rows by the named strategy: distinct, each from pool.unlabeled, ties
/// to the lowest row, the same for any number of workers. Throws Error if an input that the
/// strategy needs is missing, has the wrong shape, holds NaN or values too large or too small to be
/// squared (check_magnitudes), or one class alone; if an index is out of range, repeated or both
/// labelled and unlabelled; if the batch is larger than the unlabelled set; or if an option is
/// unknown to the strategy or out of range.
Selection select(std::string_view strategy, const Pool& pool, std::size_t batch,
                 Generator& generator, Workers& workers, const StrategyOptions& options = {});

}  // namespace goldpan
