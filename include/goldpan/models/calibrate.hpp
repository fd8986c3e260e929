#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include <goldpan/core/matrix.hpp>
#include <goldpan/core/random.hpp>

namespace goldpan {

/// A temperature that bought labels have shown to help, or 1.
struct Calibration {
  float temperature = 1.0f;
  /// Whether the temperature is other than 1 because it was shown to help.
  bool helps = false;
  /// What the held-out labels themselves ask for, before it is shrunk and tested.
  float fitted = 1.0f;
  /// Gain in mean log-likelihood, in nats, on labels that the temperature was not fitted to, and
  /// its standard error.
  double gain = 0;
  double gain_error = 0;
  /// Labels that were held out, and models that were trained for them.
  std::size_t held_out = 0;
  std::size_t models = 0;
  /// What the user should know: too few labels, a bound reached, no gain.
  std::vector<std::string> notes;
};

struct CalibrateOptions {
  /// Fewer labels than this are not held out at all: the temperature is 1.
  std::size_t least_labels = 20;
  /// Labels to hold out, tenth by tenth: where one tenth is fewer, more models are trained, ten at
  /// most, until each label has been held out once.
  std::size_t wanted_held_out = 500;
  /// Standard deviation of ln T that is believed before any label is seen: what shrinks the fit
  /// towards 1 where labels are few.
  double prior_deviation = 0.5;
  /// A temperature is used where its gain is more than so many standard errors above 0.
  double least_gain = 1.5;
};

/// Trains a model on rows with these labels, and writes its logits for other rows (n x C).
using TrainAndPredict = std::function<void(
    std::span<const Index> rows, std::span<const std::int32_t> labels,
    std::span<const Index> held_out, const Generator& generator, MatrixView<float> logits)>;

/// Temperature scaling (Guo et al. 2017) for models trained on few labels. Tenths of the labels are
/// held out from models trained on the rest; ln T is the mode of its posterior under a normal prior
/// around 0 given the held-out labels; and it is used only if, fitted on four fifths of the
/// held-out labels at a time, it raises the likelihood of the fifth. `labels` belongs to `rows`;
/// `groups` (empty, or one a row) are never cut by a fold.
///
/// Throws Error if the lengths differ or a label is not in [0, classes).
Calibration calibrate(std::span<const Index> rows, std::span<const std::int32_t> labels,
                      std::span<const std::uint32_t> groups, std::size_t classes,
                      const TrainAndPredict& train_and_predict, const Generator& generator,
                      const CalibrateOptions& options = {});

/// The second half of calibrate(), for predictions that are there: logits n x C of rows that no
/// model was trained on. fold[i] below 5 says which rows are tested together.
Calibration calibrate_held_out(MatrixView<const float> logits, std::span<const std::int32_t> labels,
                               std::span<const std::uint32_t> folds,
                               const CalibrateOptions& options = {});

}  // namespace goldpan
