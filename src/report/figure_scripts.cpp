#include "report/figure_scripts.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

#include <fmt/format.h>

#include "report/csv.hpp"
#include "report/figure_parts.hpp"
#include "report/styles.hpp"
#include "report/summaries.hpp"

namespace goldpan::report {
namespace {

// Few labels and shares of the pool apart, where a run has a curve in both: gains differ tenfold,
// so that one scale for both would press the second onto the zero line.
std::vector<Budgets> regimes_of(const Grid& grid) {
  Budgets few, shares;
  for (const std::size_t budget : all_budgets(grid)) {
    (grid.is_few(budget) ? few : shares).push_back(budget);
  }
  if (few.size() < 2 || shares.size() < 2) return {all_budgets(grid)};
  return {few, shares};
}

bool has_points(const std::string& block) {
  return std::count(block.begin(), block.end(), '\n') > 2;
}

// What one panel draws: bands below, lines above.
struct Panel {
  std::vector<std::string> bands, lines;

  template <typename Values>
  void add(FigureScript& figure, const std::string& block_name, const Style& style,
           const Grid& grid, const Budgets& budgets, const Values& values_at) {
    const std::string block = curve_block(grid, budgets, block_name, values_at);
    if (!has_points(block)) return;
    figure.data += block;
    bands.push_back(band(block_name, style));
    lines.push_back(line(block_name, style, ""));
  }

  std::string plot() const {
    std::vector<std::string> all = bands;
    all.insert(all.end(), lines.begin(), lines.end());
    return all.empty() ? "" : joined(all);
  }
};

constexpr const char* kNewPanel = "unset arrow\nunset label\nset yrange [*:*]\n";

// Title, axis and, among shares of the pool, the full-data accuracy as a dotted line.
std::string accuracy_panel(const Analysis& analysis, const Budgets& budgets,
                           const std::string& title) {
  std::string body =
      fmt::format("{}set title {} font ',11' offset 0,-0.3\n", kNewPanel, gnuplot_text(title));
  body += fmt::format("set ylabel {} font ',10' offset 1,0\n",
                      gnuplot_text(fmt::format("{} (%)", analysis.grid.task().headline.label)));
  const Grid& grid = analysis.grid;
  if (!std::isfinite(analysis.full_accuracy) || grid.is_few(budgets.back())) return body;
  const std::string full = gnuplot_number(100 * analysis.full_accuracy);
  body += fmt::format(
      "set arrow 1 from graph 0, first {0} to graph 1, first {0} nohead dt (3,5) lw 1.4 lc rgb "
      "'{1}' back\n",
      full, kGrey);
  return body +
         fmt::format(
             "set label 1 {} at graph 0.02, first {} left offset 0,0.6 font ',9' tc rgb "
             "'{}'\n",
             gnuplot_text(fmt::format("all {} labels: {} %",
                                      thousands(static_cast<double>(grid.labels(*grid.full()))),
                                      fixed(100 * analysis.full_accuracy, 1))),
             full, kGrey);
}

std::string gains_panel(const std::string& title) {
  return fmt::format(
      "{}set title {} font ',11' offset 0,-0.3\n"
      "set ylabel \"gain (percentage points)\" font ',10' offset 1,0\n"
      "set arrow 2 from graph 0, first 0 to graph 1, first 0 nohead lw 2.6 lc rgb '#000000' back\n"
      "set label 3 \"random\" at graph 0.01, first 0 left offset 0,-0.7 font ',9'\n",
      kNewPanel, gnuplot_text(title));
}

// The range of the gains: a strategy far below random would press all others onto the zero line, so
// the panel ends at twice the largest gain below it and says who falls further, and how far.
std::string gains_range(const Analysis& analysis, const Budgets& budgets,
                        const std::vector<std::size_t>& strategies) {
  const Grid& grid = analysis.grid;
  double top = 0;
  double bottom = 0;
  std::map<std::size_t, double> lowest;
  for (const Gain& gain : analysis.gains) {
    if (!std::ranges::count(strategies, gain.strategy) || !std::ranges::count(budgets, gain.budget))
      continue;
    const double half = std::isfinite(gain.test.std) ? gain.test.std : 0;
    top = std::max(top, gain.test.mean + half);
    bottom = std::min(bottom, gain.test.mean - half);
    lowest[gain.strategy] = std::min(lowest[gain.strategy], gain.test.mean);
  }
  const double limit = -std::max(1.0, 2 * top);
  if (bottom > 1.3 * limit) return "";
  std::string fallen;
  const std::vector<Style> styles = styles_of(grid.strategies());
  for (const auto& [strategy, value] : lowest) {
    if (value >= limit) continue;
    fallen += fmt::format("{}{} falls to {}", fallen.empty() ? "" : ", ", styles[strategy].label,
                          fixed(value, 1));
  }
  std::string body = fmt::format("set yrange [{}:*]\n", gnuplot_number(limit));
  if (fallen.empty()) return body;
  return body +
         fmt::format("set label 4 {} at graph 0.98, graph 0.04 right font ',8' tc rgb '{}'\n",
                     gnuplot_text("outside: " + fallen), kGrey);
}

}  // namespace

FigureScript curves_script(const Analysis& analysis, const std::vector<std::size_t>& strategies,
                           const std::string& name) {
  const Grid& grid = analysis.grid;
  const std::vector<Style> styles = styles_of(grid.strategies());
  FigureScript figure;
  figure.name = name;
  const std::vector<Budgets> regimes = regimes_of(grid);
  std::vector<Panel> accuracies(regimes.size()), gains(regimes.size());
  // Random is drawn last, on top.
  std::vector<std::size_t> order = strategies;
  std::stable_partition(order.begin(), order.end(),
                        [&](std::size_t s) { return s != grid.random(); });
  for (std::size_t r = 0; r < regimes.size(); ++r) {
    const std::string suffix = r == 0 ? "" : "b";
    for (const std::size_t s : order) {
      accuracies[r].add(figure, fmt::format("curve{}{}", s, suffix), styles[s], grid, regimes[r],
                        [&](std::size_t budget) {
                          const std::vector<double> values =
                              grid.values(s, budget, grid.headline());
                          return Spread{100 * mean(values), 100 * standard_deviation(values)};
                        });
      gains[r].add(figure, fmt::format("gain{}{}", s, suffix), styles[s], grid, regimes[r],
                   [&](std::size_t budget) {
                     const Gain* gain = analysis.gain(s, budget);
                     return gain == nullptr ? Spread{} : Spread{gain->test.mean, gain->test.std};
                   });
    }
  }
  // Accuracy and gain side by side; with two regimes a row for each of the two, a column a regime.
  const bool has_gains = !gains.front().lines.empty();
  const bool is_square = regimes.size() == 2;
  const std::size_t columns = has_gains || is_square ? 2 : 1;
  const std::size_t rows = has_gains && is_square ? 2 : 1;
  const std::size_t entries_in_row = columns == 2 ? 7 : 4;
  const std::size_t legend_rows = (strategies.size() + entries_in_row - 1) / entries_in_row;
  const int legend_height = 34 + 20 * static_cast<int>(legend_rows);
  figure.width = columns == 2 ? 1100 : 580;
  figure.height = 430 * static_cast<int>(rows) + legend_height;
  const double legend_share = static_cast<double>(legend_height) / figure.height;
  const double height = (1 - legend_share) / static_cast<double>(rows);

  std::string& body = figure.body;
  body += panel_look();
  body += fmt::format("set multiplot\nset size {},{}\nunset key\n", columns == 2 ? "0.5" : "1",
                      gnuplot_number(height));
  const bool is_alone = !has_gains && !is_square;
  std::size_t panel = 0;
  const auto title = [&](std::size_t regime, const std::string& what) {
    std::string text = is_alone ? "" : fmt::format("({}) ", static_cast<char>('a' + panel));
    if (is_square) text += regime == 0 ? "Few labels: " : "Shares of the pool: ";
    return text + what;
  };
  const auto place = [&] {
    const std::size_t column = panel % columns, row = panel / columns;
    ++panel;
    return fmt::format("set origin {},{}\n", column == 0 ? "0" : "0.5",
                       gnuplot_number(legend_share + static_cast<double>(rows - 1 - row) * height));
  };
  for (const bool is_gain : {false, true}) {
    for (std::size_t r = 0; r < regimes.size() && (!is_gain || has_gains); ++r) {
      body += budget_axis(grid, regimes[r]);
      const bool labels_first = grid.is_few(regimes[r].back());
      body += fmt::format("set xlabel {} font ',10' offset 0,-0.6\n",
                          gnuplot_text(labels_first ? "labels bought, share of the pool below"
                                                    : "labels bought, share of the pool"));
      if (is_gain) {
        body += gains_panel(title(r, is_square ? "gain over random at the same seed"
                                               : "Gain over random at the same seed"));
        body += gains_range(analysis, regimes[r], strategies);
      } else {
        body += accuracy_panel(analysis, regimes[r],
                               title(r, fmt::format("{} {}", is_square ? "test" : "Test",
                                                    grid.task().headline.label)));
      }
      body += place();
      body += (is_gain ? gains : accuracies)[r].plot();
    }
  }
  // In the order asked for, random first.
  std::vector<Style> legend;
  for (const std::size_t s : strategies) legend.push_back(styles[s]);
  body += legend_strip(legend, legend_rows, legend_share, grid.seeds().size());
  body += "unset multiplot\n";
  return figure;
}

FigureScript cost_script(const Analysis& analysis, const std::vector<std::size_t>& strategies,
                         const std::string& name) {
  const Grid& grid = analysis.grid;
  const TaskInfo& task = grid.task();
  const std::vector<Style> styles = styles_of(grid.strategies());
  FigureScript figure;
  figure.name = name;
  Panel second;
  std::vector<std::string> over_cost;
  for (const std::size_t s : strategies) {
    std::string block = fmt::format("$cost{} << EOD\n", s);
    for (std::size_t b = 0; b < grid.budgets().size(); ++b) {
      const double cost = mean(grid.values(s, b, "cost"));
      const double value = mean(grid.values(s, b, grid.headline()));
      if (cost > 0 && std::isfinite(value)) {
        block += fmt::format("{} {}\n", gnuplot_number(cost), gnuplot_number(100 * value));
      }
    }
    block += "EOD\n";
    if (has_points(block)) {
      figure.data += block;
      over_cost.push_back(line(fmt::format("cost{}", s), styles[s], ""));
    }
    second.add(figure, fmt::format("second{}", s), styles[s], grid, all_budgets(grid),
               [&](std::size_t budget) {
                 const std::vector<double> values =
                     grid.values(s, budget, task.others.front().metric);
                 return Spread{100 * mean(values), 100 * standard_deviation(values)};
               });
  }
  const std::size_t legend_rows = (strategies.size() + 6) / 7;
  const int legend_height = 34 + 20 * static_cast<int>(legend_rows);
  figure.width = 1100;
  figure.height = 430 + legend_height;
  const double legend_share = static_cast<double>(legend_height) / figure.height;
  std::string& body = figure.body;
  body += panel_look();
  body += fmt::format("set multiplot\nset size 0.5,{}\nset origin 0,{}\nunset key\n",
                      gnuplot_number(1 - legend_share), gnuplot_number(legend_share));
  const auto panel = [&](const std::string& title, std::string_view label,
                         const std::string& below) {
    body += fmt::format("set title {} font ',11' offset 0,-0.3\n", gnuplot_text(title));
    body += fmt::format("set ylabel {} font ',10' offset 1,0\n",
                        gnuplot_text(fmt::format("{} (%)", label)));
    body += fmt::format("set xlabel {} font ',10' offset 0,-0.6\n", gnuplot_text(below));
  };
  panel(fmt::format("(a) Test {} over {}", task.headline.label, task.cost_unit),
        task.headline.label, fmt::format("{} bought", task.cost_unit));
  body += "set logscale x\nset xtics font ',8' nomirror offset 0,0.2\n";
  if (!over_cost.empty()) body += joined(over_cost);
  body += fmt::format("set origin 0.5,{}\n", gnuplot_number(legend_share));
  panel(fmt::format("(b) Test {}", task.others.front().label), task.others.front().label,
        "labels bought, share of the pool");
  body += budget_axis(grid, all_budgets(grid));
  body += second.plot();
  std::vector<Style> legend;
  for (const std::size_t s : strategies) legend.push_back(styles[s]);
  body += legend_strip(legend, legend_rows, legend_share, grid.seeds().size());
  body += "unset multiplot\n";
  return figure;
}

bool has_reliability(const Grid& grid) {
  return !grid.budgets().empty() && !pooled_reliability(grid, grid.first_share(), true).empty();
}

FigureScript calibration_script(const Grid& grid) {
  const Style before{"before", "#D55E00", "4 2", 4, false};
  const Style after{"after temperature scaling", "#0072B2", "", 7, false};
  const std::size_t first = grid.first_share();
  FigureScript figure;
  figure.name = "calibration";
  figure.width = 1100;
  figure.height = 460;
  for (const bool scaled : {false, true}) {
    figure.data += fmt::format("$reliability{} << EOD\n", scaled ? 1 : 0);
    for (const ReliabilityBin& bin : pooled_reliability(grid, first, scaled)) {
      figure.data +=
          fmt::format("{} {}\n", gnuplot_number(bin.confidence), gnuplot_number(bin.accuracy));
    }
    figure.data += "EOD\n";
    const auto field = scaled ? "ece_after" : "ece_before";
    const std::string block = fmt::format("error{}", scaled ? 1 : 0);
    figure.data += curve_block(grid, all_budgets(grid), block, [&](std::size_t b) {
      std::vector<double> all;
      for (std::size_t s = 0; s < grid.strategies().size(); ++s) {
        const std::vector<double> values = grid.values(s, b, field);
        all.insert(all.end(), values.begin(), values.end());
      }
      return Spread{100 * mean(all), 100 * standard_deviation(all)};
    });
  }
  std::string& body = figure.body;
  body += panel_look();
  body += "set multiplot layout 1,2\n";
  body +=
      fmt::format("set title {} font ',11' offset 0,-0.3\n",
                  gnuplot_text(fmt::format("(a) Reliability at {} of the pool, {} labels",
                                           percent(grid.budgets()[first]),
                                           thousands(static_cast<double>(grid.labels(first))))));
  body +=
      "set xlabel \"confidence\" font ',10'\nset ylabel \"share predicted right\" font ',10' "
      "offset 1,0\n"
      "set xrange [0:1]\nset yrange [0:1]\nset xtics 0.2 font ',9'\nset ytics 0.2\n"
      "set key top left Left reverse samplen 4 spacing 1.2 font ',9' noautotitle\n"
      "set arrow 1 from 0,0 to 1,1 nohead dt (3,5) lw 1.4 lc rgb '#555555' back\n";
  body += joined(
      {line("reliability0", before, before.label), line("reliability1", after, after.label)});
  body += "unset arrow 1\nunset key\nset autoscale y\nset yrange [0:*]\nset ytics autofreq\n";
  body += budget_axis(grid, all_budgets(grid));
  body +=
      "set title \"(b) Calibration error, all strategies and seeds\" font ',11' "
      "offset 0,-0.3\nset xlabel \"labels bought, share of the pool\" font ',10' offset 0,-0.6\n"
      "set ylabel \"calibration error (points)\" font ',10' offset 1,0\n";
  body += joined({band("error0", before), band("error1", after), line("error0", before, ""),
                  line("error1", after, "")});
  body += "unset multiplot\n";
  return figure;
}

}  // namespace goldpan::report
