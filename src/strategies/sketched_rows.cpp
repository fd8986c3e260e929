#include "strategies/sketched_rows.hpp"

#include <algorithm>

#include "kernels/aligned.hpp"

namespace goldpan {
namespace {

constexpr std::size_t kSampleRows = 1024;

float half_length(std::span<const float> sketch) {
  double sum = 0;
  for (const float value : sketch) sum += double{value} * value;
  return static_cast<float>(sum / 2);
}

}  // namespace

Matrix<float> sample_of(const Embeddings& embeddings, std::span<const Index> candidates) {
  const std::size_t count = std::min(candidates.size(), kSampleRows);
  std::vector<Index> rows(count);
  for (std::size_t i = 0; i < count; ++i) rows[i] = candidates[i * candidates.size() / count];
  Matrix<float> sample(count, embeddings.cols());
  embeddings.gather_rows(rows, sample);
  return sample;
}

Sketch sketch_of_sample(const Embeddings& embeddings, std::span<const Index> candidates,
                        std::size_t directions) {
  return Sketch(sample_of(embeddings, candidates), directions);
}

void transpose_sketches(MatrixView<const float> sketches, float* out) {
  std::fill_n(out, sketches.cols() * kSketchBlock, 0.0f);
  for (std::size_t i = 0; i < sketches.rows(); ++i) {
    for (std::size_t k = 0; k < sketches.cols(); ++k) out[k * kSketchBlock + i] = sketches(i, k);
  }
}

SketchedBlock::SketchedBlock(MatrixView<const float> sketches, std::span<const float> slacks)
    : values(aligned_array<float>(sketches.cols() * kSketchBlock)) {
  transpose_sketches(sketches, values.get());
  for (std::size_t i = 0; i < sketches.rows(); ++i) {
    half_lengths[i] = half_length(sketches.row(i));
    slack[i] = slacks[i];
  }
}

void SketchedBlock::copy_sketch(std::size_t i, std::span<float> out) const {
  for (std::size_t k = 0; k < out.size(); ++k) out[k] = values[k * kSketchBlock + i];
}

void CenterSketches::add(std::size_t begin, MatrixView<const float> rows) {
  Matrix<float> copy(rows.rows(), rows.cols());  // project() overwrites it
  std::copy_n(rows.data(), rows.size(), copy.data());
  std::vector<float> slack(rows.rows());
  sketch.project(copy, values.view().rows_between(begin, begin + rows.rows()), slack);
  for (std::size_t i = 0; i < rows.rows(); ++i) add_length(begin + i, slack[i]);
}

void CenterSketches::add_length(std::size_t center, float slack) {
  half_lengths[center] = half_length(values.row(center));
  largest_half_length = std::max(largest_half_length, half_lengths[center]);
  largest_slack = std::max(largest_slack, slack);
}

}  // namespace goldpan
