#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "distributed/messages.hpp"

namespace goldpan::distributed {

// What the two sides of max_herding and uherding say to each other.

enum class HerdAsk : std::uint8_t {
  kLabeled,  // the embeddings of the labelled rows
  kGreedy,   // the picks of this shard alone
  kWeigh,    // what each candidate gains on your rows, and each shard's picks together
  kGains,    // these candidates are picked: what do those gain now?
};

/// Rows of several shards, as these sent them.
inline void put_parts(const std::vector<std::string>& parts, Writer& to) {
  to.put<std::uint64_t>(parts.size());
  for (const std::string& part : parts) to.put_bytes(part);
}

/// All rows that put_parts put, in one matrix.
inline Matrix<float> get_parts(Reader& from) {
  std::vector<float> values;
  std::size_t cols = 0;
  for (auto parts = from.get<std::uint64_t>(); parts > 0; --parts) {
    const Matrix<float> part = from.get_rows();
    if (part.rows() == 0) continue;
    if (cols != 0 && part.cols() != cols) throw Error("message", "is of another width");
    cols = part.cols();
    values.insert(values.end(), part.data(), part.data() + part.size());
  }
  Matrix<float> rows(cols == 0 ? 0 : values.size() / cols, cols);
  std::copy(values.begin(), values.end(), rows.data());
  return rows;
}

}  // namespace goldpan::distributed
