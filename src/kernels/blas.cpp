#include "kernels/blas.hpp"

#include <cassert>

#include <cblas.h>
#include <sys/mman.h>

#include <goldpan/core/error.hpp>

#include "kernels/product.hpp"

namespace goldpan {

void multiply_transposed(MatrixView<const float> a, MatrixView<const float> b,
                         MatrixView<float> out, float alpha, float beta) {
  assert(a.cols() == b.cols() && out.rows() == a.rows() && out.cols() == b.rows());
  strided_product(out.rows(), out.cols(), a.cols(), {a.data(), a.cols(), 1},
                  {b.data(), 1, b.cols()}, out.data(), out.cols(), alpha, beta);
}

void multiply(MatrixView<const float> a, MatrixView<const float> b, MatrixView<float> out,
              float alpha, float beta) {
  assert(a.cols() == b.rows() && out.rows() == a.rows() && out.cols() == b.cols());
  strided_product(out.rows(), out.cols(), a.cols(), {a.data(), a.cols(), 1},
                  {b.data(), b.cols(), 1}, out.data(), out.cols(), alpha, beta);
}

void multiply_left_transposed(MatrixView<const float> a, MatrixView<const float> b,
                              MatrixView<float> out, float alpha, float beta) {
  assert(a.rows() == b.rows() && out.rows() == a.cols() && out.cols() == b.cols());
  strided_product(out.rows(), out.cols(), a.rows(), {a.data(), 1, a.cols()},
                  {b.data(), b.cols(), 1}, out.data(), out.cols(), alpha, beta);
}

void multiply_transposed(MatrixView<const float> a, MatrixView<const float> b,
                         MatrixView<float> out, Workers& workers) {
  workers.for_blocks(a.rows(), kProductRows, [&](std::size_t begin, std::size_t end) {
    multiply_transposed(a.rows_between(begin, end), b, out.rows_between(begin, end));
  });
}

void prepare_blas() {
  // OpenBLAS asks for its buffers again and again, for ever, where the address space has no room
  // for them (`ulimit -v`): so we ask first.
  constexpr std::size_t kBuffer = std::size_t{256} << 20;
  void* const room = ::mmap(nullptr, kBuffer, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (room == MAP_FAILED) {
    throw Error("memory",
                "got no 256 MiB of address space for OpenBLAS' buffers, expected a higher "
                "limit (ulimit -v) or fewer threads");
  }
  ::munmap(room, kBuffer);
  openblas_set_num_threads(1);
}

}  // namespace goldpan
