#include "session/importance_weights.hpp"

namespace goldpan {

std::vector<double> importance_weights(const std::vector<SampledBatch>& batches,
                                       std::size_t pool_size) {
  double uniform_rows = 0;
  for (const SampledBatch& batch : batches) {
    uniform_rows += static_cast<double>(batch.uniform.size());
  }
  if (uniform_rows == 0) return {};

  std::vector<double> weights(pool_size);
  std::size_t bought = 0;
  double later_shares =
      1;  // of the batches from this one on: their estimates count this batch's rows
  for (const SampledBatch& batch : batches) {
    const auto drawn = static_cast<double>(batch.uniform.size());
    const double share = drawn / uniform_rows;
    const auto others = static_cast<double>(batch.unlabeled_before - batch.certain.size());
    for (const Index row : batch.certain) weights[row] = later_shares;
    later_shares -= share;
    for (const Index row : batch.uniform) weights[row] = share * others / drawn + later_shares;
    bought += batch.certain.size() + batch.uniform.size();
  }
  double sum = 0;
  for (const double weight : weights) sum += weight;
  for (double& weight : weights) weight *= static_cast<double>(bought) / sum;
  return weights;
}

}  // namespace goldpan
