#include "strategies/fisher_inverse.hpp"

#include <algorithm>
#include <cassert>
#include <string>

#include <goldpan/core/error.hpp>

#include "kernels/blas.hpp"
#include "kernels/positive_definite.hpp"
#include "kernels/vector_products.hpp"

namespace goldpan {
namespace {

// Rows of features multiplied at a time.
constexpr std::size_t kBlock = 1024;
// Changes collected before they are applied: a product of this depth times m runs at full speed.
constexpr std::size_t kCollected = 16;
// Rows of a large matrix that one task works on.
constexpr std::size_t kStripe = 64;

/// (rows x cols) of `values` from (row, col) on, copied out of a wider matrix.
Matrix<float> copy_block(const Matrix<float>& values, std::size_t row, std::size_t rows,
                         std::size_t col, std::size_t cols) {
  Matrix<float> block(rows, cols);
  for (std::size_t i = 0; i < rows; ++i) {
    std::copy_n(values.row(row + i).data() + col, cols, block.row(i).data());
  }
  return block;
}

Matrix<float> product(const Matrix<float>& a, const Matrix<float>& b) {
  Matrix<float> out(a.rows(), b.cols());
  multiply(a.view(), b.view(), out.view());
  return out;
}

}  // namespace

Matrix<float> fisher_information(const Embeddings& features, MatrixView<const float> probabilities,
                                 std::span<const Index> rows, float scale, Workers& workers,
                                 double weight) {
  const std::size_t order = probabilities.cols() - 1, dims = features.cols();
  Matrix<float> information(order * dims, order * dims);
  workers.run(order * (order + 1) / 2, [&](std::size_t task) {
    std::size_t c = 0;
    while ((c + 1) * (c + 2) / 2 <= task) ++c;
    const std::size_t other = task - c * (c + 1) / 2;
    Matrix<float> sum(dims, dims), block(std::min(kBlock, rows.size()), dims);
    Matrix<float> weighted(block.rows(), dims);
    for (std::size_t begin = 0; begin < rows.size(); begin += kBlock) {
      const auto named = rows.subspan(begin, std::min(kBlock, rows.size() - begin));
      const auto h = block.view().rows_between(0, named.size());
      features.gather_rows(named, h);
      for (std::size_t i = 0; i < named.size(); ++i) {
        const auto p = probabilities.row(named[i]);
        const float share =
            p[c] * ((c == other ? 1.0f : 0.0f) - p[other]) * static_cast<float>(weight);
        for (std::size_t d = 0; d < dims; ++d) {
          h(i, d) *= scale;
          weighted(i, d) = share * h(i, d);
        }
      }
      multiply_left_transposed(h, weighted.view().rows_between(0, named.size()), sum.view(), 1.0f,
                               1.0f);
    }
    for (std::size_t i = 0; i < dims; ++i) {
      for (std::size_t j = 0; j < dims; ++j) {
        information(c * dims + i, other * dims + j) = sum(i, j);
        information(other * dims + j, c * dims + i) = sum(i, j);
      }
    }
  });
  return information;
}

FisherInverse::FisherInverse(const Matrix<float>& labeled, Matrix<float> target, float lambda,
                             std::size_t classes, Workers& workers)
    : order_(classes - 1),
      dims_(labeled.rows() / order_),
      workers_(workers),
      inverse_(labeled.rows(), labeled.rows()),
      middle_(labeled.rows(), labeled.rows()),
      p_(kCollected * order_, labeled.rows()),
      w_(kCollected * order_, labeled.rows()),
      q_(kCollected * order_, labeled.rows()) {
  {
    // The inverse in double: lambda I is small beside the information along strong features.
    Matrix<double> sum(labeled.rows(), labeled.rows());
    for (std::size_t i = 0; i < sum.size(); ++i) sum.data()[i] = labeled.data()[i];
    // lambda I over all C classes, seen without the last: lambda (I - 1 1^T / C).
    for (std::size_t c = 0; c < order_; ++c) {
      for (std::size_t other = 0; other < order_; ++other) {
        const double value =
            lambda * ((c == other ? 1.0 : 0.0) - 1.0 / static_cast<double>(classes));
        for (std::size_t d = 0; d < dims_; ++d) sum(c * dims_ + d, other * dims_ + d) += value;
      }
    }
    if (!invert_positive_definite(sum)) {
      throw Error("bait",
                  "the Fisher information is not positive definite to double precision, "
                  "expected a larger bait_lambda");
    }
    for (std::size_t i = 0; i < sum.size(); ++i) {
      inverse_.data()[i] = static_cast<float>(sum.data()[i]);
    }
  }
  // All three are symmetric: a product with the transpose is the product.
  Matrix<float> half(labeled.rows(), labeled.rows());
  multiply_transposed(inverse_.view(), target.view(), half.view(), workers);
  multiply_transposed(half.view(), inverse_.view(), middle_.view(), workers);
}

Matrix<float> FisherInverse::block(int which, std::size_t c, std::size_t other) const {
  assert(pending_ == 0);
  return copy_block(which == 0 ? inverse_ : middle_, c * dims_, dims_, other * dims_, dims_);
}

/// The matrix less left^T right (and right^T left), times (I (x) features): (m D) x m.
Matrix<float> FisherInverse::times_features(const Matrix<float>& matrix,
                                            std::span<const float> features,
                                            const Matrix<float>& left, const Matrix<float>& right,
                                            bool both_ways) {
  Matrix<float> out(order_ * dims_, order_);
  workers_.for_blocks(matrix.rows(), kStripe, [&](std::size_t begin, std::size_t end) {
    // Row r, feature block c is row r m + c of the same memory.
    dot_rows({matrix.row(begin).data(), (end - begin) * order_, dims_}, features,
             {out.row(begin).data(), (end - begin) * order_});
  });
  if (pending_ == 0) return out;
  const auto subtract = [&](const Matrix<float>& a, const Matrix<float>& b) {
    Matrix<float> dots(pending_, order_);
    dot_rows({b.data(), pending_ * order_, dims_}, features, {dots.data(), dots.size()});
    multiply_left_transposed(a.view().rows_between(0, pending_), dots.view(), out.view(), -1.0f,
                             1.0f);
  };
  subtract(left, right);
  if (both_ways) subtract(right, left);
  return out;
}

FisherInverse::Change FisherInverse::change(std::span<const float> features,
                                            const Matrix<float>& factor) {
  Change change;
  const auto finish = [&](const Matrix<float>& product_with_features, Matrix<float>& tall,
                          Matrix<float>& square) {
    tall = product(product_with_features, factor);
    Matrix<float> inner(order_, order_);  // (I (x) h)^T tall
    for (std::size_t c = 0; c < order_; ++c) {
      for (std::size_t d = 0; d < dims_; ++d) {
        for (std::size_t j = 0; j < order_; ++j) {
          inner(c, j) += features[d] * tall(c * dims_ + d, j);
        }
      }
    }
    square = Matrix<float>(order_, order_);
    multiply_left_transposed(factor.view(), inner.view(), square.view());
  };
  finish(times_features(inverse_, features, p_, w_, false), change.w, change.s);
  finish(times_features(middle_, features, p_, q_, true), change.y, change.t);
  return change;
}

Matrix<float> FisherInverse::apply(const Change& change, float sign) {
  Matrix<double> system(order_, order_);
  for (std::size_t i = 0; i < order_; ++i) {
    for (std::size_t j = 0; j < order_; ++j) {
      system(i, j) = 0.5 * sign * (double{change.s(i, j)} + change.s(j, i));
    }
    system(i, i) += 1.0;
  }
  if (!invert_positive_definite(system)) {
    throw Error("bait",
                "the Fisher information lost its positive definiteness to rounding, "
                "expected a larger bait_lambda");
  }
  Matrix<float> gain(order_, order_);
  for (std::size_t i = 0; i < gain.size(); ++i) {
    gain.data()[i] = sign * static_cast<float>(system.data()[i]);
  }

  // P = W G, Q = Y - P T / 2, as rows of the collected changes.
  const Matrix<float> p = product(change.w, gain), pt = product(p, change.t);
  for (std::size_t j = 0; j < order_; ++j) {
    for (std::size_t i = 0; i < p.rows(); ++i) {
      p_(pending_ + j, i) = p(i, j);
      w_(pending_ + j, i) = change.w(i, j);
      q_(pending_ + j, i) = change.y(i, j) - 0.5f * pt(i, j);
    }
  }
  pending_ += order_;
  if (pending_ == p_.rows()) flush();
  return gain;
}

void FisherInverse::flush() {
  workers_.for_blocks(inverse_.rows(), 4 * kStripe, [&](std::size_t begin, std::size_t end) {
    const Matrix<float> p = copy_block(p_, 0, pending_, begin, end - begin);
    const Matrix<float> q = copy_block(q_, 0, pending_, begin, end - begin);
    const auto inverse = inverse_.view().rows_between(begin, end);
    const auto middle = middle_.view().rows_between(begin, end);
    multiply_left_transposed(p.view(), w_.view().rows_between(0, pending_), inverse, -1.0f, 1.0f);
    multiply_left_transposed(p.view(), q_.view().rows_between(0, pending_), middle, -1.0f, 1.0f);
    multiply_left_transposed(q.view(), p_.view().rows_between(0, pending_), middle, -1.0f, 1.0f);
  });
  pending_ = 0;
}

}  // namespace goldpan
