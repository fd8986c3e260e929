#pragma once

#include <string>
#include <vector>

#include "report/statistics.hpp"

namespace goldpan::report {

/// A figure in gnuplot's language, without its terminal: the same commands draw PNG and SVG.
struct FigureScript {
  std::string name;
  int width = 0;  ///< pixels of the SVG
  int height = 0;
  std::string data;  ///< named data blocks
  std::string body;  ///< commands that plot them
};

/// Two panels over the budget (logarithmic): accuracy with the full-data accuracy as a dotted line,
/// and the gain over random in points, each as mean and +-1 standard deviation over seeds. Without
/// random the first panel stands alone.
FigureScript curves_script(const Analysis& analysis, const std::vector<std::size_t>& strategies,
                           const std::string& name);

/// Two panels for tasks whose cost is not counted in labels: the headline over what the labels
/// bought cost (logarithmic; mean over seeds of both), and the first of the task's other metrics
/// over the budget.
FigureScript cost_script(const Analysis& analysis, const std::vector<std::size_t>& strategies,
                         const std::string& name);

/// Two panels: reliability before and after temperature scaling at the first budget, pooled over
/// strategies and seeds, and the expected calibration error over the budget.
FigureScript calibration_script(const Grid& grid);
bool has_reliability(const Grid& grid);

}  // namespace goldpan::report
