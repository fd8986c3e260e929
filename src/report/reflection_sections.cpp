#include "report/reflection_sections.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "report/csv.hpp"
#include "report/reflection_phrases.hpp"

namespace goldpan::report {
namespace {

// Budgets where strategies had a choice: neither the first nor the whole pool, as far as there are
// such.
std::vector<std::size_t> chosen_budgets(const Grid& grid) {
  std::vector<std::size_t> budgets;
  for (std::size_t budget = 1; budget < grid.budgets().size(); ++budget) {
    if (!grid.is_full(budget)) budgets.push_back(budget);
  }
  return budgets;
}

std::vector<std::string> budgets_with_verdict(const Analysis& analysis, std::size_t strategy,
                                              const std::string& verdict) {
  std::vector<std::string> budgets;
  for (const Gain& gain : analysis.gains) {
    if (gain.strategy == strategy && gain.verdict == verdict) {
      budgets.push_back(fmt::format("{} ({})", percent(analysis.grid.budgets()[gain.budget]),
                                    describe_briefly(gain)));
    }
  }
  return budgets;
}

const Wins* wins_of(const Analysis& analysis, std::size_t winner, std::size_t loser) {
  for (const Wins& wins : analysis.wins) {
    if (wins.winner == winner && wins.loser == loser) return &wins;
  }
  return nullptr;
}

// The table behind the sentences that compare batches.
constexpr const char* kBatches = "`batch_summary.csv`";

}  // namespace

ReflectionSection reflect_on_k_center(const Analysis& analysis) {
  const Grid& grid = analysis.grid;
  ReflectionSection section{"Why does k-center alone lose or win here?", {}};
  const auto k_center = find_strategy_named(grid, "k_center");
  if (!k_center || !grid.random()) return section;
  const std::vector<std::string> worse = budgets_with_verdict(analysis, *k_center, "worse");
  const std::vector<std::string> better = budgets_with_verdict(analysis, *k_center, "better");
  if (!worse.empty()) {
    section.sentences.push_back(
        fmt::format("k-center is worse than random at {} (`budget_gains.csv`).", listed(worse)));
  }
  if (!better.empty()) {
    section.sentences.push_back(
        fmt::format("k-center is better than random at {} (`budget_gains.csv`).", listed(better)));
  }
  if (worse.empty() && better.empty()) {
    section.sentences.push_back("That k-center differs from random is not shown at any budget.");
  }
  if (const auto badge = find_strategy_named(grid, "badge")) {
    const Wins* won = wins_of(analysis, *k_center, *badge);
    const Wins* lost = wins_of(analysis, *badge, *k_center);
    section.sentences.push_back(
        fmt::format("Against BADGE it wins at {} and loses at {} of {} budgets (corrected over the "
                    "pairs, `pairwise_wins.csv`).",
                    won->wins, lost->wins, won->budgets));
  }
  const std::vector<std::size_t> budgets = chosen_budgets(grid);
  if (budgets.empty()) return section;
  // Where k-center had most to say: its largest difference from random.
  std::size_t budget = budgets.front();
  for (const std::size_t candidate : budgets) {
    const Gain* gain = analysis.gain(*k_center, candidate);
    const Gain* most = analysis.gain(*k_center, budget);
    if (gain != nullptr &&
        (most == nullptr || std::abs(gain->test.mean) > std::abs(most->test.mean))) {
      budget = candidate;
    }
  }
  const BatchSummary ours = summarize_batches(grid, *k_center, budget);
  const BatchSummary random = summarize_batches(grid, *grid.random(), budget);
  const std::string at = percent(grid.budgets()[budget]);
  const PairedTest drift = against_random(grid, *k_center, budget, "drift");
  const bool off_center = drift.mean > 0 && drift.p_value < kAlpha;
  if (drift.n > 0) {
    section.sentences.push_back(fmt::format(
        "At {} {} (drift {} against {}, {}).", at,
        off_center ? "its labelled set lies farther from the unlabelled pool than random's"
                   : "that its labelled set lies farther from the unlabelled pool than random's is "
                     "not shown",
        describe_number(ours.drift, 4), describe_number(random.drift, 4), kBatches));
  }
  // By more than both spreads: the mixture of classes hardly varies over seeds.
  const bool one_sided = ours.imbalance.mean - random.imbalance.mean >
                         std::fmax(0, ours.imbalance.std) + std::fmax(0, random.imbalance.std);
  if (std::isfinite(ours.imbalance.mean) && std::isfinite(random.imbalance.mean)) {
    section.sentences.push_back(fmt::format(
        "There its labels are {} in their classes than random's (distance from the pool's mixture "
        "{} "
        "against {}, {}).",
        one_sided ? "more one-sided" : "not clearly more one-sided",
        describe_percent(ours.imbalance), describe_percent(random.imbalance), kBatches));
  }
  const Gain* gain = analysis.gain(*k_center, budget);
  if (gain != nullptr && gain->verdict == "worse") {
    section.sentences.push_back(off_center || one_sided
                                    ? "This fits the known weakness: farthest-first buys the rim "
                                      "of the embedding cloud, where "
                                      "outliers are, and asks neither how common a point is nor "
                                      "how unsure the model is of it. "
                                      "That this causes the loss is an explanation, not a test."
                                    : "Neither drift nor class mixture explains the loss in this "
                                      "run; look at the thumbnails of "
                                      "what it picked in `report.html`.");
  }
  return section;
}

ReflectionSection reflect_on_near_twins(const Analysis& analysis) {
  const Grid& grid = analysis.grid;
  ReflectionSection section{"What do near-duplicates change?", {}};
  const std::vector<std::size_t> budgets = chosen_budgets(grid);
  if (budgets.empty()) return section;
  // A batch of a few dozen items has no share of twins to speak of.
  const auto large = std::ranges::find_if(budgets, [&](std::size_t b) { return !grid.is_few(b); });
  const std::size_t budget = large == budgets.end() ? budgets.back() : *large;
  struct Share {
    std::size_t strategy;
    BatchSummary summary;
  };
  std::vector<Share> shares;
  for (std::size_t strategy = 0; strategy < grid.strategies().size(); ++strategy) {
    const BatchSummary summary = summarize_batches(grid, strategy, budget);
    if (std::isfinite(summary.redundancy.mean)) shares.push_back({strategy, summary});
  }
  if (shares.empty()) return section;
  const auto by_share = [](const Share& a, const Share& b) {
    return a.summary.redundancy.mean < b.summary.redundancy.mean;
  };
  const auto least = std::min_element(shares.begin(), shares.end(), by_share);
  const auto most = std::max_element(shares.begin(), shares.end(), by_share);
  std::string twin = "a near twin";
  const std::string cosine = grid.records().setting("protocol.near_twin");
  if (!cosine.empty()) twin += fmt::format(" (cosine of {} or more)", cosine);
  const std::string at = percent(grid.budgets()[budget]);
  if (most->summary.redundancy.mean == 0) {
    section.sentences.push_back(
        fmt::format("In the batch that reaches {} no strategy bought an item with {} in the same "
                    "batch ({}): near-duplicates play no part in what this run shows.",
                    at, twin, kBatches));
    return section;
  }
  section.sentences.push_back(fmt::format(
      "In the batch that reaches {}, between {} ({}) and {} ({}) of the items have {} in the same "
      "batch "
      "({}).",
      at, describe_percent(least->summary.redundancy), name_of(grid, least->strategy),
      describe_percent(most->summary.redundancy), name_of(grid, most->strategy), twin, kBatches));
  if (most->summary.redundancy.mean < 0.01) {
    section.sentences.push_back(
        "Below 1 % everywhere: near-duplicates play no part in what this run shows.");
    return section;
  }
  if (!grid.random()) return section;
  const BatchSummary random = summarize_batches(grid, *grid.random(), budget);
  std::vector<double> p_values;
  for (const Share& share : shares) {
    const PairedTest test = against_random(grid, share.strategy, budget, "redundancy");
    p_values.push_back(share.strategy == grid.random() ? kNan : test.p_value);
  }
  const std::vector<double> corrected = holm(p_values);
  std::vector<std::string> more, fewer;
  for (std::size_t i = 0; i < shares.size(); ++i) {
    if (!(corrected[i] < kAlpha)) continue;
    const Share& share = shares[i];
    const Gain* gain = analysis.gain(share.strategy, budget);
    const std::string text = fmt::format("{} ({}, gain {})", name_of(grid, share.strategy),
                                         describe_percent(share.summary.redundancy),
                                         gain == nullptr ? "unknown" : describe_briefly(*gain));
    (share.summary.redundancy.mean > random.redundancy.mean ? more : fewer).push_back(text);
  }
  const std::string against = describe_percent(random.redundancy);
  if (!more.empty()) {
    section.sentences.push_back(fmt::format(
        "More twins than random's {}: {}. They pay for some label twice.", against, listed(more)));
  }
  if (!fewer.empty()) {
    section.sentences.push_back(
        fmt::format("Fewer twins than random's {}: {}.", against, listed(fewer)));
  }
  if (more.empty() && fewer.empty()) {
    section.sentences.push_back(fmt::format(
        "That any strategy buys more or fewer of them than random ({}) is not shown.", against));
  }
  section.sentences.push_back(
      "What the twins cost is not shown by one run: compare with a run on the same pool without "
      "them.");
  return section;
}

ReflectionSection reflect_on_cold_start(const Analysis& analysis) {
  const Grid& grid = analysis.grid;
  ReflectionSection section{"Which cold-start failures were seen?", {}};
  if (!grid.random()) return section;
  const std::string first = percent(grid.budgets()[0]);
  const std::string first_labels = thousands(static_cast<double>(grid.labels(0)));
  std::vector<std::string> failures, successes, same, not_shown;
  for (const Gain& gain : analysis.gains) {
    if (gain.budget != 0) continue;
    const std::string name = name_of(grid, gain.strategy);
    if (gain.verdict == "worse")
      failures.push_back(name + " " + describe(gain));
    else if (gain.verdict == "better")
      successes.push_back(name + " " + describe(gain));
    else if (gain.verdict == "equal")
      same.push_back(name);
    else if (gain.verdict != "same labels")
      not_shown.push_back(name + " " + describe_briefly(gain));
  }
  if (!same.empty()) {
    section.sentences.push_back(
        fmt::format("{} start{} from random's own first batch of {} labels.", listed(same),
                    same.size() == 1 ? "s" : "", first_labels));
  }
  if (!failures.empty()) {
    section.sentences.push_back(
        fmt::format("Seen at {}: a first batch of its own choice is worse than a random one: {}.",
                    first, listed(failures)));
  }
  if (!successes.empty()) {
    section.sentences.push_back(
        fmt::format("At {} a first batch of its own choice pays: {}.", first, listed(successes)));
  }
  if (!not_shown.empty()) {
    section.sentences.push_back(fmt::format(
        "At {} no difference from a random start is shown for {}.", first, listed(not_shown)));
  }
  const std::vector<std::size_t> budgets = chosen_budgets(grid);
  if (!budgets.empty()) {
    std::vector<std::string> weak;
    for (const Gain& gain : analysis.gains) {
      if (gain.budget == budgets.front() && gain.verdict == "worse") {
        weak.push_back(name_of(grid, gain.strategy) + " " + describe_briefly(gain));
      }
    }
    section.sentences.push_back(
        weak.empty()
            ? fmt::format(
                  "No strategy is shown to be worse than random at {}, after the first batch "
                  "chosen on a young model.",
                  percent(grid.budgets()[budgets.front()]))
            : fmt::format(
                  "Worse than random at {}, after the first batch chosen on a young model: {}.",
                  percent(grid.budgets()[budgets.front()]), listed(weak)));
  }
  // Strategies that share their first batch miss the same classes: a sentence for all of them.
  std::map<std::vector<std::string>, std::vector<std::string>> who_missed;
  for (std::size_t strategy = 0; strategy < grid.strategies().size(); ++strategy) {
    const std::vector<std::string> missing = classes_without_labels(grid, strategy, 0);
    if (!missing.empty()) who_missed[missing].push_back(name_of(grid, strategy));
  }
  for (const auto& [missing, names] : who_missed) {
    section.sentences.push_back(fmt::format(
        "After the first {} labels {} had none of {} in some seed (`class_counts.csv`).",
        first_labels, listed(names),
        missing.size() > 6 ? fmt::format("{} classes", missing.size()) : listed(missing)));
  }
  return section;
}

ReflectionSection reflect_on_calibration(const Analysis& analysis) {
  const Grid& grid = analysis.grid;
  ReflectionSection section{"Can the model's probabilities be believed?", {}};
  const std::size_t strategy = grid.random().value_or(0);
  const std::size_t budget = grid.first_share();
  const auto over = [&](std::string_view metric) {
    const std::vector<double> values = grid.values(strategy, budget, metric);
    return MeanStd{mean(values), standard_deviation(values)};
  };
  const MeanStd before = over("ece_before");
  const MeanStd after = over("ece_after");
  if (!std::isfinite(before.mean) || !std::isfinite(after.mean) ||
      (before.mean == 0 && after.mean == 0)) {
    return section;
  }
  section.sentences.push_back(fmt::format(
      "At {}, on {}'s labels, the expected calibration error is {} before temperature "
      "scaling and {} "
      "after it (temperature {}; `calibration.csv`){}.",
      percent(grid.budgets()[budget]), name_of(grid, strategy), describe_percent(before),
      describe_percent(after), describe_number(over("temperature"), 2),
      after.mean < before.mean ? "" : ": no gain there"));
  return section;
}

ReflectionSection reflect_on_cost(const Analysis& analysis) {
  const Grid& grid = analysis.grid;
  ReflectionSection section{"What would 10 and 100 times the pool cost?", {}};
  std::vector<Cost> costs = costs_at_scale(grid);
  std::erase_if(costs, [](const Cost& cost) { return !(cost.total() > 0); });
  if (costs.empty()) return section;
  std::vector<std::string> quadratic;
  for (const StrategyInfo& row : strategies()) {
    const bool is_here = std::ranges::find(grid.strategies(), row.name) != grid.strategies().end();
    if (is_here && row.cost == CostLaw::kPoolBatch) quadratic.emplace_back(row.label);
  }
  section.sentences.push_back(fmt::format(
      "The law: with budgets as shares of the pool, training and scoring grow in proportion to the "
      "pool; selection does too{}. It is a law, not a measurement; the seconds it starts from are "
      "this run's, with all threads of the machine shared between runs (`timings_at_scale.csv`).",
      quadratic.empty()
          ? ""
          : fmt::format(", but with its square for {}, whose every pick looks at every candidate. "
                        "Lazy evaluation does better than the square, so these are upper ends",
                        listed(quadratic))));
  for (const Cost& cost : costs) {
    section.sentences.push_back(fmt::format(
        "{}: {} a seed here ({} training, {} scoring, {} selecting); {} at 10 times and {} at 100 "
        "times the "
        "pool; {} and {} if the same number of labels is bought.",
        name_of(grid, cost.strategy), describe_seconds(cost.total()), describe_seconds(cost.train),
        describe_seconds(cost.score), describe_seconds(cost.select),
        describe_seconds(cost.scaled(10)), describe_seconds(cost.scaled(100)),
        describe_seconds(cost.scaled_same_labels(10)),
        describe_seconds(cost.scaled_same_labels(100))));
  }
  return section;
}

ReflectionSection what_to_check(const Analysis& analysis) {
  const Grid& grid = analysis.grid;
  ReflectionSection section{"Nothing beats random: what to check", {}};
  const Comparison* closest = nullptr;
  for (const Area& area : analysis.areas) {
    const Comparison& comparison = area.against_random;
    if (comparison.seeds_needed == 0 || comparison.test.mean <= 0) continue;
    if (closest == nullptr || comparison.seeds_needed < closest->seeds_needed)
      closest = &comparison;
  }
  if (closest != nullptr) {
    section.sentences.push_back(
        fmt::format("Seeds: the area under the curve of {} is ahead by {} points; about {} would "
                    "be needed to show it "
                    "if that is its true gain, and this run has {}.",
                    name_of(grid, closest->strategy), describe_briefly(*closest),
                    counted(closest->seeds_needed, "seed"), grid.seeds().size()));
  } else {
    section.sentences.push_back(
        "Seeds: no strategy's mean gain is such that more seeds are known to help.");
  }
  if (std::isfinite(analysis.full_accuracy)) {
    const double start = mean(grid.values(*grid.random(), 0, grid.headline()));
    section.sentences.push_back(
        fmt::format("Room: random reaches {} % with the first {} labels and {} % with all; where "
                    "the first budget is "
                    "near the ceiling already, start with smaller ones.",
                    fixed(100 * start, 1), thousands(static_cast<double>(grid.labels(0))),
                    fixed(100 * analysis.full_accuracy, 1)));
    section.sentences.push_back(
        fmt::format("Features: {} % from all labels is what this head makes of these embeddings; "
                    "compare with what "
                    "is known for the data set. Weak features make active learning look worse than "
                    "it is: try a better "
                    "encoder, more dimensions (`--dim`) or a hidden layer (`--hidden`).",
                    fixed(100 * analysis.full_accuracy, 1)));
  }
  section.sentences.push_back(
      "Head: look in `rounds.csv` whether accuracy and loss still move with the training settings "
      "(`--weight-decay`, `--dropout`); a head that is not converged hides differences.");
  section.sentences.push_back(
      "Batches: a batch as large as a quarter of the pool leaves little to choose; `--max-batch` "
      "makes "
      "rounds finer. `batches.csv` tells how many picks each strategy really made.");
  section.sentences.push_back(
      "Data: `batch_summary.csv` tells near twins and drift; a pool of independent, balanced "
      "images leaves "
      "the least to gain.");
  return section;
}

}  // namespace goldpan::report
