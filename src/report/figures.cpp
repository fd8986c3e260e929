#include "report/figures.hpp"

#include <algorithm>
#include <cmath>
#include <exception>

#include <fmt/format.h>

#include <goldpan/core/files.hpp>

#include "report/figure_scripts.hpp"
#include "report/gnuplot.hpp"
#include "report/slice_gains.hpp"

namespace goldpan::report {
namespace {

constexpr const char* kUncertainty[] = {"margin", "entropy", "least_confidence"};

bool is_uncertainty(const std::string& name) {
  return std::find(std::begin(kUncertainty), std::end(kUncertainty), name) !=
         std::end(kUncertainty);
}

// gnuplot names one font; a page opened where it is missing should fall back to another sans serif.
std::string with_font_fallbacks(std::string svg) {
  const std::string from = "font-family=\"DejaVu Sans\"";
  const std::string to = "font-family=\"DejaVu Sans, Verdana, Helvetica, sans-serif\"";
  for (std::size_t at = svg.find(from); at != std::string::npos; at = svg.find(from, at)) {
    svg.replace(at, from.size(), to);
    at += to.size();
  }
  return svg;
}

// Draws into a scratch folder first, so that a figure is there whole or not at all.
void draw(const FigureScript& figure, const std::string& gnuplot,
          const std::filesystem::path& folder, std::vector<std::filesystem::path>& files) {
  const ScratchFolder scratch;
  const std::filesystem::path png = scratch.path() / "figure.png";
  const std::filesystem::path svg = scratch.path() / "figure.svg";
  const std::string terminals = fmt::format(
      "set encoding utf8\n"
      "set terminal pngcairo size {0},{1} enhanced font 'DejaVu Sans,10' fontscale 2 "
      "linewidth 2 pointscale 2 background '#ffffff'\nset output '{2}'\n{3}unset output\n"
      "reset\nset encoding utf8\n"
      "set terminal svg size {4},{5} enhanced font 'DejaVu Sans,10' linewidth 1 "
      "background '#ffffff'\nset output '{6}'\n{3}unset output\n",
      2 * figure.width, 2 * figure.height, png.string(), figure.body, figure.width, figure.height,
      svg.string());
  const std::string failure = run_gnuplot(gnuplot, figure.data + terminals, scratch.path());
  if (!failure.empty()) throw std::runtime_error(failure);
  const std::string png_bytes = read_text(png);
  const std::string svg_bytes = read_text(svg);
  const std::filesystem::path figures = "figures";
  write_file(folder / figures / (figure.name + ".png"), png_bytes);
  files.push_back(figures / (figure.name + ".png"));
  write_file(folder / figures / (figure.name + ".svg"), with_font_fallbacks(svg_bytes));
  files.push_back(figures / (figure.name + ".svg"));
}

}  // namespace

std::vector<std::size_t> main_strategies(const Grid& grid) {
  const auto& names = grid.strategies();
  const bool margin = std::find(names.begin(), names.end(), "margin") != names.end();
  std::vector<std::size_t> chosen;
  for (std::size_t s = 0; s < names.size(); ++s) {
    if (!margin || names[s] == "margin" || !is_uncertainty(names[s])) chosen.push_back(s);
  }
  return chosen;
}

std::vector<std::size_t> uncertainty_strategies(const Grid& grid) {
  std::vector<std::size_t> chosen;
  for (std::size_t s = 0; s < grid.strategies().size(); ++s) {
    if (is_uncertainty(grid.strategies()[s])) chosen.push_back(s);
  }
  if (chosen.size() < 2) return {};
  if (grid.random()) chosen.insert(chosen.begin(), *grid.random());
  return chosen;
}

namespace {

std::vector<FigureScript> make_figures(const Analysis& analysis) {
  std::vector<FigureScript> figures;
  if (!analysis.grid.strategies().empty()) {
    figures.push_back(curves_script(analysis, main_strategies(analysis.grid), "learning_curves"));
  }
  const std::vector<std::size_t> flavours = uncertainty_strategies(analysis.grid);
  if (!flavours.empty()) figures.push_back(curves_script(analysis, flavours, "uncertainty"));
  const TaskInfo& task = analysis.grid.task();
  if (task.cost_unit != "labels" && !analysis.grid.strategies().empty()) {
    figures.push_back(cost_script(analysis, main_strategies(analysis.grid),
                                  fmt::format("learning_curves_{}", task.cost_unit)));
  }
  if (has_reliability(analysis.grid)) figures.push_back(calibration_script(analysis.grid));
  if (SliceStudy::mined(analysis)) figures.push_back(slice_gains_script(SliceStudy(analysis)));
  return figures;
}

}  // namespace

std::vector<std::string> figure_names(const Analysis& analysis) {
  std::vector<std::string> names;
  for (const FigureScript& figure : make_figures(analysis)) names.push_back(figure.name);
  return names;
}

void draw_figures(const Analysis& analysis, const std::string& gnuplot,
                  const std::filesystem::path& folder, std::vector<std::filesystem::path>& files,
                  std::vector<std::string>& warnings) {
  for (const FigureScript& figure : make_figures(analysis)) {
    try {
      draw(figure, gnuplot, folder, files);
    } catch (const std::exception& error) {
      warnings.push_back(fmt::format("figure {} is not drawn: {}", figure.name, error.what()));
    }
  }
}

}  // namespace goldpan::report
