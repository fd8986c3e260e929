#include <algorithm>
#include <map>

#include <fmt/format.h>

#include <goldpan/core/error.hpp>
#include <goldpan/models/learner.hpp>
#include <goldpan/models/temperature.hpp>

namespace goldpan {
namespace {

// Fewer labels than this cannot spare a tenth for calibration.
constexpr std::size_t kLeastForCalibration = 50;

std::vector<std::int32_t> labels_of(const Targets& targets, std::span<const Index> rows) {
  std::vector<std::int32_t> labels;
  labels.reserve(rows.size());
  for (const Index row : rows) labels.push_back(targets.labels[row]);
  return labels;
}

/// At least `count` of the rows: whole groups, of which one at least stays. Near twins of what a
/// model was trained on say nothing about how sure it may be of others.
std::vector<Index> sample_groups(const Examples& examples, std::size_t count,
                                 Generator& generator) {
  std::map<std::uint32_t, std::vector<Index>> rows_of;
  for (const Index row : examples.rows) rows_of[examples.groups[row]].push_back(row);
  std::vector<std::uint32_t> groups;
  for (const auto& [group, rows] : rows_of) groups.push_back(group);
  generator.shuffle(std::span(groups));
  groups.pop_back();
  std::vector<Index> sampled;
  for (const std::uint32_t group : groups) {
    if (sampled.size() >= count) break;
    sampled.insert(sampled.end(), rows_of[group].begin(), rows_of[group].end());
  }
  return sampled;
}

class ClassificationLearner : public Learner {
 public:
  ClassificationLearner(std::function<std::unique_ptr<Classifier>()> make, bool calibrate)
      : make_(std::move(make)), calibrate_(calibrate) {}

  FitReport fit(const Examples& examples, const StreamOf& stream, Workers& workers) override {
    FitReport report;
    model_.reset();
    temperature_ = 1;
    if (calibrate_ && examples.rows.size() < kLeastForCalibration) {
      report.notes.push_back(fmt::format("no calibration: {} labels are too few to spare a tenth",
                                         examples.rows.size()));
    } else if (calibrate_) {
      calibrate(examples, stream("calibration"), workers, report);
    }
    auto model = make_();
    model->fit(examples.rows, labels_of(examples.targets, examples.rows), examples.weights,
               stream("train"), workers);
    model_ = std::move(model);
    return report;
  }

  Signals signals(std::span<const Index> rows, const SignalsWanted& wanted, const StreamOf& stream,
                  Workers& workers) const override {
    Signals found;
    const auto temperature = static_cast<float>(temperature_);
    if (wanted.probabilities) {
      found.probabilities = Matrix<float>(rows.size(), model_->classes());
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
    found.logits = Matrix<float>(rows.size(), model_->classes());
    model_->logits(rows, found.logits, workers);
    found.uncalibrated = found.logits;
    apply_temperature(found.uncalibrated, 1);
    found.probabilities = found.logits;
    apply_temperature(found.probabilities, static_cast<float>(temperature_));
    return found;
  }

 private:
  /// The temperature of a model trained on nine tenths of the labels, fitted on the other tenth.
  void calibrate(const Examples& examples, Generator generator, Workers& workers,
                 FitReport& report) {
    const std::size_t tenth = examples.rows.size() / 10;
    std::vector<Index> held_out = examples.groups.empty()
                                      ? generator.sample(examples.rows, tenth)
                                      : sample_groups(examples, tenth, generator);
    if (held_out.empty()) {
      report.notes.emplace_back("no calibration: all labels are of one group");
      return;
    }
    std::ranges::sort(held_out);
    std::vector<Index> rest;
    std::ranges::set_difference(examples.rows, held_out, std::back_inserter(rest));
    const auto model = make_();
    model->fit(rest, labels_of(examples.targets, rest), {}, generator.stream("train"), workers);
    Matrix<float> logits(held_out.size(), model->classes());
    model->logits(held_out, logits, workers);
    const TemperatureFit fit = fit_temperature(logits, labels_of(examples.targets, held_out));
    temperature_ = fit.temperature;
    if (!fit.converged) report.notes.emplace_back("temperature scaling did not converge");
  }

  const std::function<std::unique_ptr<Classifier>()> make_;
  const bool calibrate_;
  std::unique_ptr<Classifier> model_;
  double temperature_ = 1;
};

}  // namespace

std::unique_ptr<Learner> make_classification_learner(
    std::function<std::unique_ptr<Classifier>()> make, bool calibrate) {
  return std::make_unique<ClassificationLearner>(std::move(make), calibrate);
}

}  // namespace goldpan
