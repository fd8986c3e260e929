#include "label/choose.hpp"

#include <algorithm>
#include <numeric>

namespace goldpan::label {

std::vector<Pick> choose_batch(const LabelPool& pool, const LabelOptions& options,
                               const Model* model, std::span<const Index> issued, std::size_t batch,
                               std::size_t number, Workers& workers) {
  constexpr std::size_t kPasses = 20;
  std::vector<Index> all(pool.ids.size()), unlabeled;
  std::iota(all.begin(), all.end(), Index{0});
  std::set_difference(all.begin(), all.end(), issued.begin(), issued.end(),
                      std::back_inserter(unlabeled));
  batch = std::min(batch, unlabeled.size());
  if (batch == 0) return {};
  const Generator generator = Generator(options.seed).stream("label").stream(number);
  if (model == nullptr) {
    Generator cold = generator.stream("cold_start");
    return draw_uniform(unlabeled, batch, Reason::kColdStart, cold);
  }
  Pool seen;
  seen.embeddings = pool.embeddings;
  seen.probabilities = model->probabilities;
  seen.labeled = issued;
  seen.unlabeled = unlabeled;
  std::unique_ptr<StochasticPasses> passes;
  if (find_strategy(options.strategy).needs.passes) {
    passes =
        model->head->stochastic_passes(kPasses, model->temperature, generator.stream("passes"));
    seen.passes = passes.get();
  }
  return pick_batch(options.strategy, seen, batch, options.reserve, generator, workers).picks;
}

}  // namespace goldpan::label
