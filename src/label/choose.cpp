#include "label/choose.hpp"

#include <algorithm>

namespace goldpan::label {

std::vector<Pick> choose_batch(const LabelPool& pool, const LabelOptions& options,
                               const Model* model, std::span<const Index> issued, std::size_t batch,
                               std::size_t number, Workers& workers) {
  constexpr std::size_t kPasses = 20;
  const std::vector<Index> unlabeled = complement(issued, pool.ids.size());
  const Generator generator = Generator(options.seed).stream("label").stream(number);
  Round round;
  round.strategy = model == nullptr ? "random" : std::string_view(options.strategy);
  round.batch = std::min(batch, unlabeled.size());
  round.reserve = model == nullptr ? 0 : options.reserve;
  round.reason = model == nullptr ? Reason::kColdStart : Reason::kStrategy;
  round.stream = [&](const char* purpose) { return generator.stream(purpose); };
  Pool seen;
  seen.embeddings = pool.embeddings;
  seen.labeled = issued;
  seen.unlabeled = unlabeled;
  std::unique_ptr<StochasticPasses> passes;
  if (model != nullptr) {
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
