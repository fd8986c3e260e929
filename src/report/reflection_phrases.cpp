#include "report/reflection_phrases.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "report/csv.hpp"

namespace goldpan::report {

std::string name_of(const Grid& grid, std::size_t strategy) {
  return styles_of(grid.strategies())[strategy].label;
}

std::optional<std::size_t> find_strategy_named(const Grid& grid, const std::string& name) {
  const auto found = std::find(grid.strategies().begin(), grid.strategies().end(), name);
  if (found == grid.strategies().end()) return std::nullopt;
  return found - grid.strategies().begin();
}

std::string describe_briefly(const Comparison& comparison) {
  const std::string gain = signed_fixed(comparison.test.mean, 2);
  return comparison.test.n > 1 ? gain + " ± " + fixed(comparison.test.std, 2) : gain;
}

std::string describe_p(double p_value) {
  if (p_value < 0.001) return "p < 0.001";
  return "p = " + (p_value < 0.1 ? fixed(p_value, 3) : fixed(p_value, 2));
}

std::string values_of(const Grid& grid) {
  const std::string label(grid.task().headline.label);
  return label == "accuracy" ? "accuracies" : label + " values";
}

std::string more(const Grid& grid) {
  const std::string label(grid.task().headline.label);
  return label == "accuracy" ? "more accurate" : "of " + label + " better";
}

std::string describe(const Comparison& comparison) {
  std::string text = describe_briefly(comparison) + " points";
  if (comparison.test.n > 1 && !std::isnan(comparison.p_holm)) {
    text += fmt::format(" (95 % interval {} to {}, corrected {})",
                        signed_fixed(comparison.test.ci_low, 2),
                        signed_fixed(comparison.test.ci_high, 2), describe_p(comparison.p_holm));
  }
  return text;
}

std::string seeds_hint(const Comparison& comparison) {
  if (comparison.test.n < 2 || std::isnan(comparison.p_holm)) return "";
  if (comparison.seeds_needed == 0) return "; no number of seeds up to 10,000 would show it";
  if (comparison.seeds_needed <= comparison.test.n) return "";
  return fmt::format("; about {} seeds would be needed",
                     thousands(static_cast<double>(comparison.seeds_needed)));
}

std::string describe_percent(const MeanStd& value, int decimals) {
  return describe_number({100 * value.mean, 100 * value.std}, decimals) + " %";
}

std::string describe_number(const MeanStd& value, int decimals) {
  const std::string text = fixed(value.mean, decimals);
  return std::isnan(value.std) ? text : text + " ± " + fixed(value.std, decimals);
}

std::string few_labels(const Grid& grid) {
  std::string text = fmt::format("below {} of the pool", percent(kFewLabels));
  std::size_t count = 0;
  while (count < grid.budgets().size() && grid.is_few(count)) ++count;
  if (count == 0) return text;
  const std::string most = thousands(static_cast<double>(grid.labels(count - 1)));
  if (count == 1) return text + fmt::format(": {} labels", most);
  return text +
         fmt::format(": {} to {} labels", thousands(static_cast<double>(grid.labels(0))), most);
}

std::string listed(const std::vector<std::string>& items) {
  std::string text;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) text += i + 1 == items.size() ? " and " : ", ";
    text += items[i];
  }
  return text;
}

std::string counted(std::size_t count, const std::string& noun) {
  return fmt::format("{} {}{}", thousands(static_cast<double>(count)), noun, count == 1 ? "" : "s");
}

std::string describe_seconds(double seconds) {
  if (seconds < 10) return fixed(seconds, 1) + " s";
  if (seconds < 120) return fixed(seconds, 0) + " s";
  if (seconds < 7200) return fixed(seconds / 60, 0) + " minutes";
  if (seconds < 48 * 3600) return fixed(seconds / 3600, 1) + " hours";
  return fixed(seconds / 86400, 1) + " days";
}

}  // namespace goldpan::report
