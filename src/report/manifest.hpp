#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <goldpan/report/report.hpp>

namespace goldpan::report {

inline constexpr const char* kManifest = "report.json";

/// What a report was made with, and the SHA-256 of each of its files and of those that it was made
/// from (journal, settings): OUT/report.json.
struct Manifest {
  LabelPrices prices;
  std::string version;                       ///< of Goldpan
  std::map<std::string, std::string> files;  ///< path in the folder -> digest
};

/// Writes it, sealed by a digest of its own. `files` are paths in the folder, as they lie there.
void write_manifest(const std::filesystem::path& folder, const LabelPrices& prices,
                    const std::vector<std::filesystem::path>& files);

/// Nothing if there is none (older reports have none). Throws Error if it is not what was written.
std::optional<Manifest> read_manifest(const std::filesystem::path& folder);

/// SHA-256 of a file's bytes. Throws Error if it cannot be read.
std::string digest_of_file(const std::filesystem::path& path);

}  // namespace goldpan::report
