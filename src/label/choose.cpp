#include "label/choose.hpp"

#include <algorithm>

namespace goldpan::label {
namespace {

/// Whether the strategy's work grows with the square of the pool: it sums a kernel over all pairs.
bool sums_over_pairs(std::string_view strategy) {
  for (const char* name : {"max_herding", "uherding", "facility_location"}) {
    if (strategy == name) return true;
  }
  return false;
}

}  // namespace

std::vector<Index> looked_at(std::span<const Index> rows, std::size_t most, Generator generator) {
  if (rows.size() <= most) return {rows.begin(), rows.end()};
  std::vector<Index> sample = generator.sample(rows, most);
  std::sort(sample.begin(), sample.end());
  return sample;
}

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
  if (model != nullptr && sums_over_pairs(options.strategy) && unlabeled.size() > kMostPairRows) {
    round.choose = [&](const Pool& rest, std::size_t count) {
      const std::vector<Index> candidates =
          looked_at(rest.unlabeled, std::max(kMostPairRows, count), generator.stream("look"));
      const std::vector<Index> labeled =
          looked_at(rest.labeled, kMostPairLabels, generator.stream("look at labels"));
      Pool part = rest;
      part.unlabeled = candidates;
      part.labeled = labeled;
      Generator drawing = generator.stream("select");
      return select(options.strategy, part, count, drawing, workers);
    };
  }
  return propose(round, seen, workers).picks;
}

}  // namespace goldpan::label
