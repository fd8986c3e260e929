#include <cmath>

#include <fmt/format.h>

#include "report/figure_parts.hpp"
#include "report/slice_gains.hpp"

namespace goldpan::report {
namespace {

/// The drawing of one panel: bands below, lines above, random last.
struct Panel {
  std::vector<std::string> bands, lines;

  void add(FigureScript& figure, const Grid& grid, const std::string& name, const Style& style,
           const std::vector<Spread>& points) {
    std::size_t finite = 0;
    for (const Spread& point : points) finite += std::isfinite(point.mean) ? 1 : 0;
    if (finite == 0) return;
    figure.data += curve_block(grid, all_budgets(grid), name,
                               [&](std::size_t budget) { return points[budget]; });
    bands.push_back(band(name, style));
    lines.push_back(line(name, style, ""));
  }

  std::string plot() const {
    std::vector<std::string> all = bands;
    all.insert(all.end(), lines.begin(), lines.end());
    return all.empty() ? "" : joined(all);
  }
};

std::vector<std::size_t> random_last(const Grid& grid) {
  std::vector<std::size_t> order;
  for (std::size_t s = 0; s < grid.strategies().size(); ++s) {
    if (s != *grid.random()) order.push_back(s);
  }
  order.push_back(*grid.random());
  return order;
}

Panel curves(FigureScript& figure, const Grid& grid, const std::vector<Style>& styles,
             const std::string& prefix) {
  Panel panel;
  for (const std::size_t s : random_last(grid)) {
    std::vector<Spread> points;
    for (std::size_t budget = 0; budget < grid.budgets().size(); ++budget) {
      const std::vector<double> values = grid.values(s, budget, grid.headline());
      points.push_back({100 * mean(values), 100 * standard_deviation(values)});
    }
    panel.add(figure, grid, fmt::format("{}{}", prefix, s), styles[s], points);
  }
  return panel;
}

Panel gains(FigureScript& figure, const SliceStudy& study, bool on_slice,
            const std::vector<Style>& styles, const std::string& prefix) {
  const Grid& grid = study.whole();
  Panel panel;
  for (std::size_t s = 0; s < grid.strategies().size(); ++s) {
    std::vector<Spread> points(grid.budgets().size());
    for (const SliceStudy::Gain& gain : study.gains()) {
      if (gain.over_all || gain.on_slice != on_slice || gain.strategy != s ||
          gain.against != *grid.random()) {
        continue;
      }
      points[gain.budgets[0]] = {gain.test.mean, gain.test.std};
    }
    panel.add(figure, grid, fmt::format("{}{}", prefix, s), styles[s], points);
  }
  return panel;
}

}  // namespace

FigureScript slice_gains_script(const SliceStudy& study) {
  const Grid& grid = study.whole();
  const std::vector<Style> styles = styles_of(grid.strategies());
  constexpr int kPanelHeight = 340;
  const std::size_t legend_rows = (styles.size() + 6) / 7;
  const int legend_height = 34 + 20 * static_cast<int>(legend_rows);
  FigureScript figure;
  figure.name = "slice_gains";
  figure.width = 1100;
  figure.height = 2 * kPanelHeight + legend_height;
  const double legend_share = static_cast<double>(legend_height) / figure.height;
  const double share = (1 - legend_share) / 2;
  std::string& body = figure.body;
  body += panel_look();
  body += budget_axis(grid, all_budgets(grid));
  body += "set xlabel \"labels bought, share of the pool\" font ',10' offset 0,-0.6\n";
  body += fmt::format("set multiplot\nset size 0.5,{}\nunset key\n", gnuplot_number(share));
  for (const bool on_slice : {true, false}) {
    const char* const left = on_slice ? "0" : "0.5";
    const std::string where =
        on_slice ? fmt::format("the slice {} ({} test items)", study.slice(), study.test_items())
                 : fmt::format("the whole ({} test items)", grid.records().test_size);
    const char first = on_slice ? 'a' : 'b';
    body += fmt::format("unset arrow\nunset label\nset origin {},{}\n", left,
                        gnuplot_number(legend_share + share));
    body += fmt::format("set title {} font ',11' offset 0,-0.3\n",
                        gnuplot_text(fmt::format("({}) On {}", first, where)));
    body += fmt::format("set ylabel {} font ',10' offset 1,0\n",
                        gnuplot_text(fmt::format("{} (%)", grid.task().headline.label)));
    body += curves(figure, on_slice ? study.on_slice() : grid, styles,
                   on_slice ? "slice_curve" : "whole_curve")
                .plot();
    body += fmt::format("set origin {},{}\n", left, gnuplot_number(legend_share));
    body += fmt::format(
        "set title \"({}) Gain over random at the same seed\" font ',11' offset "
        "0,-0.3\n",
        static_cast<char>(first + 2));
    body +=
        "set ylabel \"gain (percentage points)\" font ',10' offset 1,0\n"
        "set arrow 2 from graph 0, first 0 to graph 1, first 0 nohead lw 2.6 lc rgb '#000000' "
        "back\nset label 3 \"random\" at graph 0.01, first 0 left offset 0,-0.7 font ',9'\n";
    body += gains(figure, study, on_slice, styles, on_slice ? "slice_gain" : "whole_gain").plot();
  }
  body += legend_strip(styles, legend_rows, legend_share, grid.seeds().size());
  body += "unset multiplot\n";
  return figure;
}

}  // namespace goldpan::report
