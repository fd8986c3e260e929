// What calibration is worth on few labels: the error of a softmax regression's probabilities on
// held-out images as they are, after temperature scaling on one held-out tenth (what Goldpan did
// before), and after goldpan::calibrate.
//
//   calibration_study SEEDS NAME SPEC [EMBEDDINGS.npy [GROUP_PATTERN]] > NAME.csv
//
// SPEC as in `goldpan run --data`; EMBEDDINGS.npy is a cached file of `goldpan run`, a row an
// image. A fifth of the items (by group where there are any) is the test set; labels are drawn
// uniformly from the rest.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include <goldpan/core/npy.hpp>
#include <goldpan/data/dataset.hpp>
#include <goldpan/models/calibrate.hpp>
#include <goldpan/models/linear_head.hpp>
#include <goldpan/models/temperature.hpp>
#include <goldpan/tasks/calibration.hpp>

namespace {

using goldpan::Index;

/// Rows of the test set: a fifth of the groups.
std::vector<bool> test_rows(const goldpan::Dataset& dataset) {
  std::vector<bool> is_test(dataset.size());
  std::map<std::uint32_t, bool> of_group;
  goldpan::Generator generator(17);
  for (std::size_t i = 0; i < is_test.size(); ++i) {
    if (dataset.items.groups.empty()) {
      is_test[i] = generator.uniform() < 0.2;
      continue;
    }
    const auto [at, is_new] = of_group.try_emplace(dataset.items.groups[i], false);
    if (is_new) at->second = generator.uniform() < 0.2;
    is_test[i] = at->second;
  }
  return is_test;
}

struct Moments {
  double sum = 0, squares = 0;
  std::size_t count = 0;

  void add(double value) {
    sum += value;
    squares += value * value;
    ++count;
  }
  double mean() const { return sum / static_cast<double>(count); }
  double error() const {
    const auto n = static_cast<double>(count);
    return n > 1 ? std::sqrt(std::max(0.0, squares / n - mean() * mean()) / (n - 1)) : 0.0;
  }
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    fmt::print(stderr,
               "usage: calibration_study SEEDS NAME SPEC [EMBEDDINGS.npy [GROUP_PATTERN]]\n");
    return 1;
  }
  const int seeds = std::stoi(argv[1]);
  goldpan::DatasetOptions options;
  if (argc > 5) options.group_pattern = argv[5];
  const goldpan::Dataset dataset = goldpan::open_dataset(argv[3], options);
  std::unique_ptr<goldpan::NpyFile> file;
  goldpan::Embeddings embeddings = dataset.items.embeddings;
  if (argc > 4) {
    file = std::make_unique<goldpan::NpyFile>(argv[4]);
    embeddings = file->embeddings();
  }
  const auto& labels = dataset.targets.labels;
  const std::size_t classes = dataset.targets.class_names.size();
  const std::vector<bool> is_test = test_rows(dataset);
  std::vector<Index> pool, test;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    (is_test[i] ? test : pool).push_back(static_cast<Index>(i));
  }
  if (test.size() > 4000) test.resize(4000);
  std::vector<std::int32_t> test_labels;
  for (const Index row : test) test_labels.push_back(labels[row]);

  goldpan::Workers workers;
  fmt::print(
      "data,labels,seeds,accuracy,before,one_tenth,calibrated,one_tenth_change,one_tenth_error,"
      "calibrated_change,calibrated_error,worst_one_tenth,worst_calibrated,used,temperature\n");
  for (const std::size_t count : {50, 90, 200, 500, 1000, 2000, 5000}) {
    if (count > pool.size()) break;
    Moments right, before, old, now, old_change, now_change, used, temperature;
    double worst_old = -1, worst_now = -1;
    for (int seed = 0; seed < seeds; ++seed) {
      const goldpan::Generator generator =
          goldpan::Generator(static_cast<std::uint64_t>(seed)).stream("study").stream(count);
      std::vector<Index> rows = generator.stream("rows").sample(pool, count);
      std::ranges::sort(rows);
      const auto labels_of = [&](std::span<const Index> of) {
        std::vector<std::int32_t> result;
        for (const Index row : of) result.push_back(labels[row]);
        return result;
      };
      const auto predict = [&](std::span<const Index> train, std::span<const std::int32_t> of_train,
                               std::span<const Index> held_out, const goldpan::Generator& stream,
                               goldpan::MatrixView<float> logits) {
        const auto head = goldpan::make_head(embeddings, classes);
        head->fit(train, of_train, {}, stream, workers);
        head->logits(held_out, logits, workers);
      };
      const std::vector<std::int32_t> bought = labels_of(rows);
      goldpan::Matrix<float> logits(test.size(), classes);
      predict(rows, bought, test, generator, logits);
      const auto error_at = [&](float at) {
        goldpan::Matrix<float> probabilities = logits;
        goldpan::apply_temperature(probabilities, at);
        return 100 * goldpan::expected_calibration_error(probabilities, test_labels);
      };
      double hits = 0;
      for (std::size_t i = 0; i < test.size(); ++i) {
        const auto row = logits.row(i);
        hits += std::ranges::max_element(row) - row.begin() == test_labels[i] ? 1 : 0;
      }
      right.add(100 * hits / static_cast<double>(test.size()));

      // One tenth, as it was.
      float one_tenth = 1;
      if (count >= 20) {
        std::vector<Index> held_out = generator.stream("tenth").sample(rows, count / 10), rest;
        std::ranges::sort(held_out);
        std::ranges::set_difference(rows, held_out, std::back_inserter(rest));
        goldpan::Matrix<float> held_logits(held_out.size(), classes);
        predict(rest, labels_of(rest), held_out, generator, held_logits);
        one_tenth = goldpan::fit_temperature(held_logits, labels_of(held_out)).temperature;
      }
      std::vector<std::uint32_t> groups;
      if (!dataset.items.groups.empty()) {
        for (const Index row : rows) groups.push_back(dataset.items.groups[row]);
      }
      const goldpan::Calibration found =
          goldpan::calibrate(rows, bought, groups, classes, predict, generator.stream("new"));
      const double error_before = error_at(1), error_old = error_at(one_tenth);
      const double error_now = error_at(found.temperature);
      before.add(error_before);
      old.add(error_old);
      now.add(error_now);
      old_change.add(error_old - error_before);
      now_change.add(error_now - error_before);
      worst_old = std::max(worst_old, error_old - error_before);
      worst_now = std::max(worst_now, error_now - error_before);
      used.add(found.helps ? 1 : 0);
      temperature.add(found.temperature);
    }
    fmt::print(
        "{},{},{},{:.1f},{:.2f},{:.2f},{:.2f},{:+.2f},{:.2f},{:+.2f},{:.2f},{:+.2f},{:+.2f},"
        "{:.2f},{:.2f}\n",
        argv[2], count, seeds, right.mean(), before.mean(), old.mean(), now.mean(),
        old_change.mean(), old_change.error(), now_change.mean(), now_change.error(), worst_old,
        worst_now, used.mean(), temperature.mean());
    std::fflush(stdout);
  }
  return 0;
}
