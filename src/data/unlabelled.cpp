#include <algorithm>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <goldpan/core/error.hpp>
#include <goldpan/core/files.hpp>

#include "core/file_bytes.hpp"
#include "data/file_images.hpp"
#include "data/fingerprint.hpp"
#include "data/folder_listing.hpp"
#include "data/groups.hpp"
#include "data/readers.hpp"

// Images that nobody has labelled yet: a folder of any shape, or a list of files.

namespace goldpan {
namespace {

/// Deeper than any folder of frames; a link to a folder above itself is found by it.
constexpr int kMostDepth = 64;

struct Walk {
  std::vector<std::string> images;
  std::size_t others = 0;
  std::string first_other;
};

void walk(const std::filesystem::path& root, const std::string& below, int depth, Walk& found) {
  const std::filesystem::path folder = below.empty() ? root : root / below;
  if (depth > kMostDepth) {
    throw Error(folder.string(), fmt::format("lies {} folders deep, expected at most {}; does a "
                                             "link lead back up?",
                                             depth, kMostDepth));
  }
  const FolderListing listing = list_folder(folder);
  const std::string prefix = below.empty() ? "" : below + "/";
  for (const std::string& name : listing.images) {
    if (name.find('\n') != std::string::npos) {
      throw Error((folder / name).string(), "has a line break in its name, which ids cannot have");
    }
    found.images.push_back(prefix + name);
  }
  if (found.others == 0 && !listing.others.empty()) {
    found.first_other = (folder / listing.others[0]).string();
  }
  found.others += listing.others.size();
  for (const std::string& name : listing.folders) walk(root, prefix + name, depth + 1, found);
}

/// The fields of a CSV line; quotes as RFC 4180 has them, within one line.
std::vector<std::string> split_csv(const std::string& line, const std::string& where) {
  std::vector<std::string> fields(1);
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quoted && c == '"' && i + 1 < line.size() && line[i + 1] == '"') {
      fields.back() += c;
      ++i;
    } else if (c == '"' && (quoted || fields.back().empty())) {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      fields.emplace_back();
    } else {
      fields.back() += c;
    }
  }
  if (quoted) throw Error(where, "has a quote that is not closed in its line");
  return fields;
}

/// What a list names: parallel; groups only where the file has the column.
struct Listed {
  std::vector<std::string> ids, paths, groups;
};

class ListReader {
 public:
  explicit ListReader(const std::filesystem::path& file) : file_(file.string()) {
    std::string line;
    const std::string text = read_text(file);
    for (std::size_t at = 0; at < text.size(); at += line.size() + 1) {
      line = text.substr(at, text.find('\n', at) - at);
      std::string content = line;
      if (content.ends_with('\r')) content.pop_back();
      ++number_;
      if (!content.empty()) take(content);
    }
    if (listed.ids.empty()) throw Error(file_, "names no image, expected a path a line");
  }

  Listed listed;

 private:
  std::string where() const { return fmt::format("{}:{}", file_, number_); }

  void take(const std::string& line) {
    if (number_ == 1 && (line == "id,path" || line == "id,path,group")) {
      columns_ = line == "id,path" ? 2 : 3;
      return;
    }
    std::string id = line, path = line;
    if (columns_ > 0) {
      const std::vector<std::string> fields = split_csv(line, where());
      if (fields.size() != columns_) {
        throw Error(where(), fmt::format("has {} fields, expected {} as in the header",
                                         fields.size(), columns_));
      }
      id = fields[0];
      path = fields[1];
      if (columns_ == 3) listed.groups.push_back(fields[2]);
    }
    if (id.empty() || path.empty()) throw Error(where(), "has no id or no path");
    if (!seen_.insert(id).second) {
      throw Error(where(), fmt::format("names '{}' a second time, expected unique ids", id));
    }
    listed.ids.push_back(std::move(id));
    listed.paths.push_back(std::move(path));
  }

  std::string file_;
  std::size_t number_ = 0, columns_ = 0;
  std::unordered_set<std::string> seen_;
};

/// Ids, and each file's sampled content. A file that cannot be read is told of when it comes to
/// decoding it, with the other broken ones.
std::string fingerprint_of(std::string_view format, const Dataset& dataset,
                           const FileImages& files) {
  std::vector<std::string> digests(dataset.size());
  Workers workers;
  workers.for_blocks(dataset.size(), 256, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      try {
        digests[i] = sampled_digest(files.path(i));
      } catch (const Error&) {
        digests[i] = "unreadable";
      }
    }
  });
  Fingerprint fingerprint(format);
  for (std::size_t i = 0; i < dataset.size(); ++i) {
    fingerprint.add(dataset.items.ids[i]).add(digests[i]);
  }
  return fingerprint.hex();
}

void number_groups(const std::vector<std::string>& names, Items& items) {
  std::unordered_map<std::string, std::uint32_t> numbers;
  for (const std::string& name : names) {
    items.groups.push_back(
        numbers.emplace(name, static_cast<std::uint32_t>(numbers.size())).first->second);
  }
}

}  // namespace

Dataset open_images(const std::filesystem::path& folder, const DatasetOptions& options) {
  require_folder(folder, "images");
  Walk found;
  walk(folder, "", 0, found);
  if (found.images.empty()) {
    throw Error(folder.string(),
                "holds no images, expected *.jpg, *.jpeg, *.png or *.webp in it "
                "or in folders below it");
  }
  Dataset dataset;
  if (found.others > 0) {
    dataset.notes.push_back(
        fmt::format("{} files are not images by their names and were left out, the first is {}.",
                    found.others, found.first_other));
  }
  dataset.items.ids = std::move(found.images);
  if (!options.group_pattern.empty()) {
    dataset.items.groups =
        group_by_pattern(dataset.items.ids, {}, options.group_pattern, dataset.notes);
  }
  const auto images = std::make_shared<FileImages>(folder, dataset.items.ids);
  dataset.fingerprint = fingerprint_of("images 1", dataset, *images);
  dataset.items.images = images;
  return dataset;
}

Dataset open_list(const std::filesystem::path& file, const DatasetOptions&) {
  if (file.empty()) throw Error("list", "names no file, expected list:FILE");
  ListReader reader(file);
  Dataset dataset;
  dataset.items.ids = std::move(reader.listed.ids);
  number_groups(reader.listed.groups, dataset.items);
  // Paths are meant from where the list lies; absolute ones stay as they are.
  const auto images =
      std::make_shared<FileImages>(file.parent_path(), std::move(reader.listed.paths));
  dataset.fingerprint = fingerprint_of("list 1", dataset, *images);
  dataset.items.images = images;
  return dataset;
}

}  // namespace goldpan
