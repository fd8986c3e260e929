// Fits the head on the labelled rows, then times what BALD costs with its stochastic passes:
//   bald_passes EMBEDDINGS.npy LABELS.npy LABELED.npy PASSES BATCH THREADS REPEAT
// Prints the seconds of each repetition, a line each, and the peak memory in bytes last.
// bald_passes.py calls it.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <iterator>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

#include <goldpan/core/memory.hpp>
#include <goldpan/core/npy.hpp>
#include <goldpan/models/linear_head.hpp>
#include <goldpan/strategies/strategy.hpp>

namespace {

void run(char** arguments) {
  using goldpan::Index;
  const goldpan::NpyFile embeddings_file(arguments[1]), labels_file(arguments[2]);
  const goldpan::NpyFile labeled_file(arguments[3]);
  const std::size_t passes = std::stoul(arguments[4]), batch = std::stoul(arguments[5]);
  goldpan::Workers workers(std::stoi(arguments[6]));
  const int repetitions = std::stoi(arguments[7]);

  goldpan::Pool pool;
  pool.embeddings = embeddings_file.embeddings();
  const std::vector<std::int64_t> all_labels = labels_file.integers();
  std::vector<Index> labeled, unlabeled, rows(pool.embeddings.rows());
  for (const std::int64_t row : labeled_file.integers()) labeled.push_back(static_cast<Index>(row));
  std::iota(rows.begin(), rows.end(), Index{0});
  std::ranges::set_difference(rows, labeled, std::back_inserter(unlabeled));
  pool.labeled = labeled;
  pool.unlabeled = unlabeled;
  std::vector<std::int32_t> labels;
  for (const Index row : labeled) labels.push_back(static_cast<std::int32_t>(all_labels[row]));

  const auto classes = static_cast<std::size_t>(*std::ranges::max_element(all_labels)) + 1;
  const auto head = goldpan::make_head(pool.embeddings, classes, {.dropout = 0.1f});
  head->fit(labeled, labels, {}, goldpan::Generator(0), workers);
  for (int i = 0; i < repetitions; ++i) {
    const auto start = std::chrono::steady_clock::now();
    const auto stochastic = head->stochastic_passes(passes, 1.0f, goldpan::Generator(1));
    pool.passes = stochastic.get();
    goldpan::Generator generator(2);
    const auto picks = goldpan::select("bald", pool, batch, generator, workers);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    if (picks.indices.size() != batch) throw std::runtime_error("bald left picks out");
    std::printf("%.6f\n", seconds.count());
  }
  std::printf("%zu\n", goldpan::peak_resident_bytes());
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 8) {
    std::fprintf(stderr, "usage: %s EMBEDDINGS LABELS LABELED PASSES BATCH THREADS REPEAT\n",
                 arguments[0]);
    return 2;
  }
  try {
    run(arguments);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
