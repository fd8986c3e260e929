#include <algorithm>
#include <cstdio>
#include <iterator>
#include <limits>
#include <optional>
#include <set>
#include <system_error>

#include <fmt/format.h>
#include <glob.h>

#include <goldpan/core/error.hpp>
#include <goldpan/core/files.hpp>
#include <goldpan/core/shards.hpp>

namespace goldpan {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> matching(const std::string& pattern) {
  glob_t found = {};
  const int error = ::glob(pattern.c_str(), GLOB_NOSORT, nullptr, &found);
  std::vector<fs::path> paths;
  for (std::size_t i = 0; error == 0 && i < found.gl_pathc; ++i)
    paths.emplace_back(found.gl_pathv[i]);
  ::globfree(&found);
  if (paths.empty()) throw Error(pattern, "no file matches this pattern");
  // The system sorts by the rules of a language, which would number rows differently elsewhere.
  std::ranges::sort(paths, {}, &fs::path::native);
  return paths;
}

/// What `goldpan embed --shard i/n` wrote into a folder: shard-00000-of-00008/embeddings.npy, ...
/// All n have to be there.
std::vector<fs::path> numbered_shards_in(const fs::path& folder) {
  std::set<fs::path> shards;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    if (entry.path().filename().string().starts_with("shard-") && entry.is_directory()) {
      shards.insert(entry.path());
    }
  }
  std::vector<fs::path> files;
  for (const fs::path& shard : shards) {
    const std::string name = shard.filename().string();
    std::size_t number = 0, count = 0;
    int end = 0;
    if (std::sscanf(name.c_str(), "shard-%zu-of-%zu%n", &number, &count, &end) != 2 ||
        end != static_cast<int>(name.size()) || count == 0) {
      continue;
    }
    // In the order of their names they count 0, 1, ..., n - 1.
    if (number != files.size()) {
      throw Error(folder.string(),
                  fmt::format("lacks shard {} of {}, expected all of them", files.size(), count));
    }
    if (!fs::exists(shard / "embeddings.npy")) {
      throw Error(shard.string(), "holds no embeddings.npy: it is not complete");
    }
    files.push_back(shard / "embeddings.npy");
    if (shard == *shards.rbegin() && files.size() != count) {
      throw Error(folder.string(),
                  fmt::format("lacks shard {} of {}, expected all of them", files.size(), count));
    }
  }
  return files;
}

std::vector<fs::path> shards_in(const fs::path& folder) {
  if (fs::exists(folder / "embeddings.npy")) return {folder / "embeddings.npy"};
  if (std::vector<fs::path> shards = numbered_shards_in(folder); !shards.empty()) return shards;
  std::vector<fs::path> paths;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("embeddings") && name.ends_with(".npy")) paths.push_back(entry.path());
  }
  if (paths.empty()) {
    throw Error(folder.string(),
                "holds no embeddings.npy, embeddings*.npy or shards of goldpan embed --shard");
  }
  std::ranges::sort(paths, {}, &fs::path::native);
  return paths;
}

std::string describe(const Embeddings& embeddings) {
  return fmt::format("{} columns of {}", embeddings.cols(),
                     embeddings.is_half() ? "float16" : "float32");
}

std::optional<fs::path> ids_beside(const fs::path& shard) {
  fs::path ids = shard.filename() == "embeddings.npy"
                     ? shard.parent_path() / "ids.txt"
                     : fs::path(shard).replace_extension(".ids.txt");
  if (!fs::exists(ids)) return std::nullopt;
  return ids;
}

/// Appends the lines of a text file, without line ends.
std::size_t append_lines(const fs::path& path, std::vector<std::string>& lines) {
  const std::string text = read_text(path);
  std::size_t count = 0;
  for (std::size_t begin = 0; begin < text.size(); ++count) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    std::string line = text.substr(begin, end - begin);
    if (!line.empty() && line.back() == '\r') line.pop_back();
    lines.push_back(std::move(line));
    begin = end + 1;
  }
  return count;
}

}  // namespace

std::vector<fs::path> find_shards(std::span<const std::string> names) {
  std::vector<fs::path> files;
  for (const std::string& name : names) {
    std::error_code none;
    std::vector<fs::path> found;
    if (fs::is_directory(name, none)) {
      found = shards_in(name);
    } else if (!fs::exists(name, none) && name.find_first_of("*?[") != std::string::npos) {
      for (const fs::path& path : matching(name)) {
        if (!fs::is_directory(path, none)) {
          found.push_back(path);
        } else {
          std::ranges::copy(shards_in(path), std::back_inserter(found));
        }
      }
    } else {
      found = {name};
    }
    files.insert(files.end(), found.begin(), found.end());
  }
  std::set<std::string> seen;
  for (const fs::path& file : files) {
    if (!seen.insert(fs::absolute(file).lexically_normal().string()).second) {
      throw Error(file.string(), "is named twice, expected each shard once");
    }
  }
  return files;
}

ShardedEmbeddings::ShardedEmbeddings(std::span<const fs::path> files) {
  if (files.empty()) throw Error("embeddings", "got no file, expected at least one shard");
  shards_.reserve(files.size());
  names_.reserve(files.size());  // pieces look at the names
  for (const fs::path& path : files) {
    NpyFile file(path);
    const Embeddings values = file.embeddings();
    if (shards_.empty()) {
      cols_ = values.cols();
      is_half_ = values.is_half();
    } else if (values.cols() != cols_ || values.is_half() != is_half_) {
      throw Error(path.string(), fmt::format("has {}, expected {} as in {}", describe(values),
                                             describe(shards_[0].file.embeddings()),
                                             shards_[0].file.path().string()));
    }
    if (values.rows() > 0) {
      names_.push_back(path.string());
      const void* const data =
          is_half_ ? static_cast<const void*>(values.as_half().data()) : values.as_float().data();
      pieces_.push_back({rows_, data, names_.back()});
    }
    shards_.push_back({std::move(file), rows_, values.rows()});
    rows_ += values.rows();
    if (rows_ > std::size_t{1} << std::numeric_limits<Index>::digits) {
      throw Error(path.string(),
                  fmt::format("brings the pool to {} rows, expected at most 2^32", rows_));
    }
  }
}

Embeddings ShardedEmbeddings::embeddings() const {
  if (pieces_.empty()) return shards_.front().file.embeddings();
  return {pieces_, rows_, cols_, is_half_};
}

std::vector<std::string> ShardedEmbeddings::ids() const {
  std::vector<std::string> ids;
  const bool expected = ids_beside(shards_.front().file.path()).has_value();
  for (const Shard& shard : shards_) {
    const std::string path = shard.file.path().string();
    const std::optional<fs::path> file = ids_beside(shard.file.path());
    if (file.has_value() != expected) {
      throw Error(path,
                  fmt::format("has {} names beside it, but {} has {}", file ? "" : "no",
                              shards_.front().file.path().string(), expected ? "some" : "none"));
    }
    if (!file) continue;
    const std::size_t count = append_lines(*file, ids);
    if (count != shard.rows) {
      throw Error(file->string(),
                  fmt::format("has {} lines, expected one for each of the {} rows of {}", count,
                              shard.rows, path));
    }
  }
  return ids;
}

Matrix<float> join_matrices(std::span<const std::filesystem::path> files,
                            std::span<const std::size_t> rows) {
  if (files.empty()) throw Error("shards", "got no files, expected at least one");
  if (!rows.empty() && rows.size() != files.size()) {
    throw Error(files.front().string(), "got " + std::to_string(files.size()) +
                                            " files, expected one for each of " +
                                            std::to_string(rows.size()) + " shards of embeddings");
  }
  std::vector<float> values;
  std::size_t cols = 0;
  for (std::size_t i = 0; i < files.size(); ++i) {
    const std::string name = files[i].string();
    const NpyFloats file(files[i], 2, "N x C");
    const MatrixView<const float> part = file.matrix();
    if (i > 0 && part.cols() != cols) {
      throw Error(name, "has " + std::to_string(part.cols()) + " columns, expected " +
                            std::to_string(cols) + " as in " + files.front().string());
    }
    if (!rows.empty() && part.rows() != rows[i]) {
      throw Error(name, "has " + std::to_string(part.rows()) + " rows, expected the " +
                            std::to_string(rows[i]) + " of its shard of embeddings");
    }
    cols = part.cols();
    values.insert(values.end(), part.data(), part.data() + part.size());
  }
  Matrix<float> joined(values.size() / cols, cols);
  std::ranges::copy(values, joined.data());
  return joined;
}

}  // namespace goldpan
