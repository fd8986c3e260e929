#include <cmath>
#include <string>

#include "strategies/rows.hpp"

namespace goldpan {
namespace {

Selection select_tcm(const Pool& pool, std::size_t batch, const StrategyOptions& options,
                     Generator& generator, Workers& workers) {
  const double wanted =
      options.values.real("labels_per_class") * static_cast<double>(pool.probabilities.cols());
  const bool few = pool.probabilities.empty() || static_cast<double>(pool.labeled.size()) < wanted;
  Selection selection =
      select_by(few ? rows::typiclust : rows::margin, pool, batch, options, generator, workers);
  selection.notes.insert(selection.notes.begin(),
                         pool.probabilities.empty()
                             ? "tcm: no probabilities: picked by typiclust"
                             : "tcm: " + std::to_string(pool.labeled.size()) + " labels, " +
                                   (few ? "fewer than " : "at least ") +
                                   std::to_string(static_cast<std::size_t>(std::ceil(wanted))) +
                                   ": picked by " + (few ? "typiclust" : "margin"));
  return selection;
}

}  // namespace

constexpr OptionInfo kTcmOptions[] = {
    {.name = "labels_per_class",
     .standard = "20",
     .help = "with fewer labels than this times the classes typiclust picks, else margin"}};

constinit const StrategyInfo rows::tcm = {
    .name = "tcm",
    .label = "TCM",
    .summary = "TypiClust while labels are few, margin afterwards",
    .paper = "Doucet et al. 2024",
    .score = "that of typiclust or margin, as the notes say",
    .cost = CostLaw::kPool,
    .needs = {.embeddings = true, .probabilities = true, .model_optional = true},
    .options = kTcmOptions,
    .look = {"#117733", "4 2", 11},
    .select = select_tcm};

}  // namespace goldpan
