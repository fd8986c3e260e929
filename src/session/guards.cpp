#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <goldpan/core/error.hpp>
#include <goldpan/session/guards.hpp>

namespace goldpan {
namespace {

constexpr auto kGuards = std::to_array<GuardInfo>({
    {"reserve", [](Settings& s) { s.reserve = 0; }},
    {"calibration", [](Settings& s) { s.calibration = false; }},
    {"class_floor", [](Settings& s) { s.class_floor = false; }},
    {"cold_start", [](Settings& s) { s.cold_start = "random"; }},
});

const GuardInfo& find_guard(const std::string& name) {
  const auto found = std::ranges::find(kGuards, name, &GuardInfo::name);
  if (found != kGuards.end()) return *found;
  std::vector<std::string_view> known;
  for (const GuardInfo& guard : kGuards) known.push_back(guard.name);
  throw Error("--ablate",
              fmt::format("got '{}', expected one of: {}", name, fmt::join(known, ", ")));
}

}  // namespace

std::span<const GuardInfo> guards() { return kGuards; }

void check_guards(const std::vector<std::string>& names) {
  for (const std::string& name : names) find_guard(name);
}

std::vector<RunWithout> run_without_guards(const Settings& settings,
                                           const std::vector<std::string>& names,
                                           const std::filesystem::path& out,
                                           const RunOptions& options) {
  check_guards(names);
  std::vector<RunWithout> runs;
  for (const std::string& name : names) {
    if (options.say) options.say(fmt::format("the same run without {}", name));
    Settings without = settings;
    find_guard(name).switch_off(without);
    runs.push_back({name, run_experiment(without, out / "ablation" / name, options)});
  }
  return runs;
}

}  // namespace goldpan
