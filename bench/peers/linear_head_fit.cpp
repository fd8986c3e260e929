// Trains the head on rows of a matrix and writes its logits of the others:
//   linear_head_fit EMBEDDINGS.npy LABELS.npy TRAIN_ROWS POOL_ROWS OUT.npy [dropout weight_decay]
// Rows [0, TRAIN_ROWS) are trained on, rows from POOL_ROWS predicted. Prints the CPU seconds of
// fit. linear_head.py calls it.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <numeric>
#include <string>
#include <vector>

#include <goldpan/core/npy.hpp>
#include <goldpan/models/linear_head.hpp>

namespace {

double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

void run(int count, char** arguments) {
  using goldpan::Index;
  const goldpan::NpyFile embeddings_file(arguments[1]), labels_file(arguments[2]);
  const goldpan::Embeddings embeddings = embeddings_file.embeddings();
  std::vector<std::int32_t> labels;
  for (const std::int64_t label : labels_file.integers()) {
    labels.push_back(static_cast<std::int32_t>(label));
  }
  const std::size_t train = std::stoul(arguments[3]), pool = std::stoul(arguments[4]);
  goldpan::HeadOptions options;
  if (count > 6) options.dropout = std::stof(arguments[6]);
  if (count > 7) options.weight_decay = std::stof(arguments[7]);
  const auto classes = static_cast<std::size_t>(*std::ranges::max_element(labels)) + 1;

  std::vector<Index> rows(embeddings.rows());
  std::iota(rows.begin(), rows.end(), Index{0});
  goldpan::Workers workers(1);
  const auto head = goldpan::make_head(embeddings, classes, options);
  const double start = cpu_seconds();
  head->fit(std::span(rows).first(train), std::span(labels).first(train), {}, goldpan::Generator(0),
            workers);
  std::printf("%.4f\n", cpu_seconds() - start);
  const auto asked = std::span(rows).subspan(pool);
  goldpan::Matrix<float> logits(asked.size(), classes);
  head->logits(asked, logits, workers);
  goldpan::write_npy(arguments[5], logits);
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 6) {
    std::fprintf(stderr, "usage: %s EMBEDDINGS LABELS TRAIN_ROWS POOL_ROWS OUT [DROPOUT DECAY]\n",
                 arguments[0]);
    return 2;
  }
  try {
    run(count, arguments);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
