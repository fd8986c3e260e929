#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "report/csv.hpp"
#include "report/styles.hpp"
#include "report/tables.hpp"

namespace goldpan::report {
namespace {

constexpr std::size_t kWidth = 100;
constexpr std::size_t kGap = 2;

// Columns on a terminal: code points, all of width one here.
std::size_t width_of(const std::string& text) {
  return std::count_if(text.begin(), text.end(),
                       [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0) != 0x80; });
}

std::string padded(const std::string& text, std::size_t width, bool right) {
  const std::string space(width - std::min(width, width_of(text)), ' ');
  return right ? space + text : text + space;
}

std::string gain_cell(const Analysis& analysis, std::size_t strategy, std::size_t budget) {
  const Gain* gain = analysis.gain(strategy, budget);
  if (gain == nullptr) return "-";
  std::string cell = signed_fixed(gain->test.mean, 2);
  if (gain->test.n > 1) cell += " ±" + fixed(gain->test.std, 2);
  return cell + (gain->p_holm < kAlpha ? "*" : " ");
}

using Column = std::vector<std::string>;

Column budget_column(const Analysis& analysis, std::size_t budget) {
  const Grid& grid = analysis.grid;
  Column column = {percent(grid.budgets()[budget]) + " ",
                   thousands(static_cast<double>(grid.labels(budget))) + " "};
  if (grid.random()) {
    const auto accuracies = grid.values(*grid.random(), budget, grid.headline());
    column.push_back(accuracies.empty() ? "-" : fixed(100 * mean(accuracies), 2) + " % ");
  }
  for (std::size_t strategy = 0; strategy < grid.strategies().size(); ++strategy) {
    if (strategy != grid.random()) column.push_back(gain_cell(analysis, strategy, budget));
  }
  return column;
}

std::size_t width_of(const Column& column) {
  std::size_t width = 0;
  for (const std::string& cell : column) width = std::max(width, width_of(cell));
  return width;
}

}  // namespace

std::string gains_text(const Analysis& analysis) {
  const Grid& grid = analysis.grid;
  if (!grid.random()) return "No gains: the run has no strategy 'random' to compare with.\n";
  std::string text = fmt::format(
      "Gain over random in percentage points: mean ± std over {} seed{}; * shown at the 5 % level\n"
      "(a test over seeds and test items, Holm-corrected over the strategies at a budget).\n",
      grid.seeds().size(), grid.seeds().size() == 1 ? "" : "s");

  Column names = {"budget", "labels", fmt::format("random: {}", grid.task().headline.label)};
  const std::vector<Style> styles = styles_of(grid.strategies());
  for (std::size_t strategy = 0; strategy < styles.size(); ++strategy) {
    if (strategy != grid.random()) names.push_back(styles[strategy].label);
  }
  const std::size_t name_width = width_of(names);
  // Rounds between the budgets asked for would make the table long.
  const std::vector<std::size_t> budgets = grid.asked_budgets();
  std::size_t next = 0;
  while (next < budgets.size()) {
    // As many budgets side by side as fit, at least one.
    std::vector<Column> block;
    std::size_t used = name_width;
    for (; next < budgets.size(); ++next) {
      Column column = budget_column(analysis, budgets[next]);
      const std::size_t more = kGap + width_of(column);
      if (!block.empty() && used + more > kWidth) break;
      used += more;
      block.push_back(std::move(column));
    }
    text += '\n';
    for (std::size_t row = 0; row < names.size(); ++row) {
      std::string line = padded(names[row], name_width, false);
      for (const Column& column : block) {
        line += std::string(kGap, ' ') + padded(column[row], width_of(column), true);
      }
      line.erase(line.find_last_not_of(' ') + 1);
      text += line + '\n';
    }
  }
  return text;
}

}  // namespace goldpan::report
