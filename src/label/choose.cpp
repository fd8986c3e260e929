#include "label/choose.hpp"

#include <algorithm>
#include <memory>

namespace goldpan::label {

std::vector<Pick> choose_batch(const LabelPool& pool, const LabelOptions& options,
                               const Model* model, std::span<const Index> issued, std::size_t batch,
                               std::size_t number, Workers& workers) {
  constexpr std::size_t kPasses = 20;
  const std::vector<Index> unlabeled = complement(issued, pool.ids.size());
  const Generator generator = Generator(options.seed).stream("label").stream(number);
  Round round;
  round.batch = std::min(batch, unlabeled.size());
  if (round.batch == 0) return {};
  round.stream = [&](const char* purpose) { return generator.stream(purpose); };
  Pool seen;
  seen.embeddings = pool.embeddings;
  seen.labeled = issued;
  seen.unlabeled = unlabeled;
  std::unique_ptr<StochasticPasses> passes;
  if (model == nullptr) {
    round.strategy = "random";
    round.reason = Reason::kColdStart;
  } else {
    round.strategy = options.strategy;
    round.reserve = options.reserve;
    seen.probabilities = model->probabilities;
    if (find_strategy(options.strategy).needs.passes) {
      passes =
          model->head->stochastic_passes(kPasses, model->temperature, generator.stream("passes"));
      seen.passes = passes.get();
    }
  }
  return propose(round, seen, workers).picks;
}

}  // namespace goldpan::label
