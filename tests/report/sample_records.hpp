#pragma once

#include <cmath>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <goldpan/core/random.hpp>
#include <goldpan/session/records.hpp>

namespace goldpan {

/// Records as a run on CIFAR-10 with weak features leaves them: accuracies measured once, with
/// noise over seeds, and plausible values in every other field.
inline Records sample_records(std::size_t seeds = 3) {
  const std::map<std::string, std::vector<double>> curves = {
      {"random", {57.0, 59.6, 62.2, 63.7, 64.0, 64.6}},
      {"margin", {57.0, 60.0, 62.3, 63.9, 64.8, 64.6}},
      {"bald", {57.0, 59.5, 61.6, 63.8, 64.6, 64.6}},
      {"k_center", {56.1, 58.0, 59.1, 62.3, 64.2, 64.6}},
      {"badge", {57.0, 60.1, 62.5, 64.0, 64.7, 64.6}},
      {"hybrid", {57.4, 59.9, 61.9, 63.9, 64.8, 64.6}},
      {"entropy", {57.0, 59.8, 60.9, 63.6, 65.0, 64.6}},
      {"least_confidence", {57.0, 59.9, 61.8, 63.8, 64.9, 64.6}},
  };
  const std::vector<double> temperatures = {1.9, 1.6, 1.35, 1.2, 1.1, 1.05};
  Records records;
  records.settings = {{"data.spec", "cifar10:<sample>"}, {"encoder.name", "patches"}};
  records.facts = {{"version", "0.1.0"}, {"pool_size", "40000"}, {"test_size", "10000"}};
  records.class_names = {"airplane", "automobile", "bird",  "cat",  "deer",
                         "dog",      "frog",       "horse", "ship", "truck"};
  records.strategies = {"random", "margin", "bald",    "k_center",
                        "badge",  "hybrid", "entropy", "least_confidence"};
  records.budgets = {0.05, 0.1, 0.25, 0.5, 0.75, 1.0};
  for (std::size_t seed = 1; seed <= seeds; ++seed) records.seeds.push_back(seed);
  records.pool_size = 40000;
  records.test_size = 10000;
  records.pool_class_counts.assign(10, 4000);
  Generator noise(7);
  // Test images differ from seed to seed, alike for all strategies; training noise is a strategy's
  // own.
  std::vector<double> shift;
  for (std::size_t i = 0; i < seeds; ++i) shift.push_back(0.35 * noise.normal());
  std::vector<double> shared_start;
  for (std::size_t i = 0; i < seeds; ++i) shared_start.push_back(0.3 * noise.normal());
  for (const std::string& strategy : records.strategies) {
    for (std::size_t s = 0; s < seeds; ++s) {
      for (std::size_t r = 0; r < records.budgets.size(); ++r) {
        RoundRecord round;
        round.strategy = strategy;
        round.seed = records.seeds[s];
        round.round = r;
        round.budget = records.budgets[r];
        round.labeled = static_cast<std::size_t>(records.budgets[r] * 40000 + 0.5);
        const bool start = r == 0 && strategy != "k_center" && strategy != "hybrid";
        const double own = start ? shared_start[s] : (r == 5 ? 0.08 : 0.18) * noise.normal();
        const double percent = curves.at(strategy)[r] + shift[s] + own;
        round.metrics.set("accuracy", std::round(percent * 100) / 1e4);
        round.metrics.set("balanced_accuracy", round.value("accuracy"));
        round.metrics.set("macro_f1", round.value("accuracy") - 0.003);
        round.metrics.set("nll", 1.6 - round.value("accuracy"));
        round.metrics.set("temperature", temperatures[r] + 0.02 * noise.normal());
        round.metrics.set("ece_before", 0.10 * (temperatures[r] - 1) + 0.01);
        round.metrics.set("ece_after", 0.012 + 0.002 * noise.uniform());
        round.metrics.set("redundancy", strategy == "k_center" ? 0.01 : 0.06);
        round.metrics.set("redundancy_labeled", 0.03 * static_cast<double>(r));
        round.metrics.set("drift", strategy == "random" ? 0.001 : 0.05);
        round.metrics.set("train_seconds", 0.1 + 1e-5 * static_cast<double>(round.labeled));
        round.metrics.set("score_seconds",
                          strategy == "random" || strategy == "k_center" ? 0 : 0.25);
        round.metrics.set("select_seconds",
                          strategy == "k_center" || strategy == "badge" ? 1.1 : 0.01);
        for (std::size_t c = 0; c < 10; ++c) {
          const double tilt = strategy == "random" || r == 5 ? 0 : 0.3 * (c == 3 ? 1 : -1.0 / 9);
          const auto cls = static_cast<std::int32_t>(c);
          round.metrics.set("labels",
                            std::floor(static_cast<double>(round.labeled) / 10 * (1 + tilt) + 0.5),
                            cls);
          round.metrics.set("recall", round.value("accuracy") + (c == 3 ? -0.15 : 0.15 / 9), cls);
        }
        for (int bin = 0; bin < 15; ++bin) {
          const double confidence = 0.2 + 0.8 * (bin + 0.5) / 15;
          round.reliability_before.push_back(
              {666, confidence, confidence - round.value("ece_before") * 1.5 * (1 - confidence)});
          round.reliability_after.push_back({666, confidence, confidence - 0.01});
        }
        records.rounds.push_back(round);
      }
    }
  }
  return records;
}

}  // namespace goldpan
