#include "kernels/symmetric.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <string>
#include <utility>

#include <cblas.h>

#include <goldpan/core/error.hpp>

#include "kernels/blas.hpp"

// OpenBLAS carries LAPACK inside; its C interface is not in every build, Fortran's symbols are.
// NOLINTBEGIN(readability-identifier-naming): Fortran's names
extern "C" {
void dsyevd_(const char* job, const char* uplo, const int* n, double* a, const int* lda, double* w,
             double* work, const int* lwork, int* iwork, const int* liwork, int* info);
void sgeqrf_(const int* m, const int* n, float* a, const int* lda, float* tau, float* work,
             const int* lwork, int* info);
void sorgqr_(const int* m, const int* n, const int* k, float* a, const int* lda, const float* tau,
             float* work, const int* lwork, int* info);
}
// NOLINTEND(readability-identifier-naming)

namespace goldpan {
namespace {

constexpr std::size_t kBlock = 512;
constexpr std::size_t kExtraDirections = 64;

void check(const char* routine, int info) {
  if (info != 0) {
    throw Error(std::string("LAPACK ") + routine,
                "returned " + std::to_string(info) + ", expected 0; is a value not finite?");
  }
}

/// Makes the rows orthonormal (Householder QR of the transpose). Requires: rows <= cols.
void orthonormalise(Matrix<float>& rows) {
  prepare_blas();
  // Row-major rows are LAPACK's column-major columns.
  const int m = static_cast<int>(rows.cols()), n = static_cast<int>(rows.rows());
  const int work_size = n * 64;
  std::vector<float> tau(rows.rows()), work(static_cast<std::size_t>(work_size));
  int info = 0;
  sgeqrf_(&m, &n, rows.data(), &m, tau.data(), work.data(), &work_size, &info);
  check("sgeqrf", info);
  sorgqr_(&m, &n, &n, rows.data(), &m, tau.data(), work.data(), &work_size, &info);
  check("sorgqr", info);
}

/// An eigenvector's sign is arbitrary; this makes it the same on every machine.
void fix_sign(std::span<float> vector) {
  const auto largest = std::max_element(
      vector.begin(), vector.end(), [](float a, float b) { return std::fabs(a) < std::fabs(b); });
  if (largest != vector.end() && *largest < 0) {
    for (float& value : vector) value = -value;
  }
}

}  // namespace

Eigen eigen_of_symmetric(const Matrix<double>& symmetric) {
  assert(symmetric.rows() == symmetric.cols());
  prepare_blas();
  const std::size_t size = symmetric.rows();
  Eigen eigen;
  eigen.vectors = Matrix<float>(size, size);
  if (size == 0) return eigen;
  Matrix<double> a = symmetric;
  std::vector<double> values(size);
  const int n = static_cast<int>(size);
  const int work_size = 1 + 6 * n + 2 * n * n, integer_work_size = 3 + 5 * n;
  std::vector<double> work(static_cast<std::size_t>(work_size));
  std::vector<int> integer_work(static_cast<std::size_t>(integer_work_size));
  int info = 0;
  dsyevd_("V", "U", &n, a.data(), &n, values.data(), work.data(), &work_size, integer_work.data(),
          &integer_work_size, &info);
  check("dsyevd", info);
  eigen.values.assign(values.rbegin(), values.rend());
  for (std::size_t i = 0; i < size; ++i) {
    const auto from = std::as_const(a).row(size - 1 - i);
    std::copy(from.begin(), from.end(), eigen.vectors.row(i).begin());
    fix_sign(eigen.vectors.row(i));
  }
  return eigen;
}

SymmetricMatrix::SymmetricMatrix(std::size_t size)
    : size_(size), blocks_((size + kBlock - 1) / kBlock) {
  for (std::size_t i = 0; i < blocks_; ++i) {
    for (std::size_t j = i; j < blocks_; ++j) values_.emplace_back(width(i), width(j));
  }
}

std::size_t SymmetricMatrix::width(std::size_t block) const {
  return std::min(kBlock, size_ - block * kBlock);
}

std::size_t SymmetricMatrix::block_of(std::size_t i, std::size_t j) const {
  assert(i <= j && j < blocks_);
  return i * blocks_ - i * (i + 1) / 2 + j;
}

float SymmetricMatrix::at(std::size_t i, std::size_t j) const {
  if (i > j) std::swap(i, j);
  return values_[block_of(i / kBlock, j / kBlock)](i % kBlock, j % kBlock);
}

std::vector<Matrix<float>> SymmetricMatrix::split(MatrixView<const float> rows,
                                                  Workers& workers) const {
  std::vector<Matrix<float>> parts(blocks_);
  workers.run(blocks_, [&](std::size_t b) {
    parts[b] = Matrix<float>(rows.rows(), width(b));
    for (std::size_t r = 0; r < rows.rows(); ++r) {
      std::copy_n(rows.row(r).data() + b * kBlock, width(b), parts[b].row(r).data());
    }
  });
  return parts;
}

void SymmetricMatrix::add_outer_products(MatrixView<const float> rows, Workers& workers) {
  assert(rows.cols() == size_);
  const auto parts = split(rows, workers);
  workers.run(blocks_ * blocks_, [&](std::size_t task) {
    const std::size_t i = task / blocks_, j = task % blocks_;
    if (i <= j) multiply_left_transposed(parts[i], parts[j], values_[block_of(i, j)], 1.0f, 1.0f);
  });
}

void SymmetricMatrix::transform(
    const std::function<float(std::size_t i, std::size_t j, float value)>& change,
    Workers& workers) {
  workers.run(blocks_ * blocks_, [&](std::size_t task) {
    const std::size_t i = task / blocks_, j = task % blocks_;
    if (i > j) return;
    Matrix<float>& block = values_[block_of(i, j)];
    for (std::size_t r = 0; r < block.rows(); ++r) {
      for (std::size_t c = 0; c < block.cols(); ++c) {
        block(r, c) = change(i * kBlock + r, j * kBlock + c, block(r, c));
      }
    }
  });
}

void SymmetricMatrix::multiply_by(MatrixView<const float> rows, MatrixView<float> out,
                                  Workers& workers) const {
  assert(rows.cols() == size_ && out.cols() == size_ && out.rows() == rows.rows());
  const auto parts = split(rows, workers);
  workers.run(blocks_, [&](std::size_t j) {
    Matrix<float> sum(rows.rows(), width(j));
    for (std::size_t i = 0; i < blocks_; ++i) {
      const float beta = i == 0 ? 0.0f : 1.0f;
      if (i <= j) {
        multiply(parts[i], values_[block_of(i, j)], sum, 1.0f, beta);
      } else {
        multiply_transposed(parts[i], values_[block_of(j, i)], sum, 1.0f, beta);
      }
    }
    for (std::size_t r = 0; r < rows.rows(); ++r) {
      std::copy_n(sum.row(r).data(), width(j), out.row(r).data() + j * kBlock);
    }
  });
}

Eigen leading_eigenvectors(const SymmetricMatrix& symmetric, std::size_t count, int iterations,
                           Generator generator, Workers& workers) {
  const std::size_t size = symmetric.size();
  assert(count <= size);
  const std::size_t directions = std::min(size, count + kExtraDirections);
  Matrix<float> basis(directions, size), image(directions, size);
  for (std::size_t i = 0; i < basis.size(); ++i) {
    basis.data()[i] = static_cast<float>(generator.normal());
  }
  orthonormalise(basis);
  Eigen ritz;
  for (int iteration = 0;; ++iteration) {
    symmetric.multiply_by(basis, image, workers);
    if (iteration == iterations) break;
    std::swap(basis, image);
    orthonormalise(basis);
  }
  Matrix<double> small(directions, directions);
  workers.run(directions, [&](std::size_t i) {
    for (std::size_t j = 0; j < directions; ++j) {
      double sum = 0;
      for (std::size_t k = 0; k < size; ++k) sum += double{basis(i, k)} * double{image(j, k)};
      small(i, j) = sum;
    }
  });
  ritz = eigen_of_symmetric(small);

  Eigen eigen;
  eigen.values.assign(ritz.values.begin(),
                      ritz.values.begin() + static_cast<std::ptrdiff_t>(count));
  eigen.vectors = Matrix<float>(count, size);
  multiply(ritz.vectors.view().rows_between(0, count), basis, eigen.vectors);
  for (std::size_t i = 0; i < count; ++i) fix_sign(eigen.vectors.row(i));
  return eigen;
}

}  // namespace goldpan
