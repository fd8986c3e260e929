#include "embed/k_means.hpp"

#include <algorithm>
#include <cassert>
#include <numeric>
#include <vector>

#include "kernels/packed_product.hpp"

namespace goldpan {
namespace {

constexpr std::size_t kBlock = 2048;

/// Members of each center, one center after the other, ascending within one.
struct Groups {
  std::vector<std::size_t> begins;  // count + 1
  std::vector<Index> members;
};

Groups group(const std::vector<Index>& centers, std::size_t count) {
  Groups groups{std::vector<std::size_t>(count + 1, 0), std::vector<Index>(centers.size())};
  for (const Index center : centers) ++groups.begins[center + 1];
  std::partial_sum(groups.begins.begin(), groups.begins.end(), groups.begins.begin());
  std::vector<std::size_t> next(groups.begins.begin(), groups.begins.end() - 1);
  for (std::size_t i = 0; i < centers.size(); ++i) {
    groups.members[next[centers[i]]++] = static_cast<Index>(i);
  }
  return groups;
}

}  // namespace

Matrix<float> k_means(MatrixView<const float> points, std::size_t count, int iterations,
                      const Generator& generator, Workers& workers, const Progress& progress) {
  assert(count > 0 && count <= points.rows());
  Matrix<float> centers(count, points.cols());
  std::vector<Index> everyone(points.rows());
  std::iota(everyone.begin(), everyone.end(), Index{0});
  const std::vector<Index> first = generator.stream("first").sample(everyone, count);
  for (std::size_t c = 0; c < count; ++c) {
    std::copy_n(points.row(first[c]).data(), points.cols(), centers.row(c).data());
  }

  std::vector<Index> nearest(points.rows()), before;
  std::vector<float> distances(points.rows());
  for (int iteration = 0; iteration < iterations; ++iteration) {
    progress.step(static_cast<std::size_t>(iteration), static_cast<std::size_t>(iterations));
    const PackedFactor packed(centers);
    workers.for_blocks(points.rows(), kBlock, [&](std::size_t begin, std::size_t end) {
      nearest_packed(points.rows_between(begin, end), packed,
                     std::span(nearest).subspan(begin, end - begin),
                     std::span(distances).subspan(begin, end - begin));
    });
    if (nearest == before) break;
    before = nearest;

    const Groups groups = group(nearest, count);
    workers.for_blocks(count, 16, [&](std::size_t begin, std::size_t end) {
      std::vector<double> sum(points.cols());
      for (std::size_t c = begin; c < end; ++c) {
        std::fill(sum.begin(), sum.end(), 0.0);
        const std::size_t size = groups.begins[c + 1] - groups.begins[c];
        for (std::size_t m = groups.begins[c]; m < groups.begins[c + 1]; ++m) {
          const auto point = points.row(groups.members[m]);
          for (std::size_t k = 0; k < sum.size(); ++k) sum[k] += double{point[k]};
        }
        for (std::size_t k = 0; size > 0 && k < sum.size(); ++k) {
          centers(c, k) = static_cast<float>(sum[k] / static_cast<double>(size));
        }
      }
    });
    Generator lost = generator.stream("lost").stream(static_cast<std::uint64_t>(iteration));
    for (std::size_t c = 0; c < count; ++c) {
      if (groups.begins[c] == groups.begins[c + 1]) {
        std::copy_n(points.row(lost.below(points.rows())).data(), points.cols(),
                    centers.row(c).data());
      }
    }
  }
  return centers;
}

}  // namespace goldpan
