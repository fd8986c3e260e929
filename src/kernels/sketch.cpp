#include "kernels/sketch.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "kernels/blas.hpp"
#include "kernels/distance.hpp"

namespace goldpan {
namespace {

constexpr int kIterations = 4;
constexpr double kEpsilon = 0x1p-24;  // half a unit in the last place of 1.0f

/// Gram-Schmidt, twice, in double. A row that is (nearly) a combination of those before it is
/// replaced by an axis, so that the rows are orthonormal whatever came in.
void orthonormalise(Matrix<double>& rows) {
  const std::size_t dims = rows.cols();
  std::size_t axis = 0;
  const auto project_out = [&](std::span<double> row, std::size_t before) {
    for (std::size_t j = 0; j < before; ++j) {
      const auto other = rows.row(j);
      double product = 0;
      for (std::size_t d = 0; d < dims; ++d) product += row[d] * other[d];
      for (std::size_t d = 0; d < dims; ++d) row[d] -= product * other[d];
    }
    double squared = 0;
    for (const double value : row) squared += value * value;
    return std::sqrt(squared);
  };
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    const auto row = rows.row(i);
    double before = 0;
    for (const double value : row) before += value * value;
    double length = project_out(row, i);
    while (!(length > 1e-6 * std::sqrt(before)) || !std::isfinite(length)) {
      std::ranges::fill(row, 0.0);
      assert(axis < dims);
      row[axis++] = 1.0;
      before = 1.0;
      length = project_out(row, i);
    }
    for (double& value : row) value /= length;
    length = project_out(row, i);
    for (double& value : row) value /= length;
  }
}

void subtract(MatrixView<float> rows, std::span<const float> center) {
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    const auto row = rows.row(i);
    for (std::size_t d = 0; d < row.size(); ++d) row[d] -= center[d];
  }
}

}  // namespace

Sketch::Sketch(MatrixView<const float> sample, std::size_t leading) {
  const std::size_t dims = sample.cols();
  const std::size_t count = std::min(leading, dims);
  std::vector<double> sums(dims);
  for (std::size_t i = 0; i < sample.rows(); ++i) {
    for (std::size_t d = 0; d < dims; ++d) sums[d] += sample(i, d);
  }
  for (const double sum : sums) {
    center_.push_back(static_cast<float>(sum / static_cast<double>(sample.rows())));
  }
  Matrix<float> centred(sample.rows(), dims);
  std::copy_n(sample.data(), sample.size(), centred.data());
  subtract(centred, center_);

  // Subspace iteration on the covariance, begun from rows of the sample itself.
  Matrix<double> basis(count, dims);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t row = i * sample.rows() / count;
    for (std::size_t d = 0; d < dims; ++d) basis(i, d) = centred(row, d);
  }
  directions_ = Matrix<float>(count, dims);
  Matrix<float> coordinates(sample.rows(), count);
  for (int iteration = 0;; ++iteration) {
    orthonormalise(basis);
    std::transform(basis.data(), basis.data() + basis.size(), directions_.data(),
                   [](double value) { return static_cast<float>(value); });
    if (iteration == kIterations) break;
    multiply_transposed(centred, directions_, coordinates);
    multiply_left_transposed(coordinates, centred, directions_);
    std::copy_n(directions_.data(), basis.size(), basis.data());
  }
}

void Sketch::project(MatrixView<float> rows, MatrixView<float> out, std::span<float> slack) const {
  assert(out.rows() == rows.rows() && out.cols() == size());
  const std::size_t count = directions_.rows();
  subtract(rows, center_);
  Matrix<float> coordinates(rows.rows(), count);
  multiply_transposed(rows, directions_, coordinates);
  // With n = |x - centre|: a dot product of D floats is off by at most (D + 2) eps n, the vector of
  // coordinates by sqrt(count) times that; their squared length by twice that times n, to which the
  // directions, orthonormal up to rounding, add their share.
  const double dims = static_cast<double>(rows.cols());
  const double coordinate_error = std::sqrt(static_cast<double>(count)) * (dims + 2) * kEpsilon;
  const double square_error = 2 * coordinate_error + 4 * (dims + 16) * kEpsilon;
  const std::vector<float> zeros(rows.cols());
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    const double squared = squared_distance(rows.row(i).data(), zeros.data(), rows.cols());
    double inside = 0;
    for (std::size_t k = 0; k < count; ++k) {
      out(i, k) = coordinates(i, k);
      inside += static_cast<double>(coordinates(i, k)) * coordinates(i, k);
    }
    const double residual = std::sqrt(std::max(0.0, squared - inside));
    out(i, count) = static_cast<float>(residual);
    // r - sqrt(r^2 - e) <= min(e / r, sqrt(e)).
    const double length = std::sqrt(squared);
    const double error = square_error * squared;
    const double residual_error = error > 0 ? error / std::max(residual, std::sqrt(error)) : 0.0;
    slack[i] = static_cast<float>((coordinate_error + 4 * kEpsilon) * length + residual_error);
  }
}

}  // namespace goldpan
