#pragma once

#include <goldpan/core/matrix.hpp>

namespace goldpan {

/// Replaces a symmetric positive definite matrix A = L L^T (D x D; only its upper triangle is read)
/// by L^-T, an upper triangle with zeros below: T with T^T A T = I, which turns a quadratic form
/// into the identity. Returns false, with `a` spoilt, where A is not positive definite to float
/// precision. About D^3 / 3 multiply-adds on the calling thread.
bool invert_cholesky_factor(MatrixView<float> a);

}  // namespace goldpan
