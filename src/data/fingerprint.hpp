#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <goldpan/core/sha256.hpp>
#include <goldpan/core/workers.hpp>
#include <goldpan/data/dataset.hpp>

#include "data/file_images.hpp"

namespace goldpan {

/// Collects what identifies a data set. Each text goes in with its length, so that different lists
/// of texts never look alike.
class Fingerprint {
 public:
  /// `format` is stable: renaming it makes every cache of that format stale.
  explicit Fingerprint(std::string_view format) { add(format); }
  Fingerprint& add(std::string_view text);
  Fingerprint& add(std::uint64_t number);
  std::string hex() const { return digest_.hex(); }

 private:
  Sha256 digest_;
};

/// SHA-256 over the digests of the content's pieces of 1 MiB, so that all threads help.
std::string content_digest(std::span<const std::byte> content, Workers& workers);

/// The fingerprint of items that are image files: class names, and each item's id, label, split and
/// sampled content (see sampled_digest).
std::string fingerprint_of_files(std::string_view format, const Dataset& dataset,
                                 const FileImages& files, Workers& workers);

}  // namespace goldpan
