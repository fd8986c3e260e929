#include "label/held_out.hpp"

#include <algorithm>
#include <numeric>

#include <goldpan/models/linear_head.hpp>

namespace goldpan::label {

Matrix<float> fit_and_predict(const Embeddings& embeddings, std::size_t classes,
                              const Labelled& labelled, std::span<const std::size_t> train,
                              std::span<const std::size_t> test, Workers& workers) {
  std::vector<Index> rows, test_rows;
  std::vector<std::int32_t> labels;
  for (const std::size_t i : train) {
    rows.push_back(labelled.rows[i]);
    labels.push_back(labelled.labels[i]);
  }
  for (const std::size_t i : test) test_rows.push_back(labelled.rows[i]);
  const auto head = make_head(embeddings, classes);
  head->fit(rows, labels, {}, Generator(0), workers);
  Matrix<float> logits(test.size(), classes);
  head->logits(test_rows, logits, workers);
  return logits;
}

std::int32_t argmax(std::span<const float> row) {
  return static_cast<std::int32_t>(std::max_element(row.begin(), row.end()) - row.begin());
}

std::vector<std::size_t> shuffled(std::size_t count, Generator generator) {
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  generator.shuffle(std::span(order));
  return order;
}

std::vector<double> weights_of(const Labelled& labelled, const std::vector<SampledBatch>& batches,
                               std::size_t pool_size) {
  const std::vector<double> of_pool = importance_weights(batches, pool_size);
  std::vector<double> weights;
  if (of_pool.empty()) return weights;
  for (const Index row : labelled.rows) weights.push_back(of_pool[row]);
  return weights;
}

}  // namespace goldpan::label
