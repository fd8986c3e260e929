#include "kernels/quantized.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/quantized.cpp"
#include <hwy/foreach_target.h>
// Must come after foreach_target.h.
#include <hwy/highway.h>

#include "kernels/aligned.hpp"

#ifndef GOLDPAN_KERNELS_QUANTIZED_ONCE
#define GOLDPAN_KERNELS_QUANTIZED_ONCE
namespace goldpan {
namespace {

struct Rounded {
  float scale;           // x is about scale * q
  float error_squared;   // of the rounding
  float length_squared;  // of x
  double squares, sum;   // of the integers
};

}  // namespace
}  // namespace goldpan
#endif

HWY_BEFORE_NAMESPACE();
namespace goldpan {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using Tag = hn::CappedTag<float, 16>;
using Vector = hn::Vec<Tag>;

#if HWY_TARGET != HWY_SCALAR
/// One step of the Hadamard transform within vectors: i with i ^ (2 half - 1), `mirrored` holding
/// the latter. Differences land where the bit `half` is set.
HWY_ATTR Vector pair_up(Vector values, Vector mirrored, const float* signs) {
  return hn::MulAdd(values, hn::Load(Tag(), signs), mirrored);
}
#endif

/// Hadamard transforms (but for a factor) of the `width` values at x, and so on up to `size`.
HWY_ATTR void hadamard(float* HWY_RESTRICT x, std::size_t size, std::size_t width) {
  const Tag tag;
  constexpr std::size_t kLanes = hn::MaxLanes(tag);
#if HWY_TARGET != HWY_SCALAR
  alignas(64) float signs[4][16];
  for (std::size_t step = 0; step < 4; ++step) {
    for (std::size_t i = 0; i < 16; ++i) signs[step][i] = (i >> step & 1) != 0 ? -1.0f : 1.0f;
  }
  for (std::size_t i = 0; i < size; i += kLanes) {  // vectors have 4, 8 or 16 lanes
    Vector v = hn::Load(tag, x + i);
    v = pair_up(v, hn::Reverse2(tag, v), signs[0]);
    v = pair_up(v, hn::Reverse4(tag, v), signs[1]);
#if HWY_TARGET <= HWY_AVX2 && HWY_ARCH_X86
    v = pair_up(v, hn::Reverse8(tag, v), signs[2]);
#endif
#if HWY_TARGET <= HWY_AVX3 && HWY_ARCH_X86
    v = pair_up(v, hn::Reverse(tag, v), signs[3]);
#endif
    hn::Store(v, tag, x + i);
  }
#endif
  for (std::size_t stride = kLanes; stride < width; stride *= 2) {
    for (std::size_t i = 0; i < size; i += 2 * stride) {
      for (std::size_t j = i; j < i + stride; j += kLanes) {
        const Vector a = hn::Load(tag, x + j), b = hn::Load(tag, x + j + stride);
        hn::Store(hn::Add(a, b), tag, x + j);
        hn::Store(hn::Sub(a, b), tag, x + j + stride);
      }
    }
  }
}

/// Reflects across the parts of `width` values each: y_p = x_p - 2 / parts * sum of all.
HWY_ATTR void reflect(float* HWY_RESTRICT x, std::size_t size, std::size_t width) {
  const Tag tag;
  constexpr std::size_t kLanes = hn::MaxLanes(tag);
  const std::size_t parts = size / width;
  const auto factor = hn::Set(tag, -2.0f / static_cast<float>(parts));
  for (std::size_t i = 0; i < width; i += kLanes) {
    Vector sum = hn::Load(tag, x + i);
    for (std::size_t part = width; part < size; part += width) {
      sum = hn::Add(sum, hn::Load(tag, x + part + i));
    }
    sum = hn::Mul(sum, factor);
    for (std::size_t part = 0; part < size; part += width) {
      hn::Store(hn::Add(sum, hn::Load(tag, x + part + i)), tag, x + part + i);
    }
  }
}

HWY_ATTR Rounded round_kernel(float* HWY_RESTRICT x, std::size_t size, std::size_t width,
                              std::int8_t* HWY_RESTRICT out) {
  hadamard(x, size, width);
  if (width < size) reflect(x, size, width);
  const Tag tag;
  constexpr std::size_t kLanes = hn::MaxLanes(tag);
  const hn::Rebind<std::int8_t, Tag> bytes;
  Vector most = hn::Zero(tag);
  for (std::size_t i = 0; i < size; i += kLanes) {
    most = hn::Max(most, hn::Abs(hn::Load(tag, x + i)));
  }
  const float largest = hn::GetLane(hn::MaxOfLanes(tag, most));
  // Of numbers that small the reciprocal would overflow: they are rounded to zero, and the error
  // holds them whole.
  const bool tiny = !(largest > 1e-30f);
  const float scale = tiny ? 0.0f : largest / 127.0f;
  const auto down = hn::Set(tag, tiny ? 0.0f : 127.0f / largest), up = hn::Set(tag, scale);
  Vector errors = hn::Zero(tag), lengths = hn::Zero(tag);
  Vector squares = hn::Zero(tag), sums = hn::Zero(tag);  // of integers: exact in each lane
  for (std::size_t i = 0; i < size; i += kLanes) {
    const Vector value = hn::Load(tag, x + i);
    const auto rounded = hn::NearestInt(hn::Mul(value, down));
    const Vector whole = hn::ConvertTo(tag, rounded);
    const Vector error = hn::NegMulAdd(up, whole, value);
    squares = hn::MulAdd(whole, whole, squares);
    sums = hn::Add(sums, whole);
    errors = hn::MulAdd(error, error, errors);
    lengths = hn::MulAdd(value, value, lengths);
    hn::StoreU(hn::DemoteTo(bytes, rounded), bytes, out + i);
  }
  alignas(64) float lanes[2][kLanes];
  hn::Store(squares, tag, lanes[0]);
  hn::Store(sums, tag, lanes[1]);
  Rounded result{scale, hn::GetLane(hn::SumOfLanes(tag, errors)),
                 hn::GetLane(hn::SumOfLanes(tag, lengths)), 0, 0};
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    result.squares += lanes[0][lane];
    result.sum += lanes[1][lane];
  }
  return result;
}

HWY_ATTR void shift_kernel(const float* HWY_RESTRICT x, const float* HWY_RESTRICT signs,
                           const float* HWY_RESTRICT shifts, std::size_t dims,
                           float* HWY_RESTRICT out) {
  for (std::size_t d = 0; d < dims; ++d) out[d] = x[d] * signs[d] - shifts[d];
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace goldpan
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace goldpan {

HWY_EXPORT(round_kernel);
HWY_EXPORT(shift_kernel);

namespace {

constexpr std::size_t kStep = 64;       // components a step of an AMX tile
constexpr std::size_t kMaxWidth = 512;  // of a Hadamard transform
constexpr std::size_t kTile = 32;       // centers a step: rows beyond the last are read, not used
constexpr float kEpsilon = 0x1p-24f;
/// Covers what squares of small numbers lose to underflow.
constexpr float kVanishing = 1e-18f;
constexpr float kTiny = 1e-30f;

std::size_t rounded_up(std::size_t value, std::size_t step) {
  return (value + step - 1) / step * step;
}

}  // namespace

Quantizer::Quantizer(std::size_t dims) : center_(dims, 0.0f) { plan(); }

Quantizer::Quantizer(MatrixView<const float> sample) : center_(sample.cols()) {
  assert(sample.rows() > 0);
  std::vector<double> sums(sample.cols());
  for (std::size_t i = 0; i < sample.rows(); ++i) {
    for (std::size_t d = 0; d < sums.size(); ++d) sums[d] += sample(i, d);
  }
  for (std::size_t d = 0; d < sums.size(); ++d) {
    center_[d] = static_cast<float>(sums[d] / static_cast<double>(sample.rows()));
  }
  plan();
}

void Quantizer::plan() {
  size_ = rounded_up(std::max<std::size_t>(center_.size(), 1), kStep);
  width_ = kStep;
  while (width_ < kMaxWidth && size_ % (2 * width_) == 0) width_ *= 2;
  factor_ = 1.0 / std::sqrt(static_cast<double>(width_));
  // A step of the transforms rounds every value once, the reflection its sums; the sums of squares
  // themselves are off by less than size * epsilon of their value.
  const std::size_t parts = size_ / width_;
  steps_ = std::log2(static_cast<double>(width_)) + 4.0 * static_cast<double>(parts) + 16.0;
  signs_.resize(center_.size());
  shifts_.resize(center_.size());
  std::uint32_t state = 1;  // any signs will do; they keep regular rows from staying regular
  for (std::size_t d = 0; d < center_.size(); ++d) {
    state = state * 1664525u + 1013904223u;
    signs_[d] = (state >> 31) != 0 ? 1.0f : -1.0f;
    shifts_[d] = signs_[d] * center_[d];
  }
}

Quantizer::Numbers Quantizer::quantize(std::span<const float> x, std::int8_t* out) const {
  assert(x.size() == center_.size());
  thread_local hwy::AlignedFreeUniquePtr<float[]> values;
  thread_local std::size_t room = 0;
  if (room < size_) {
    values = aligned_array<float>(size_);
    room = size_;
  }
  HWY_DYNAMIC_DISPATCH(shift_kernel)
  (x.data(), signs_.data(), shifts_.data(), x.size(), values.get());
  std::fill(values.get() + x.size(), values.get() + size_, 0.0f);
  const Rounded rounded = HWY_DYNAMIC_DISPATCH(round_kernel)(values.get(), size_, width_, out);
  // The transforms leave out their factor, which is the same for all.
  Numbers numbers;
  numbers.scale = static_cast<float>(rounded.scale * factor_);
  numbers.half_length = static_cast<float>(0.5 * numbers.scale * numbers.scale * rounded.squares);
  const double generous = 1.0 + 2.0 * static_cast<double>(size_) * kEpsilon;
  numbers.error =
      static_cast<float>(generous * factor_ *
                         (std::sqrt(double{rounded.error_squared}) +
                          steps_ * kEpsilon * std::sqrt(double{rounded.length_squared}))) *
          (1 + 4 * kEpsilon) +
      kVanishing;
  numbers.sum = static_cast<std::int32_t>(rounded.sum);
  return numbers;
}

QuantizedRows::QuantizedRows(const Quantizer& by, std::size_t rows)
    : quantizer(&by),
      capacity(rows),
      values(aligned_array<std::int8_t>((rows + kTile) * by.size())),
      scales(rows),
      half_lengths(rows),
      errors(rows) {
  std::fill_n(values.get(), (rows + kTile) * by.size(), std::int8_t{0});
}

void QuantizedRows::set(std::size_t at, std::span<const float> row) {
  const Quantizer::Numbers numbers = quantizer->quantize(row, values.get() + at * size());
  scales[at] = numbers.scale;
  half_lengths[at] = numbers.half_length;
  errors[at] = numbers.error;
  note(at);
}

void QuantizedRows::note(std::size_t at) {
  largest_half_length = std::max(largest_half_length, half_lengths[at]);
  largest_error = std::max(largest_error, errors[at]);
}

QuantizedBlock::QuantizedBlock(const Quantizer& by)
    : quantizer(&by), values(aligned_array<std::int8_t>(by.size() * kSketchBlock)) {}

void QuantizedBlock::set(MatrixView<const float> rows) {
  assert(rows.rows() <= kSketchBlock);
  for (std::size_t i = 0; i < rows.rows(); ++i) set(i, rows.row(i));
  clear_from(rows.rows());
}

void QuantizedBlock::set(std::size_t i, std::span<const float> row) {
  const std::size_t size = quantizer->size();
  thread_local std::vector<std::int8_t> integers;
  integers.resize(size);
  const Quantizer::Numbers numbers = quantizer->quantize(row, integers.data());
  scales[i] = numbers.scale;
  half_lengths[i] = numbers.half_length;
  errors[i] = numbers.error;
  sums[i] = numbers.sum;
  std::int8_t* out = values.get() + 4 * i;
  for (std::size_t k = 0; k < size; k += 4, out += 4 * kSketchBlock) {
    std::memcpy(out, integers.data() + k, 4);
  }
}

void QuantizedBlock::clear_from(std::size_t begin) {
  for (std::size_t i = begin; i < kSketchBlock; ++i) {
    scales[i] = half_lengths[i] = errors[i] = 0;
    sums[i] = 0;
    for (std::size_t k = 0; k < quantizer->size(); k += 4) {
      std::memset(values.get() + k * kSketchBlock + 4 * i, 0, 4);
    }
  }
}

void QuantizedBlock::copy_to(std::size_t i, QuantizedRows& rows, std::size_t at) const {
  std::int8_t* const out = rows.values.get() + at * rows.size();
  for (std::size_t k = 0; k < rows.size(); k += 4) {
    std::memcpy(out + k, values.get() + k * kSketchBlock + 4 * i, 4);
  }
  rows.scales[at] = scales[i];
  rows.half_lengths[at] = half_lengths[i];
  rows.errors[at] = errors[i];
  rows.note(at);
}

void QuantizedBlock::copy_from(const QuantizedRows& rows, std::size_t at, std::size_t i) {
  const std::int8_t* const from = rows.values.get() + at * rows.size();
  std::int32_t sum = 0;
  for (std::size_t k = 0; k < rows.size(); k += 4) {
    std::memcpy(values.get() + k * kSketchBlock + 4 * i, from + k, 4);
  }
  for (std::size_t k = 0; k < rows.size(); ++k) sum += from[k];
  scales[i] = rows.scales[at];
  half_lengths[i] = rows.half_lengths[at];
  errors[i] = rows.errors[at];
  sums[i] = sum;
}

float quantized_limit(const QuantizedBlock& block, std::size_t i, const QuantizedRows& centers,
                      float distance) {
  const float half = block.half_lengths[i];
  const float reach = distance + block.errors[i] + centers.largest_error;
  return half - reach * reach * (0.5f + 4 * kEpsilon) -
         64 * kEpsilon * (half + centers.largest_half_length) - kTiny;
}

float quantized_distance(const QuantizedBlock& block, std::size_t i, const QuantizedRows& centers,
                         float product) {
  const float half = block.half_lengths[i];
  const float squared =
      2 * (half - product) - 128 * kEpsilon * (half + centers.largest_half_length) - kTiny;
  const float error = block.errors[i] + centers.largest_error;
  return std::sqrt(std::max(0.0f, squared)) * (1 - 4 * kEpsilon) - error * (1 + 4 * kEpsilon);
}

}  // namespace goldpan
#endif
