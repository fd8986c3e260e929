#pragma once

#include <string>
#include <vector>

#include <goldpan/report/report.hpp>

namespace goldpan::report {

struct AblationTexts {
  std::string csv;       ///< tables/ablation.csv
  std::string terminal;  ///< the same for a terminal, means over strategies
};

/// What write_ablation writes and returns.
AblationTexts compare_ablations(const Records& with_all, const std::vector<Ablation>& ablations);

}  // namespace goldpan::report
