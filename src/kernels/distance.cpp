#include "kernels/distance.hpp"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/distance.cpp"
#include <hwy/foreach_target.h>
// Must come after foreach_target.h.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace goldpan {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

constexpr std::size_t kSums = 32;  // partial sums of a distance: part of its definition

HWY_ATTR float distance_kernel(const float* HWY_RESTRICT a, const float* HWY_RESTRICT b,
                               std::size_t dims) {
  const hn::CappedTag<float, 16> tag;
  constexpr std::size_t kLanes = hn::MaxLanes(tag);
  constexpr std::size_t kVectors = kSums / kLanes;
  hn::Vec<decltype(tag)> sums[kVectors];
  for (auto& sum : sums) sum = hn::Zero(tag);
  std::size_t i = 0;
  for (; i + kSums <= dims; i += kSums) {
    for (std::size_t v = 0; v < kVectors; ++v) {
      const auto difference =
          hn::Sub(hn::LoadU(tag, a + i + v * kLanes), hn::LoadU(tag, b + i + v * kLanes));
      sums[v] = hn::MulAdd(difference, difference, sums[v]);
    }
  }
  if (i < dims) {  // padded with zeros, which add nothing
    alignas(64) float rest_a[kSums] = {};
    alignas(64) float rest_b[kSums] = {};
    std::copy(a + i, a + dims, rest_a);
    std::copy(b + i, b + dims, rest_b);
    for (std::size_t v = 0; v < kVectors; ++v) {
      const auto difference =
          hn::Sub(hn::Load(tag, rest_a + v * kLanes), hn::Load(tag, rest_b + v * kLanes));
      sums[v] = hn::MulAdd(difference, difference, sums[v]);
    }
  }
  for (std::size_t half = kVectors / 2; half > 0; half /= 2) {
    for (std::size_t v = 0; v < half; ++v) sums[v] = hn::Add(sums[v], sums[v + half]);
  }
  alignas(64) float lanes[kLanes];
  hn::Store(sums[0], tag, lanes);
  for (std::size_t half = kLanes / 2; half > 0; half /= 2) {
    for (std::size_t lane = 0; lane < half; ++lane) lanes[lane] += lanes[lane + half];
  }
  return lanes[0];
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace goldpan
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace goldpan {

HWY_EXPORT(distance_kernel);

float squared_distance(const float* a, const float* b, std::size_t dims) {
  return HWY_DYNAMIC_DISPATCH(distance_kernel)(a, b, dims);
}

}  // namespace goldpan
#endif
