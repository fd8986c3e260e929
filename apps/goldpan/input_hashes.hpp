#pragma once

#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <goldpan/core/background_hashes.hpp>
#include <goldpan/core/files.hpp>

/// What an input is called in the audit trail, and its file.
using NamedFile = std::pair<std::string, std::string>;

/// The input files, named, sized and hashed beside the selection: reading them once more takes as
/// long as many a selection.
class InputHashes {
 public:
  /// Without `hash` they are named and sized alone.
  InputHashes(std::vector<NamedFile> files, bool hash);

  nlohmann::ordered_json describe();

 private:
  std::vector<NamedFile> named_;
  std::deque<goldpan::MappedFile> files_;
  std::optional<goldpan::BackgroundHashes> hashes_;  // the last member: it looks at the files
};

/// Throws Error if an output would overwrite one of these files.
void refuse_overwriting(const std::vector<NamedFile>& inputs,
                        const std::vector<std::filesystem::path>& outputs);
