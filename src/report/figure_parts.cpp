#include "report/figure_parts.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

#include "report/csv.hpp"

namespace goldpan::report {
namespace {

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

constexpr const char* kPanelLook =
    "set border 3 lw 0.8 lc rgb '#333333'\nset tics out nomirror scale 0.6\n"
    "set ytics font ',9'\nset grid ytics lc rgb '#c8c8c8' lw 0.7 dt solid\nset bmargin 5\nset "
    "tmargin 2.6\nset lmargin 8\nset rmargin 2\n";

struct Edges {
  double labels, low, high;
};

// Labels, low and high of a band in short steps along the logarithmic axis: where a band leaves the
// panel, gnuplot moves whole corners to the border.
std::string band_rows(const std::vector<Edges>& edges) {
  constexpr int kSteps = 32;
  std::string rows;
  for (std::size_t i = 0; i + 1 < edges.size(); ++i) {
    const Edges &a = edges[i], &b = edges[i + 1];
    for (int step = 0; step < kSteps; ++step) {
      const double share = static_cast<double>(step) / kSteps;
      rows +=
          fmt::format("{} {} {}\n", gnuplot_number(a.labels * std::pow(b.labels / a.labels, share)),
                      gnuplot_number(a.low + share * (b.low - a.low)),
                      gnuplot_number(a.high + share * (b.high - a.high)));
    }
  }
  const Edges& last = edges.back();
  return rows + fmt::format("{} {} {}\n", gnuplot_number(last.labels), gnuplot_number(last.low),
                            gnuplot_number(last.high));
}

}  // namespace

std::string gnuplot_text(const std::string& text) {
  std::string result = "\"";
  for (const char character : text) {
    if (character == '"' || character == '\\') result += '\\';
    if (std::string("_^@&~{}").find(character) != std::string::npos) result += "\\\\";
    result += character;
  }
  return result + '"';
}

std::string gnuplot_number(double value) {
  return std::isfinite(value) ? fixed(value, 6) : std::string("NaN");
}

// Where ticks would touch, the first and last stay and the others give way.
std::string budget_axis(const Grid& grid, const Budgets& budgets) {
  const auto position = [&](std::size_t budget) {
    return std::log(std::max<double>(1, static_cast<double>(grid.labels(budget))));
  };
  const double begin = position(budgets.front()), end = position(budgets.back());
  // A run of one budget still needs an axis of some length.
  const double span = std::max(1.0, end - begin);
  constexpr double kRoom = 0.095;  // of the axis, for one label
  Budgets shown;
  for (const std::size_t budget : grid.asked_budgets()) {
    if (budget < budgets.front() || budget > budgets.back()) continue;
    const bool after_last =
        shown.empty() || position(budget) - position(shown.back()) > kRoom * span;
    const bool before_end = end - position(budget) > kRoom * span;
    if (budget == budgets.back() || (after_last && before_end)) shown.push_back(budget);
  }
  const bool labels_first = grid.is_few(budgets.back());
  std::string ticks;
  for (const std::size_t budget : shown) {
    // Tick labels are formats: a per cent sign is written twice.
    const std::string share = percent(grid.budgets()[budget]) + "%";
    const std::string labels = thousands(static_cast<double>(grid.labels(budget)));
    ticks +=
        fmt::format("{}\"{}\\n{}\" {}", ticks.empty() ? "" : ", ", labels_first ? labels : share,
                    labels_first ? share : labels, std::max<std::size_t>(1, grid.labels(budget)));
  }
  return fmt::format(
      "set logscale x\nset xrange [{}:{}]\nset xtics ({}) font ',8' nomirror offset 0,0.2\n"
      "set mxtics 1\n",
      gnuplot_number(std::exp(begin - 0.04 * span)), gnuplot_number(std::exp(end + 0.04 * span)),
      ticks);
}

Budgets all_budgets(const Grid& grid) {
  Budgets budgets(grid.budgets().size());
  std::iota(budgets.begin(), budgets.end(), std::size_t{0});
  return budgets;
}

const char* panel_look() { return kPanelLook; }

std::string curve_block(const Grid& grid, const Budgets& budgets, const std::string& name,
                        const std::function<Spread(std::size_t budget)>& values_at) {
  std::string block = fmt::format("${} << EOD\n", name);
  std::vector<Edges> edges;
  for (const std::size_t budget : budgets) {
    const auto [middle, spread] = values_at(budget);
    if (!std::isfinite(middle)) continue;
    const double half = std::isfinite(spread) ? spread : 0;
    block += fmt::format("{} {}\n", grid.labels(budget), gnuplot_number(middle));
    edges.push_back({static_cast<double>(grid.labels(budget)), middle - half, middle + half});
  }
  if (!edges.empty()) block += "\n\n" + band_rows(edges);
  return block + "EOD\n";
}

std::string band(const std::string& block, const Style& style) {
  return fmt::format(
      "${} index 1 using 1:2:3 with filledcurves fs transparent solid {} noborder lc rgb '{}' "
      "notitle",
      block, style.baseline ? "0.15" : "0.12", style.color);
}

std::string line(const std::string& block, const Style& style, const std::string& title) {
  return fmt::format(
      "${} index 0 using 1:2 with linespoints lc rgb '{}' lw {} dt {} pt {} ps {} {}", block,
      style.color, style.baseline ? "2.6" : "1.7", dash_type(style.dash), style.marker,
      style.baseline ? "0.6" : "0.75", title.empty() ? "notitle" : "title " + gnuplot_text(title));
}

std::string joined(const std::vector<std::string>& plots) {
  std::string text = "plot ";
  for (std::size_t i = 0; i < plots.size(); ++i) text += (i > 0 ? ", \\\n  " : "") + plots[i];
  return text + "\n";
}

// Inside a panel the legend would lie on curves that are flat.
std::string legend_strip(const std::vector<Style>& styles, std::size_t rows, double share,
                         std::size_t seeds) {
  std::vector<std::string> keys;
  for (const Style& style : styles) {
    keys.push_back(
        fmt::format("NaN with linespoints lc rgb '{}' lw {} dt {} pt {} ps 0.75 title {}",
                    style.color, style.baseline ? "2.6" : "1.7", dash_type(style.dash),
                    style.marker, gnuplot_text(style.label)));
  }
  std::string body =
      "unset arrow\nunset label\nunset title\nunset xlabel\nunset ylabel\nunset border\n"
      "unset tics\nunset logscale\nset xrange [0:1]\nset yrange [0:1]\nset lmargin 0\n"
      "set rmargin 0\nset tmargin 0\nset bmargin 0\nset origin 0,0\n";
  body += fmt::format("set size 1,{}\n", gnuplot_number(share));
  body += fmt::format(
      "set key at screen 0.5, screen {} center center horizontal maxrows {} Left reverse samplen 4 "
      "width 1 font ',9' noautotitle\n",
      gnuplot_number(0.62 * share), rows);
  if (seeds > 1) {
    body += fmt::format(
        "set label 2 {} at screen 0.5, screen {} center font ',8' tc rgb '{}'\n",
        gnuplot_text(fmt::format("mean of {} seeds, shaded: ±1 standard deviation", seeds)),
        gnuplot_number(0.16 * share), kGrey);
  }
  return body + joined(keys);
}

}  // namespace goldpan::report
