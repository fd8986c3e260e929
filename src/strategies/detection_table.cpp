#include <array>

#include <goldpan/strategies/detection_table.hpp>

namespace goldpan {

std::span<const StrategyInfo> detection_strategies() {
  static const auto table = std::to_array<StrategyInfo>({
      {.name = "ppal",
       .label = "PPAL",
       .summary = "medoids, by their boxes, of the images whose boxes are most uncertain",
       .paper = "Yang et al. 2024",
       .score = "sum over boxes of difficulty x binary entropy; large is uncertain",
       .cost = CostLaw::kPoolBatch,
       .needs = {.probabilities = true},
       .look = {"#D55E00", "", 9},
       .select = nullptr},
      {.name = "div_proto",
       .label = "DivProto",
       .summary = "uncertain images without those whose prototypes were chosen already",
       .paper = "Wu et al. 2022",
       .score = "sum of the entropies of boxes that differ; large is uncertain",
       .cost = CostLaw::kPoolBatch,
       .needs = {.probabilities = true},
       .look = {"#661100", "6 2", 11},
       .select = nullptr},
  });
  return table;
}

}  // namespace goldpan
