#include <algorithm>
#include <cmath>
#include <string>

#include <goldpan/core/error.hpp>
#include <goldpan/strategies/deduplicate.hpp>

#include "kernels/blas.hpp"

namespace goldpan {
namespace {

constexpr std::size_t kBlock = 512;  // rows that meet the kept rows in one go
constexpr std::size_t kTile = 2048;  // kept rows in one product

struct Nearest {
  float cosine = -2.0f;
  Index row = 0;

  // The comparison is strict, so that among equals the first one seen, the lowest, stays.
  void offer(float other_cosine, Index other_row) {
    if (other_cosine > cosine) *this = {other_cosine, other_row};
  }
};

/// Rows [begin, begin + out.rows()) scaled to length 1; rows of zeros stay zero.
void read_directions(const Embeddings& embeddings, std::size_t begin, MatrixView<float> out) {
  embeddings.copy_rows(begin, out);
  for (std::size_t i = 0; i < out.rows(); ++i) {
    double squares = 0;
    for (const float x : out.row(i)) squares += double{x} * x;
    if (squares == 0) continue;
    const double scale = 1 / std::sqrt(squares);
    for (float& x : out.row(i)) x = static_cast<float>(x * scale);
  }
}

/// The kept rows' directions, contiguous, growing.
class Kept {
 public:
  explicit Kept(std::size_t dim) : dim_(dim) {}

  void add(Index row, std::span<const float> direction) {
    rows_.push_back(row);
    directions_.insert(directions_.end(), direction.begin(), direction.end());
  }

  /// The most similar kept row of each row of `block`.
  std::vector<Nearest> nearest(MatrixView<const float> block, Workers& workers) const {
    const std::size_t tiles = (rows_.size() + kTile - 1) / kTile;
    Matrix<float> cosines(block.rows() * tiles, kTile);
    std::vector<std::vector<Nearest>> best(tiles, std::vector<Nearest>(block.rows()));
    workers.run(tiles, [&](std::size_t tile) {
      const std::size_t begin = tile * kTile, count = std::min(kTile, rows_.size() - begin);
      const MatrixView<float> product(cosines.row(tile * block.rows()).data(), block.rows(), count);
      multiply_transposed(block, {directions_.data() + begin * dim_, count, dim_}, product);
      for (std::size_t i = 0; i < block.rows(); ++i) {
        for (std::size_t j = 0; j < count; ++j)
          best[tile][i].offer(product(i, j), rows_[begin + j]);
      }
    });
    std::vector<Nearest> result(block.rows());
    for (const auto& tile : best) {
      for (std::size_t i = 0; i < block.rows(); ++i) result[i].offer(tile[i].cosine, tile[i].row);
    }
    return result;
  }

  std::vector<Index> take_rows() { return std::move(rows_); }

 private:
  std::size_t dim_;
  std::vector<Index> rows_;
  std::vector<float> directions_;
};

}  // namespace

Duplicates deduplicate(const Embeddings& embeddings, double cosine, Workers& workers,
                       const Progress& progress) {
  if (!(cosine > 0 && cosine <= 1)) {
    throw Error("dedup",
                "got a cosine of " + std::to_string(cosine) + ", expected above 0 and up to 1");
  }
  check_finite(embeddings, "embeddings");
  const std::size_t rows = embeddings.rows();
  // A cosine of exactly 1 must find copies, whose product rounds to a little less.
  const auto threshold = static_cast<float>(std::min(cosine, 1.0 - 1e-6));
  Duplicates result;
  result.kept_row_of.resize(rows);
  Kept kept(embeddings.cols());
  Matrix<float> directions(std::min(kBlock, rows), embeddings.cols());
  Matrix<float> within(directions.rows(), directions.rows());
  for (std::size_t begin = 0; begin < rows; begin += kBlock) {
    const std::size_t count = std::min(kBlock, rows - begin);
    const MatrixView<float> block = directions.view().rows_between(0, count);
    read_directions(embeddings, begin, block);
    std::vector<Nearest> nearest = kept.nearest(block, workers);
    const MatrixView<float> cosines(within.data(), count, count);
    multiply_transposed(block, block, cosines);
    std::vector<std::size_t> kept_here;
    for (std::size_t i = 0; i < count; ++i) {
      for (const std::size_t j : kept_here)
        nearest[i].offer(cosines(i, j), static_cast<Index>(begin + j));
      const auto row = static_cast<Index>(begin + i);
      const bool has_twin = nearest[i].cosine >= threshold;
      result.kept_row_of[row] = has_twin ? nearest[i].row : row;
      if (has_twin) continue;
      kept_here.push_back(i);
      kept.add(row, block.row(i));
    }
    progress.step(begin + count, rows);
  }
  result.kept = kept.take_rows();
  return result;
}

}  // namespace goldpan
