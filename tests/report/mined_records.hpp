#pragma once

#include <fmt/format.h>

#include "report/sample_records.hpp"

namespace goldpan {

/// A run that mined for a slice of 400 test items: distance mining gains 6 points there and costs
/// the whole half a point, BADGE among what the classifier lets through gains 4 and costs nothing,
/// the other miner does nothing.
inline Records mined_records(std::size_t seeds = 5) {
  Records records = sample_records(seeds);
  struct Effect {
    const char* as;
    double slice, whole;
  };
  const std::map<std::string, Effect> effects = {{"random", {"random", 0, 0}},
                                                 {"margin", {"mine_distance", 0.06, -0.005}},
                                                 {"bald", {"mine_herding", 0, 0}},
                                                 {"entropy", {"mine_badge", 0.04, 0}},
                                                 {"badge", {"badge", 0.01, 0.004}}};
  records.strategies.clear();
  for (const auto& [name, effect] : effects) records.strategies.emplace_back(effect.as);
  std::erase_if(records.rounds,
                [&](const RoundRecord& round) { return !effects.contains(round.strategy); });
  std::map<std::pair<std::uint64_t, std::size_t>, double> of_random;
  for (const RoundRecord& round : records.rounds) {
    if (round.strategy == "random") of_random[{round.seed, round.round}] = round.value("accuracy");
  }
  Generator noise(3);
  for (RoundRecord& round : records.rounds) {
    const Effect effect = effects.at(round.strategy);
    round.strategy = effect.as;
    const bool same = round.round == 0 || round.round == 5;  // the first batch and the whole pool
    const double base = of_random.at({round.seed, round.round});
    const double jitter = same || round.strategy == "random" ? 0 : 0.002 * noise.normal();
    round.metrics.set("accuracy", base + (same ? 0 : effect.whole + jitter));
    round.metrics.set("accuracy", base - 0.2 + (same ? 0 : effect.slice + jitter), kAllClasses,
                      "wet=night");
    round.metrics.set("slice_labels", static_cast<double>(round.labeled) *
                                          (effect.slice > 0 && !same ? 0.2 : 0.04));
  }
  std::string places;
  for (int i = 0; i < 400; ++i) places += fmt::format("{}{}", i == 0 ? "" : " ", 25 * i);
  records.facts.emplace_back("encoder", "lite0");
  records.facts.emplace_back("mined_slice", "wet=night");
  records.facts.emplace_back("mined_slice_pool", "1600");
  records.facts.emplace_back("mined_slice_places", places);
  return records;
}

}  // namespace goldpan
