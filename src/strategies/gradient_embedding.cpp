#include "strategies/gradient_embedding.hpp"

#include <algorithm>
#include <cassert>
#include <limits>

#include "kernels/blas.hpp"
#include "kernels/distance.hpp"

namespace goldpan {
namespace {

/// Centers in one product: with a block of rows the two products stay in the second-level cache.
constexpr std::size_t kCenterBlock = 256;
/// Below this share of |g_i|^2 + |g_j|^2 a float difference has lost half of its digits.
constexpr float kCancellation = 1e-3f;

double dot(std::span<const float> a, std::span<const float> b) {
  double sums[4] = {};
  std::size_t i = 0;
  for (; i + 4 <= a.size(); i += 4) {
    for (std::size_t lane = 0; lane < 4; ++lane) {
      sums[lane] += static_cast<double>(a[i + lane]) * b[i + lane];
    }
  }
  for (; i < a.size(); ++i) sums[0] += static_cast<double>(a[i]) * b[i];
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

/// All six products by one function: for equal rows the terms are equal, and cancel to 0.
float careful_distance(const GradientRows& a, std::size_t i, const GradientRows& b, std::size_t j) {
  const auto ha = a.features.row(i), hb = b.features.row(j);
  const auto qa = a.residuals.row(i), qb = b.residuals.row(j);
  const double squared =
      dot(qa, qa) * dot(ha, ha) + dot(qb, qb) * dot(hb, hb) - 2 * dot(qa, qb) * dot(ha, hb);
  return static_cast<float>(std::max(0.0, squared));
}

float smallest_of(std::span<const float> values) {
  constexpr std::size_t kLanes = 16;  // side by side, for vectors
  float smallest[kLanes];
  std::fill_n(smallest, kLanes, std::numeric_limits<float>::infinity());
  std::size_t i = 0;
  for (; i + kLanes <= values.size(); i += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      smallest[lane] = std::min(smallest[lane], values[i + lane]);
    }
  }
  for (; i < values.size(); ++i) smallest[0] = std::min(smallest[0], values[i]);
  return *std::min_element(smallest, smallest + kLanes);
}

/// q = p - onehot(argmax p)
void read_residual(const Pool& pool, Index row, std::span<float> q) {
  const auto p = pool.probabilities.row(row);
  std::ranges::copy(p, q.begin());
  q[static_cast<std::size_t>(std::max_element(p.begin(), p.end()) - p.begin())] -= 1.0f;
}

}  // namespace

void squared_gradient_norms(const Pool& pool, std::span<const Index> rows, std::span<float> out) {
  const Embeddings& features = pool.head_features();
  std::vector<float> q(pool.probabilities.cols());
  std::vector<float> buffer(features.is_half() ? features.cols() : 0);
  const std::vector<float> zeros(features.cols());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    read_residual(pool, rows[i], q);
    const float* const h = features.read_rows(rows[i], 1, buffer.data()).data();
    out[i] = static_cast<float>(dot(q, q) * squared_distance(h, zeros.data(), zeros.size()));
  }
}

void read_gradients(const Pool& pool, std::span<const Index> rows,
                    std::span<const float> squared_norms, GradientRows& out) {
  assert(rows.size() <= out.features.rows() && rows.size() == squared_norms.size());
  out.count = rows.size();
  pool.head_features().gather_rows(rows, out.features.view().rows_between(0, rows.size()));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    read_residual(pool, rows[i], out.residuals.row(i));
    out.squared_norms[i] = squared_norms[i];
  }
}

void append_gradient(const GradientRows& from, std::size_t i, GradientRows& to) {
  assert(to.count < to.features.rows());
  std::ranges::copy(from.features.row(i), to.features.row(to.count).begin());
  std::ranges::copy(from.residuals.row(i), to.residuals.row(to.count).begin());
  to.squared_norms[to.count] = from.squared_norms[i];
  ++to.count;
}

void squared_distances(const GradientRows& rows, const GradientRows& centers, std::size_t begin,
                       MatrixView<float> out, std::vector<float>& residual_products) {
  const std::size_t width = out.cols();
  assert(out.rows() == rows.count && begin + width <= centers.count);
  residual_products.resize(rows.count * width);
  multiply_transposed(rows.features.view().rows_between(0, rows.count),
                      centers.features.view().rows_between(begin, begin + width), out);
  multiply_transposed(rows.residuals.view().rows_between(0, rows.count),
                      centers.residuals.view().rows_between(begin, begin + width),
                      {residual_products.data(), rows.count, width});
  const float* const norms = centers.squared_norms.data() + begin;
  for (std::size_t i = 0; i < rows.count; ++i) {
    const float norm = rows.squared_norms[i];
    const float* const products = residual_products.data() + i * width;
    float* const squared = out.row(i).data();
    int cancelled = 0;
    for (std::size_t c = 0; c < width; ++c) {
      const float sum = norm + norms[c];
      squared[c] = sum - 2.0f * squared[c] * products[c];
      cancelled |= squared[c] <= kCancellation * sum ? 1 : 0;
    }
    if (cancelled == 0) continue;
    for (std::size_t c = 0; c < width; ++c) {
      if (squared[c] <= kCancellation * (norm + norms[c])) {
        squared[c] = careful_distance(rows, i, centers, begin + c);
      }
    }
  }
}

void lower_to_nearest(const GradientRows& rows, const GradientRows& centers, std::size_t begin,
                      std::size_t end, std::span<float> squared) {
  std::vector<float> distances(rows.count * std::min(kCenterBlock, end - begin));
  std::vector<float> residual_products;
  for (std::size_t first = begin; first < end; first += kCenterBlock) {
    const MatrixView<float> block(distances.data(), rows.count,
                                  std::min(kCenterBlock, end - first));
    squared_distances(rows, centers, first, block, residual_products);
    for (std::size_t i = 0; i < rows.count; ++i) {
      squared[i] = std::min(squared[i], smallest_of(block.row(i)));
    }
  }
}

}  // namespace goldpan
