// How often does a verdict err, and how often does it find what is there? Runs are made up: two
// strategies whose models judge the same test items, a few seeds each, over a few budgets.
//
//   verdicts_study [runs] [test items]
//
// An item has its own ease. A strategy has its own liking for items (it bought labels like some of
// them and not like others): with a mean of 0 over all items there are, but not over the few in the
// test set, and no number of seeds takes that away. A training adds noise of its own for the whole
// model and for each item. Printed for each number of seeds: the share of runs in which equal
// strategies are told apart, by the report's test and by the paired t-test over seeds alone, and
// the share in which a true difference of one point is found, beside the power that the true
// variance predicts.
#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

#include <fmt/format.h>

#include <goldpan/core/random.hpp>

#include "report/statistics.hpp"

namespace {

using namespace goldpan;
using namespace goldpan::report;

constexpr double kBudgets[] = {0.1, 0.2, 0.4, 1.0};

struct World {
  std::size_t seeds = 5, items = 1000;
  double liking = 0.3;     // of a strategy for an item, standard deviation, logits
  double training = 0.05;  // of a model, logits
  double cell = 0.6;       // of a model on an item, logits
  double advantage = 0;    // of the second strategy, logits
};

double share(double logit) { return 1 / (1 + std::exp(-logit)); }

Records make_run(const World& world, Generator noise) {
  Records records;
  records.strategies = {"random", "margin"};
  records.budgets.assign(std::begin(kBudgets), std::end(kBudgets));
  records.pool_size = 10000;
  records.test_size = world.items;
  std::vector<double> ease(world.items);
  for (double& value : ease) value = 1.5 * noise.normal();
  for (std::size_t seed = 1; seed <= world.seeds; ++seed) records.seeds.push_back(seed);
  for (std::size_t strategy = 0; strategy < 2; ++strategy) {
    std::vector<double> liking(world.items);
    for (double& value : liking) value = world.liking * noise.normal();
    for (const std::uint64_t seed : records.seeds) {
      for (std::size_t r = 0; r < std::size(kBudgets); ++r) {
        RoundRecord round;
        round.strategy = records.strategies[strategy];
        round.seed = seed;
        round.round = r;
        round.budget = kBudgets[r];
        round.labeled = static_cast<std::size_t>(kBudgets[r] * 10000);
        const bool full = kBudgets[r] == 1.0;
        const double skill = 1 + 0.35 * std::log(kBudgets[r]) + world.training * noise.normal() +
                             (strategy == 1 && !full ? world.advantage : 0);
        double right = 0;
        for (std::size_t i = 0; i < world.items; ++i) {
          const double logit =
              skill + ease[i] + (full ? 0 : liking[i]) + world.cell * noise.normal();
          round.hits.push_back(noise.uniform() < share(logit));
          right += round.hits.back() ? 1 : 0;
        }
        round.metrics.set("accuracy", right / static_cast<double>(world.items));
        records.rounds.push_back(std::move(round));
      }
    }
  }
  return records;
}

struct Rates {
  double gain = 0, seeds_alone = 0, area = 0, labels = 0;  // shares of runs with a verdict
  double mean = 0, variance = 0, predicted = 0;            // of the gain at the second budget
};

Rates measure(const World& world, std::size_t runs, std::uint64_t stream) {
  Rates rates;
  std::vector<double> gains, errors, degrees;
  const double each = 1.0 / static_cast<double>(runs);
  for (std::size_t run = 0; run < runs; ++run) {
    const Records records = make_run(world, Generator(stream).stream(run));
    const Analysis analysis(records);
    const Gain& gain = *analysis.gain(1, 1);
    rates.gain += gain.p_holm < kAlpha ? each : 0;
    rates.seeds_alone += paired_test(gain.differences).p_value < kAlpha ? each : 0;
    rates.area += analysis.areas[1].against_random.p_holm < kAlpha ? each : 0;
    for (const LabelsToMatch& match : analysis.matches) {
      if (match.strategy == 1 && match.target == 0.95) {
        rates.labels += match.p_holm < kAlpha ? each : 0;
      }
    }
    gains.push_back(gain.test.mean);
    errors.push_back(gain.test.std_error);
    degrees.push_back(gain.test.degrees);
  }
  rates.mean = mean(gains);
  const double spread = standard_deviation(gains);
  rates.variance = spread * spread;
  if (world.advantage != 0) {
    rates.predicted = power_of(rates.mean, spread, mean(degrees), kAlpha);
  }
  return rates;
}

}  // namespace

int main(int count, char** arguments) {
  const std::size_t runs = count > 1 ? std::strtoul(arguments[1], nullptr, 10) : 1000;
  const std::size_t items = count > 2 ? std::strtoul(arguments[2], nullptr, 10) : 1000;
  fmt::print("{} runs, {} test items; shares of runs with a verdict at the 5 % level\n", runs,
             items);
  fmt::print("{:>8} {:>6} {:>10} {:>8} {:>12} {:>8} {:>8} {:>11}\n", "liking", "seeds", "true gain",
             "gain", "seeds alone", "area", "labels", "predicted");
  for (const double liking : {0.0, 0.3, 0.6}) {
    for (const std::size_t seeds : {2U, 3U, 5U}) {
      for (const double advantage : {0.0, 0.057}) {  // 0.057 logits: one point here
        World world;
        world.seeds = seeds;
        world.items = items;
        world.liking = liking;
        world.advantage = advantage;
        const Rates rates = measure(world, runs, 1000 * seeds + (advantage > 0 ? 1 : 0));
        fmt::print("{:>8} {:>6} {:>10.2f} {:>8.3f} {:>12.3f} {:>8.3f} {:>8.3f} {:>11}\n", liking,
                   seeds, advantage > 0 ? rates.mean : 0, rates.gain, rates.seeds_alone, rates.area,
                   rates.labels, advantage > 0 ? fmt::format("{:.3f}", rates.predicted) : "");
      }
    }
  }
}
