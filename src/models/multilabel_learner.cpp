#include <algorithm>
#include <string>
#include <utility>

#include <goldpan/core/error.hpp>
#include <goldpan/models/learner.hpp>

namespace goldpan {
namespace {

/// Labels that are decided together: a group, or one label by itself (it shows or not).
struct Part {
  LabelGroup labels;
  bool single = false;
  std::unique_ptr<Learner> learner;

  std::size_t classes() const { return single ? 2 : labels.end - labels.begin; }
};

/// The parts' passes side by side.
class JoinedPasses : public StochasticPasses {
 public:
  JoinedPasses(std::vector<std::unique_ptr<StochasticPasses>> parts, const std::vector<Part>& of,
               std::size_t labels)
      : parts_(std::move(parts)), of_(of), labels_(labels) {}

  std::size_t passes() const override { return parts_.front()->passes(); }
  std::size_t classes() const override { return labels_; }

  void probabilities(std::span<const Index> rows, std::span<float> out) const override {
    const std::size_t count = rows.size() * passes();
    for (std::size_t p = 0; p < parts_.size(); ++p) {
      const std::size_t classes = of_[p].classes();
      std::vector<float> own(count * classes);
      parts_[p]->probabilities(rows, own);
      for (std::size_t i = 0; i < count; ++i) {
        float* const to = out.data() + i * labels_ + of_[p].labels.begin;
        if (of_[p].single) {
          *to = own[i * 2 + 1];
        } else {
          std::copy_n(own.data() + i * classes, classes, to);
        }
      }
    }
  }

 private:
  std::vector<std::unique_ptr<StochasticPasses>> parts_;
  const std::vector<Part>& of_;
  const std::size_t labels_;
};

class MultilabelLearner : public Learner {
 public:
  MultilabelLearner(std::size_t labels, const std::vector<LabelGroup>& groups,
                    const MakePartLearner& make)
      : labels_(labels) {
    std::vector<bool> grouped(labels);
    for (const LabelGroup& group : groups) {
      if (group.begin >= group.end || group.end > labels) {
        throw Error("label groups", "'" + group.name + "' has labels beyond the " +
                                        std::to_string(labels) + " there are, or none");
      }
      for (std::size_t l = group.begin; l < group.end; ++l) grouped[l] = true;
      parts_.push_back({group, false, nullptr});
    }
    for (std::size_t l = 0; l < labels; ++l) {
      if (!grouped[l]) parts_.push_back({{"label " + std::to_string(l), l, l + 1}, true, nullptr});
    }
    for (std::size_t p = 0; p < parts_.size(); ++p) {
      parts_[p].learner = make(p, parts_[p].classes());
    }
  }

  FitReport fit(const Examples& examples, const StreamOf& stream, Workers& workers) override {
    FitReport report;
    for (Part& part : parts_) {
      Targets targets;
      targets.labels.assign(examples.targets.marks.size(), kUnknownLabel);
      for (const Index row : examples.rows) {
        targets.labels[row] = label_of(part, examples.targets.marks[row]);
      }
      FitReport own = part.learner->fit({.rows = examples.rows,
                                         .targets = targets,
                                         .weights = examples.weights,
                                         .groups = examples.groups},
                                        stream_of(part, stream), workers);
      for (std::string& note : own.notes) report.notes.push_back(part.labels.name + ": " + note);
    }
    return report;
  }

  Signals signals(std::span<const Index> rows, const SignalsWanted& wanted, const StreamOf& stream,
                  Workers& workers) const override {
    Signals found;
    std::vector<std::unique_ptr<StochasticPasses>> passes;
    if (wanted.probabilities) found.probabilities = Matrix<float>(rows.size(), labels_);
    for (const Part& part : parts_) {
      Signals own = part.learner->signals(
          rows, {.probabilities = wanted.probabilities, .features = false, .passes = wanted.passes},
          stream_of(part, stream), workers);
      if (wanted.probabilities) put(part, own.probabilities, found.probabilities);
      passes.push_back(std::move(own.passes));
    }
    if (wanted.passes > 0) {
      found.passes = std::make_unique<JoinedPasses>(std::move(passes), parts_, labels_);
    }
    return found;
  }

  Predictions predict(std::span<const Index> rows, Workers& workers) const override {
    Predictions found;
    found.probabilities = Matrix<float>(rows.size(), labels_);
    found.uncalibrated = Matrix<float>(rows.size(), labels_);
    for (const Part& part : parts_) {
      const Predictions own = part.learner->predict(rows, workers);
      put(part, own.probabilities, found.probabilities);
      put(part, own.uncalibrated, found.uncalibrated);
    }
    return found;
  }

 private:
  static std::int32_t label_of(const Part& part, const std::vector<std::int8_t>& marks) {
    if (part.single) return marks[part.labels.begin];
    const auto begin = marks.begin() + static_cast<std::ptrdiff_t>(part.labels.begin);
    const auto end = marks.begin() + static_cast<std::ptrdiff_t>(part.labels.end);
    const auto shown = std::find(begin, end, std::int8_t{1});
    return shown == end ? kUnknownLabel : static_cast<std::int32_t>(shown - begin);
  }

  static StreamOf stream_of(const Part& part, const StreamOf& stream) {
    return
        [&part, &stream](const char* purpose) { return stream(purpose).stream(part.labels.name); };
  }

  static void put(const Part& part, const Matrix<float>& own, Matrix<float>& all) {
    for (std::size_t i = 0; i < own.rows(); ++i) {
      if (part.single) {
        all(i, part.labels.begin) = own(i, 1);
      } else {
        std::ranges::copy(own.row(i),
                          all.row(i).begin() + static_cast<std::ptrdiff_t>(part.labels.begin));
      }
    }
  }

  const std::size_t labels_;
  std::vector<Part> parts_;
};

}  // namespace

std::unique_ptr<Learner> make_multilabel_learner(std::size_t labels,
                                                 const std::vector<LabelGroup>& groups,
                                                 const MakePartLearner& make) {
  return std::make_unique<MultilabelLearner>(labels, groups, make);
}

}  // namespace goldpan
