#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include <goldpan/core/embeddings.hpp>
#include <goldpan/core/workers.hpp>

namespace goldpan {

/// A test row and the pool row that is its copy, or the nearest of its near copies.
struct Copy {
  Index test = 0, pool = 0;
  float cosine = 1;    ///< of the two embeddings
  bool exact = false;  ///< equal values in all columns
};

struct CopiesAcross {
  std::vector<Copy> copies;  ///< in the order of the test rows, one each at most
  std::size_t exact = 0;     ///< of all test rows
  std::size_t near = 0;      ///< of `checked` test rows, exact ones included
  std::size_t checked = 0;   ///< test rows whose cosines were taken, evenly spaced
};

/// Test rows whose embedding the pool holds too. Exact copies are found by hashes among all rows;
/// near ones, a cosine of at least `cosine`, for as many test rows as kCopyPairs pairs allow (64 at
/// least), which bounds the work. Of equals the first row of `pool` counts. Rows of zeros are near
/// nothing.
inline constexpr std::size_t kCopyPairs = 50'000'000;
CopiesAcross copies_across(const Embeddings& embeddings, std::span<const Index> pool,
                           std::span<const Index> test, double cosine, Workers& workers);

}  // namespace goldpan
