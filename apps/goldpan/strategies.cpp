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

}  // namespace

void add_strategies_command(CLI::App& program) {
  CLI::App* command =
      program.add_subcommand("strategies", "List the strategies and what each needs");
  command->callback([] {
    for (const goldpan::StrategyInfo& info : goldpan::strategies()) {
      fmt::print("{:<22} {}\n{:<22} needs {}{}\n", info.name, info.summary, "", needs(info.needs),
                 info.paper.empty() ? "" : fmt::format("; {}", info.paper));
    }
  });
}
