#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "strategies/cold_start.hpp"
#include "strategies/farthest_first.hpp"
#include "strategies/rows.hpp"

namespace goldpan {
namespace {

Selection select_hybrid(const Pool& pool, std::size_t batch, const StrategyOptions& options,
                        Generator& generator, Workers& workers) {
  if (pool.probabilities.empty()) {
    const std::string& start = options.values.text("cold_start");
    const StrategyInfo& first = start == "max_herding" ? rows::max_herding
                                : start == "typiclust" ? rows::typiclust
                                : start == "random"    ? rows::random
                                                       : rows::k_means;
    Selection selection = start == "auto"
                              ? select_cold(pool, batch, options, generator, workers)
                              : select_by(first, pool, batch, options, generator, workers);
    selection.notes.insert(selection.notes.begin(),
                           "hybrid: no probabilities, so there is no telling what is uncertain; "
                           "picked by " +
                               (start == "auto" ? "the rule for cold starts" : start));
    return selection;
  }
  const double wanted =
      std::ceil(options.values.real("shortlist_factor") * static_cast<double>(batch));
  const std::size_t size =
      std::clamp(static_cast<std::size_t>(std::min(wanted, 0x1p52)), batch, pool.unlabeled.size());
  std::vector<Index> shortlist =
      select_by(rows::entropy, pool, size, {}, generator, workers).indices;
  std::ranges::sort(shortlist);
  return farthest_first(pool.embeddings, shortlist, pool.labeled, batch, workers, options.progress);
}

}  // namespace

constexpr OptionInfo kHybridOptions[] = {
    {.name = "shortlist_factor",
     .standard = "2",
     .help = "the shortlist of uncertain rows holds this many times the batch",
     .least = 1},
    {.name = "cold_start",
     .type = OptionType::kChoice,
     .standard = "auto",
     .help =
         "what picks while there are no probabilities; auto: max_herding with radius 0.5 up to 50 "
         "picks, k_means beyond",
     .choices = "auto,k_means,max_herding,typiclust,random"}};

constinit const StrategyInfo rows::hybrid = {
    .name = "hybrid",
    .label = "hybrid",
    .summary = "k-center among the most entropic rows (\"BADGE-lite\")",
    .paper = "",
    .score = "distance to the nearest center at the time of the pick; large is far from all",
    .cost = CostLaw::kPoolBatch,
    .needs = {.embeddings = true,
              .probabilities = true,
              .model_optional = true,
              .learned_embeddings = true},
    .options = kHybridOptions,
    .look = {"#0072B2", "4 2", 4},
    .select = select_hybrid};

}  // namespace goldpan
