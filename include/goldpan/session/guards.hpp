#pragma once

#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <goldpan/session/experiment.hpp>

namespace goldpan {

/// A guard of the protocol that a run can be repeated without, to see what it brings.
struct GuardInfo {
  std::string_view name;
  void (*switch_off)(Settings&);
};

/// reserve, calibration, class_floor, cold_start.
std::span<const GuardInfo> guards();

/// A run without one guard.
struct RunWithout {
  std::string guard;
  std::filesystem::path journal;
};

/// The run of these settings once more without each of the named guards, into OUT/ablation/GUARD.
/// Embeddings are shared with the whole run where it has a cache folder. Throws Error listing the
/// known guards for another name, before anything is run; and as run_experiment does.
std::vector<RunWithout> run_without_guards(const Settings& settings,
                                           const std::vector<std::string>& names,
                                           const std::filesystem::path& out,
                                           const RunOptions& options);

/// Throws Error listing the known guards for a name that is none.
void check_guards(const std::vector<std::string>& names);

}  // namespace goldpan
