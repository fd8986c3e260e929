#include <algorithm>

#include <goldpan/models/calibrate.hpp>
#include <goldpan/models/learner.hpp>
#include <goldpan/models/temperature.hpp>

namespace goldpan {
namespace {

class ClassificationLearner : public Learner {
 public:
  ClassificationLearner(TrainClassifier train, std::size_t classes, bool calibrated)
      : train_(std::move(train)), classes_(classes), calibrated_(calibrated) {}

  FitReport fit(const Examples& examples, const StreamOf& stream, Workers& workers) override {
    FitReport report;
    model_.reset();
    temperature_ = 1;
    std::vector<std::int32_t> labels;
    for (const Index row : examples.rows) labels.push_back(examples.targets.labels[row]);
    if (calibrated_) {
      Calibration found = find_temperature(examples, labels, stream("calibration"), workers);
      temperature_ = found.temperature;
      report.notes = std::move(found.notes);
    }
    model_ = train_(examples.rows, labels, examples.weights, stream("train"), workers);
    return report;
  }

  Signals signals(std::span<const Index> rows, const SignalsWanted& wanted, const StreamOf& stream,
                  Workers& workers) const override {
    Signals found;
    const auto temperature = static_cast<float>(temperature_);
    if (wanted.probabilities) {
      found.probabilities = Matrix<float>(rows.size(), classes_);
      model_->logits(rows, found.probabilities, workers);
      apply_temperature(found.probabilities, temperature);
    }
    if (wanted.features && model_->feature_dim() > 0) {
      found.features = Matrix<float>(rows.size(), model_->feature_dim());
      model_->features(rows, found.features, workers);
    }
    if (wanted.passes > 0) {
      found.passes = model_->stochastic_passes(wanted.passes, temperature, stream("passes"));
    }
    return found;
  }

  Predictions predict(std::span<const Index> rows, Workers& workers) const override {
    Predictions found;
    found.temperature = temperature_;
    found.logits = Matrix<float>(rows.size(), classes_);
    model_->logits(rows, found.logits, workers);
    found.uncalibrated = found.logits;
    apply_temperature(found.uncalibrated, 1);
    found.probabilities = found.logits;
    apply_temperature(found.probabilities, static_cast<float>(temperature_));
    return found;
  }

 private:
  Calibration find_temperature(const Examples& examples, std::span<const std::int32_t> labels,
                               const Generator& generator, Workers& workers) const {
    std::vector<std::uint32_t> groups;
    if (!examples.groups.empty()) {
      for (const Index row : examples.rows) groups.push_back(examples.groups[row]);
    }
    return calibrate(
        examples.rows, labels, groups, classes_,
        [&](std::span<const Index> rows, std::span<const std::int32_t> of_rows,
            std::span<const Index> held_out, const Generator& stream, MatrixView<float> logits) {
          train_(rows, of_rows, {}, stream, workers)->logits(held_out, logits, workers);
        },
        generator);
  }

  const TrainClassifier train_;
  const std::size_t classes_;
  const bool calibrated_;
  std::unique_ptr<Classifier> model_;
  double temperature_ = 1;
};

}  // namespace

std::unique_ptr<Learner> make_classification_learner(TrainClassifier train, std::size_t classes,
                                                     bool calibrated) {
  return std::make_unique<ClassificationLearner>(std::move(train), classes, calibrated);
}

}  // namespace goldpan
