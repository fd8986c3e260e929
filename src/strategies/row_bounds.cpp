#include "strategies/row_bounds.hpp"

#include <algorithm>

namespace goldpan {
namespace {

constexpr float kEpsilon = 0x1p-24f;
/// Squares below this may have lost digits to underflow: such pairs are all measured.
constexpr float kTiny = 1e-30f;

}  // namespace

CenterBounds::CenterBounds(const Embeddings& embeddings, std::span<const Index> candidates,
                           std::size_t directions, std::size_t capacity) {
  if (quantized_pays(embeddings.cols())) {
    quantizer_ = Quantizer(sample_of(embeddings, candidates));
    whole_.emplace(quantizer_, capacity);
  } else {
    sketches_.emplace(sketch_of_sample(embeddings, candidates, directions), capacity);
  }
}

std::size_t CenterBounds::block_bytes() const {
  return kSketchBlock * (quantized() ? whole_->size() : sketch().size() * sizeof(float));
}

std::unique_ptr<BlockBounds> CenterBounds::block(MatrixView<float> rows) const {
  auto bounds = std::make_unique<BlockBounds>();
  if (quantized()) {
    bounds->whole.emplace(quantizer_);
    bounds->whole->set(rows);
    return bounds;
  }
  Matrix<float> sketches(rows.rows(), sketch().size());
  float slack[kSketchBlock];
  sketch().project(rows, sketches, std::span(slack).first(rows.rows()));
  bounds->sketch.emplace(sketches.view(), std::span<const float>(slack).first(rows.rows()));
  return bounds;
}

void CenterBounds::add(std::size_t begin, MatrixView<const float> rows) {
  if (!quantized()) return sketches_->add(begin, rows);
  for (std::size_t i = 0; i < rows.rows(); ++i) whole_->set(begin + i, rows.row(i));
}

void CenterBounds::add(std::size_t center, const BlockBounds& block, std::size_t i) {
  if (quantized()) return block.whole->copy_to(i, *whole_, center);
  block.sketch->copy_sketch(i, sketches_->values.row(center));
  sketches_->add_length(center, block.sketch->slack[i]);
}

void CenterBounds::products(const BlockBounds& block, std::size_t first, std::size_t last,
                            float* out) const {
  if (quantized()) return quantized_products(*block.whole, *whole_, first, last, out);
  sketch_products(block.sketch->values.get(), sketch().size(), sketches_->between(first, last),
                  out);
}

float CenterBounds::limit(const BlockBounds& block, std::size_t i, float distance) const {
  if (quantized()) return quantized_limit(*block.whole, i, *whole_, distance);
  const SketchedBlock& sketched = *block.sketch;
  const float half = sketched.half_lengths[i];
  const float reach = distance + sketched.slack[i] + sketches_->largest_slack;
  const float rounding = static_cast<float>(4 * sketch().size() + 32) * kEpsilon *
                         (half + sketches_->largest_half_length);
  return half - reach * reach * (0.5f + 4 * kEpsilon) - rounding - kTiny;
}

}  // namespace goldpan
