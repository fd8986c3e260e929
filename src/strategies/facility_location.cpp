#include "strategies/greedy_coverage.hpp"
#include "strategies/rows.hpp"

namespace goldpan {
namespace {

Selection select_facility_location(const Pool& pool, std::size_t batch,
                                   const StrategyOptions& options, Generator& /*generator*/,
                                   Workers& workers) {
  const bool cosine = options.values.text("similarity") == "cosine";
  return cover_greedily(pool, batch, {.radius = cosine ? 0.0 : options.values.real("radius")}, {},
                        options.progress, workers);
}

}  // namespace

constexpr OptionInfo kFacilityLocationOptions[] = {
    {.name = "similarity",
     .type = OptionType::kChoice,
     .standard = "cosine",
     .help = "of two rows: cosine is (1 + cosine) / 2, gaussian e^(-(d / radius)^2) at length 1",
     .choices = "cosine,gaussian"},
    {.name = "radius", .standard = "1", .help = "of the gaussian similarity", .above_least = true}};

constinit const StrategyInfo rows::facility_location = {
    .name = "facility_location",
    .label = "facility location",
    .summary = "every row is to have a similar label: the submodular summary of a pool",
    .paper = "Lin & Bilmes 2009",
    .score = "rise of the pool's mean similarity to its most similar label; large covers more",
    .cost = CostLaw::kPoolBatch,
    .needs = {.embeddings = true},
    .options = kFacilityLocationOptions,
    .look = {"#DDCC77", "4 2", 12},
    .select = select_facility_location};

}  // namespace goldpan
