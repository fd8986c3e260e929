#include "kernels/sketch.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "kernels/blas.hpp"
#include "kernels/distance.hpp"

namespace goldpan {
namespace {

constexpr int kIterations = 3;
constexpr double kEpsilon = 0x1p-24;  // half a unit in the last place of 1.0f

double dot(std::span<const double> a, std::span<const double> b) {
  double sums[8] = {};  // side by side, for vectors
  std::size_t i = 0;
  for (; i + 8 <= a.size(); i += 8) {
    for (std::size_t lane = 0; lane < 8; ++lane) sums[lane] += a[i + lane] * b[i + lane];
  }
  for (; i < a.size(); ++i) sums[0] += a[i] * b[i];
  return ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
}

/// Takes the components along rows [0, i) out of row i; the length of what is left.
double project_out(Matrix<double>& rows, std::size_t i) {
  const auto row = rows.row(i);
  for (std::size_t j = 0; j < i; ++j) {
    const auto other = rows.row(j);
    const double product = dot(row, other);
    for (std::size_t d = 0; d < row.size(); ++d) row[d] -= product * other[d];
  }
  return std::sqrt(dot(row, row));
}

/// Gram-Schmidt in double, `passes` times: twice is orthonormal to the last digits. A row that is
/// (nearly) a combination of those before it is replaced by an axis.
void orthonormalise(Matrix<double>& rows, int passes) {
  std::size_t axis = 0;
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    const auto row = rows.row(i);
    double before = std::sqrt(dot(row, row));
    double length = project_out(rows, i);
    while (!(length > 1e-6 * before) || !std::isfinite(length)) {
      std::ranges::fill(row, 0.0);
      assert(axis < rows.cols());
      row[axis++] = before = 1.0;
      length = project_out(rows, i);
    }
    for (int pass = 1;; ++pass) {
      for (double& value : row) value /= length;
      if (pass == passes) break;
      length = project_out(rows, i);
    }
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
    const bool last = iteration == kIterations;
    orthonormalise(basis, last ? 2 : 1);
    std::transform(basis.data(), basis.data() + basis.size(), directions_.data(),
                   [](double value) { return static_cast<float>(value); });
    if (last) break;
    multiply_transposed(centred, directions_, coordinates);
    multiply_left_transposed(coordinates, centred, directions_);
    std::copy_n(directions_.data(), basis.size(), basis.data());
  }
}

Sketch::Sketch(const Sketch& finer, std::size_t leading)
    : center_(finer.center_),
      directions_(std::min(leading, finer.directions_.rows()), finer.directions_.cols()) {
  std::copy_n(finer.directions_.data(), directions_.size(), directions_.data());
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
