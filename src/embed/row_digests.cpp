#include "embed/row_digests.hpp"

#include <algorithm>
#include <cassert>

namespace goldpan {

void RowDigests::add(std::span<const std::byte> rows) {
  assert(rows.size() % row_bytes_ == 0);
  while (!rows.empty()) {
    const std::size_t count = std::min(kRows - in_block_, rows.size() / row_bytes_);
    block_.update(rows.first(count * row_bytes_));
    rows = rows.subspan(count * row_bytes_);
    in_block_ += count;
    if (in_block_ < kRows) continue;
    full_.push_back(block_.hex());
    block_ = Sha256();
    in_block_ = 0;
  }
}

std::vector<std::string> RowDigests::hex() const {
  std::vector<std::string> digests = full_;
  if (in_block_ > 0) digests.push_back(block_.hex());
  return digests;
}

std::optional<std::size_t> first_changed_block(std::span<const std::byte> values,
                                               std::size_t row_bytes,
                                               const std::vector<std::string>& digests,
                                               Workers& workers) {
  const std::size_t block_bytes = RowDigests::kRows * row_bytes;
  const std::size_t blocks = (values.size() + block_bytes - 1) / block_bytes;
  if (digests.size() != blocks) return 0;
  std::vector<char> changed(blocks, 0);
  workers.run(blocks, [&](std::size_t block) {
    const std::size_t begin = block * block_bytes;
    const auto part = values.subspan(begin, std::min(block_bytes, values.size() - begin));
    changed[block] = Sha256().update(part).hex() != digests[block] ? 1 : 0;
  });
  const auto found = std::ranges::find(changed, 1);
  if (found == changed.end()) return std::nullopt;
  return static_cast<std::size_t>(found - changed.begin());
}

}  // namespace goldpan
