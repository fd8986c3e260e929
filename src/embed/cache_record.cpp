#include "embed/cache_record.hpp"

#include <algorithm>
#include <array>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include <goldpan/core/error.hpp>
#include <goldpan/core/files.hpp>
#include <goldpan/core/sha256.hpp>

namespace goldpan {
namespace {

// Stable: a cache of another format is recomputed.
// 2: a digest for every block of rows, one for the record, and orientation of JPEG files.
constexpr int kFormat = 2;

std::string dump(const nlohmann::json& json, int indent = -1) {
  // Paths in broken_reasons need not be UTF-8.
  return json.dump(indent, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string hash_of(std::span<const Index> indices) {
  Sha256 hash;
  for (const Index index : indices) {  // little-endian on every machine
    const std::array<std::byte, 4> bytes = {
        static_cast<std::byte>(index), static_cast<std::byte>(index >> 8),
        static_cast<std::byte>(index >> 16), static_cast<std::byte>(index >> 24)};
    hash.update(bytes);
  }
  return hash.hex();
}

/// The record with a digest of itself: a changed list of broken images would change every table.
std::string sealed(nlohmann::json json, int indent) {
  json.erase("digest");
  json["digest"] = Sha256().update(dump(json)).hex();
  return dump(json, indent);
}

bool is_whole(const nlohmann::json& json) {
  nlohmann::json rest = json;
  rest.erase("digest");
  return json.at("digest") == Sha256().update(dump(rest)).hex();
}

std::optional<nlohmann::json> read_json(const std::filesystem::path& path) {
  if (!std::filesystem::exists(path)) return std::nullopt;
  nlohmann::json json = nlohmann::json::parse(read_text(path), nullptr, false);
  if (json.is_discarded()) return std::nullopt;
  return json;
}

std::optional<CacheRecord> from_json(const nlohmann::json& json, const nlohmann::json& key) {
  if (!json.is_object() || json.value("format", 0) != kFormat || json.at("key") != key ||
      !is_whole(json)) {
    return std::nullopt;
  }
  CacheRecord record{key, json.at("rows"), json.at("digests"), {}, {}};
  for (const auto& broken : json.at("broken")) {
    record.broken.push_back(broken.at("image"));
    if (record.broken.back() >= record.rows) return std::nullopt;
    record.broken_reasons.push_back(broken.at("reason"));
  }
  return record;
}

}  // namespace

CacheFiles::CacheFiles(const std::filesystem::path& folder, const std::string& encoder,
                       const nlohmann::json& key) {
  const std::string name = encoder + "-" + Sha256().update(dump(key)).hex().substr(0, 16);
  values = folder / (name + ".npy");
  record = folder / (name + ".json");
  partial = folder / (name + ".partial");
  progress = folder / (name + ".progress.json");
}

nlohmann::json cache_key(const Encoder& encoder, const std::string& data_fingerprint,
                         std::size_t images, std::span<const Index> fit_on) {
  nlohmann::json description = nlohmann::json::parse(encoder.description(), nullptr, false);
  if (!description.is_object()) {
    throw Error(encoder.name(),
                "describes itself as '" + encoder.description() + "', expected a JSON object");
  }
  nlohmann::json key{{"format", kFormat},
                     {"encoder", std::move(description)},
                     {"dim", encoder.dim()},
                     {"data", data_fingerprint},
                     {"images", images}};
  if (encoder.learns()) {
    key["fit_on"] = {{"images", fit_on.size()}, {"sha256", hash_of(fit_on)}};
  }
  return key;
}

nlohmann::json CacheRecord::to_json() const {
  nlohmann::json list = nlohmann::json::array();
  for (std::size_t i = 0; i < broken.size(); ++i) {
    list.push_back({{"image", broken[i]}, {"reason", broken_reasons[i]}});
  }
  return {
      {"format", kFormat}, {"key", key}, {"rows", rows}, {"digests", digests}, {"broken", list}};
}

std::optional<CacheRecord> CacheRecord::read(const std::filesystem::path& path,
                                             const nlohmann::json& key) {
  try {
    const auto json = read_json(path);
    return json ? from_json(*json, key) : std::nullopt;
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;
  }
}

void write_progress_record(const CacheFiles& files, const CacheRecord& record) {
  write_file(files.progress, sealed(record.to_json(), -1));
}

void write_finished_record(const CacheFiles& files, const CacheRecord& record, double seconds) {
  nlohmann::json json = record.to_json();
  json["bytes"] = std::filesystem::file_size(files.partial);
  json["seconds"] = seconds;
  write_file(files.record, sealed(std::move(json), 2) + "\n");
}

std::optional<FinishedCache> open_finished(const CacheFiles& files, const nlohmann::json& key,
                                           std::size_t rows, std::size_t dim, Workers& workers,
                                           std::string& damage) {
  try {
    const auto json = read_json(files.record);
    if (!json || !std::filesystem::exists(files.values)) return std::nullopt;
    auto record = from_json(*json, key);
    if (!record || record->rows != rows) return std::nullopt;
    NpyFile file(files.values);
    const std::string header = npy_header("<f4", {rows, dim});
    const MappedFile mapped(files.values);
    const std::span<const std::byte> bytes = mapped.bytes();
    if (file.shape() != std::vector<std::size_t>{rows, dim} || file.type() != "f4" ||
        bytes.size() != json->at("bytes") || bytes.size() < header.size() ||
        !std::ranges::equal(bytes.first(header.size()), std::as_bytes(std::span(header)))) {
      damage = files.values.string() + ": is not what its record says";
      return std::nullopt;
    }
    const auto changed =
        first_changed_block(file.values(), dim * sizeof(float), record->digests, workers);
    if (changed) {
      const std::size_t first = *changed * RowDigests::kRows;
      damage = fmt::format("{}: rows {} to {} are not what was written", files.values.string(),
                           first, std::min(first + RowDigests::kRows, rows) - 1);
      return std::nullopt;
    }
    return FinishedCache{std::move(file), std::move(*record)};
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;  // a record written by hand, or by a later version
  } catch (const Error&) {
    return std::nullopt;  // a truncated .npy
  } catch (const std::filesystem::filesystem_error&) {
    return std::nullopt;
  }
}

}  // namespace goldpan
