#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include <goldpan/core/workers.hpp>
#include <goldpan/report/report.hpp>

namespace goldpan {

/// What was found in an output folder.
struct Verification {
  std::size_t checked = 0;          ///< files, tables, rounds of the journal
  std::vector<std::string> faults;  ///< "[place] what is wrong", in the order of checking
  std::vector<std::string> notes;   ///< what is not there without being wrong
};

/// Checks the output folder of a run, changing nothing in it: the journal (its pages, every round,
/// pick and picture by its digest), config.toml against the journal's settings, the tables against
/// those that the journal gives now, all files of the report by the digests in OUT/report.json, and
/// the journals in OUT/ablation. `prices` stand for those of the report where report.json, which
/// holds them, is missing. Cached embeddings are check_caches' (embed/cache.hpp). Throws Error only
/// if there is no such folder, and Cancelled.
Verification verify_output(const std::filesystem::path& folder, const LabelPrices& prices,
                           Workers& workers);

}  // namespace goldpan
