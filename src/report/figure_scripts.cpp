#include "report/figure_scripts.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "report/csv.hpp"
#include "report/styles.hpp"
#include "report/summaries.hpp"

namespace goldpan::report {
namespace {

constexpr const char* kGrey = "#555555";

// Text inside gnuplot's double quotes and its "enhanced" markup.
std::string gnuplot_text(const std::string& text) {
  std::string result = "\"";
  for (const char character : text) {
    if (character == '"' || character == '\\') result += '\\';
    if (std::string("_^@&~{}").find(character) != std::string::npos) result += "\\\\";
    result += character;
  }
  return result + '"';
}

std::string dash_type(const std::string& dash) {
  if (dash.empty()) return "solid";
  // A style's dashes are multiples of the line width; gnuplot's unit is about a third of that.
  std::string list;
  for (std::size_t start = 0; start < dash.size();) {
    const std::size_t end = std::min(dash.find(' ', start), dash.size());
    list += fmt::format("{}{}", list.empty() ? "" : ",",
                        3 * std::stoi(dash.substr(start, end - start)));
    start = end + 1;
  }
  return "(" + list + ")";
}

std::string number(double value) {
  return std::isfinite(value) ? fixed(value, 6) : std::string("NaN");
}

// The axis of the budget: per cent above labels. Where ticks would touch, the first and last stay
// and the others give way.
std::string budget_axis(const Grid& grid) {
  const auto position = [&](std::size_t budget) {
    return std::log(std::max<double>(1, static_cast<double>(grid.labels(budget))));
  };
  const std::size_t count = grid.budgets().size();
  const double span = std::max(1e-9, position(count - 1) - position(0));
  constexpr double kRoom = 0.085;  // of the axis, for one label
  std::vector<std::size_t> shown;
  for (std::size_t budget = 0; budget < count; ++budget) {
    const bool after_last =
        shown.empty() || position(budget) - position(shown.back()) > kRoom * span;
    const bool before_end = position(count - 1) - position(budget) > kRoom * span;
    if (budget + 1 == count || (after_last && before_end)) shown.push_back(budget);
  }
  std::string ticks;
  for (const std::size_t budget : shown) {
    // Tick labels are formats: a per cent sign is written twice.
    ticks +=
        fmt::format("{}\"{}%\\n{}\" {}", ticks.empty() ? "" : ", ", percent(grid.budgets()[budget]),
                    thousands(static_cast<double>(grid.labels(budget))),
                    std::max<std::size_t>(1, grid.labels(budget)));
  }
  const double low = std::exp(position(0) - 0.04 * span);
  const double high = std::exp(position(count - 1) + 0.04 * span);
  return fmt::format(
      "set logscale x\nset xrange [{}:{}]\nset xtics ({}) font ',8' nomirror offset 0,0.2\n"
      "set mxtics 1\n",
      number(low), number(high), ticks);
}

constexpr const char* kPanelLook =
    "set border 3 lw 0.8 lc rgb '#333333'\nset tics out nomirror scale 0.6\n"
    "set ytics font ',9'\nset grid ytics lc rgb '#c8c8c8' lw 0.7 dt solid\nset bmargin 5\nset "
    "tmargin 2.6\nset lmargin 8\nset rmargin 2\n";

// One strategy's mean and standard deviation at every budget, as a data block: labels mean low
// high.
template <typename Values>
std::string data_block(const Grid& grid, const std::string& name, const Values& values_at) {
  std::string block = fmt::format("${} << EOD\n", name);
  for (std::size_t budget = 0; budget < grid.budgets().size(); ++budget) {
    const auto [middle, spread] = values_at(budget);
    if (!std::isfinite(middle)) continue;
    const double half = std::isfinite(spread) ? spread : 0;
    block += fmt::format("{} {} {} {}\n", grid.labels(budget), number(middle),
                         number(middle - half), number(middle + half));
  }
  return block + "EOD\n";
}

struct Spread {
  double mean = kNan;
  double std = kNan;
};

bool has_points(const std::string& block) {
  return std::count(block.begin(), block.end(), '\n') > 2;
}

std::string band(const std::string& block, const Style& style) {
  return fmt::format(
      "${} using 1:3:4 with filledcurves fs transparent solid {} noborder lc rgb '{}' notitle",
      block, style.baseline ? "0.15" : "0.12", style.color);
}

std::string line(const std::string& block, const Style& style, const std::string& title) {
  return fmt::format("${} using 1:2 with linespoints lc rgb '{}' lw {} dt {} pt {} ps {} {}", block,
                     style.color, style.baseline ? "2.6" : "1.7", dash_type(style.dash),
                     style.marker, style.baseline ? "0.6" : "0.75",
                     title.empty() ? "notitle" : "title " + gnuplot_text(title));
}

std::string joined(const std::vector<std::string>& plots) {
  std::string text = "plot ";
  for (std::size_t i = 0; i < plots.size(); ++i) text += (i > 0 ? ", \\\n  " : "") + plots[i];
  return text + "\n";
}

}  // namespace

FigureScript curves_script(const Analysis& analysis, const std::vector<std::size_t>& strategies,
                           const std::string& name) {
  const Grid& grid = analysis.grid;
  const std::vector<Style> styles = styles_of(grid.strategies());
  FigureScript figure;
  figure.name = name;
  figure.height = 460;
  std::vector<std::string> bands, lines, gain_bands, gain_lines;
  // Random is drawn last, on top.
  std::vector<std::size_t> order = strategies;
  std::stable_partition(order.begin(), order.end(),
                        [&](std::size_t s) { return s != grid.random(); });
  std::vector<std::string> keys;
  for (const std::size_t s : order) {
    const std::string curve = fmt::format("curve{}", s);
    const std::string block = data_block(grid, curve, [&](std::size_t budget) {
      const std::vector<double> values = grid.values(s, budget, &RoundRecord::accuracy);
      return Spread{100 * mean(values), 100 * standard_deviation(values)};
    });
    if (!has_points(block)) continue;
    figure.data += block;
    bands.push_back(band(curve, styles[s]));
    lines.push_back(line(curve, styles[s], ""));
    if (s == grid.random()) continue;
    const std::string gains = fmt::format("gain{}", s);
    const std::string gain_block = data_block(grid, gains, [&](std::size_t budget) {
      const Gain* gain = analysis.gain(s, budget);
      return gain == nullptr ? Spread{} : Spread{gain->test.mean, gain->test.std};
    });
    if (!has_points(gain_block)) continue;
    figure.data += gain_block;
    gain_bands.push_back(band(gains, styles[s]));
    gain_lines.push_back(line(gains, styles[s], ""));
  }
  // The legend follows the order asked for, random first.
  for (const std::size_t s : strategies) {
    Style style = styles[s];
    keys.push_back(
        fmt::format("NaN with linespoints lc rgb '{}' lw {} dt {} pt {} ps 0.75 title {}",
                    style.color, style.baseline ? "2.6" : "1.7", dash_type(style.dash),
                    style.marker, gnuplot_text(style.label)));
  }

  const bool two_panels = !gain_lines.empty();
  figure.width = two_panels ? 1060 : 560;
  std::vector<std::string> curves = bands;
  curves.insert(curves.end(), lines.begin(), lines.end());
  curves.insert(curves.end(), keys.begin(), keys.end());
  const std::size_t seeds = grid.seeds().size();
  std::string& body = figure.body;
  body += kPanelLook;
  body += budget_axis(grid);
  body += fmt::format("set xlabel {} font ',10' offset 0,-0.6\n",
                      gnuplot_text("labels bought, share of the pool"));
  body += fmt::format("set multiplot layout 1,{}\n", two_panels ? 2 : 1);
  body += "set key bottom right Left reverse samplen 4 spacing 1.2 font ',9' noautotitle\n";
  body += fmt::format("set title {} font ',11' offset 0,-0.3\n",
                      gnuplot_text(two_panels ? "(a) Test accuracy" : "Test accuracy"));
  body += "set ylabel \"accuracy (%)\" font ',10' offset 0.8,0\n";
  if (std::isfinite(analysis.full_accuracy)) {
    const double full = 100 * analysis.full_accuracy;
    body += fmt::format(
        "set arrow 1 from graph 0, first {0} to graph 1, first {0} nohead dt (3,5) lw 1.4 lc rgb "
        "'{1}' back\n",
        number(full), kGrey);
    body += fmt::format(
        "set label 1 {} at graph 0.02, first {} left offset 0,0.6 font ',9' tc rgb '{}'\n",
        gnuplot_text(fmt::format("all {} labels: {} %",
                                 thousands(static_cast<double>(grid.labels(*grid.full()))),
                                 fixed(full, 1))),
        number(full), kGrey);
  }
  body += joined(curves);
  if (two_panels) {
    std::vector<std::string> gains = gain_bands;
    gains.insert(gains.end(), gain_lines.begin(), gain_lines.end());
    body += "unset arrow 1\nunset label 1\nunset key\n";
    body += "set title \"(b) Gain over random at the same seed\" font ',11' offset 0,-0.3\n";
    body += "set ylabel \"gain (percentage points)\" font ',10' offset 0.8,0\n";
    body +=
        "set arrow 2 from graph 0, first 0 to graph 1, first 0 nohead lw 2.6 lc rgb '#000000' "
        "back\nset label 3 \"random\" at graph 0.01, first 0 left offset 0,-0.7 font ',9'\n";
    if (seeds > 1) {
      body += fmt::format(
          "set label 2 {} at screen 0.99, screen 0.025 right font ',8' tc rgb '{}'\n",
          gnuplot_text(fmt::format("mean of {} seeds, shaded: ±1 standard deviation", seeds)),
          kGrey);
    }
    body += joined(gains);
  }
  body += "unset multiplot\n";
  return figure;
}

bool has_reliability(const Grid& grid) {
  return !grid.budgets().empty() && !pooled_reliability(grid, 0, true).empty();
}

FigureScript calibration_script(const Grid& grid) {
  const Style before{"before", "#D55E00", "4 2", 4, false};
  const Style after{"after temperature scaling", "#0072B2", "", 7, false};
  FigureScript figure;
  figure.name = "calibration";
  figure.width = 1060;
  figure.height = 460;
  for (const bool scaled : {false, true}) {
    figure.data += fmt::format("$reliability{} << EOD\n", scaled ? 1 : 0);
    for (const ReliabilityBin& bin : pooled_reliability(grid, 0, scaled)) {
      figure.data += fmt::format("{} {}\n", number(bin.confidence), number(bin.accuracy));
    }
    figure.data += "EOD\n";
    const auto field = scaled ? &RoundRecord::ece_after : &RoundRecord::ece_before;
    figure.data += data_block(grid, fmt::format("error{}", scaled ? 1 : 0), [&](std::size_t b) {
      std::vector<double> all;
      for (std::size_t s = 0; s < grid.strategies().size(); ++s) {
        const std::vector<double> values = grid.values(s, b, field);
        all.insert(all.end(), values.begin(), values.end());
      }
      return Spread{100 * mean(all), 100 * standard_deviation(all)};
    });
  }
  std::string& body = figure.body;
  body += kPanelLook;
  body += "set multiplot layout 1,2\n";
  body += fmt::format("set title {} font ',11' offset 0,-0.3\n",
                      gnuplot_text(fmt::format("(a) Reliability at {} of the pool, {} labels",
                                               percent(grid.budgets()[0]),
                                               thousands(static_cast<double>(grid.labels(0))))));
  body +=
      "set xlabel \"confidence\" font ',10'\nset ylabel \"share predicted right\" font ',10'\n"
      "set xrange [0:1]\nset yrange [0:1]\nset xtics 0.2 font ',9'\nset ytics 0.2\n"
      "set key top left Left reverse samplen 4 spacing 1.2 font ',9' noautotitle\n"
      "set arrow 1 from 0,0 to 1,1 nohead dt (3,5) lw 1.4 lc rgb '#555555' back\n";
  body += joined(
      {line("reliability0", before, before.label), line("reliability1", after, after.label)});
  body += "unset arrow 1\nunset key\nset autoscale y\nset yrange [0:*]\nset ytics autofreq\n";
  body += budget_axis(grid);
  body +=
      "set title \"(b) Calibration error, all strategies and seeds\" font ',11' "
      "offset 0,-0.3\nset xlabel \"labels bought, share of the pool\" font ',10' offset 0,-0.6\n"
      "set ylabel \"calibration error (points)\" font ',10'\n";
  body += joined({band("error0", before), band("error1", after), line("error0", before, ""),
                  line("error1", after, "")});
  body += "unset multiplot\n";
  return figure;
}

}  // namespace goldpan::report
