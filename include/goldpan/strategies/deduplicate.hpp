#pragma once

#include <vector>

#include <goldpan/core/embeddings.hpp>
#include <goldpan/core/progress.hpp>
#include <goldpan/core/workers.hpp>

namespace goldpan {

/// Near-duplicates of a pool, grouped around the rows that stand for them.
struct Duplicates {
  /// One row a group, ascending: no two of them have a cosine of `cosine` or more.
  std::vector<Index> kept;
  /// For each of the N rows the kept row that stands for it (itself where it is kept).
  std::vector<Index> kept_row_of;
};

/// Goes through the rows in order and keeps each whose cosine with every row kept so far is below
/// `cosine`; another row joins the kept row that it is most similar to (ties: the lowest). Exact,
/// O(N K D) for K kept rows, K D floats of memory. Rows of zeros are similar to nothing. Throws
/// Error unless 0 < cosine <= 1, and for a value that is not finite, naming its row.
Duplicates deduplicate(const Embeddings& embeddings, double cosine, Workers& workers,
                       const Progress& progress = {});

}  // namespace goldpan
