#include <algorithm>
#include <string>
#include <string_view>
#include <system_error>

#include <nlohmann/json.hpp>

#include <goldpan/core/error.hpp>
#include <goldpan/core/files.hpp>
#include <goldpan/embed/cache.hpp>

#include "embed/cache_record.hpp"

namespace goldpan {
namespace {

constexpr std::size_t kHashDigits = 16;

/// Whether this is the name of a cache, without its ending: ENCODER-<hash>.
bool is_cache_name(std::string_view name) {
  return name.size() > kHashDigits + 1 && name[name.size() - kHashDigits - 1] == '-' &&
         name.substr(name.size() - kHashDigits).find_first_not_of("0123456789abcdef") ==
             std::string_view::npos;
}

/// What is wrong with the cache of this record, or nothing; adds to `blocks`.
std::string fault_of(const std::filesystem::path& path, Workers& workers, std::size_t& blocks) {
  std::string changed = "is not what was written";
  const nlohmann::json json = nlohmann::json::parse(read_text(path), nullptr, false);
  if (!json.is_object() || !json.contains("key")) return changed;
  const std::string name = path.stem().string();
  const nlohmann::json& key = json.at("key");
  const CacheFiles files(path.parent_path(), name.substr(0, name.size() - kHashDigits - 1), key);
  if (files.record != path) return changed + ": its name belongs to another key";
  const auto record = CacheRecord::read(path, key);
  if (!record) return changed;
  // Killed between the two steps of its end: the next run takes the last one.
  if (!std::filesystem::exists(files.values) && std::filesystem::exists(files.partial)) return {};
  const std::size_t images = key.at("images");
  const std::size_t dim = key.at("dim");
  std::string damage;
  if (!open_finished(files, key, images, dim, workers, damage)) {
    return damage.empty()
               ? "names values that are not as it says: " + files.values.filename().string()
               : damage;
  }
  blocks += record->digests.size();
  return {};
}

}  // namespace

CacheCheck check_caches(const std::filesystem::path& folder, Workers& workers) {
  std::vector<std::filesystem::path> records, values;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const std::filesystem::path& path = entry.path();
    if (!entry.is_regular_file() || !is_cache_name(path.stem().string())) continue;
    if (path.extension() == ".json") records.push_back(path);
    if (path.extension() == ".npy") values.push_back(path);
  }
  std::ranges::sort(records);
  std::ranges::sort(values);
  CacheCheck check;
  const auto add = [&](const std::filesystem::path& path, const std::string& what) {
    check.faults.push_back("[" + path.string() + "] " + what);
  };
  for (const std::filesystem::path& path : records) {
    try {
      const std::string fault = fault_of(path, workers, check.blocks);
      if (!fault.empty()) add(path, fault);
    } catch (const Error& cannot_read) {
      check.faults.emplace_back(cannot_read.what());
    } catch (const nlohmann::json::exception&) {
      add(path, "is not what was written");
    }
  }
  for (std::filesystem::path path : values) {
    if (!std::ranges::binary_search(records, path.replace_extension(".json"))) {
      add(path.replace_extension(".npy"), "has no record of its digests");
    }
  }
  return check;
}

}  // namespace goldpan
