#include "kernels/coverage.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/coverage.cpp"
// The order matters: foreach_target.h compiles what follows it once for each target.
// clang-format off
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
#include <hwy/contrib/math/math-inl.h>
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace goldpan {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using DF = hn::CappedTag<float, kCoverageLanes>;
using DI = hn::RebindToSigned<DF>;
using DU = hn::RebindToUnsigned<DF>;

// Terms that the lower half of a 32-bit sum takes before it could overflow.
constexpr std::size_t kFlush = std::size_t{1} << 15;
constexpr int kLowBits = 15;

HWY_INLINE hn::Vec<DI> term(hn::Vec<DF> similarity, hn::Vec<DF> reached, hn::Vec<DF> weight) {
  const DF d;
  const auto more = hn::Max(hn::Zero(d), hn::Sub(similarity, reached));
  return hn::NearestInt(hn::Mul(hn::Mul(weight, more), hn::Set(d, 0x1p30f)));
}

/// To the nearest multiple of 2^-24: see coverage.hpp.
HWY_INLINE hn::Vec<DF> on_grid(hn::Vec<DF> value) {
  const DF d;
  const auto units = hn::NearestInt(hn::Mul(value, hn::Set(d, 0x1p24f)));
  return hn::Mul(hn::ConvertTo(d, units), hn::Set(d, 0x1p-24f));
}

bool to_squared_distances(float* row, std::size_t size, float own_norm, const float* norms,
                          float near) {
  const DF d;
  auto smallest = hn::Set(d, near);
  for (std::size_t j = 0; j < size; j += hn::Lanes(d)) {
    const auto sum = hn::Add(hn::Set(d, own_norm), hn::LoadU(d, norms + j));
    const auto value =
        hn::Max(hn::Zero(d), hn::NegMulAdd(hn::Set(d, 2.0f), hn::LoadU(d, row + j), sum));
    hn::StoreU(value, d, row + j);
    smallest = hn::Min(smallest, value);
  }
  return !hn::AllTrue(d, hn::Ge(smallest, hn::Set(d, near)));
}

void to_gaussian(float* row, std::size_t size, float scale) {
  const DF d;
  for (std::size_t j = 0; j < size; j += hn::Lanes(d)) {
    const auto z = hn::Mul(hn::Set(d, -scale), hn::LoadU(d, row + j));
    // Denormal numbers would slow whatever is computed from them.
    const auto value = hn::IfThenElseZero(hn::Ge(z, hn::Set(d, -69.0f)), hn::Exp(d, z));
    hn::StoreU(on_grid(hn::Min(hn::Set(d, 1.0f), value)), d, row + j);
  }
}

void to_lines(float* rows, std::size_t size, const float* slopes, const float* offsets,
              std::size_t columns, float most) {
  const DF d;
  for (std::size_t j = 0; j < columns; j += hn::Lanes(d)) {
    const auto slope = hn::LoadU(d, slopes + j), offset = hn::LoadU(d, offsets + j);
    for (std::size_t i = j; i < size; i += columns) {
      const auto value = hn::MulAdd(slope, hn::LoadU(d, rows + i), offset);
      hn::StoreU(hn::Min(hn::Set(d, most), value), d, rows + i);
    }
  }
}

void to_similarity(float* row, std::size_t size) {
  const DF d;
  const auto half = hn::Set(d, 0.5f);
  for (std::size_t j = 0; j < size; j += hn::Lanes(d)) {
    const auto value = hn::MulAdd(half, hn::LoadU(d, row + j), half);
    hn::StoreU(on_grid(hn::Min(hn::Set(d, 1.0f), hn::Max(hn::Zero(d), value))), d, row + j);
  }
}

void raise(const float* similarities, std::size_t size, float* reached) {
  const DF d;
  for (std::size_t j = 0; j < size; j += hn::Lanes(d)) {
    hn::StoreU(hn::Max(hn::LoadU(d, reached + j), hn::LoadU(d, similarities + j)), d, reached + j);
  }
}

std::int64_t gain(const float* similarities, std::size_t size, const float* reached,
                  const float* weights) {
  const DF d;
  const DU du;
  const std::size_t lanes = hn::Lanes(d);
  HWY_ALIGN std::uint32_t low_lanes[kCoverageLanes], high_lanes[kCoverageLanes];
  std::int64_t sum = 0;
  for (std::size_t begin = 0; begin < size; begin += kFlush * lanes) {
    const std::size_t end = std::min(size, begin + kFlush * lanes);
    auto low = hn::Zero(du), high = hn::Zero(du);
    for (std::size_t j = begin; j < end; j += lanes) {
      const auto value =
          hn::BitCast(du, term(hn::LoadU(d, similarities + j), hn::LoadU(d, reached + j),
                               hn::LoadU(d, weights + j)));
      low = hn::Add(low, hn::And(value, hn::Set(du, (1u << kLowBits) - 1)));
      high = hn::Add(high, hn::ShiftRight<kLowBits>(value));
    }
    hn::Store(low, du, low_lanes);
    hn::Store(high, du, high_lanes);
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      sum += low_lanes[lane] + (std::int64_t{high_lanes[lane]} << kLowBits);
    }
  }
  return sum;
}

void add_terms(const float* similarities, std::size_t size, float reached, float weight,
               std::uint32_t* low, std::uint32_t* high) {
  const DF d;
  const DU du;
  const auto reached_all = hn::Set(d, reached), weight_all = hn::Set(d, weight);
  for (std::size_t j = 0; j < size; j += hn::Lanes(d)) {
    const auto similarity = hn::LoadU(d, similarities + j);
    if (hn::AllFalse(d, hn::Gt(similarity, reached_all))) continue;
    const auto value = hn::BitCast(du, term(similarity, reached_all, weight_all));
    hn::StoreU(hn::Add(hn::LoadU(du, low + j), hn::And(value, hn::Set(du, (1u << kLowBits) - 1))),
               du, low + j);
    hn::StoreU(hn::Add(hn::LoadU(du, high + j), hn::ShiftRight<kLowBits>(value)), du, high + j);
  }
}

template <typename Reached>
HWY_INLINE std::size_t above(const float* similarities, std::size_t size, const Reached& reached,
                             std::uint32_t* out) {
  const DF d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t found = 0;
  // Few pass: whole vectors are ruled out, and only the others are looked at one by one.
  for (std::size_t j = 0; j < size; j += lanes) {
    if (hn::AllFalse(d, hn::Gt(hn::LoadU(d, similarities + j), reached.vector(d, j)))) continue;
    for (std::size_t i = j; i < j + lanes; ++i) {
      if (similarities[i] > reached.at(i)) out[found++] = static_cast<std::uint32_t>(i);
    }
  }
  return found;
}

struct ReachedEach {
  const float* values;
  HWY_INLINE hn::Vec<DF> vector(DF d, std::size_t j) const { return hn::LoadU(d, values + j); }
  float at(std::size_t i) const { return values[i]; }
};

struct ReachedAll {
  float value;
  HWY_INLINE hn::Vec<DF> vector(DF d, std::size_t /*j*/) const { return hn::Set(d, value); }
  float at(std::size_t /*i*/) const { return value; }
};

std::size_t above_each(const float* similarities, std::size_t size, const float* reached,
                       std::uint32_t* out) {
  return above(similarities, size, ReachedEach{reached}, out);
}

std::size_t above_one(const float* similarities, std::size_t size, float reached,
                      std::uint32_t* out) {
  return above(similarities, size, ReachedAll{reached}, out);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace goldpan
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace goldpan {

HWY_EXPORT(to_squared_distances);
HWY_EXPORT(to_gaussian);
HWY_EXPORT(to_lines);
HWY_EXPORT(to_similarity);
HWY_EXPORT(raise);
HWY_EXPORT(gain);
HWY_EXPORT(add_terms);
HWY_EXPORT(above_each);
HWY_EXPORT(above_one);

bool squared_distances_of_products(std::span<float> row, float own_norm, const float* norms,
                                   float near) {
  assert(row.size() % kCoverageLanes == 0);
  return HWY_DYNAMIC_DISPATCH(to_squared_distances)(row.data(), row.size(), own_norm, norms, near);
}

void gaussian_of_squared_distances(std::span<float> row, float scale) {
  assert(row.size() % kCoverageLanes == 0);
  HWY_DYNAMIC_DISPATCH(to_gaussian)(row.data(), row.size(), scale);
}

void lines_of_products(std::span<float> rows, const float* slopes, const float* offsets,
                       std::size_t columns, float most) {
  assert(columns % kCoverageLanes == 0 && rows.size() % columns == 0);
  HWY_DYNAMIC_DISPATCH(to_lines)(rows.data(), rows.size(), slopes, offsets, columns, most);
}

void similarity_of_products(std::span<float> row) {
  assert(row.size() % kCoverageLanes == 0);
  HWY_DYNAMIC_DISPATCH(to_similarity)(row.data(), row.size());
}

void raise_reached(std::span<const float> similarities, float* reached) {
  HWY_DYNAMIC_DISPATCH(raise)(similarities.data(), similarities.size(), reached);
}

std::int32_t coverage_term(float similarity, float reached, float weight) {
  const float more = std::max(0.0f, similarity - reached);
  return static_cast<std::int32_t>(std::lrint(weight * more * 0x1p30f));
}

std::int64_t coverage_gain(std::span<const float> similarities, const float* reached,
                           const float* weights) {
  assert(similarities.size() % kCoverageLanes == 0);
  return HWY_DYNAMIC_DISPATCH(gain)(similarities.data(), similarities.size(), reached, weights);
}

void add_coverage_terms(std::span<const float> similarities, float reached, float weight,
                        std::uint32_t* low, std::uint32_t* high) {
  assert(similarities.size() % kCoverageLanes == 0);
  HWY_DYNAMIC_DISPATCH(add_terms)
  (similarities.data(), similarities.size(), reached, weight, low, high);
}

std::size_t places_above(std::span<const float> similarities, const float* reached,
                         std::uint32_t* out) {
  return HWY_DYNAMIC_DISPATCH(above_each)(similarities.data(), similarities.size(), reached, out);
}

std::size_t places_above(std::span<const float> similarities, float reached, std::uint32_t* out) {
  return HWY_DYNAMIC_DISPATCH(above_one)(similarities.data(), similarities.size(), reached, out);
}

}  // namespace goldpan
#endif  // HWY_ONCE
