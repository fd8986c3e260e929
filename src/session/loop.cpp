#include "session/loop.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <optional>

#include <fmt/format.h>

#include <goldpan/acquire/batch.hpp>
#include <goldpan/models/temperature.hpp>

#include "acquire/class_floor.hpp"
#include "session/diversity.hpp"
#include "session/importance_weights.hpp"
#include "session/oracle.hpp"
#include "tasks/evaluation.hpp"

namespace goldpan {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// Fewer labels than this cannot spare a tenth for calibration.
constexpr std::size_t kLeastForCalibration = 50;

/// Adds the seconds of its life to a total.
class Stopwatch {
 public:
  explicit Stopwatch(double& seconds) : seconds_(seconds) {}
  ~Stopwatch() {
    seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
  }
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;

 private:
  double& seconds_;
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

/// One strategy at one seed. Its state after a round follows from the picks alone, so a journal can
/// restore it.
class Run {
 public:
  Run(const LoopInputs& inputs, const std::string& strategy, std::uint64_t seed, Workers& workers)
      : inputs_(inputs),
        settings_(inputs.settings),
        info_(find_strategy(strategy)),
        seed_(seed),
        workers_(workers),
        streams_(Generator(seed).stream(strategy)),
        oracle_(inputs.pool_labels),
        labels_(inputs.pool_size, -1),
        unlabeled_(inputs.pool_size),
        bought_(inputs.classes) {
    std::iota(unlabeled_.begin(), unlabeled_.end(), Index{0});
  }

  /// Takes over a round from the journal.
  void restore(const std::vector<Pick>& picks) { buy(picks); }

  /// Trains the model that the next batch is chosen with, where it is not at hand: after a restore.
  void prepare(std::size_t round) {
    if (round > 0 && !model_ && needs_model()) {
      RoundRecord ignored;
      train(round - 1, ignored);
    }
  }

  std::vector<Pick> choose(std::size_t round, std::size_t batch, RoundRecord& record) {
    std::vector<Pick> picks;
    if (batch == unlabeled_.size()) {
      for (const Index row : unlabeled_) picks.push_back({row, Reason::kStrategy, kNaN, 1.0});
      record.notes.emplace_back("the batch is the rest of the pool: nothing to choose");
    } else if (labeled_.empty()) {
      cold_start(batch, record, picks);
    } else {
      later_batch(round, batch, record, picks);
    }
    measure_batch(picks, record);
    return picks;
  }

  /// Buys the batch, trains on all labels bought and evaluates on the test set. Returns the labels
  /// of the batch.
  std::vector<std::int32_t> close(std::size_t round, const std::vector<Pick>& picks,
                                  RoundRecord& record) {
    std::vector<std::int32_t> labels = buy(picks);
    train(round, record);
    Matrix<float> logits(inputs_.test_labels.size(), inputs_.classes);
    std::vector<Index> test_rows(inputs_.test_labels.size());
    std::iota(test_rows.begin(), test_rows.end(), static_cast<Index>(inputs_.pool_size));
    model_->logits(test_rows, logits, workers_);
    evaluate(logits, inputs_.test_labels, record);
    record.labeled = oracle_.bought();
    record.class_counts = bought_;
    record.drift =
        mean_discrepancy(inputs_.embeddings, labeled_, unlabeled_, stream("drift", round));
    return labels;
  }

  std::size_t labeled() const { return labeled_.size(); }

 private:
  bool learned_embeddings() const {
    return inputs_.learns_features && info_.needs.learned_embeddings;
  }
  bool needs_model() const { return info_.needs.model() || learned_embeddings(); }

  Generator stream(const char* purpose, std::size_t round) const {
    return streams_.stream(purpose).stream(round);
  }

  std::vector<std::int32_t> buy(const std::vector<Pick>& picks) {
    std::vector<std::int32_t> labels;
    UniformSample sample{std::vector<std::uint64_t>(inputs_.classes), bought_, unlabeled_.size()};
    SampledBatch batch;
    batch.unlabeled_before = unlabeled_.size();
    const bool everything = picks.size() == unlabeled_.size();
    for (const Pick& pick : picks) {
      const std::int32_t label = oracle_.buy(pick.row);
      labels.push_back(label);
      labels_[pick.row] = label;
      ++bought_[static_cast<std::size_t>(label)];
      const bool uniform =
          pick.reason == Reason::kReserve ||
          (pick.reason == Reason::kColdStart && !std::isnan(pick.inclusion_probability));
      if (uniform || everything) ++sample.counts[static_cast<std::size_t>(label)];
      (uniform ? batch.uniform : batch.certain).push_back(pick.row);
      labeled_.push_back(pick.row);
    }
    samples_.push_back(std::move(sample));
    batches_.push_back(std::move(batch));
    std::ranges::sort(labeled_);
    std::erase_if(unlabeled_, [&](Index row) { return labels_[row] >= 0; });
    model_.reset();
    return labels;
  }

  void train(std::size_t round, RoundRecord& record) {
    const Stopwatch stopwatch(record.train_seconds);
    std::vector<std::int32_t> labels;
    for (const Index row : labeled_) labels.push_back(labels_[row]);
    if (!settings_.calibration) {
      temperature_ = 1;
    } else if (labeled_.size() < kLeastForCalibration) {
      temperature_ = 1;
      record.notes.push_back(
          fmt::format("no calibration: {} labels are too few to spare a tenth", labeled_.size()));
    } else {
      calibrate(round, record);
    }
    model_ = inputs_.make_model();
    model_->fit(labeled_, labels, weights_of(labeled_, record), stream("train", round), workers_);
    record.temperature = temperature_;
  }

  /// Empty (all 1) unless weights are asked for and known.
  std::vector<float> weights_of(const std::vector<Index>& rows, RoundRecord& record) const {
    if (!settings_.importance_weights) return {};
    const std::vector<double> of_pool = importance_weights(batches_, inputs_.pool_size);
    if (of_pool.empty()) {
      record.notes.emplace_back("no importance weights: no label was drawn at random");
      return {};
    }
    std::vector<float> weights;
    weights.reserve(rows.size());
    for (const Index row : rows) weights.push_back(static_cast<float>(of_pool[row]));
    return weights;
  }

  /// At least `count` labelled rows: whole groups, of which one at least stays. Near twins of what
  /// a model was trained on say nothing about how sure it may be of others.
  std::vector<Index> sample_groups(std::size_t count, Generator& generator) const {
    std::map<std::uint32_t, std::vector<Index>> rows_of;
    for (const Index row : labeled_) rows_of[inputs_.pool_groups[row]].push_back(row);
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

  /// The temperature of a model trained on nine tenths of the bought labels, fitted on the other
  /// tenth.
  void calibrate(std::size_t round, RoundRecord& record) {
    Generator generator = stream("calibration", round);
    std::vector<Index> held_out = inputs_.pool_groups.empty()
                                      ? generator.sample(labeled_, labeled_.size() / 10)
                                      : sample_groups(labeled_.size() / 10, generator);
    if (held_out.empty()) {
      temperature_ = 1;
      record.notes.emplace_back("no calibration: all labels are of one group");
      return;
    }
    std::ranges::sort(held_out);
    std::vector<Index> rest;
    std::ranges::set_difference(labeled_, held_out, std::back_inserter(rest));
    const auto labels_of = [&](const std::vector<Index>& rows) {
      std::vector<std::int32_t> labels;
      labels.reserve(rows.size());
      for (const Index row : rows) labels.push_back(labels_[row]);
      return labels;
    };
    const auto model = inputs_.make_model();
    model->fit(rest, labels_of(rest), {}, generator.stream("train"), workers_);
    Matrix<float> logits(held_out.size(), inputs_.classes);
    model->logits(held_out, logits, workers_);
    const TemperatureFit fit = fit_temperature(logits, labels_of(held_out));
    temperature_ = fit.temperature;
    if (!fit.converged) record.notes.emplace_back("temperature scaling did not converge");
  }

  /// Which strategy picks the first batch; empty: a random one.
  std::string first_strategy() const {
    if (info_.name == "random" || settings_.cold_start == "random") return {};
    if (settings_.cold_start != "auto") return settings_.cold_start;
    const bool needs_predictions = info_.needs.probabilities || info_.needs.passes;
    return needs_predictions && !info_.needs.model_optional ? std::string()
                                                            : std::string(info_.name);
  }

  void cold_start(std::size_t batch, RoundRecord& record, std::vector<Pick>& picks) {
    const std::string first = first_strategy();
    if (first.empty()) {
      // Not from this strategy's streams: the same for all strategies at a given seed.
      Generator generator = Generator(seed_).stream("cold_start");
      picks = draw_uniform(unlabeled_, batch, Reason::kColdStart, generator);
      return;
    }
    Pool pool;
    pool.embeddings = pool_embeddings();
    pool.unlabeled = unlabeled_;
    select_into(first, pool, batch, 0, Reason::kColdStart, record, picks);
  }

  void later_batch(std::size_t round, std::size_t batch, RoundRecord& record,
                   std::vector<Pick>& picks) {
    const auto reserve =
        static_cast<std::size_t>(std::llround(settings_.reserve * static_cast<double>(batch)));
    Generator generator = stream("reserve", round);
    picks = draw_uniform(unlabeled_, reserve, Reason::kReserve, generator);

    Matrix<float> probabilities, features;
    Pool pool;
    pool.embeddings = pool_embeddings();
    std::unique_ptr<StochasticPasses> passes;
    if (needs_model()) score(round, record, probabilities, features, passes, pool);

    std::vector<Index> candidates = without_picks(unlabeled_, picks);
    if (settings_.class_floor && !probabilities.empty()) {
      fill_class_floor(round, batch, probabilities, candidates, record, picks);
      candidates = without_picks(unlabeled_, picks);
    }
    // The reserve and the floor will be labelled with this batch: the strategy chooses around them.
    std::vector<Index> labeled = labeled_;
    for (const Pick& pick : picks) labeled.push_back(pick.row);
    std::ranges::sort(labeled);
    pool.labeled = labeled;
    pool.unlabeled = candidates;
    select_into(info_.name, pool, batch - picks.size(), round, Reason::kStrategy, record, picks);
  }

  /// What the strategy needs of the model: calibrated probabilities, penultimate features,
  /// stochastic passes.
  void score(std::size_t round, RoundRecord& record, Matrix<float>& probabilities,
             Matrix<float>& features, std::unique_ptr<StochasticPasses>& passes, Pool& pool) {
    const Stopwatch stopwatch(record.score_seconds);
    const auto temperature = static_cast<float>(temperature_);
    if (info_.needs.probabilities || (settings_.class_floor && info_.needs.model())) {
      // Of the labelled rows too: BAIT's Fisher information begins with theirs.
      std::vector<Index> rows(inputs_.pool_size);
      std::iota(rows.begin(), rows.end(), Index{0});
      probabilities = Matrix<float>(inputs_.pool_size, inputs_.classes);
      model_->logits(rows, probabilities, workers_);
      apply_temperature(probabilities, temperature);
      pool.probabilities = probabilities;
    }
    if ((info_.needs.features || learned_embeddings()) && model_->feature_dim() > 0) {
      std::vector<Index> rows(inputs_.pool_size);
      std::iota(rows.begin(), rows.end(), Index{0});
      features = Matrix<float>(inputs_.pool_size, model_->feature_dim());
      model_->features(rows, features, workers_);
      pool.features = features;
      if (learned_embeddings()) pool.embeddings = features;
    }
    if (info_.needs.passes) {
      passes = model_->stochastic_passes(settings_.passes, temperature, stream("passes", round));
      pool.passes = passes.get();
    }
  }

  void fill_class_floor(std::size_t round, std::size_t batch, const Matrix<float>& probabilities,
                        const std::vector<Index>& candidates, RoundRecord& record,
                        std::vector<Pick>& picks) {
    const std::vector<std::size_t> wanted =
        class_floor_picks(estimate_class_shares(samples_, inputs_.classes), bought_, batch);
    if (std::ranges::all_of(wanted, [](std::size_t count) { return count == 0; })) return;
    std::vector<std::vector<Index>> predicted(inputs_.classes);
    for (const Index row : candidates) {
      const auto row_probabilities = probabilities.row(row);
      const auto guess = std::ranges::max_element(row_probabilities) - row_probabilities.begin();
      predicted[static_cast<std::size_t>(guess)].push_back(row);
    }
    Generator generator = stream("class_floor", round);
    for (std::size_t c = 0; c < wanted.size(); ++c) {
      const std::size_t count = std::min(wanted[c], predicted[c].size());
      if (wanted[c] == 0) continue;
      record.notes.push_back(fmt::format("class floor: {} of {} wanted picks predicted as '{}'",
                                         count, wanted[c], inputs_.class_names[c]));
      const std::vector<Pick> floor =
          draw_uniform(predicted[c], count, Reason::kClassFloor, generator);
      picks.insert(picks.end(), floor.begin(), floor.end());
    }
  }

  void select_into(std::string_view strategy, const Pool& pool, std::size_t batch,
                   std::size_t round, Reason reason, RoundRecord& record,
                   std::vector<Pick>& picks) {
    const Stopwatch stopwatch(record.select_seconds);
    Generator generator = stream("select", round);
    const Selection selection = select(strategy, pool, batch, generator, workers_);
    // Only a uniform draw has a probability that is known.
    const double probability = strategy == "random" ? static_cast<double>(batch) /
                                                          static_cast<double>(pool.unlabeled.size())
                                                    : kNaN;
    for (std::size_t i = 0; i < selection.indices.size(); ++i) {
      picks.push_back({selection.indices[i], reason, selection.scores[i], probability});
    }
    record.notes.insert(record.notes.end(), selection.notes.begin(), selection.notes.end());
  }

  void measure_batch(const std::vector<Pick>& picks, RoundRecord& record) const {
    std::vector<Index> batch;
    batch.reserve(picks.size());
    for (const Pick& pick : picks) batch.push_back(pick.row);
    record.redundancy = near_twin_share(inputs_.embeddings, batch, batch, settings_.near_twin);
    record.redundancy_labeled =
        near_twin_share(inputs_.embeddings, batch, labeled_, settings_.near_twin);
  }

  Embeddings pool_embeddings() const {
    if (inputs_.embeddings.empty()) return {};
    return inputs_.embeddings.as_float().rows_between(0, inputs_.pool_size);
  }

  const LoopInputs& inputs_;
  const Settings& settings_;
  const StrategyInfo& info_;
  const std::uint64_t seed_;
  Workers& workers_;
  const Generator streams_;
  Oracle oracle_;
  std::vector<std::int32_t> labels_;  // of the pool as far as bought, else -1
  std::vector<Index> labeled_, unlabeled_;
  std::vector<std::uint64_t> bought_;  // per class
  std::vector<UniformSample> samples_;
  std::vector<SampledBatch> batches_;
  std::unique_ptr<Classifier> model_;
  double temperature_ = 1;
};

}  // namespace

std::vector<std::size_t> round_targets(const Settings& settings, std::size_t pool_size) {
  std::vector<std::size_t> targets;
  std::size_t reached = 0;
  for (const double budget : settings.budgets) {
    const auto target = std::max<std::size_t>(
        1, static_cast<std::size_t>(std::llround(budget * static_cast<double>(pool_size))));
    while (reached < target) {
      const std::size_t left = target - reached;
      reached += settings.max_batch > 0 ? std::min(left, settings.max_batch) : left;
      targets.push_back(reached);
    }
  }
  return targets;
}

void play(const LoopInputs& inputs, const std::string& strategy, std::uint64_t seed,
          Journal& journal, Workers& workers,
          const std::function<void(std::size_t labels)>& finished_round) {
  Run run(inputs, strategy, seed, workers);
  const std::vector<std::size_t> targets = round_targets(inputs.settings, inputs.pool_size);
  std::size_t round = 0;
  for (const std::vector<Pick>& picks : journal.finished_rounds(strategy, seed)) {
    run.restore(picks);
    ++round;
    finished_round(run.labeled());
  }
  for (; round < targets.size(); ++round) {
    run.prepare(round);
    RoundRecord record;
    record.strategy = strategy;
    record.seed = seed;
    record.round = round;
    record.budget = static_cast<double>(targets[round]) / static_cast<double>(inputs.pool_size);
    for (const double budget : inputs.settings.budgets) {
      // The budget as it was typed, where the round reaches one: 0.05 and not 0.05001.
      if (std::llround(budget * static_cast<double>(inputs.pool_size)) ==
          static_cast<long long>(targets[round])) {
        record.budget = budget;
      }
    }
    const std::vector<Pick> picks = run.choose(round, targets[round] - run.labeled(), record);
    const std::vector<std::int32_t> labels = run.close(round, picks, record);
    journal.add_round(record, picks, labels);
    finished_round(run.labeled());
  }
}

}  // namespace goldpan
