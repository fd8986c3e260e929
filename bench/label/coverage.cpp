// How often the accuracy that a labelling session shows covers the true one:
//   build/release/bench/label/coverage [SESSIONS] [npy:DIR]
// Each session labels 300 items of a fresh pool by margin, a fifth at random; the truth is the
// accuracy of the model on items that no session has seen. Prints one line for each estimate.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include <goldpan/core/npy.hpp>
#include <goldpan/core/random.hpp>
#include <goldpan/data/dataset.hpp>
#include <goldpan/label/label_session.hpp>
#include <goldpan/models/linear_head.hpp>

namespace {

using namespace goldpan;

struct Sample {
  Matrix<float> embeddings;
  std::vector<std::int32_t> labels;
  std::size_t classes = 5;
};

/// Overlapping Gaussian clouds of unequal size.
Sample make_sample(std::size_t count, Generator generator) {
  Sample sample;
  sample.embeddings = Matrix<float>(count, 16);
  for (std::size_t i = 0; i < count; ++i) {
    const double u = generator.uniform();
    const std::int32_t label = u < 0.4 ? 0 : u < 0.65 ? 1 : u < 0.85 ? 2 : u < 0.95 ? 3 : 4;
    sample.labels.push_back(label);
    for (std::size_t j = 0; j < 16; ++j) {
      const double center = j == static_cast<std::size_t>(label) ? 2.0 : 0.0;
      sample.embeddings(i, j) = static_cast<float>(generator.normal() + center);
    }
  }
  return sample;
}

Sample draw(const Dataset& dataset, std::size_t count, Generator& generator) {
  std::vector<Index> all(dataset.size());
  std::iota(all.begin(), all.end(), Index{0});
  const std::vector<Index> rows = generator.sample(all, count);
  Sample sample;
  sample.classes = dataset.targets.class_names.size();
  sample.embeddings = Matrix<float>(count, dataset.items.embeddings.cols());
  dataset.items.embeddings.gather_rows(rows, sample.embeddings);
  for (const Index row : rows) sample.labels.push_back(dataset.targets.labels[row]);
  return sample;
}

std::vector<std::string> names(std::size_t count) {
  std::vector<std::string> result;
  for (std::size_t i = 0; i < count; ++i) result.push_back(std::to_string(i));
  return result;
}

struct Tally {
  int covered = 0, sessions = 0;
  double error = 0, width = 0;
  void add(const std::optional<Estimate>& estimate, double truth) {
    if (!estimate) return;
    ++sessions;
    covered += estimate->low <= truth && truth <= estimate->high;
    error += estimate->value - truth;
    width += estimate->high - estimate->low;
  }
  void print(const char* name) const {
    std::printf(
        "%-8s covers the truth in %d of %d sessions (%.1f %%); mean error %+.2f points, "
        "mean width %.1f points\n",
        name, covered, sessions, 100.0 * covered / sessions, 100 * error / sessions,
        100 * width / sessions);
  }
};

}  // namespace

int main(int argc, char** argv) {
  const int sessions = argc > 1 ? std::atoi(argv[1]) : 200;
  constexpr std::size_t kPool = 2000, kTest = 5000, kLabels = 300;
  std::optional<Dataset> dataset;
  if (argc > 2) dataset = open_dataset(argv[2]);
  const std::filesystem::path root = std::filesystem::temp_directory_path() / "goldpan-coverage";
  Tally pool_tally, reserve_tally;
  Workers workers(2);
  for (int s = 0; s < sessions; ++s) {
    Generator generator = Generator(99).stream(static_cast<std::uint64_t>(s));
    const Sample all = dataset ? draw(*dataset, kPool + kTest, generator)
                               : make_sample(kPool + kTest, generator.stream("items"));
    const auto embeddings = all.embeddings.view().rows_between(0, kPool);
    std::filesystem::remove_all(root);
    LabelOptions options;
    options.manual = true;
    options.threads = 2;
    options.first_batch = options.batch = 30;
    options.reserve = 0.2;
    options.seed = static_cast<std::uint64_t>(s);
    LabelPool pool;
    pool.ids = names(kPool);
    pool.embeddings = embeddings;
    pool.classes = names(all.classes);
    LabelSession session(pool, root, options);
    while (session.state().labelled < kLabels) {
      std::vector<NewAnswer> answers;
      for (const ShownItem& item : session.next(30, "oracle")) {
        NewAnswer answer;
        answer.item = item.item;
        answer.label = all.labels[item.item];
        answer.who = "oracle";
        answers.push_back(answer);
      }
      session.answer(answers);
      session.work(session.state().labelled >= kLabels);
    }
    session.work(true);
    const Truth truth = session.state().truth;
    std::vector<Index> rows;
    std::vector<std::int32_t> labels;
    for (const LabelRow& row : session.labels()) {
      rows.push_back(static_cast<Index>(row.item));
      labels.push_back(row.label);
    }
    const auto head = make_head(all.embeddings, all.classes);
    head->fit(rows, labels, {}, Generator(0), workers);
    std::vector<Index> test(kTest);
    std::iota(test.begin(), test.end(), static_cast<Index>(kPool));
    Matrix<float> logits(kTest, all.classes);
    head->logits(test, logits, workers);
    double right = 0;
    for (std::size_t i = 0; i < kTest; ++i) {
      const auto row = logits.row(i);
      right += std::max_element(row.begin(), row.end()) - row.begin() == all.labels[kPool + i];
    }
    pool_tally.add(truth.pool, right / kTest);
    reserve_tally.add(truth.reserve, right / kTest);
  }
  std::filesystem::remove_all(root);
  pool_tally.print("pool");
  reserve_tally.print("reserve");
}
