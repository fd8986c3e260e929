#include "strategies/twin_search.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include <goldpan/core/error.hpp>

#include "kernels/blas.hpp"
#include "kernels/quantized.hpp"

namespace goldpan {
namespace {

using Nearest = TwinSearch::Nearest;

constexpr std::size_t kBlock = 512;       // rows that meet the kept rows in one go
constexpr std::size_t kTile = 2048;       // kept rows in one product
constexpr std::size_t kWholeTile = 1024;  // kept rows of one task, by quantised rows
constexpr std::size_t kChunk =
    128;  // of those in one product, which stays in the first-level cache
/// More than one pair in so many may be near: full products are then cheaper than single ones.
constexpr std::size_t kDensePairs = 8;

/// Scales a row to length 1; a row of zeros stays zero.
void normalise(std::span<float> row) {
  double squares = 0;
  for (const float x : row) squares += double{x} * x;
  if (squares == 0) return;
  const double scale = 1 / std::sqrt(squares);
  for (float& x : row) x = static_cast<float>(x * scale);
}

/// Rows [begin, begin + out.rows()) scaled to length 1.
void read_directions(const Embeddings& embeddings, std::size_t begin, MatrixView<float> out) {
  embeddings.copy_rows(begin, out);
  for (std::size_t i = 0; i < out.rows(); ++i) normalise(out.row(i));
}

}  // namespace

/// The rows kept so far.
class TwinSearch::Kept {
 public:
  virtual ~Kept() = default;
  virtual void add(Index row, std::span<const float> direction) = 0;
  /// The most similar kept row of each row of `block`, where that is as similar as a twin.
  virtual std::vector<Nearest> nearest(MatrixView<const float> block, Workers& workers) const = 0;
};

namespace {

/// Their directions as they are, contiguous, growing.
class KeptDirections : public TwinSearch::Kept {
 public:
  explicit KeptDirections(std::size_t dim) : dim_(dim) {}

  void add(Index row, std::span<const float> direction) override {
    rows_.push_back(row);
    directions_.insert(directions_.end(), direction.begin(), direction.end());
  }

  std::vector<Nearest> nearest(MatrixView<const float> block, Workers& workers) const override {
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

 private:
  std::size_t dim_;
  std::vector<Index> rows_;
  std::vector<float> directions_;
};

/// Their directions in integers, whose products rule out almost all pairs; the cosines of the rest
/// are those of the directions themselves, read again.
class KeptIntegers : public TwinSearch::Kept {
 public:
  KeptIntegers(const Embeddings& embeddings, float threshold)
      : embeddings_(embeddings), quantizer_(embeddings.cols()) {
    // Cosines and lengths as computed are off by this at most.
    const double error = 1e-5 + static_cast<double>(embeddings.cols() + 64) * 0x1p-22;
    reach_ = static_cast<float>(std::sqrt(2 - 2 * double{threshold} + 4 * error) * (1 + 1e-6));
  }

  void add(Index row, std::span<const float> direction) override {
    if (rows_.size() % kWholeTile == 0) {
      tiles_.push_back(std::make_unique<QuantizedRows>(quantizer_, kWholeTile));
    }
    tiles_.back()->set(rows_.size() % kWholeTile, direction);
    rows_.push_back(row);
  }

  std::vector<Nearest> nearest(MatrixView<const float> block, Workers& workers) const override {
    std::vector<QuantizedBlock> parts;
    for (std::size_t begin = 0; begin < block.rows(); begin += kSketchBlock) {
      parts.emplace_back(quantizer_);
    }
    workers.run(parts.size(), [&](std::size_t part) {
      const std::size_t begin = part * kSketchBlock;
      parts[part].set(block.rows_between(begin, std::min(block.rows(), begin + kSketchBlock)));
    });
    std::vector<std::vector<Nearest>> best(tiles_.size(), std::vector<Nearest>(block.rows()));
    workers.run(tiles_.size(), [&](std::size_t tile) {
      const std::size_t count = std::min(kWholeTile, rows_.size() - tile * kWholeTile);
      std::vector<float> products(kChunk * kSketchBlock);
      std::vector<std::uint32_t> pairs;
      for (std::size_t begin = 0; begin < count; begin += kChunk) {
        const std::size_t end = std::min(count, begin + kChunk);
        for (std::size_t part = 0; part < parts.size(); ++part) {
          find_pairs(parts[part], block.rows() - part * kSketchBlock, *tiles_[tile], begin, end,
                     products, pairs);
          if (pairs.empty()) continue;
          const std::size_t first = part * kSketchBlock;
          offer(block.rows_between(first, std::min(block.rows(), first + kSketchBlock)),
                tile * kWholeTile + begin, end - begin, pairs,
                std::span(best[tile]).subspan(first));
        }
      }
    });
    std::vector<Nearest> result(block.rows());
    for (const auto& tile : best) {
      for (std::size_t i = 0; i < block.rows(); ++i) result[i].offer(tile[i].cosine, tile[i].row);
    }
    return result;
  }

 private:
  /// Pairs of kept rows [begin, end) of a tile with rows of a block that may be twins.
  void find_pairs(const QuantizedBlock& part, std::size_t rows, const QuantizedRows& tile,
                  std::size_t begin, std::size_t end, std::vector<float>& products,
                  std::vector<std::uint32_t>& pairs) const {
    float limits[kSketchBlock];
    for (std::size_t i = 0; i < kSketchBlock; ++i) {
      limits[i] = i < rows ? quantized_limit(part, i, tile, reach_)
                           : std::numeric_limits<float>::infinity();
    }
    quantized_products(part, tile, begin, end, products.data());
    pairs.clear();
    products_above(products.data(), end - begin, limits, pairs);
  }

  /// Cosines of the pairs (kept row first + pair / kSketchBlock, row pair % kSketchBlock of part).
  void offer(MatrixView<const float> part, std::size_t first, std::size_t count,
             const std::vector<std::uint32_t>& pairs, std::span<Nearest> best) const {
    const std::size_t dims = part.cols();
    if (pairs.size() * kDensePairs > count * kSketchBlock) {
      Matrix<float> kept(count, dims), cosines(part.rows(), count);
      for (std::size_t j = 0; j < count; ++j) read(first + j, kept.row(j));
      multiply_transposed(part, kept.view(), cosines.view());
      for (std::size_t i = 0; i < part.rows(); ++i) {
        for (std::size_t j = 0; j < count; ++j) best[i].offer(cosines(i, j), rows_[first + j]);
      }
      return;
    }
    Matrix<float> kept(1, dims);
    std::size_t at = count;
    for (const std::uint32_t pair : pairs) {  // kept row by kept row
      const std::size_t i = pair % kSketchBlock;
      if (at != pair / kSketchBlock) read(first + (at = pair / kSketchBlock), kept.row(0));
      // An element of a product depends on its row and column alone.
      float cosine = 0;
      multiply_transposed(part.rows_between(i, i + 1), kept.view(), {&cosine, 1, 1});
      best[i].offer(cosine, rows_[first + at]);
    }
  }

  void read(std::size_t kept, std::span<float> out) const {
    embeddings_.copy_rows(rows_[kept], {out.data(), 1, out.size()});
    normalise(out);
  }

  const Embeddings& embeddings_;
  Quantizer quantizer_;
  float reach_ = 0;  // no twins are farther apart
  std::vector<Index> rows_;
  std::vector<std::unique_ptr<QuantizedRows>> tiles_;
};

std::unique_ptr<TwinSearch::Kept> make_kept(const Embeddings& embeddings, float threshold) {
  if (quantized_pays(embeddings.cols())) {
    return std::make_unique<KeptIntegers>(embeddings, threshold);
  }
  return std::make_unique<KeptDirections>(embeddings.cols());
}

}  // namespace

TwinSearch::TwinSearch(const Embeddings& embeddings, std::size_t first_row, double cosine)
    : embeddings_(embeddings),
      first_row_(first_row),
      // A cosine of exactly 1 must find copies, whose product rounds to a little less.
      threshold_(static_cast<float>(std::min(cosine, 1.0 - 1e-6))) {
  if (!(cosine > 0 && cosine <= 1)) {
    throw Error("dedup",
                "got a cosine of " + std::to_string(cosine) + ", expected above 0 and up to 1");
  }
  check_finite(embeddings, "embeddings");
  kept_row_of_.resize(embeddings.rows());
  kept_here_ = make_kept(embeddings_, threshold_);
  const std::size_t block = std::min(kBlock, embeddings.rows());
  directions_ = Matrix<float>(block, embeddings.cols());
  cosines_ = Matrix<float>(block, block);
}

TwinSearch::~TwinSearch() = default;

MatrixView<const float> TwinSearch::read_block(std::size_t begin, Workers& workers) {
  const std::size_t count = std::min(kBlock, embeddings_.rows() - begin);
  const MatrixView<float> block = directions_.view().rows_between(0, count);
  workers.for_blocks(count, kSketchBlock, [&](std::size_t from, std::size_t to) {
    read_directions(embeddings_, begin + from, block.rows_between(from, to));
  });
  return block;
}

void TwinSearch::meet(const Embeddings& others, std::span<const Index> rows, Workers& workers) {
  before_.resize(embeddings_.rows());
  const std::unique_ptr<Kept> kept = make_kept(others, threshold_);
  Matrix<float> direction(1, others.cols());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    read_directions(others, i, direction);
    kept->add(static_cast<Index>(i), direction.row(0));
  }
  for (std::size_t begin = 0; begin < embeddings_.rows(); begin += kBlock) {
    const MatrixView<const float> block = read_block(begin, workers);
    const std::vector<Nearest> nearest = kept->nearest(block, workers);
    for (std::size_t i = 0; i < block.rows(); ++i) {
      if (nearest[i].cosine >= threshold_) {
        before_[begin + i].offer(nearest[i].cosine, rows[nearest[i].row]);
      }
    }
  }
}

void TwinSearch::step(Workers& workers) {
  const std::size_t begin = next_;
  const MatrixView<const float> block = read_block(begin, workers);
  const std::size_t count = block.rows();
  // Rows that other shards kept come before these: of equals, the first seen stays.
  std::vector<Nearest> nearest(count);
  if (!before_.empty()) {
    std::copy_n(before_.begin() + static_cast<std::ptrdiff_t>(begin), count, nearest.begin());
  }
  const std::vector<Nearest> nearest_here = kept_here_->nearest(block, workers);
  const MatrixView<float> cosines(cosines_.data(), count, count);
  workers.for_blocks(count, kSketchBlock, [&](std::size_t from, std::size_t to) {
    multiply_transposed(block.rows_between(from, to), block, cosines.rows_between(from, to));
  });
  std::vector<std::size_t> kept_of_block;
  for (std::size_t i = 0; i < count; ++i) {
    const auto number = [&](std::size_t row) { return static_cast<Index>(first_row_ + row); };
    nearest[i].offer(nearest_here[i].cosine, number(nearest_here[i].row));
    for (const std::size_t j : kept_of_block) nearest[i].offer(cosines(i, j), number(begin + j));
    const bool has_twin = nearest[i].cosine >= threshold_;
    kept_row_of_[begin + i] = has_twin ? nearest[i].row : number(begin + i);
    if (has_twin) continue;
    kept_of_block.push_back(i);
    kept_.push_back(number(begin + i));
    kept_here_->add(static_cast<Index>(begin + i), block.row(i));
  }
  next_ += count;
}

}  // namespace goldpan
