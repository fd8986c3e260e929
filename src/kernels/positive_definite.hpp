#pragma once

#include <goldpan/core/matrix.hpp>

namespace goldpan {

/// Replaces a symmetric positive definite matrix by its inverse, and tells whether it was one (if
/// not, the matrix is left in pieces). Reads the lower triangle. Single-threaded BLAS, blocked;
/// takes one more matrix of the same size.
bool invert_positive_definite(Matrix<double>& matrix);

}  // namespace goldpan
