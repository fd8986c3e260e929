#include <cmath>

#include <fmt/format.h>

#include "report/csv.hpp"
#include "report/reflection_phrases.hpp"
#include "report/slice_gains.hpp"

namespace goldpan::report {
namespace {

/// "+3.1 ± 0.4 points (95 % interval ...): better", of the mean over budgets.
std::string found_by(const SliceStudy::Gain& gain) {
  return describe(gain) + ", " + gain.verdict + seeds_hint(gain);
}

double mean_of(const Grid& grid, std::size_t strategy, std::size_t budget,
               std::string_view metric) {
  return mean(grid.values(strategy, budget, metric));
}

std::string the_slice(const SliceStudy& study) {
  const Grid& whole = study.whole();
  const Records& records = whole.records();
  const std::size_t random = *whole.random();
  return fmt::format(
      "The slice is `{}`: {} and {} of the pool's {} ({} %); with random's first {} labels the "
      "model's {} is {} % there and {} % on the whole.",
      study.slice(), counted(study.test_items(), "test item"), records.fact("mined_slice_pool"),
      thousands(static_cast<double>(records.pool_size)),
      fixed(100 * std::stod("0" + records.fact("mined_slice_pool")) /
                static_cast<double>(std::max<std::size_t>(1, records.pool_size)),
            1),
      thousands(static_cast<double>(whole.labels(0))), whole.task().headline.label,
      fixed(100 * mean_of(study.on_slice(), random, 0, whole.headline()), 1),
      fixed(100 * mean_of(whole, random, 0, whole.headline()), 1));
}

/// What each strategy gains on the slice and what it does to the whole, over random.
std::vector<std::string> against_random(const SliceStudy& study) {
  std::vector<std::string> sentences;
  const Grid& whole = study.whole();
  for (std::size_t s = 0; s < whole.strategies().size(); ++s) {
    const auto* slice = study.overall(true, s, *whole.random());
    const auto* all = study.overall(false, s, *whole.random());
    if (slice == nullptr || all == nullptr) continue;
    std::size_t last = slice->budgets.back();
    sentences.push_back(fmt::format(
        "{} against random, mean over the budgets: on the slice {}; on the whole {}; {} of its {} "
        "labels at {} are of the slice, {} of random's (`slice_gains.csv`).",
        name_of(whole, s), found_by(*slice), found_by(*all),
        thousands(mean_of(whole, s, last, "slice_labels")),
        thousands(static_cast<double>(whole.labels(last))), percent(whole.budgets()[last]),
        thousands(mean_of(whole, *whole.random(), last, "slice_labels"))));
  }
  return sentences;
}

/// The question of the slice, for BADGE within the slice and BADGE on the whole pool.
std::vector<std::string> badge_for_distance(const SliceStudy& study) {
  std::vector<std::string> sentences;
  if (!study.distance()) return sentences;
  const Grid& whole = study.whole();
  const std::string encoder = whole.records().fact("encoder");
  for (const char* const name : {"mine_badge", "badge"}) {
    const auto badge = find_strategy_named(whole, name);
    if (!badge) continue;
    const auto* slice = study.overall(true, *badge, *study.distance());
    const auto* all = study.overall(false, *badge, *study.distance());
    if (slice == nullptr || all == nullptr) continue;
    const std::string where = std::string_view(name) == "badge"
                                  ? "on the whole pool"
                                  : "on what the slice's classifier lets through";
    const auto change = [](const SliceStudy::Gain& gain) {
      return gain.verdict == "better"  ? "gains"
             : gain.verdict == "worse" ? "loses"
                                       : "is not shown to change";
    };
    sentences.push_back(fmt::format(
        "If distance mining{} were replaced by BADGE {}, the slice {}: {}{}. The whole {}: {}{}.",
        encoder.empty() || encoder == "given" ? "" : " in the embedding of " + encoder, where,
        change(*slice), describe(*slice), seeds_hint(*slice), change(*all), describe(*all),
        seeds_hint(*all)));
  }
  return sentences;
}

}  // namespace

ReflectionSection reflect_on_slice(const SliceStudy& study) {
  ReflectionSection section{
      "If distance mining of the slice were replaced by BADGE, what would change?", {}};
  section.sentences.push_back(the_slice(study));
  for (auto&& list : {badge_for_distance(study), against_random(study)}) {
    section.sentences.insert(section.sentences.end(), list.begin(), list.end());
  }
  if (study.test_items() < 100) {
    section.sentences.push_back(fmt::format(
        "With {} in the slice one item is {} points: what is not shown here may well be there.",
        counted(study.test_items(), "test item"),
        fixed(100.0 / static_cast<double>(std::max<std::size_t>(1, study.test_items())), 1)));
  }
  return section;
}

}  // namespace goldpan::report
