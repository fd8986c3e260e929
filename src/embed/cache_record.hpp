#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <goldpan/core/matrix.hpp>
#include <goldpan/core/npy.hpp>
#include <goldpan/embed/encoder.hpp>

#include "embed/row_digests.hpp"

namespace goldpan {

/// The files of one cache. All names hold a hash of what the embeddings depend on, so caches of
/// other data, encoders or settings live side by side and never meet.
struct CacheFiles {
  CacheFiles(const std::filesystem::path& folder, const std::string& encoder,
             const nlohmann::json& key);

  std::filesystem::path values;    ///< NAME-<hash>.npy
  std::filesystem::path record;    ///< NAME-<hash>.json
  std::filesystem::path partial;   ///< NAME-<hash>.partial: the .npy while it grows
  std::filesystem::path progress;  ///< NAME-<hash>.progress.json: how far it is
};

/// All that the embeddings depend on, as a JSON object. Throws Error if the encoder's description
/// is not one.
nlohmann::json cache_key(const Encoder& encoder, const std::string& data_fingerprint,
                         std::size_t images, std::span<const Index> fit_on);

/// What a progress record and a finished record have in common.
// json moves without throwing, whatever its assertions say.
struct CacheRecord {  // NOLINT(bugprone-exception-escape)
  nlohmann::json key;
  std::size_t rows = 0;              ///< embedded so far
  std::vector<std::string> digests;  ///< RowDigests of those rows
  std::vector<Index> broken;
  std::vector<std::string> broken_reasons;

  nlohmann::json to_json() const;
  /// Nothing if there is no such file, or it is not a record of this key: the cache is then
  /// computed anew, which is always right.
  static std::optional<CacheRecord> read(const std::filesystem::path& path,
                                         const nlohmann::json& key);
};

/// Writes how far it is, sealed by a digest of its own.
void write_progress_record(const CacheFiles& files, const CacheRecord& record);

/// Writes the finished record for a complete file of values that is about to be renamed to
/// files.values.
void write_finished_record(const CacheFiles& files, const CacheRecord& record, double seconds);

struct FinishedCache {
  NpyFile file;
  CacheRecord record;
};

/// The finished cache, if its files are complete and every byte is what was written: right shape
/// and size, and the digests of all blocks. A block that differs is named in `damage`.
std::optional<FinishedCache> open_finished(const CacheFiles& files, const nlohmann::json& key,
                                           std::size_t rows, std::size_t dim, Workers& workers,
                                           std::string& damage);

}  // namespace goldpan
