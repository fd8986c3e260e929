// How often the accuracies and the expected gain that a labelling session shows cover the true
// ones:
//   build/release/bench/label/coverage [SESSIONS] [npy:DIR] [LABELS] [COLUMNS]
// Each session labels LABELS items of a fresh pool by margin, a fifth at random. The truth is the
// accuracy of the model on items that no session has seen; the true gain that of a hundred labels
// more. COLUMNS: only the first so many of the embeddings. One line for each estimate; with the
// environment's COVERAGE_ROWS a CSV line for each session before.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include <unistd.h>

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

Sample draw(const Dataset& dataset, std::size_t count, std::size_t columns, Generator& generator) {
  std::vector<Index> all(dataset.size());
  std::iota(all.begin(), all.end(), Index{0});
  const std::vector<Index> rows = generator.sample(all, count);
  Sample sample;
  sample.classes = dataset.targets.class_names.size();
  Matrix<float> whole(count, dataset.items.embeddings.cols());
  dataset.items.embeddings.gather_rows(rows, whole);
  columns = std::min(columns, whole.cols());
  sample.embeddings = Matrix<float>(count, columns);
  for (std::size_t i = 0; i < count; ++i) {
    std::copy_n(whole.row(i).begin(), columns, sample.embeddings.row(i).begin());
    sample.labels.push_back(dataset.targets.labels[rows[i]]);
  }
  return sample;
}

std::vector<std::string> names(std::size_t count) {
  std::vector<std::string> result;
  for (std::size_t i = 0; i < count; ++i) result.push_back(std::to_string(i));
  return result;
}

struct Tally {
  int covered = 0, below = 0, sessions = 0;
  double error = 0, squares = 0, width = 0;
  void add(const std::optional<Estimate>& estimate, double truth) {
    if (!estimate) return;
    ++sessions;
    covered += estimate->low <= truth && truth <= estimate->high;
    below += estimate->high < truth;
    const double off = estimate->value - truth;
    error += off;
    squares += off * off;
    width += estimate->high - estimate->low;
  }
  void print(const char* name) const {
    if (sessions == 0) return;
    const double mean = error / sessions;
    std::printf(
        "%-8s covers the truth in %d of %d sessions (%.1f %%; %d below it); mean error %+.2f "
        "points, its deviation %.2f, mean width %.1f points\n",
        name, covered, sessions, 100.0 * covered / sessions, below, 100 * mean,
        100 * std::sqrt(std::max(0.0, squares / sessions - mean * mean)), 100 * width / sessions);
  }
};

/// Labels until there are `count`, as a person would who is never wrong.
void label_until(LabelSession& session, const Sample& sample, std::size_t count) {
  while (session.state().labelled < count) {
    std::vector<NewAnswer> answers;
    const std::size_t missing = count - session.state().labelled;
    for (const ShownItem& item : session.next(std::min<std::size_t>(50, missing), "oracle")) {
      NewAnswer answer;
      answer.item = item.item;
      answer.label = sample.labels[item.item];
      answer.who = "oracle";
      answers.push_back(answer);
    }
    session.answer(answers);
    session.work();
  }
}

/// The accuracy of a model on the session's labels over the items from `begin` on.
double true_accuracy(const LabelSession& session, const Sample& sample, std::size_t begin,
                     Workers& workers) {
  std::vector<Index> rows, test(sample.labels.size() - begin);
  std::vector<std::int32_t> labels;
  for (const LabelRow& row : session.labels()) {
    rows.push_back(static_cast<Index>(row.item));
    labels.push_back(row.label);
  }
  const auto head = make_head(sample.embeddings, sample.classes);
  head->fit(rows, labels, {}, Generator(0), workers);
  std::iota(test.begin(), test.end(), static_cast<Index>(begin));
  Matrix<float> logits(test.size(), sample.classes);
  head->logits(test, logits, workers);
  double right = 0;
  for (std::size_t i = 0; i < test.size(); ++i) {
    const auto row = logits.row(i);
    right += std::max_element(row.begin(), row.end()) - row.begin() == sample.labels[begin + i];
  }
  return right / static_cast<double>(test.size());
}

}  // namespace

int main(int argc, char** argv) {
  const int sessions = argc > 1 ? std::atoi(argv[1]) : 200;
  const auto number = [&](int at, std::size_t otherwise) {
    return argc > at ? static_cast<std::size_t>(std::atol(argv[at])) : otherwise;
  };
  const std::size_t labels = number(3, 300), columns = number(4, 100000);
  constexpr std::size_t kPool = 30000, kTest = 8000;
  std::optional<Dataset> dataset;
  if (argc > 2) dataset = open_dataset(argv[2]);
  const std::filesystem::path root =
      std::filesystem::temp_directory_path() / ("goldpan-coverage-" + std::to_string(::getpid()));
  Tally pool_tally, reserve_tally, gain_tally;
  Workers workers(2);
  for (int s = 0; s < sessions; ++s) {
    Generator generator = Generator(99).stream(static_cast<std::uint64_t>(s));
    const Sample all = dataset ? draw(*dataset, kPool + kTest, columns, generator)
                               : make_sample(kPool + kTest, generator.stream("items"));
    std::filesystem::remove_all(root);
    LabelOptions options;
    options.manual = true;
    options.threads = 2;
    options.first_batch = options.batch = 50;
    options.reserve = 0.2;
    options.seed = static_cast<std::uint64_t>(s);
    LabelPool pool;
    pool.ids = names(kPool);
    pool.embeddings = all.embeddings.view().rows_between(0, kPool);
    pool.classes = names(all.classes);
    LabelSession session(pool, root, options);
    label_until(session, all, labels);
    session.work(true);
    session.work(true);
    const Truth truth = session.state().truth;
    const double accuracy = true_accuracy(session, all, kPool, workers);
    label_until(session, all, labels + 100);
    const double gain = true_accuracy(session, all, kPool, workers) - accuracy;
    pool_tally.add(truth.pool, accuracy);
    reserve_tally.add(truth.reserve, accuracy);
    gain_tally.add(truth.gain, gain);
    if (std::getenv("COVERAGE_ROWS") != nullptr) {
      std::printf("%d,%zu,%f,%f,%f,%f,%f,%f,%f,%f,%f,%f,%f\n", s, truth.labels, accuracy,
                  truth.pool->value, truth.pool->low, truth.pool->high, truth.reserve->value,
                  truth.reserve->low, truth.reserve->high, gain, truth.gain->value, truth.gain->low,
                  truth.gain->high);
      std::fflush(stdout);
    }
  }
  std::filesystem::remove_all(root);
  pool_tally.print("pool");
  reserve_tally.print("reserve");
  gain_tally.print("gain");
}
