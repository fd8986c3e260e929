#include <bit>
#include <cmath>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include <goldpan/core/files.hpp>
#include <goldpan/core/npy.hpp>
#include <goldpan/core/random.hpp>
#include <goldpan/session/experiment.hpp>
#include <goldpan/session/records.hpp>
#include <goldpan/strategies/strategy.hpp>

#include "expect_error.hpp"
#include "session/stopped_run.hpp"
#include "temporary_folder.hpp"

namespace goldpan {
namespace {

constexpr std::size_t kItems = 500, kDim = 6, kClasses = 3;

/// Three overlapping clouds as an npy data set.
void write_data(const std::filesystem::path& folder) {
  Generator generator(11);
  Matrix<float> embeddings(kItems, kDim);
  std::string labels = npy_header("|u1", {kItems});
  for (std::size_t i = 0; i < kItems; ++i) {
    const std::size_t label = i % 10 == 0 ? 2 : i % 2;
    labels += static_cast<char>(label);
    for (std::size_t j = 0; j < kDim; ++j) {
      embeddings(i, j) = static_cast<float>(generator.normal() + (j == label ? 2.0 : 0.0));
    }
  }
  std::filesystem::create_directories(folder);
  write_npy(folder / "embeddings.npy", embeddings);
  write_file(folder / "labels.npy", labels);
}

class ExperimentTest : public testing::Test {
 protected:
  ExperimentTest() {
    write_data(folder_ / "data");
    settings_.data = "npy:" + (folder_ / "data").string();
    settings_.budgets = {0.1, 0.3, 1.0};
    settings_.seeds = {1, 2};
    settings_.passes = 3;
  }

  Records run(const std::string& out, int threads = 1, Progress progress = {}) {
    RunOptions options;
    options.threads = threads;
    options.loop_progress = std::move(progress);
    return read_records(run_experiment(settings_, folder_ / out, options));
  }

  TemporaryFolder folder_;
  Settings settings_;
};

/// All that must not depend on threads or interruptions: everything but what the clock said.
std::string numbers(const Records& records, const std::filesystem::path& journal) {
  std::string text;
  for (const RoundRecord& r : records.rounds) {
    text += r.strategy + ' ' + std::to_string(r.seed) + ' ' + std::to_string(r.round);
    for (const double value :
         {r.value("accuracy"), r.value("macro_f1"), r.value("nll"), r.value("temperature"),
          r.value("ece_before"), r.value("ece_after"), r.value("redundancy"),
          r.value("redundancy_labeled"), r.value("drift")}) {
      text += ' ' + std::to_string(std::bit_cast<std::uint64_t>(value));
    }
    text += '\n';
  }
  for (const PickRecord& pick : read_picks(journal)) {
    text += pick.id + ' ' + std::to_string(static_cast<int>(pick.reason)) + ' ' +
            std::to_string(std::bit_cast<std::uint64_t>(pick.score)) + '\n';
  }
  return text;
}

TEST_F(ExperimentTest, PlaysTheProtocol) {
  const Records records = run("out");
  EXPECT_EQ(records.pool_size, 400u);
  EXPECT_EQ(records.test_size, 100u);
  ASSERT_EQ(records.rounds.size(), settings_.strategies.size() * 2 * 3);
  for (const RoundRecord& round : records.rounds) {
    EXPECT_EQ(round.labeled, std::llround(round.budget * 400));
    EXPECT_GT(round.value("accuracy"), 0.5) << round.strategy;
    std::uint64_t bought = 0;
    for (const std::uint64_t count : round.class_counts()) bought += count;
    EXPECT_EQ(bought, round.labeled);
  }
  // At 100 % everybody holds the same labels.
  std::set<std::vector<std::uint64_t>> last_counts;
  for (const RoundRecord& round : records.rounds) {
    if (round.round == 2) last_counts.insert(round.class_counts());
  }
  EXPECT_EQ(last_counts.size(), 1u);
  EXPECT_EQ(*last_counts.begin(), records.pool_class_counts);
}

TEST_F(ExperimentTest, PicksCarryTheirReasons) {
  run("out");
  std::map<std::string, std::set<std::string>> bought;  // per run
  std::map<std::string, std::set<std::string>>
      cold_starts;  // per seed, of the strategies with a model
  std::map<std::pair<std::string, std::size_t>, std::map<Reason, int>>
      reasons;  // per run and round
  for (const PickRecord& pick : read_picks(folder_ / "out/run.db")) {
    const std::string run = pick.strategy + std::to_string(pick.seed);
    EXPECT_TRUE(bought[run].insert(pick.id).second) << "bought twice";
    ++reasons[{run, pick.round}][pick.reason];
    if (pick.reason == Reason::kReserve) {
      EXPECT_GT(pick.inclusion_probability, 0);
      EXPECT_TRUE(std::isnan(pick.score));
    }
  }
  for (const auto& [run, ids] : bought) EXPECT_EQ(ids.size(), 400u) << run;
  for (const auto& [key, counts] : reasons) {
    if (key.second == 0) {
      EXPECT_EQ(counts.at(Reason::kColdStart), 40) << key.first;
    } else if (key.second == 1) {
      EXPECT_EQ(counts.at(Reason::kReserve), 8) << key.first;  // 10 % of 80
    }
  }
}

TEST_F(ExperimentTest, StrategiesWithAModelShareTheColdStart) {
  run("out");
  std::map<std::pair<std::string, std::uint64_t>, std::set<std::string>> first;
  for (const PickRecord& pick : read_picks(folder_ / "out/run.db")) {
    if (pick.round == 0) first[{pick.strategy, pick.seed}].insert(pick.id);
  }
  for (const char* name : {"margin", "bald", "badge", "entropy"}) {
    EXPECT_EQ((first[{name, 1}]), (first[{"random", 1}])) << name;
  }
  EXPECT_NE((first[{"random", 1}]), (first[{"random", 2}]));
  EXPECT_NE((first[{"k_center", 1}]), (first[{"random", 1}]));
  EXPECT_EQ((first[{"k_center", 1}]), (first[{"k_center", 2}]));  // deterministic
}

TEST_F(ExperimentTest, ThreadsChangeNothing) {
  const std::string one = numbers(run("one", 1), folder_ / "one/run.db");
  EXPECT_EQ(one, numbers(run("three", 3), folder_ / "three/run.db"));
  EXPECT_GT(one.size(), 1000u);
}

// A model's passes are over pool and test set, its embeddings over the pool: each strategy gets
// what it needs in the shape that it checks.
TEST_F(ExperimentTest, EveryStrategyOfTheTablePlays) {
  settings_.strategies = {"random"};
  for (const StrategyInfo& info : strategies()) {
    if (info.name != "random") settings_.strategies.emplace_back(info.name);
  }
  settings_.seeds = {1};
  const Records records = run("all");
  EXPECT_EQ(records.rounds.size(), 3 * settings_.strategies.size());
}

TEST_F(ExperimentTest, StoppedAfterAnyRoundItResumesToTheSameNumbers) {
  settings_.strategies = {"random", "badge", "hybrid"};
  settings_.seeds = {1};
  const std::string whole = numbers(run("whole"), folder_ / "whole/run.db");
  EXPECT_EQ(stops_until_done([&](const Progress& one_more) { run("stopped", 1, one_more); }), 9);
  EXPECT_EQ(numbers(read_records(folder_ / "stopped/run.db"), folder_ / "stopped/run.db"), whole);
}

TEST_F(ExperimentTest, FinerRoundsReachTheSameBudgets) {
  settings_.max_batch = 50;
  settings_.budgets = {0.1, 0.4};
  settings_.strategies = {"random", "margin"};
  const Records records = run("out");
  std::vector<std::size_t> labeled;
  for (const RoundRecord& round : records.rounds) {
    if (round.strategy == "margin" && round.seed == 1) labeled.push_back(round.labeled);
  }
  EXPECT_EQ(labeled, (std::vector<std::size_t>{40, 90, 140, 160}));
}

TEST_F(ExperimentTest, TinyBudgetsAndAbsentClassesWork) {
  settings_.budgets = {0.01, 0.02};
  const Records records = run("out");
  EXPECT_EQ(records.rounds.front().labeled, 4u);
  for (const RoundRecord& round : records.rounds)
    EXPECT_TRUE(std::isfinite(round.value("accuracy")));
}

TEST_F(ExperimentTest, CountsStandBesideShares) {
  settings_.budgets = {4, 40, 5000, 0.1, 0.3};
  settings_.strategies = {"random", "margin"};
  settings_.seeds = {1};
  const Records records = run("out");
  EXPECT_EQ(records.budgets, (std::vector<double>{0.01, 0.1, 0.3}));
  std::vector<std::pair<double, std::size_t>> found;
  for (const RoundRecord& round : records.rounds) {
    if (round.strategy == "margin") found.emplace_back(round.budget, round.labeled);
  }
  EXPECT_EQ(found, (std::vector<std::pair<double, std::size_t>>{{0.01, 4}, {0.1, 40}, {0.3, 120}}));
}

// On rendered drives the labels held out for calibration were twins of those trained on: the
// temperature fell to its bound, and calibration made the error on other drives four times larger.
TEST_F(ExperimentTest, CalibratesOnGroupsThatItDidNotTrainOn) {
  constexpr std::size_t kGroups = 60, kTwins = 8, kWide = 40;
  Generator generator(5);
  Matrix<float> embeddings(kGroups * kTwins, kWide);
  std::string labels = npy_header("|u1", {kGroups * kTwins}), ids;
  for (std::size_t group = 0; group < kGroups; ++group) {
    std::vector<float> center(kWide);
    for (float& value : center) value = static_cast<float>(generator.normal());
    for (std::size_t twin = 0; twin < kTwins; ++twin) {
      for (std::size_t j = 0; j < kWide; ++j) {
        embeddings(group * kTwins + twin, j) =
            center[j] + 0.05f * static_cast<float>(generator.normal());
      }
      // Nothing to learn but the groups themselves.
      labels += static_cast<char>(group % 2);
      ids += "drive" + std::to_string(group) + "_" + std::to_string(twin) + "\n";
    }
  }
  write_npy(folder_ / "data/embeddings.npy", embeddings);
  write_file(folder_ / "data/labels.npy", labels);
  write_file(folder_ / "data/ids.txt", ids);
  settings_.strategies = {"random"};
  settings_.budgets = {0.5};
  settings_.seeds = {1};
  const double by_row = run("by_row").rounds.at(0).value("temperature");
  settings_.group_pattern = "^(.*)_[0-9]+$";
  const double by_group = run("by_group").rounds.at(0).value("temperature");
  EXPECT_LT(by_row, 1.2);
  EXPECT_GT(by_group, 1.5 * by_row);
}

TEST_F(ExperimentTest, RefusesAnotherRunsJournal) {
  settings_.strategies = {"random"};
  settings_.seeds = {1};
  run("out");
  settings_.budgets = {0.2, 1.0};
  expect_error([&] { run("out"); }, "protocol.budgets was '0.1,0.3,1' and is now '0.2,1'");
}

}  // namespace
}  // namespace goldpan
