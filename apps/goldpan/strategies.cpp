#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <goldpan/strategies/strategy.hpp>

#include "commands.hpp"

namespace {

std::string needs(const goldpan::StrategyNeeds& needs) {
  std::vector<std::string> words;
  if (needs.embeddings || needs.features) words.emplace_back("embeddings");
  if (needs.probabilities) words.emplace_back("probabilities");
  if (needs.passes) words.emplace_back("stochastic passes");
  return words.empty() ? "nothing" : fmt::format("{}", fmt::join(words, ", "));
}

/// A section a strategy: what docs/strategies.md holds.
void print_markdown() {
  fmt::print(
      "# The strategies and their options\n\n"
      "Written by `goldpan strategies --markdown`; the ideas and formulas are in "
      "[methods.md](methods.md).\n");
  for (const goldpan::StrategyInfo& info : goldpan::strategies()) {
    fmt::print("\n## {}\n\n{} ({}). Needs {}. Score: {}.\n", info.name, info.label, info.summary,
               needs(info.needs), info.score);
    if (info.options.empty()) continue;
    fmt::print("\n| option | default | takes | what |\n|---|---|---|---|\n");
    for (const goldpan::OptionInfo& option : info.options) {
      fmt::print("| `{}` | {} | {} | {} |\n", option.name, option.standard,
                 goldpan::range_of(option), option.help);
    }
  }
}

void print_text() {
  for (const goldpan::StrategyInfo& info : goldpan::strategies()) {
    fmt::print("{:<22} {}\n{:<22} needs {}{}\n", info.name, info.summary, "", needs(info.needs),
               info.paper.empty() ? "" : fmt::format("; {}", info.paper));
    for (const goldpan::OptionInfo& option : info.options) {
      fmt::print("{:<22} --option {}={}  {} ({})\n", "", option.name, option.standard, option.help,
                 goldpan::range_of(option));
    }
  }
}

}  // namespace

void add_strategies_command(CLI::App& program) {
  CLI::App* command =
      program.add_subcommand("strategies", "List the strategies, what each needs, and its options");
  const auto markdown = std::make_shared<bool>(false);
  command->add_flag("--markdown", *markdown, "as docs/strategies.md");
  command->callback([markdown] { *markdown ? print_markdown() : print_text(); });
}
