#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <goldpan/core/sha256.hpp>
#include <goldpan/core/workers.hpp>

namespace goldpan {

/// SHA-256 of every kRows rows of a file of values, so that a changed byte is found and its place
/// is known, and so that checking is work for all threads.
class RowDigests {
 public:
  static constexpr std::size_t kRows = 1024;

  explicit RowDigests(std::size_t row_bytes) : row_bytes_(row_bytes) {}

  /// Adds the next rows, whole ones.
  void add(std::span<const std::byte> rows);
  /// The digests of all rows so far; the last may be of fewer rows.
  std::vector<std::string> hex() const;

 private:
  std::size_t row_bytes_;
  std::size_t in_block_ = 0;  // rows of the block that is not full
  Sha256 block_;
  std::vector<std::string> full_;
};

/// The first block of rows whose digest is another than it was, or none; 0 too where their number
/// differs.
std::optional<std::size_t> first_changed_block(std::span<const std::byte> values,
                                               std::size_t row_bytes,
                                               const std::vector<std::string>& digests,
                                               Workers& workers);

}  // namespace goldpan
