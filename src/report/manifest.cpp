#include "report/manifest.hpp"

#include <system_error>
#include <utility>

#include <nlohmann/json.hpp>

#include <goldpan/core/error.hpp>
#include <goldpan/core/files.hpp>
#include <goldpan/core/sha256.hpp>
#include <goldpan/version.hpp>

namespace goldpan::report {
namespace {

// Stable: another format is read as none.
constexpr int kFormat = 1;

// What the report was made from, where it lies beside it.
constexpr const char* kSources[] = {"run.db", "config.toml", "duplicates.csv", "copies.csv"};

/// Whether all of a journal is in its one file: while a run goes on, part of it is in the log.
bool has_empty_log(const std::filesystem::path& folder) {
  std::error_code error;
  const auto size = std::filesystem::file_size(folder / "run.db-wal", error);
  return error || size == 0;
}

std::string digest_of(nlohmann::json json) {
  json.erase("digest");
  return Sha256().update(json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)).hex();
}

}  // namespace

std::string digest_of_file(const std::filesystem::path& path) {
  const MappedFile file(path);
  return Sha256().update(file.bytes()).hex();
}

void write_manifest(const std::filesystem::path& folder, const LabelPrices& prices,
                    const std::vector<std::filesystem::path>& files) {
  nlohmann::json json{{"format", kFormat},
                      {"version", kVersion},
                      {"label_price", prices.image},
                      {"currency", prices.currency}};
  for (const std::filesystem::path& file : files) {
    json["files"][file.generic_string()] = digest_of_file(folder / file);
  }
  for (const char* const file : kSources) {
    if (!std::filesystem::is_regular_file(folder / file)) continue;
    if (has_empty_log(folder)) json["files"][file] = digest_of_file(folder / file);
  }
  json["digest"] = digest_of(json);
  write_file(folder / kManifest,
             json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

std::optional<Manifest> read_manifest(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / kManifest;
  if (!std::filesystem::exists(path)) return std::nullopt;
  const Error changed(path.string(), "is not what was written; `goldpan report` writes it anew");
  const nlohmann::json json = nlohmann::json::parse(read_text(path), nullptr, false);
  try {
    if (!json.is_object() || json.at("digest") != digest_of(json)) throw Error(changed);
    if (json.at("format") != kFormat) return std::nullopt;
    Manifest manifest;
    manifest.prices = {json.at("label_price"), json.at("currency")};
    manifest.version = json.at("version");
    manifest.files = json.value("files", std::map<std::string, std::string>());
    return manifest;
  } catch (const nlohmann::json::exception&) {
    throw Error(changed);
  }
}

}  // namespace goldpan::report
