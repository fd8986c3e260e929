#include "session/slice_mining.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <goldpan/core/files.hpp>
#include <goldpan/session/experiment.hpp>
#include <goldpan/session/records.hpp>

#include "expect_error.hpp"
#include "session/stopped_run.hpp"
#include "temporary_folder.hpp"

namespace goldpan {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const AttributeColumns kAttributes = {{"time", {"night", "day", "night", "day", "night", "day"}}};

TEST(MinedSlice, RowsAndTheirPartOfTheTestSet) {
  const MinedSlice mined = mined_slice("dark=time=night", kAttributes, 4, 6);
  EXPECT_EQ(mined.name, "dark");
  EXPECT_THAT(mined.inside, ElementsAre(true, false, true, false, true, false));
  EXPECT_EQ(mined.count(0, 4), 2u);
  EXPECT_THAT(mined_test_slice(mined, 4).items, ElementsAre(0));
  EXPECT_TRUE(mined_slice("", kAttributes, 4, 6).name.empty());
  expect_error([] { mined_slice("time=night", kAttributes, 5, 6); }, "no item of the test set");
  expect_error([] { mined_slice("time=dusk", kAttributes, 4, 6); }, "no item of the pool");
  expect_error([] { mined_slice("weather=rainy", kAttributes, 4, 6); }, "no attribute 'weather'");
}

/// Right about all rows of groups that it saw in training, and about every group whose number is no
/// multiple of 3.
class Memory : public Learner {
 public:
  Memory(std::span<const std::uint32_t> groups, std::span<const std::int32_t> labels)
      : groups_(groups), labels_(labels) {}

  FitReport fit(const Examples& examples, const StreamOf&, Workers&) override {
    for (const Index row : examples.rows) seen_.insert(groups_[row]);
    return {};
  }
  Signals signals(std::span<const Index>, const SignalsWanted&, const StreamOf&,
                  Workers&) const override {
    return {};
  }
  Predictions predict(std::span<const Index> rows, Workers&) const override {
    Predictions predictions;
    predictions.logits = Matrix<float>(rows.size(), 2);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const std::uint32_t group = groups_[rows[i]];
      const bool right = seen_.contains(group) || group % 3 != 0;
      const std::int32_t label = labels_[rows[i]];
      predictions.logits(i, static_cast<std::size_t>(right ? label : 1 - label)) = 1;
    }
    predictions.uncalibrated = predictions.probabilities = predictions.logits;
    return predictions;
  }

 private:
  std::span<const std::uint32_t> groups_;
  std::span<const std::int32_t> labels_;
  std::set<std::uint32_t> seen_;
};

TEST(KnownSlice, FailuresAreThoseOfModelsThatDidNotLearnFromThem) {
  constexpr std::size_t kRows = 240;
  Targets targets;
  targets.class_names = {"a", "b"};
  std::vector<std::uint32_t> groups;
  MinedSlice mined{"x", std::vector<bool>(kRows)};
  std::vector<Index> rows, inside, failures;
  for (Index row = 0; row < kRows; ++row) {
    targets.labels.push_back(row % 2);
    groups.push_back(row / 4);
    mined.inside[row] = row % 8 < 4;  // whole groups
    if (row % 5 == 4) continue;       // not bought
    rows.push_back(row);
    if (!mined.inside[row]) continue;
    inside.push_back(row);
    if (groups[row] % 3 == 0) failures.push_back(row);
  }
  const auto task = make_classification();
  const std::function<std::unique_ptr<Learner>()> make = [&] {
    return std::make_unique<Memory>(groups, targets.labels);
  };
  const StreamOf stream = [](const char* purpose) { return Generator(1).stream(purpose); };
  Workers workers(2);
  const KnownSlice known = known_slice(
      {*task, mined, make}, {.rows = rows, .targets = targets, .weights = {}, .groups = groups},
      stream, workers);
  EXPECT_EQ(known.inside, inside);
  EXPECT_EQ(known.inside.size() + known.outside.size(), rows.size());
  // A group that was cut by a fold would be known to the model that judges it.
  EXPECT_EQ(known.failures, failures);
  ASSERT_FALSE(failures.empty());
}

/// An `made:` data set whose slice is a rare cloud in which the classes are told apart by another
/// column than elsewhere.
Dataset made_data() {
  constexpr std::size_t kItems = 900;
  Dataset dataset;
  dataset.spec = "made:";
  dataset.fingerprint = "made";
  dataset.targets.class_names = {"a", "b"};
  auto rows = std::make_shared<Matrix<float>>(kItems, 5);
  Generator generator(4);
  for (std::size_t i = 0; i < kItems; ++i) {
    const bool night = i % 9 == 0;
    const auto label = static_cast<std::int32_t>(generator.below(2));
    for (std::size_t d = 0; d < 5; ++d) (*rows)(i, d) = static_cast<float>(generator.normal());
    (*rows)(i, 0) += night ? 5.0f : 0.0f;
    (*rows)(i, night ? 2 : 1) += label == 0 ? -1.6f : 1.6f;
    dataset.items.ids.push_back(std::to_string(i));
    dataset.items.attributes["time"].emplace_back(night ? "night" : "day");
    dataset.targets.labels.push_back(label);
  }
  dataset.items.embeddings = *rows;
  dataset.items.embeddings_owner = rows;
  return dataset;
}

class MiningRun : public testing::Test {
 protected:
  MiningRun() {
    settings_.data = "made:";
    settings_.mine = "time=night";
    settings_.budgets = {0.05, 0.1, 0.2};
    settings_.seeds = {1, 2, 3};
    settings_.passes = 3;
  }

  std::filesystem::path run(const std::string& out, int threads, Progress progress = {}) {
    RunOptions options;
    options.threads = threads;
    options.data_formats = {{"made", "", [](const std::filesystem::path&, const DatasetOptions&) {
                               return made_data();
                             }}};
    options.loop_progress = std::move(progress);
    return run_experiment(settings_, folder_ / out, options);
  }

  TemporaryFolder folder_;
  Settings settings_;
};

TEST_F(MiningRun, MinersBuyTheSliceAndTheSliceIsMeasured) {
  const std::filesystem::path journal = run("out", 2);
  const Records records = read_records(journal);
  EXPECT_THAT(records.strategies,
              ElementsAre("random", "mine_distance", "mine_herding", "mine_badge", "badge"));
  EXPECT_EQ(records.fact("mined_slice"), "time=night");
  std::map<std::string, double> bought;  // of the slice, at the last budget
  std::map<std::uint64_t, std::set<double>> first;
  for (const RoundRecord& round : records.rounds) {
    EXPECT_TRUE(std::isfinite(round.metrics.value("accuracy", kAllClasses, "time=night")));
    if (round.round == 2) bought[round.strategy] += round.value("slice_labels");
    if (round.round == 0) first[round.seed].insert(round.value("accuracy"));
  }
  for (const auto& [seed, accuracies] : first) {
    EXPECT_EQ(accuracies.size(), 1u) << "all of them start from one random batch";
  }
  for (const char* miner : {"mine_distance", "mine_herding", "mine_badge"}) {
    EXPECT_GT(bought[miner], 2 * bought["random"]) << miner;
  }
  // The places name the test items of the slice: their hits make the slice's accuracy.
  std::istringstream text(records.fact("mined_slice_places"));
  std::vector<std::size_t> places;
  for (std::size_t place = 0; text >> place;) places.push_back(place);
  for (const RoundRecord& round : records.rounds) {
    double right = 0;
    for (const std::size_t place : places) right += round.hits[place] ? 1 : 0;
    EXPECT_DOUBLE_EQ(right / static_cast<double>(places.size()),
                     round.metrics.value("accuracy", kAllClasses, "time=night"));
  }
}

std::string picks_of(const std::filesystem::path& journal) {
  std::string text;
  for (const PickRecord& pick : read_picks(journal)) {
    text += pick.strategy + ' ' + pick.id + ' ' + std::to_string(pick.score) + '\n';
  }
  return text;
}

TEST_F(MiningRun, ThreadsAndInterruptionsChangeNothing) {
  settings_.seeds = {1};
  settings_.strategies = {"mine_distance", "mine_herding", "mine_badge"};
  const std::string whole = picks_of(run("one", 1));
  EXPECT_EQ(picks_of(run("three", 3)), whole);
  EXPECT_EQ(stops_until_done([&](const Progress& one_more) { run("stopped", 1, one_more); }), 9);
  EXPECT_EQ(picks_of(folder_ / "stopped/run.db"), whole);
}

TEST_F(MiningRun, Refusals) {
  settings_.mine = "";
  settings_.strategies = {"random", "mine_badge"};
  expect_error([&] { run("out", 1); }, "mine_badge mines for a slice, expected --mine");
  settings_.mine = "weather=rainy";
  expect_error([&] { run("out", 1); }, "there is no attribute 'weather'");
  settings_.mine = "time=night";
  settings_.options = {"mine_herding.width=0"};
  settings_.strategies = {"mine_herding"};
  expect_error([&] { run("out", 1); }, "width");
}

}  // namespace
}  // namespace goldpan
