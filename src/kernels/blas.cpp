#include "kernels/blas.hpp"

#include <cassert>

#include <cblas.h>

namespace goldpan {
namespace {

/// Threads are ours: BLAS gets one, so that its rounding cannot depend on how many there are.
void use_one_blas_thread() {
  static const bool done = [] {
    openblas_set_num_threads(1);
    return true;
  }();
  static_cast<void>(done);
}

int as_int(std::size_t value) { return static_cast<int>(value); }

void gemm(CBLAS_TRANSPOSE transpose_a, CBLAS_TRANSPOSE transpose_b, std::size_t depth,
          MatrixView<const float> a, MatrixView<const float> b, MatrixView<float> out, float alpha,
          float beta) {
  if (out.empty()) return;
  use_one_blas_thread();
  cblas_sgemm(CblasRowMajor, transpose_a, transpose_b, as_int(out.rows()), as_int(out.cols()),
              as_int(depth), alpha, a.data(), as_int(a.cols()), b.data(), as_int(b.cols()), beta,
              out.data(), as_int(out.cols()));
}

}  // namespace

void multiply_transposed(MatrixView<const float> a, MatrixView<const float> b,
                         MatrixView<float> out, float alpha, float beta) {
  assert(a.cols() == b.cols() && out.rows() == a.rows() && out.cols() == b.rows());
  gemm(CblasNoTrans, CblasTrans, a.cols(), a, b, out, alpha, beta);
}

void multiply(MatrixView<const float> a, MatrixView<const float> b, MatrixView<float> out,
              float alpha, float beta) {
  assert(a.cols() == b.rows() && out.rows() == a.rows() && out.cols() == b.cols());
  gemm(CblasNoTrans, CblasNoTrans, a.cols(), a, b, out, alpha, beta);
}

void multiply_left_transposed(MatrixView<const float> a, MatrixView<const float> b,
                              MatrixView<float> out, float alpha, float beta) {
  assert(a.rows() == b.rows() && out.rows() == a.cols() && out.cols() == b.cols());
  gemm(CblasTrans, CblasNoTrans, a.rows(), a, b, out, alpha, beta);
}

void multiply_transposed(MatrixView<const float> a, MatrixView<const float> b,
                         MatrixView<float> out, Workers& workers) {
  workers.for_blocks(a.rows(), kProductRows, [&](std::size_t begin, std::size_t end) {
    multiply_transposed(a.rows_between(begin, end), b, out.rows_between(begin, end));
  });
}

}  // namespace goldpan
