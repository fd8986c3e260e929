// Times one selection in a process of its own, on embeddings (and probabilities) of a file:
//   select_time STRATEGY EMBEDDINGS.npy LABELED BATCH [--probabilities P.npy] [--rows N]
//               [--threads T] [--repeat R] [--cosine C] [--float16]
// LABELED rows lie evenly spread. STRATEGY `deduplicate` takes out near-twins above --cosine
// instead. Prints a line of JSON: seconds and CPU seconds of each repetition, the peak memory, and
// a digest of the picks and scores, by which two builds are held against each other: equal digests,
// equal selections.
#include <algorithm>
#include <bit>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <exception>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include <goldpan/core/memory.hpp>
#include <goldpan/core/npy.hpp>
#include <goldpan/strategies/deduplicate.hpp>
#include <goldpan/strategies/strategy.hpp>

namespace {

using goldpan::Index;

struct Settings {
  std::string strategy, embeddings, probabilities;
  std::size_t labeled = 0, batch = 0, rows = 0;
  int threads = 0, repeat = 1;
  double cosine = 0.95;
  bool half = false;
};

/// FNV-1a over 64-bit words.
class Digest {
 public:
  void add(std::uint64_t word) {
    for (int byte = 0; byte < 8; ++byte) {
      value_ = (value_ ^ ((word >> (8 * byte)) & 255)) * 0x100000001b3ULL;
    }
  }
  std::uint64_t value() const { return value_; }

 private:
  std::uint64_t value_ = 0xcbf29ce484222325ULL;
};

std::string list(const std::vector<double>& values) {
  std::string text;
  for (const double value : values) {
    char number[32];
    std::snprintf(number, sizeof number, "%s%.4f", text.empty() ? "" : ", ", value);
    text += number;
  }
  return "[" + text + "]";
}

void run(const Settings& settings) {
  const goldpan::NpyFile file(settings.embeddings);
  goldpan::Embeddings embeddings = file.embeddings();
  const std::size_t rows = settings.rows ? settings.rows : embeddings.rows();
  if (embeddings.is_half()) {
    embeddings = embeddings.as_half().rows_between(0, rows);
  } else {
    embeddings = embeddings.as_float().rows_between(0, rows);
  }
  std::vector<goldpan::Half> halves;
  if (settings.half && !embeddings.is_half()) {
    const auto values = embeddings.as_float();
    for (std::size_t i = 0; i < values.size(); ++i) {
      halves.push_back(goldpan::to_half(values.data()[i]));
    }
    embeddings = goldpan::MatrixView<const goldpan::Half>(halves.data(), rows, embeddings.cols());
  }
  goldpan::Workers workers(settings.threads);
  goldpan::Pool pool;
  pool.embeddings = embeddings;
  std::optional<goldpan::NpyFile> probabilities;
  if (!settings.probabilities.empty()) {
    probabilities.emplace(settings.probabilities);
    pool.probabilities = probabilities->matrix().rows_between(0, rows);
  }
  std::vector<Index> labeled, unlabeled;
  for (std::size_t i = 0; i < rows; ++i) {
    const bool is_labeled = i * settings.labeled / rows != (i + 1) * settings.labeled / rows;
    (is_labeled ? labeled : unlabeled).push_back(static_cast<Index>(i));
  }
  pool.labeled = labeled;
  pool.unlabeled = unlabeled;

  std::vector<double> seconds, cpu_seconds;
  std::uint64_t digest = 0;
  std::size_t picked = 0;
  for (int i = 0; i < settings.repeat; ++i) {
    const auto start = std::chrono::steady_clock::now();
    const std::clock_t cpu = std::clock();
    Digest all;
    if (settings.strategy == "deduplicate") {
      const auto found = goldpan::deduplicate(embeddings, settings.cosine, workers);
      picked = found.kept.size();
      for (const Index row : found.kept_row_of) all.add(row);
    } else {
      goldpan::Generator generator(1);
      const auto found =
          goldpan::select(settings.strategy, pool, settings.batch, generator, workers);
      picked = found.indices.size();
      for (const Index row : found.indices) all.add(row);
      for (const double score : found.scores) all.add(std::bit_cast<std::uint64_t>(score));
    }
    digest = all.value();
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
    seconds.push_back(taken.count());
    cpu_seconds.push_back(static_cast<double>(std::clock() - cpu) / CLOCKS_PER_SEC);
  }
  std::printf(
      "{\"strategy\": \"%s\", \"rows\": %zu, \"dims\": %zu, \"labeled\": %zu, \"picked\": %zu, "
      "\"threads\": %d, \"seconds\": %s, \"cpu_seconds\": %s, \"peak_mib\": %.0f, "
      "\"digest\": \"%016llx\"}\n",
      settings.strategy.c_str(), rows, embeddings.cols(), labeled.size(), picked, workers.count(),
      list(seconds).c_str(), list(cpu_seconds).c_str(),
      static_cast<double>(goldpan::peak_resident_bytes()) / (1 << 20),
      static_cast<unsigned long long>(digest));
}

}  // namespace

int main(int count, char** arguments) {
  Settings settings;
  CLI::App app("Times one selection");
  app.add_option("strategy", settings.strategy)->required();
  app.add_option("embeddings", settings.embeddings)->required();
  app.add_option("labeled", settings.labeled)->required();
  app.add_option("batch", settings.batch)->required();
  app.add_option("--probabilities", settings.probabilities);
  app.add_option("--rows", settings.rows);
  app.add_option("--threads", settings.threads);
  app.add_option("--repeat", settings.repeat);
  app.add_option("--cosine", settings.cosine);
  app.add_flag("--float16", settings.half);
  CLI11_PARSE(app, count, arguments);
  try {
    run(settings);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
