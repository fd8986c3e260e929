#include "kernels/contraction.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "kernels/blas.hpp"
#include "kernels/vector_products.hpp"

namespace goldpan {
namespace {

// Products with the covariance: the bounds need good directions, not eigenvectors.
constexpr int kIterations = 4;

/// Makes the rows orthonormal (Gram-Schmidt, twice over: once is not orthonormal to rounding). A
/// row that depends on those before it becomes zero, which is as good: it takes nothing away.
void orthonormalize(Matrix<float>& rows) {
  std::vector<std::vector<double>> done;
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    std::vector<double> v(rows.row(i).begin(), rows.row(i).end());
    const auto dot = [&](const std::vector<double>& a) {
      double sum = 0;
      for (std::size_t d = 0; d < v.size(); ++d) sum += a[d] * v[d];
      return sum;
    };
    const double before = std::sqrt(dot(v));
    for (int pass = 0; pass < 2; ++pass) {
      for (const std::vector<double>& other : done) {
        const double along = dot(other);
        for (std::size_t d = 0; d < v.size(); ++d) v[d] -= along * other[d];
      }
    }
    const double length = std::sqrt(dot(v));
    const double scale = length > 1e-6 * before ? 1.0 / length : 0.0;
    for (std::size_t d = 0; d < v.size(); ++d) {
      v[d] *= scale;
      rows(i, d) = static_cast<float>(v[d]);
    }
    done.push_back(std::move(v));
  }
}

void subtract(Matrix<float>& rows, std::span<const float> mean) {
  for (std::size_t r = 0; r < rows.rows(); ++r) {
    const auto row = rows.row(r);
    for (std::size_t d = 0; d < row.size(); ++d) row[d] -= mean[d];
  }
}

}  // namespace

Contraction::Contraction(MatrixView<const float> sample, std::size_t dims, Generator generator)
    : directions_(dims - 1, sample.cols()), mean_(sample.cols()) {
  assert(1 < dims && dims <= sample.cols() && !sample.empty());
  std::vector<double> sums(sample.cols(), 0.0);
  for (std::size_t r = 0; r < sample.rows(); ++r) {
    for (std::size_t d = 0; d < sample.cols(); ++d) sums[d] += sample(r, d);
  }
  for (std::size_t d = 0; d < sums.size(); ++d) {
    mean_[d] = static_cast<float>(sums[d] / static_cast<double>(sample.rows()));
  }
  Matrix<float> centered(sample.rows(), sample.cols());
  std::copy_n(sample.data(), sample.size(), centered.data());
  subtract(centered, mean_);

  for (std::size_t i = 0; i < directions_.size(); ++i) {
    directions_.data()[i] = static_cast<float>(generator.normal());
  }
  Matrix<float> coordinates(dims - 1, sample.rows());
  for (int iteration = 0; iteration < kIterations; ++iteration) {
    orthonormalize(directions_);
    multiply_transposed(directions_.view(), centered.view(), coordinates.view());
    multiply(coordinates.view(), centered.view(), directions_.view());
  }
  orthonormalize(directions_);
}

void Contraction::apply(MatrixView<const float> rows, MatrixView<float> out) const {
  assert(rows.cols() == mean_.size() && out.cols() == dims() && out.rows() == rows.rows());
  const std::size_t kept = directions_.rows();
  Matrix<float> centered(rows.rows(), rows.cols());
  std::copy_n(rows.data(), rows.size(), centered.data());
  subtract(centered, mean_);
  Matrix<float> coordinates(rows.rows(), kept);
  multiply_transposed(centered.view(), directions_.view(), coordinates.view());
  std::vector<float> all(rows.rows()), along(rows.rows());
  squared_norms(centered, all);
  squared_norms(coordinates, along);
  for (std::size_t r = 0; r < rows.rows(); ++r) {
    std::copy_n(coordinates.row(r).data(), kept, out.row(r).data());
    out(r, kept) = std::sqrt(std::max(0.0f, all[r] - along[r]));
  }
}

}  // namespace goldpan
