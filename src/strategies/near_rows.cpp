#include "strategies/near_rows.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

#include "kernels/blas.hpp"
#include "kernels/contraction.hpp"
#include "kernels/distance.hpp"
#include "kernels/nearest_center.hpp"
#include "kernels/vector_products.hpp"

namespace goldpan {
namespace {

constexpr std::size_t kShort = 32;
// Columns of a product: with kBlock rows, 1 MiB.
constexpr std::size_t kColumns = 1024;
// Rows that the contraction's directions are fitted to.
constexpr std::size_t kSample = 2048;
// Relative error allowed for in bounds computed from products.
constexpr float kSlack = 1e-5f;

}  // namespace

NearRows::NearRows(const Embeddings& embeddings, std::span<const Index> rows,
                   const Generator& generator, Workers& workers, Progress progress)
    : embeddings_(embeddings),
      rows_(rows),
      short_(rows.size(), std::min(kShort, embeddings.cols())),
      norms_(rows.size()),
      progress_(std::move(progress)) {
  if (embeddings.cols() <= kShort) {
    embeddings.gather_rows(rows, short_);
    squared_norms(short_, norms_);
  } else {
    const std::vector<Index> sample =
        generator.stream("near rows sample").sample(rows, std::min(kSample, rows.size()));
    Matrix<float> sampled(sample.size(), embeddings.cols());
    embeddings.gather_rows(sample, sampled);
    const Contraction contraction(sampled, kShort, generator.stream("near rows contraction"));
    workers.for_blocks(rows.size(), kBlock, [&](std::size_t begin, std::size_t end) {
      Matrix<float> block(end - begin, embeddings.cols());
      embeddings.gather_rows(rows.subspan(begin, end - begin), block);
      const auto out = short_.view().rows_between(begin, end);
      contraction.apply(block, out);
      squared_norms(out, std::span(norms_).subspan(begin, end - begin));
    });
  }
  for (const float norm : norms_) largest_norm_ = std::max(largest_norm_, norm);
}

std::span<const float> NearRows::read(std::size_t place, std::vector<float>& copy) const {
  copy.resize(embeddings_.cols());
  return embeddings_.read_rows(rows_[place], 1, copy.data()).row(0);
}

float NearRows::distance(std::span<const float> point, std::size_t place,
                         std::vector<float>& copy) const {
  return squared_distance(point.data(), read(place, copy).data(), point.size());
}

void NearRows::stop_if_asked() const {
  if (!progress_.stop) return;
  const std::lock_guard lock(asking_);
  if (progress_.stop()) throw Cancelled();
}

/// |x - y|^2 < limit needs |y|^2 - 2 x . y below this, in the short coordinates.
float NearRows::limit_of_bound(float limit, float norm) const {
  return limit - norm + kSlack * (norm + largest_norm_);
}

void NearRows::for_each_within(std::span<const std::uint32_t> places, float limit,
                               const std::function<void(std::size_t, std::uint32_t)>& visit) const {
  assert(places.size() <= kBlock);
  stop_if_asked();
  Matrix<float> queries(places.size(), short_.cols());
  for (std::size_t i = 0; i < places.size(); ++i) {
    std::copy_n(short_.row(places[i]).data(), short_.cols(), queries.row(i).data());
  }
  std::vector<float> products(places.size() * kColumns), copy, point_copy;
  std::vector<std::uint32_t> candidates(kColumns);
  for (std::size_t from = 0; from < size(); from += kColumns) {
    const std::size_t count = std::min(kColumns, size() - from);
    const MatrixView<float> dots(products.data(), places.size(), count);
    multiply_transposed(queries.view(), short_.view().rows_between(from, from + count), dots);
    const auto norms = std::span(norms_).subspan(from, count);
    for (std::size_t i = 0; i < places.size(); ++i) {
      const std::size_t found =
          centers_within(dots.row(i), norms, limit_of_bound(limit, norms_[places[i]]), candidates);
      if (found == 0) continue;
      const std::span<const float> point = read(places[i], point_copy);
      for (const std::uint32_t candidate : std::span(candidates).first(found)) {
        const auto place = static_cast<std::uint32_t>(from + candidate);
        if (distance(point, place, copy) < limit) visit(i, place);
      }
    }
  }
}

void NearRows::lower_nearest(std::size_t begin, std::span<float> nearest, std::size_t from,
                             std::size_t to) const {
  assert(nearest.size() <= kBlock);
  stop_if_asked();
  const std::size_t rows = nearest.size();
  const auto queries = short_.view().rows_between(begin, begin + rows);
  std::vector<float> products(rows * kColumns), lowest_bound(rows), copy, point_copy;
  std::vector<std::uint32_t> candidates(kColumns), lowest(rows);
  for (; from < to; from += kColumns) {
    const std::size_t count = std::min(kColumns, to - from);
    const MatrixView<float> dots(products.data(), rows, count);
    multiply_transposed(queries, short_.view().rows_between(from, from + count), dots);
    const auto norms = std::span(norms_).subspan(from, count);
    // The row with the lowest bound first: it leaves few others to look at.
    nearest_centers(dots, norms, lowest, lowest_bound);
    for (std::size_t i = 0; i < rows; ++i) {
      const float norm = norms_[begin + i];
      if (lowest_bound[i] > limit_of_bound(nearest[i], norm)) continue;
      const std::span<const float> point = read(begin + i, point_copy);
      nearest[i] = std::min(nearest[i], distance(point, from + lowest[i], copy));
      const std::size_t found =
          centers_within(dots.row(i), norms, limit_of_bound(nearest[i], norm), candidates);
      for (const std::uint32_t candidate : std::span(candidates).first(found)) {
        nearest[i] = std::min(nearest[i], distance(point, from + candidate, copy));
      }
    }
  }
}

}  // namespace goldpan
