#include "session/player.hpp"

#include <algorithm>
#include <numeric>

#include <goldpan/core/stopwatch.hpp>
#include <goldpan/session/budgets.hpp>

#include "session/diversity.hpp"
#include "session/task_choice.hpp"

namespace goldpan {
namespace {

std::vector<Index> rows_between(std::size_t begin, std::size_t end) {
  std::vector<Index> rows(end - begin);
  std::iota(rows.begin(), rows.end(), static_cast<Index>(begin));
  return rows;
}

std::vector<Index> rows_of(std::span<const Pick> picks) {
  std::vector<Index> rows;
  rows.reserve(picks.size());
  for (const Pick& pick : picks) rows.push_back(pick.row);
  return rows;
}

void append(std::vector<std::string>& notes, std::vector<std::string> more) {
  notes.insert(notes.end(), std::make_move_iterator(more.begin()),
               std::make_move_iterator(more.end()));
}

/// The share that a round reaches: as it was typed, where it reaches a budget (0.05, not 0.05001).
double budget_of(const Settings& settings, std::size_t target, std::size_t pool_size) {
  for (const PoolBudget& budget : budgets_of_pool(settings.budgets, pool_size)) {
    if (budget.labels == target) return budget.share;
  }
  return static_cast<double>(target) / static_cast<double>(pool_size);
}

/// Whether a class alone is the whole label.
bool says_all(const Task& task) { return task.name() == "classification"; }

}  // namespace

Player::Player(const Plan& plan, const std::string& strategy, std::uint64_t seed, Workers& workers)
    : plan_(plan),
      settings_(plan.settings),
      info_(find_task_strategy(plan.task->name(), strategy)),
      seed_(seed),
      workers_(workers),
      streams_(Generator(seed).stream(strategy)),
      oracle_(plan.pool_targets, plan.pool_size, *plan.task),
      ledger_(plan.task->unknown(*plan.pool_targets, plan.pool_size), plan.pool_size, *plan.task),
      learner_(plan.make_learner()) {}

void Player::restore(std::span<const Pick> picks) { buy(picks); }

PlayedRound Player::play(std::size_t round, std::size_t target) {
  const std::size_t batch = target - labeled();
  const bool is_rest = batch == ledger_.unlabeled().size();
  // After a resumption the model that chooses the next batch is not at hand.
  if (round > 0 && !is_trained_ && !is_rest && needs_model()) train(round - 1);
  PlayedRound played;
  RoundRecord& record = played.record;
  record.strategy = info_.name;
  record.seed = seed_;
  record.round = round;
  record.budget = budget_of(settings_, target, plan_.pool_size);

  double score_seconds = 0;
  Proposal proposal =
      round == 0 && !is_rest ? cold_start(batch) : later_batch(round, batch, score_seconds);
  played.picks = std::move(proposal.picks);
  append(record.notes, std::move(proposal.notes));
  Metrics of_batch;
  describe_batch(played.picks, of_batch);

  played.labels = buy(played.picks);
  const Stopwatch training;
  append(record.notes, train(round).notes);
  const double train_seconds = training.seconds();

  const std::vector<Index> test = rows_between(plan_.pool_size, plan_.size);
  Evaluation found = plan_.task->evaluate(learner_->predict(test, workers_), plan_.test_targets,
                                          test, plan_.test_slices);
  record.metrics = std::move(found.metrics);
  record.reliability_before = std::move(found.reliability_before);
  record.reliability_after = std::move(found.reliability_after);
  record.hits = std::move(found.hits);
  for (const Metric& metric : of_batch.rows()) record.metrics.add(metric);
  record.metrics.set("drift", mean_discrepancy(plan_.embeddings, ledger_.labeled(),
                                               ledger_.unlabeled(), streams_of(round)("drift")));
  record.metrics.set("cost", ledger_.cost());
  if (!plan_.mined.name.empty()) {
    record.metrics.set("slice_labels",
                       static_cast<double>(std::ranges::count_if(
                           ledger_.labeled(), [&](Index row) { return plan_.mined.inside[row]; })));
  }
  record.metrics.set("train_seconds", train_seconds);
  record.metrics.set("score_seconds", score_seconds);
  record.metrics.set("select_seconds", proposal.select_seconds);
  for (std::size_t c = 0; c < ledger_.bought().size(); ++c) {
    record.metrics.add(
        {"labels", "all", static_cast<std::int32_t>(c), static_cast<double>(ledger_.bought()[c])});
  }
  record.labeled = oracle_.bought();
  return played;
}

bool Player::learned_embeddings() const {
  return plan_.learns_features && info_.needs.learned_embeddings;
}

bool Player::needs_model() const { return info_.needs.model() || learned_embeddings(); }

StreamOf Player::streams_of(std::size_t round) const {
  return [this, round](const char* purpose) { return streams_.stream(purpose).stream(round); };
}

Embeddings Player::pool_embeddings() const {
  if (plan_.embeddings.empty()) return {};
  return plan_.embeddings.as_float().rows_between(0, plan_.pool_size);
}

StrategyOptions Player::options_of(std::string_view strategy) const {
  StrategyOptions options;
  options.values = options_for(settings_, strategy);
  options.progress = plan_.stop;
  return options;
}

std::vector<BoughtLabel> Player::buy(std::span<const Pick> picks) {
  oracle_.request(rows_of(picks));
  std::vector<Answer> answers = oracle_.poll();
  ledger_.enter(picks, answers);
  is_trained_ = false;
  std::vector<BoughtLabel> labels;
  for (std::size_t i = 0; i < picks.size(); ++i) {
    const std::size_t stratum = plan_.task->stratum(ledger_.targets(), picks[i].row);
    const bool has_class = stratum < ledger_.bought().size();
    labels.push_back({has_class ? static_cast<std::int32_t>(stratum) : -1,
                      says_all(*plan_.task) ? std::string() : std::move(answers[i].target)});
  }
  return labels;
}

FitReport Player::train(std::size_t round) {
  std::vector<float> weights;
  std::vector<std::string> notes;
  if (settings_.importance_weights) {
    const std::vector<double> of_pool = importance_weights(ledger_.batches(), plan_.pool_size);
    if (of_pool.empty()) {
      notes.emplace_back("no importance weights: no label was drawn at random");
    } else {
      for (const Index row : ledger_.labeled()) weights.push_back(static_cast<float>(of_pool[row]));
    }
  }
  FitReport report = learner_->fit({.rows = ledger_.labeled(),
                                    .targets = ledger_.targets(),
                                    .weights = weights,
                                    .groups = plan_.pool_groups},
                                   streams_of(round), workers_);
  is_trained_ = true;
  append(report.notes, std::move(notes));
  return report;
}

Proposal Player::cold_start(std::size_t batch) const {
  const bool needs_predictions = info_.needs.probabilities || info_.needs.passes;
  const bool has_own_start = std::ranges::any_of(
      info_.options, [](const OptionInfo& option) { return option.name == "cold_start"; });
  Round first;
  if (settings_.cold_start != "auto") {
    first.strategy = settings_.cold_start;
  } else if (!needs_predictions || has_own_start) {
    first.strategy = info_.name;
  } else {
    // What can do without a model starts as strategy auto does, the others alike at random.
    first.strategy = info_.needs.model_optional ? "auto" : "random";
  }
  first.batch = batch;
  first.reason = Reason::kColdStart;
  first.options = options_of(first.strategy);
  first.stream = streams_of(0);
  if (info_.uniform || strategy_row(first.strategy).uniform) {
    first.strategy = "random";
    // Not from this strategy's streams: the same for all strategies at a given seed.
    first.stream = [this](const char*) { return Generator(seed_).stream("cold_start"); };
  }
  Pool pool;
  pool.embeddings = pool_embeddings();
  pool.unlabeled = ledger_.unlabeled();
  return propose(first, pool, workers_);
}

Proposal Player::later_batch(std::size_t round, std::size_t batch, double& score_seconds) {
  Round later;
  // Where nothing is left to choose any name will do: those that see boxes are in no other table.
  later.strategy = batch < ledger_.unlabeled().size() ? info_.name : std::string_view("random");
  later.batch = batch;
  later.reserve = settings_.reserve;
  later.rank_everything = false;
  later.stream = streams_of(round);
  later.options = options_of(info_.name);
  Pool pool;
  pool.embeddings = pool_embeddings();
  pool.labeled = ledger_.labeled();
  pool.unlabeled = ledger_.unlabeled();
  Signals signals;
  if (needs_model() && batch < pool.unlabeled.size()) {
    const Stopwatch stopwatch;
    // Of the labelled rows too: BAIT's Fisher information begins with theirs.
    const bool floor = settings_.class_floor && plan_.task->info().has_class_floor;
    SignalsWanted wanted = task_signals(settings_, info_);
    wanted.probabilities |= floor && info_.needs.model();
    wanted.features |= learned_embeddings();
    signals = learner_->signals(rows_between(0, plan_.pool_size), wanted, later.stream, workers_);
    pool.probabilities = signals.probabilities;
    pool.features = signals.features;
    pool.passes = signals.passes.get();
    if (learned_embeddings() && !signals.features.empty()) pool.embeddings = signals.features;
    score_seconds = stopwatch.seconds();
    if (find_miner(info_.name) != nullptr) {
      later.choose = mining_choice(later);
    } else {
      later.choose = task_choice(settings_, ledger_.targets(), signals, later, workers_);
      if (floor && !signals.probabilities.empty()) later.floor = floor_wishes(batch);
    }
  }
  return propose(later, pool, workers_);
}

std::function<Selection(const Pool& pool, std::size_t count)> Player::mining_choice(
    const Round& round) {
  const BoughtSlice bought{*plan_.task, plan_.mined, plan_.make_plain_learner};
  KnownSlice known = known_slice(bought,
                                 {.rows = ledger_.labeled(),
                                  .targets = ledger_.targets(),
                                  .weights = {},
                                  .groups = plan_.pool_groups},
                                 round.stream, workers_);
  MineOptions options;
  const OptionValues values = options_of(info_.name).values.resolve(info_.options, info_.name);
  if (!info_.options.empty()) options.width = values.real("width");
  options.progress = plan_.stop;
  return [this, options, stream = round.stream, known = std::move(known)](const Pool& pool,
                                                                          std::size_t count) {
    Generator generator = stream("select");
    Pool seen = pool;
    // Probabilities of several labels have no margin between the two largest.
    if (plan_.task->name() == "multilabel") seen.probabilities = {};
    return mine(info_.name, seen, known, count, options, generator, workers_);
  };
}

std::vector<FloorWish> Player::floor_wishes(std::size_t batch) const {
  const std::vector<std::string>& names = ledger_.targets().class_names;
  const std::vector<std::size_t> wanted = class_floor_picks(
      estimate_class_shares(ledger_.samples(), names.size()), ledger_.bought(), batch);
  std::vector<FloorWish> wishes;
  for (std::size_t c = 0; c < wanted.size(); ++c) {
    if (wanted[c] > 0) wishes.push_back({c, names[c], wanted[c]});
  }
  return wishes;
}

void Player::describe_batch(std::span<const Pick> picks, Metrics& metrics) const {
  const std::vector<Index> batch = rows_of(picks);
  metrics.set("redundancy", near_twin_share(plan_.embeddings, batch, batch, settings_.near_twin));
  metrics.set("redundancy_labeled",
              near_twin_share(plan_.embeddings, batch, ledger_.labeled(), settings_.near_twin));
}

std::vector<std::size_t> round_targets(const Settings& settings, std::size_t pool_size) {
  std::vector<std::size_t> targets;
  std::size_t reached = 0;
  for (const PoolBudget& budget : budgets_of_pool(settings.budgets, pool_size)) {
    while (reached < budget.labels) {
      const std::size_t left = budget.labels - reached;
      reached += settings.max_batch > 0 ? std::min(left, settings.max_batch) : left;
      targets.push_back(reached);
    }
  }
  return targets;
}

void play(const Plan& plan, const std::string& strategy, std::uint64_t seed, Journal& journal,
          Workers& workers, const std::function<void(std::size_t labels)>& finished_round) {
  Player player(plan, strategy, seed, workers);
  const std::vector<std::size_t> targets = round_targets(plan.settings, plan.pool_size);
  std::size_t round = 0;
  for (const std::vector<Pick>& picks : journal.finished_rounds(strategy, seed)) {
    player.restore(picks);
    ++round;
    finished_round(player.labeled());
  }
  for (; round < targets.size(); ++round) {
    const PlayedRound played = player.play(round, targets[round]);
    journal.add_round(played.record, played.picks, played.labels);
    finished_round(player.labeled());
  }
}

}  // namespace goldpan
