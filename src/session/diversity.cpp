#include "session/diversity.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "kernels/blas.hpp"

namespace goldpan {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t kBlock = 1024;

Matrix<float> gather(const Embeddings& embeddings, std::span<const Index> rows) {
  Matrix<float> out(rows.size(), embeddings.cols());
  embeddings.gather_rows(rows, out);
  return out;
}

double squared_norm(std::span<const float> row) {
  double sum = 0;
  for (const float x : row) sum += double{x} * x;
  return sum;
}

void normalise_rows(Matrix<float>& rows) {
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    const double norm = std::sqrt(squared_norm(rows.row(i)));
    if (norm == 0) continue;
    for (float& x : rows.row(i)) x = static_cast<float>(x / norm);
  }
}

}  // namespace

double near_twin_share(const Embeddings& embeddings, std::span<const Index> batch,
                       std::span<const Index> others, double cosine) {
  if (batch.empty() || others.empty()) return kNaN;
  std::vector<Index> members;
  const std::size_t count = std::min(kTwinSample, batch.size());
  for (std::size_t i = 0; i < count; ++i) members.push_back(batch[i * batch.size() / count]);
  Matrix<float> sample = gather(embeddings, members);
  normalise_rows(sample);

  std::vector<bool> has_twin(count);
  for (std::size_t begin = 0; begin < others.size(); begin += kBlock) {
    const auto rows = others.subspan(begin, std::min(kBlock, others.size() - begin));
    Matrix<float> block = gather(embeddings, rows);
    normalise_rows(block);
    Matrix<float> cosines(count, rows.size());
    multiply_transposed(sample, block, cosines);
    for (std::size_t i = 0; i < count; ++i) {
      for (std::size_t j = 0; j < rows.size(); ++j) {
        if (cosines(i, j) >= cosine && rows[j] != members[i]) has_twin[i] = true;
      }
    }
  }
  return static_cast<double>(std::ranges::count(has_twin, true)) / static_cast<double>(count);
}

double mean_discrepancy(const Embeddings& embeddings, std::span<const Index> first,
                        std::span<const Index> second, Generator generator) {
  if (first.size() < 2 || second.size() < 2) return kNaN;
  std::vector<Index> rows = generator.sample(first, std::min(kDriftSample, first.size()));
  const std::size_t m = rows.size();
  const std::vector<Index> drawn = generator.sample(second, std::min(kDriftSample, second.size()));
  rows.insert(rows.end(), drawn.begin(), drawn.end());
  const std::size_t total = rows.size(), n = total - m;

  const Matrix<float> values = gather(embeddings, rows);
  Matrix<float> distances(total, total);
  multiply_transposed(values, values, distances);
  std::vector<double> norms(total);
  for (std::size_t i = 0; i < total; ++i) norms[i] = squared_norm(values.row(i));
  std::vector<float> apart;
  for (std::size_t i = 0; i < total; ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const double squared = std::max(0.0, norms[i] + norms[j] - 2.0 * distances(i, j));
      distances(i, j) = static_cast<float>(squared);
      apart.push_back(static_cast<float>(squared));
    }
  }
  std::ranges::nth_element(apart, apart.begin() + static_cast<std::ptrdiff_t>(apart.size() / 2));
  const double width = apart[apart.size() / 2];
  if (width == 0) return 0;

  double within_first = 0, within_second = 0, between = 0;
  for (std::size_t i = 0; i < total; ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const double kernel = std::exp(-distances(i, j) / (2 * width));
      (i < m ? within_first : j >= m ? within_second : between) += kernel;
    }
  }
  const auto pairs = [](std::size_t count) {
    return static_cast<double>(count) * static_cast<double>(count - 1) / 2;
  };
  return within_first / pairs(m) + within_second / pairs(n) -
         2 * between / (static_cast<double>(m) * static_cast<double>(n));
}

}  // namespace goldpan
