#include "label/session_state.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>

#include <sys/resource.h>
#include <unistd.h>

#include <goldpan/models/temperature.hpp>

namespace goldpan {

using namespace label;
using Clock = std::chrono::steady_clock;

namespace {

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

}  // namespace

LabelSession::State::State(LabelPool given_pool, const std::filesystem::path& folder,
                           const LabelOptions& given)
    : pool(std::move(given_pool)),
      options(given),
      journal(folder, pool, options.seed),
      leases(options.lease_seconds) {
  const std::vector<Choice> choices = journal.choices();
  const std::vector<BatchFacts> batches = journal.batches();
  std::size_t at = 0;
  for (std::size_t b = 0; b < batches.size(); ++b) {
    std::size_t end = at;
    while (end < choices.size() && choices[end].batch == b) ++end;
    ledger.add_batch(batches[b], std::span(choices).subspan(at, end - at));
    at = end;
  }
  for (const Answer& answer : journal.answers()) ledger.add(answer);
  curve = journal.curve();
  if (!curve.empty()) truth = curve.back();
  if (ledger.batches() == 0) {
    Workers one(1);
    add_batch(choose_batch(pool, options, nullptr, {}, options.first_batch, 0, one));
  }
}

void LabelSession::State::add_batch(const std::vector<Pick>& picks) {
  if (picks.empty()) return;
  const std::lock_guard write(write_mutex);
  std::vector<Choice> choices;
  BatchFacts facts;
  {
    const std::lock_guard lock(mutex);
    const std::size_t number = ledger.batches();
    Generator generator = Generator(options.seed).stream("overlap").stream(number);
    facts.unlabeled_before = pool.ids.size() - ledger.choices().size();
    for (const Pick& pick : picks) {
      const bool overlap = generator.uniform() < options.overlap;
      // Offered to a person and answered while the batch was being chosen.
      if (ledger.choice_of(pick.row)) continue;
      choices.push_back({pick.row, number, reason_name(pick.reason), pick.score,
                         pick.inclusion_probability, overlap});
    }
  }
  if (choices.empty()) return;
  std::vector<Answer> none;
  journal.add(none, choices, facts);
  const std::lock_guard lock(mutex);
  ledger.add_batch(facts, choices);
}

ShownItem LabelSession::State::shown(std::size_t item) const {
  ShownItem result;
  result.item = item;
  result.reason = "offered";
  result.score = std::numeric_limits<double>::quiet_NaN();
  result.predicted = kUnknownLabel;
  if (const auto place = ledger.choice_of(item)) {
    const Choice& choice = ledger.choices()[*place];
    result.reason = choice.reason;
    result.score = choice.score;
    result.second_opinion = choice.overlap && ledger.words(item) > 0;
  }
  if (model) {
    const auto row = model->probabilities.row(item);
    const auto best = std::max_element(row.begin(), row.end());
    result.predicted = static_cast<std::int32_t>(best - row.begin());
    result.confidence = static_cast<double>(*best);
  }
  return result;
}

Labelled LabelSession::State::snapshot() const {
  Labelled labelled;
  for (const auto& [item, label] : ledger.labels()) {
    labelled.rows.push_back(static_cast<Index>(item));
    labelled.labels.push_back(label);
  }
  return labelled;
}

bool LabelSession::State::train_if_due(Workers& workers) {
  Labelled labelled;
  std::uint64_t version;
  float temperature;
  {
    const std::lock_guard lock(mutex);
    version = answer_version;
    if (version == trained_version) return false;
    labelled = snapshot();
    temperature = model_temperature;
  }
  const std::set<std::int32_t> seen(labelled.labels.begin(), labelled.labels.end());
  if (labelled.rows.size() < 5 || seen.size() < 2) {
    const std::lock_guard lock(mutex);
    trained_version = version;
    if (labelled.rows.empty()) model.reset();
    return false;
  }
  const auto begin = Clock::now();
  auto next = std::make_shared<Model>();
  next->head = make_head(pool.embeddings, pool.classes.size());
  next->head->fit(labelled.rows, labelled.labels, {}, Generator(options.seed), workers);
  next->probabilities = Matrix<float>(pool.ids.size(), pool.classes.size());
  std::vector<Index> all(pool.ids.size());
  std::iota(all.begin(), all.end(), Index{0});
  next->head->logits(all, next->probabilities, workers);
  apply_temperature(next->probabilities, temperature);
  next->temperature = temperature;
  next->labels = labelled.rows.size();
  const double seconds = seconds_since(begin);
  const std::lock_guard lock(mutex);
  model = std::move(next);
  trained_version = version;
  train_seconds = seconds;
  return true;
}

bool LabelSession::State::choose_if_due(Workers& workers) {
  std::vector<Index> issued;
  std::shared_ptr<const Model> with;
  std::size_t number;
  {
    const std::lock_guard lock(mutex);
    // Late enough for a model that has learned from the last batch, early enough to be ready.
    const std::size_t early = std::max<std::size_t>(10, options.batch / 4);
    if (ledger.open() >= early || ledger.choices().size() >= pool.ids.size()) return false;
    // Before the first model the first batch is answered to its end, unless it taught nothing.
    if (!model && ledger.open() > 0) return false;
    for (const Choice& choice : ledger.choices()) {
      issued.push_back(static_cast<Index>(choice.item));
    }
    with = model;
    number = ledger.batches();
  }
  std::sort(issued.begin(), issued.end());
  const auto begin = Clock::now();
  const std::vector<Pick> picks =
      choose_batch(pool, options, with.get(), issued, options.batch, number, workers);
  const double seconds = seconds_since(begin);
  add_batch(picks);
  const std::lock_guard lock(mutex);
  select_seconds = seconds;
  return !picks.empty();
}

bool LabelSession::State::estimate_if_due(Workers& workers, bool always) {
  constexpr std::size_t kLeast = 20;
  Labelled labelled;
  std::vector<SampledBatch> batches;
  {
    const std::lock_guard lock(mutex);
    const std::size_t count = ledger.labels().size();
    const std::size_t step = std::max<std::size_t>(10, count / 20);
    const bool due = always ? count != truth_labels : count >= truth_labels + step;
    if (count < kLeast || !due) return false;
    labelled = snapshot();
    batches = ledger.sampled();
  }
  const auto begin = Clock::now();
  const std::size_t classes = pool.classes.size();
  const OutOfFold folds = cross_validate(pool.embeddings, classes, labelled, options.seed, workers);
  Truth found;
  found.labels = labelled.rows.size();
  found.temperature = folds.temperature;
  const auto curve_now = learning_curve(pool.embeddings, classes, labelled, folds, batches,
                                        pool.ids.size(), options.seed, workers);
  found.reserve = reserve_accuracy(labelled, folds, batches);
  found.pool = pool_accuracy(labelled, folds, batches, pool.ids.size());
  if (found.pool && curve_now) {
    found.gain = expected_gain(*curve_now, *found.pool, found.labels, 100);
  }
  std::vector<Suspicion> doubted = find_suspicions(labelled, folds);
  found.seconds = seconds_since(begin);
  {
    const std::lock_guard write(write_mutex);
    journal.add_truth(found);
  }
  const std::lock_guard lock(mutex);
  truth = found;
  truth_labels = found.labels;
  model_temperature = static_cast<float>(found.temperature);
  std::erase_if(curve, [&](const Truth& old) { return old.labels >= found.labels; });
  curve.push_back(found);
  suspicions = std::move(doubted);
  return true;
}

bool LabelSession::State::turn(Workers& workers, bool all) {
  // A person who waits for items comes before a newer model.
  bool waiting;
  {
    const std::lock_guard lock(mutex);
    waiting = model && ledger.open() == 0;
  }
  bool did = waiting && choose_if_due(workers);
  did = train_if_due(workers) || did;
  did = choose_if_due(workers) || did;
  return estimate_if_due(workers, all) || did;
}

void LabelSession::State::run_in_background() {
  // Labelling must stay smooth while a model trains; threads inherit this.
  ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), 5);
  Workers workers(options.threads);
  while (true) {
    {
      std::unique_lock lock(mutex);
      wake.wait(lock, [&] { return stopping || worth_a_look; });
      if (stopping) return;
      worth_a_look = false;
    }
    try {
      while (turn(workers, false)) {
        const std::lock_guard lock(mutex);
        if (stopping) return;
      }
      const std::lock_guard lock(mutex);
      trouble.clear();
    } catch (const std::exception& error) {
      // Labelling goes on with the model at hand; the page shows what is wrong.
      const std::lock_guard lock(mutex);
      trouble = error.what();
    }
  }
}

}  // namespace goldpan
