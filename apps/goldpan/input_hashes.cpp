#include "input_hashes.hpp"

#include <filesystem>
#include <system_error>

#include <fmt/format.h>

#include <goldpan/core/error.hpp>
#include <goldpan/core/npy.hpp>

InputHashes::InputHashes(std::vector<NamedFile> files, bool hash) : named_(std::move(files)) {
  std::vector<goldpan::BackgroundHashes::Input> inputs;
  for (const auto& [name, path] : named_) {
    files_.emplace_back(goldpan::array_file(path));
    inputs.push_back({name, files_.back().bytes()});
  }
  if (hash) hashes_.emplace(std::move(inputs));
}

nlohmann::ordered_json InputHashes::describe() {
  nlohmann::ordered_json inputs;
  for (std::size_t i = 0; i < named_.size(); ++i) {
    const auto& [name, path] = named_[i];
    inputs[name]["file"] = path;
    inputs[name]["bytes"] = files_[i].bytes().size();
    if (hashes_) inputs[name]["sha256"] = hashes_->get(name);
  }
  return inputs;
}

void refuse_overwriting(const std::vector<NamedFile>& inputs,
                        const std::vector<std::filesystem::path>& outputs) {
  for (const auto& [name, path] : inputs) {
    for (const std::filesystem::path& output : outputs) {
      std::error_code missing;
      if (std::filesystem::equivalent(output, goldpan::array_file(path), missing)) {
        throw goldpan::Error(
            "--out",
            fmt::format("'{}' would be overwritten, which is read as --{}", output.string(), name));
      }
    }
  }
}
