#pragma once

#include <span>
#include <vector>

#include <goldpan/core/embeddings.hpp>
#include <goldpan/core/matrix.hpp>
#include <goldpan/core/workers.hpp>
#include <goldpan/models/linear_head.hpp>

namespace goldpan {

/// The affine map from embeddings to a head's inputs: (x - mean) * scale, column by column.
struct ColumnScales {
  std::vector<float> mean;   ///< D
  std::vector<float> scale;  ///< D; 0 for a column that does not vary

  /// Applies the map in place to rows of D columns.
  void apply(MatrixView<float> rows) const;
  /// The named rows, scaled: out is rows.size() x D. Throws Error naming the first of them that
  /// cannot be measured (row_fault).
  void gather(const Embeddings& embeddings, std::span<const Index> rows,
              MatrixView<float> out) const;
};

/// Fits the map to (up to 8192, evenly spread, of) the named rows so that their mean squared norm
/// becomes `squared_norm`; see InputScaling. Requires: rows not empty.
ColumnScales fit_column_scales(const Embeddings& embeddings, std::span<const Index> rows,
                               InputScaling scaling, double squared_norm);

/// All named rows, scaled, a block at a time over the workers. Throws as ColumnScales::gather does.
Matrix<float> gather_inputs(const Embeddings& embeddings, std::span<const Index> rows,
                            const ColumnScales& scales, Workers& workers);

}  // namespace goldpan
