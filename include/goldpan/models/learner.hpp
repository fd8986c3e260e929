#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <goldpan/core/predictions.hpp>
#include <goldpan/core/random.hpp>
#include <goldpan/core/signals.hpp>
#include <goldpan/core/targets.hpp>
#include <goldpan/core/workers.hpp>
#include <goldpan/models/classifier.hpp>

namespace goldpan {

/// Random numbers by purpose: "train", "calibration", "passes", ...
using StreamOf = std::function<Generator(const char* purpose)>;

/// The labelled rows of a pool.
struct Examples {
  std::span<const Index> rows;  ///< ascending; their targets are known
  const Targets& targets;       ///< of all rows
  /// A weight for each of `rows`, or empty: all 1.
  std::span<const float> weights;
  /// Group (drive, video) of all rows, or empty: near twins, never on both sides of a split.
  std::span<const std::uint32_t> groups;
};

/// What training had to say.
struct FitReport {
  std::vector<std::string> notes;
};

/// Learns from labelled rows and says what strategies and evaluation ask for. Items are named by
/// row: those of the pool come first, those of the test set behind them.
class Learner {
 public:
  virtual ~Learner() = default;

  /// Trains from scratch. Same arguments, same learner, for any number of threads.
  virtual FitReport fit(const Examples& examples, const StreamOf& stream, Workers& workers) = 0;
  /// Requires: fitted. The passes look at this learner, which must stay as it is meanwhile.
  virtual Signals signals(std::span<const Index> rows, const SignalsWanted& wanted,
                          const StreamOf& stream, Workers& workers) const = 0;
  /// Requires: fitted.
  virtual Predictions predict(std::span<const Index> rows, Workers& workers) const = 0;
};

/// Trains a classifier on these rows and labels (as Classifier::fit takes them).
using TrainClassifier = std::function<std::unique_ptr<Classifier>(
    std::span<const Index> rows, std::span<const std::int32_t> labels,
    std::span<const float> weights, Generator generator, Workers& workers)>;

/// A classifier with calibrated probabilities: a temperature that held-out labels have shown to
/// help (models/calibrate.hpp), else 1. `train` is called for each training.
std::unique_ptr<Learner> make_classification_learner(TrainClassifier train, std::size_t classes,
                                                     bool calibrated);

/// Makes the learner of part p of the labels, which decides between this many classes.
using MakePartLearner =
    std::function<std::unique_ptr<Learner>(std::size_t part, std::size_t classes)>;

/// Several labels an item: a classification learner for each group of exclusive labels, in their
/// order, and after them one of two classes for each label in no group. Probabilities are N x L:
/// they sum to 1 within a group. Targets are Targets::marks. Throws Error for a group beyond the
/// labels.
std::unique_ptr<Learner> make_multilabel_learner(std::size_t labels,
                                                 const std::vector<LabelGroup>& groups,
                                                 const MakePartLearner& make);

}  // namespace goldpan
