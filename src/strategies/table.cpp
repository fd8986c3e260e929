#include <array>
#include <string>

#include <goldpan/core/error.hpp>
#include <goldpan/strategies/strategy.hpp>

#include "strategies/algorithms.hpp"
#include "strategies/check.hpp"

namespace goldpan {
namespace {

constexpr auto kStrategies = std::to_array<StrategyInfo>({
    {.name = "random",
     .summary = "uniform without replacement: the baseline",
     .paper = "",
     .needs = {},
     .select = algorithms::random},
    {.name = "k_center",
     .summary = "farthest first from everything labelled or picked: covers the pool",
     .paper = "Sener & Savarese 2018",
     .needs = {.embeddings = true, .learned_embeddings = true},
     .select = algorithms::k_center},
    {.name = "badge",
     .summary = "k-means++ seeding over gradient embeddings: uncertain and diverse",
     .paper = "Ash et al. 2020",
     .needs = {.features = true, .probabilities = true},
     .select = algorithms::badge},
    {.name = "hybrid",
     .summary = "k-center among the most entropic rows (\"BADGE-lite\")",
     .paper = "",
     .needs = {.embeddings = true,
               .probabilities = true,
               .model_optional = true,
               .learned_embeddings = true},
     .select = algorithms::hybrid},
    {.name = "entropy",
     .summary = "largest entropy of the predicted class",
     .paper = "Settles 2009",
     .needs = {.probabilities = true},
     .select = algorithms::entropy},
    {.name = "margin",
     .summary = "smallest gap between the two likeliest classes",
     .paper = "Scheffer et al. 2001",
     .needs = {.probabilities = true},
     .select = algorithms::margin},
    {.name = "least_confidence",
     .summary = "least probable likeliest class",
     .paper = "Lewis & Gale 1994",
     .needs = {.probabilities = true},
     .select = algorithms::least_confidence},
    {.name = "bald",
     .summary = "largest disagreement between stochastic passes",
     .paper = "Houlsby et al. 2011; Gal & Ghahramani 2016",
     .needs = {.passes = true},
     .select = algorithms::bald},
    {.name = "power_bald",
     .summary = "BALD with noise, so that a batch repeats itself less",
     .paper = "Kirsch et al. 2021",
     .needs = {.passes = true},
     .select = algorithms::power_bald},
    {.name = "epig",
     .summary = "most informative about the predictions on a sample of the pool",
     .paper = "Bickford Smith et al. 2023",
     .needs = {.passes = true},
     .select = algorithms::epig},
    {.name = "typiclust",
     .summary = "the most typical row of each cluster without labels: for cold starts",
     .paper = "Hacohen et al. 2022",
     .needs = {.embeddings = true},
     .select = algorithms::typiclust},
    {.name = "prob_cover",
     .summary = "covers most of the pool by balls of one radius: for cold starts",
     .paper = "Yehuda et al. 2022",
     .needs = {.embeddings = true},
     .select = algorithms::prob_cover},
    {.name = "bait",
     .summary = "most Fisher information about the head, for the pool as a whole",
     .paper = "Ash et al. 2021",
     .needs = {.features = true, .probabilities = true, .labeled_probabilities = true},
     .select = algorithms::bait},
    {.name = "k_center_approximate",
     .summary = "k-center on a uniform sample, for pools of tens of millions; says what it loses",
     .paper = "Sener & Savarese 2018",
     .needs = {.embeddings = true, .learned_embeddings = true},
     .select = algorithms::k_center_approximate},
    {.name = "badge_approximate",
     .summary = "BADGE on a uniform sample, for pools of tens of millions; says what it loses",
     .paper = "Ash et al. 2020",
     .needs = {.features = true, .probabilities = true},
     .select = algorithms::badge_approximate},
});

}  // namespace

std::span<const StrategyInfo> strategies() { return kStrategies; }

const StrategyInfo& find_strategy(std::string_view name) {
  std::string known;
  for (const StrategyInfo& info : kStrategies) {
    if (info.name == name) return info;
    known += (known.empty() ? "" : ", ") + std::string(info.name);
  }
  throw Error("strategy", "got '" + std::string(name) + "', expected one of: " + known);
}

Selection select(std::string_view strategy, const Pool& pool, std::size_t batch,
                 Generator& generator, Workers& workers, const StrategyOptions& options) {
  const StrategyInfo& info = find_strategy(strategy);
  check_pool(info, pool, batch, workers);
  if (batch == 0) return {};
  return info.select(pool, batch, options, generator, workers);
}

}  // namespace goldpan
