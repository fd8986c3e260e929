#include "strategies/coverage_rows.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/distance.hpp"
#include "kernels/product.hpp"
#include "kernels/vector_products.hpp"
#include "strategies/greedy_coverage.hpp"
#include "strategies/unit_rows.hpp"

namespace goldpan {
namespace {

// Below this squared distance it is computed from differences: a product has lost its digits.
constexpr float kNear = 1.0f / 64;
constexpr std::size_t kBlock = 512;

}  // namespace

UnitRows::UnitRows(const Embeddings& embeddings, std::span<const Index> rows, Workers& workers)
    : values(unit_rows(embeddings, rows, workers)), norms(padded_places(rows.size()), 0.0f) {
  if (!rows.empty()) squared_norms(values, std::span(norms).first(rows.size()));
}

UnitRows::UnitRows(const UnitRows& all, std::span<const std::uint32_t> places)
    : values(places.size(), all.values.cols()), norms(padded_places(places.size()), 0.0f) {
  for (std::size_t i = 0; i < places.size(); ++i) {
    std::copy_n(all.values.row(places[i]).data(), values.cols(), values.row(i).data());
    norms[i] = all.norms[places[i]];
  }
}

void unit_squared_distances(MatrixView<const float> rows, const float* norms,
                            const UnitRows& others, PlaceRange to, std::span<float> out) {
  const std::size_t dims = rows.cols(), stride = to.padded();
  strided_product(rows.rows(), to.size(), dims, {rows.data(), dims, 1},
                  {others.values.row(to.begin).data(), 1, dims}, out.data(), stride, 1.0f, 0.0f);
  for (std::size_t r = 0; r < rows.rows(); ++r) {
    const auto row = out.subspan(r * stride, stride);
    std::fill(row.begin() + static_cast<std::ptrdiff_t>(to.size()), row.end(), -1.0f);
    if (!squared_distances_of_products(row, norms[r], others.norms.data() + to.begin, kNear)) {
      continue;
    }
    for (std::size_t j = 0; j < to.size(); ++j) {
      if (row[j] >= kNear) continue;
      row[j] = squared_distance(rows.row(r).data(), others.values.row(to.begin + j).data(), dims);
    }
  }
}

void unit_similarities(MatrixView<const float> rows, const float* norms, const UnitRows& others,
                       PlaceRange to, float scale, std::span<float> out) {
  const std::size_t dims = rows.cols(), stride = to.padded();
  if (scale > 0) {
    unit_squared_distances(rows, norms, others, to, out);
    gaussian_of_squared_distances(out.first(rows.rows() * stride), scale);
    return;
  }
  strided_product(rows.rows(), to.size(), dims, {rows.data(), dims, 1},
                  {others.values.row(to.begin).data(), 1, dims}, out.data(), stride, 1.0f, 0.0f);
  for (std::size_t r = 0; r < rows.rows(); ++r) {
    std::fill_n(out.data() + r * stride + to.size(), stride - to.size(), 0.0f);
  }
  similarity_of_products(out.first(rows.rows() * stride));
}

double smallest_distance(const Embeddings& embeddings, std::span<const Index> rows, double floor,
                         Workers& workers) {
  const UnitRows all(embeddings, rows, workers);
  const auto limit = static_cast<float>(floor * floor);
  const std::size_t blocks = (rows.size() + kBlock - 1) / kBlock;
  std::vector<float> smallest(blocks, std::numeric_limits<float>::infinity());
  workers.run(blocks, [&](std::size_t i) {
    const std::size_t begin = i * kBlock, end = std::min(rows.size(), begin + kBlock);
    for (std::size_t j = i; j < blocks; ++j) {
      const PlaceRange to = {j * kBlock, std::min(rows.size(), (j + 1) * kBlock)};
      std::vector<float> values((end - begin) * to.padded());
      unit_squared_distances(all.values.view().rows_between(begin, end), all.norms.data() + begin,
                             all, to, values);
      for (std::size_t r = 0; r < end - begin; ++r) {
        for (std::size_t c = 0; c < to.size(); ++c) {
          const float value = values[r * to.padded() + c];
          if (value > limit) smallest[i] = std::min(smallest[i], value);
        }
      }
    }
  });
  const float least = rows.empty() ? std::numeric_limits<float>::infinity()
                                   : *std::min_element(smallest.begin(), smallest.end());
  return std::isfinite(least) ? std::sqrt(double{least}) : 0.0;
}

}  // namespace goldpan
