#include <algorithm>
#include <cmath>
#include <string>
#include <system_error>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <goldpan/core/csv.hpp>
#include <goldpan/core/error.hpp>
#include <goldpan/core/files.hpp>
#include <goldpan/core/sha256.hpp>
#include <goldpan/core/stopwatch.hpp>
#include <goldpan/embed/embed_folder.hpp>
#include <goldpan/version.hpp>

#include "embed/cache_record.hpp"
#include "embed/partial_file.hpp"

namespace goldpan {
namespace {

constexpr const char* kValues = "embeddings.npy";
constexpr const char* kLearned = "encoder.safetensors";
constexpr const char* kSettings = "settings.json";
// Holds the growing embeddings; gone when they are complete.
constexpr const char* kWork = ".unfinished";
constexpr std::size_t kBlock = 4096;

std::string dump(const nlohmann::ordered_json& json) {
  return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

nlohmann::json read_settings(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / kSettings;
  if (!std::filesystem::exists(path)) {
    throw Error(folder.string(),
                "has no settings.json, expected a folder that goldpan embed has "
                "completed");
  }
  nlohmann::json json = nlohmann::json::parse(read_text(path), nullptr, false);
  if (!json.is_object()) throw Error(path.string(), "is damaged, expected a JSON object");
  return json;
}

/// A description without the hash of what was learned, which is not a setting.
nlohmann::json without_fit(nlohmann::json description) {
  description.erase("fitted");
  if (description.contains("reduced")) description["reduced"].erase("fitted");
  return description;
}

/// The first setting in which two descriptions differ.
std::string difference(const nlohmann::json& there, const nlohmann::json& here,
                       const std::string& name = {}) {
  if (there.is_object() && here.is_object()) {
    for (const auto* const one : {&there, &here}) {
      for (const auto& [key, value] : one->items()) {
        const nlohmann::json left = there.value(key, nlohmann::json()),
                             right = here.value(key, nlohmann::json());
        if (left != right) return difference(left, right, name.empty() ? key : name + "." + key);
      }
    }
  }
  return fmt::format("{} was {} and is now {}", name, there.dump(), here.dump());
}

void write_half(std::span<const float> values, const std::string& where,
                std::vector<std::byte>& out) {
  out.resize(values.size() * sizeof(Half));
  auto* const to = reinterpret_cast<Half*>(out.data());
  for (std::size_t i = 0; i < values.size(); ++i) {
    to[i] = to_half(values[i]);
    if (!std::isfinite(to_float(to[i]))) {
      throw Error(where, fmt::format("got {} in an embedding, which float16 cannot hold; expected "
                                     "float32 to be asked for",
                                     values[i]));
    }
  }
}

/// The rows kept, from the cache to their place. Returns their hash.
std::string write_values(const EmbeddedImages& embedded, const std::vector<Index>& kept,
                         const EmbedFolderOptions& options) {
  const MatrixView<const float> rows = embedded.file.matrix();
  const std::filesystem::path path = options.out / kValues;
  PartialFile file(options.out / kWork / "values");
  const std::string header = npy_header(options.half ? "<f2" : "<f4", {kept.size(), rows.cols()});
  file.resize(0);
  file.write(0, std::as_bytes(std::span(header)));
  std::size_t offset = header.size();
  Sha256 hash;
  Matrix<float> block(std::min(kBlock, kept.size()), rows.cols());
  std::vector<std::byte> half;
  for (std::size_t begin = 0; begin < kept.size(); begin += kBlock) {
    const std::size_t count = std::min(kBlock, kept.size() - begin);
    for (std::size_t i = 0; i < count; ++i) {
      std::ranges::copy(rows.row(kept[begin + i]), block.row(i).begin());
    }
    const std::span<const float> values(block.data(), count * rows.cols());
    std::span<const std::byte> bytes = std::as_bytes(values);
    if (options.half) {
      write_half(values, path.string(), half);
      bytes = half;
    }
    file.write(offset, bytes);
    hash.update(bytes);
    offset += bytes.size();
  }
  file.flush();
  file.rename_to(path);
  return hash.hex();
}

std::string skipped_csv(const ImagesToEmbed& input, const EmbeddedImages& embedded) {
  std::string csv = "id,location,reason\n";
  for (std::size_t i = 0; i < embedded.broken.size(); ++i) {
    const Index image = embedded.broken[i];
    csv +=
        fmt::format("{},{},{}\n", csv_text(input.ids[image]),
                    csv_field(input.images.location(image)), csv_field(embedded.broken_reasons[i]));
  }
  return csv;
}

std::vector<Index> rows_kept(std::size_t count, const std::vector<Index>& broken) {
  std::vector<Index> kept;
  auto next = broken.begin();
  for (std::size_t i = 0; i < count; ++i) {
    if (next != broken.end() && *next == i) {
      ++next;
    } else {
      kept.push_back(static_cast<Index>(i));
    }
  }
  return kept;
}

void check_ids(const ImagesToEmbed& input) {
  if (input.ids.size() != input.images.size()) {
    throw Error("ids", fmt::format("got {} for {} images", input.ids.size(), input.images.size()));
  }
  for (const std::string& id : input.ids) {
    if (id.empty() || id.find('\n') != std::string::npos) {
      throw Error("ids", fmt::format("got '{}', expected a line of text", id));
    }
  }
}

}  // namespace

EmbeddedFolder embed_into_folder(Encoder& encoder, const ImagesToEmbed& input,
                                 const EmbedFolderOptions& options, Workers& workers,
                                 const Progress& progress) {
  const Stopwatch stopwatch;
  check_ids(input);
  const std::filesystem::path settings_path = options.out / kSettings;
  nlohmann::json key = cache_key(encoder, input.fingerprint, input.images.size(), input.fit_on);
  key["half"] = options.half;
  const std::string key_hash = Sha256().update(key.dump()).hex();
  make_writable_folder(options.out);

  EmbeddedFolder result;
  result.dim = encoder.dim();
  if (!options.fresh && std::filesystem::exists(settings_path)) {
    const nlohmann::json there = read_settings(options.out);
    if (there.value("key", "") == key_hash && std::filesystem::exists(options.out / kValues)) {
      for (const nlohmann::json& broken : there.value("skipped_rows", nlohmann::json::array())) {
        result.skipped.push_back(broken.get<Index>());
      }
      if (result.skipped.empty() || options.broken_images == BrokenImages::kSkip) {
        result.kept = rows_kept(input.images.size(), result.skipped);
        result.was_complete = true;
        return result;
      }
      result.skipped.clear();
    }
  }

  // What cannot be written must be known now, not after an hour.
  const std::filesystem::path work = options.out / kWork;
  EmbedOptions embed_options;
  embed_options.cache_folder = work;
  embed_options.broken_images = options.broken_images;
  embed_options.fresh = options.fresh;
  embed_options.always_fit = true;
  embed_options.fit_progress = options.fit_progress;
  EmbeddedImages embedded = embed_images(encoder, input.images, input.fingerprint, input.fit_on,
                                         embed_options, workers, progress);
  result.kept = rows_kept(input.images.size(), embedded.broken);

  // From here until the settings are written the folder is not complete.
  std::error_code ignored;
  std::filesystem::remove(settings_path, ignored);
  std::filesystem::remove(options.out / kLearned, ignored);
  nlohmann::ordered_json settings;
  settings["goldpan"] = kVersion;
  settings["data"] = input.spec;
  settings["data_fingerprint"] = input.fingerprint;
  settings["notes"] = options.notes;
  settings["encoder"] = nlohmann::json::parse(encoder.description());
  settings["rows"] = result.kept.size();
  settings["dim"] = encoder.dim();
  settings["dtype"] = options.half ? "float16" : "float32";
  settings["sha256"] = write_values(embedded, result.kept, options);
  settings["skipped"] = embedded.broken.size();
  settings["skipped_rows"] = embedded.broken;
  settings["key"] = key_hash;
  if (!encoder.learned().empty()) write_learned(options.out / kLearned, encoder);
  std::string ids;
  for (const Index row : result.kept) ids += input.ids[row] + "\n";
  write_file(options.out / "ids.txt", ids);
  write_file(options.out / "skipped.csv", skipped_csv(input, embedded));
  write_file(settings_path, dump(settings));
  std::filesystem::remove_all(work, ignored);
  result.skipped = std::move(embedded.broken);
  result.skipped_reasons = std::move(embedded.broken_reasons);
  result.seconds = stopwatch.seconds();
  return result;
}

void restore_from_folder(Encoder& encoder, const std::filesystem::path& folder) {
  const nlohmann::json settings = read_settings(folder);
  const nlohmann::json there = without_fit(settings.value("encoder", nlohmann::json::object()));
  const nlohmann::json here = without_fit(nlohmann::json::parse(encoder.description()));
  if (there != here) {
    throw Error(folder.string(), "was embedded otherwise: " + difference(there, here));
  }
  if (!encoder.learns()) return;
  encoder.restore(read_learned(folder / kLearned));
}

EmbeddedFolderSettings read_folder_settings(const std::filesystem::path& folder) {
  const nlohmann::json json = read_settings(folder);
  try {
    return {json.at("data").get<std::string>(), json.at("data_fingerprint").get<std::string>(),
            json.at("notes").get<std::map<std::string, std::string>>()};
  } catch (const nlohmann::json::exception& error) {
    throw Error((folder / kSettings).string(), std::string("is damaged: ") + error.what());
  }
}

}  // namespace goldpan
