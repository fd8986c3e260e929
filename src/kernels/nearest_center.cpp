#include "kernels/nearest_center.hpp"

#include <algorithm>
#include <cassert>
#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/nearest_center.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace goldpan {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using DF = hn::ScalableTag<float>;

void nearest(MatrixView<const float> dots, std::span<const float> center_norms, std::uint32_t* best,
             float* best_value) {
  const DF d;
  const hn::RebindToSigned<DF> di;
  const std::size_t lanes = hn::Lanes(d), size = dots.cols();
  HWY_ALIGN float value_lanes[hn::MaxLanes(d)];
  HWY_ALIGN int32_t index_lanes[hn::MaxLanes(di)];
  const auto step = hn::Set(di, static_cast<int32_t>(lanes));
  for (std::size_t r = 0; r < dots.rows(); ++r) {
    const float* const row = dots.row(r).data();
    auto smallest = hn::Set(d, std::numeric_limits<float>::infinity());
    auto where = hn::Zero(di), index = hn::Iota(di, 0);
    std::size_t c = 0;
    for (; c + lanes <= size; c += lanes) {
      const auto value = hn::NegMulAdd(hn::Set(d, 2.0f), hn::LoadU(d, row + c),
                                       hn::LoadU(d, center_norms.data() + c));
      const auto smaller = hn::Lt(value, smallest);
      smallest = hn::IfThenElse(smaller, value, smallest);
      where = hn::IfThenElse(hn::RebindMask(di, smaller), index, where);
      index = hn::Add(index, step);
    }
    hn::Store(smallest, d, value_lanes);
    hn::Store(where, di, index_lanes);
    float winner = std::numeric_limits<float>::infinity();
    std::uint32_t at = 0;
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      const auto lane_at = static_cast<std::uint32_t>(index_lanes[lane]);
      if (value_lanes[lane] < winner || (value_lanes[lane] == winner && lane_at < at)) {
        winner = value_lanes[lane];
        at = lane_at;
      }
    }
    for (; c < size; ++c) {
      const float value = center_norms[c] - 2.0f * row[c];
      if (value < winner) {
        winner = value;
        at = static_cast<std::uint32_t>(c);
      }
    }
    best[r] = at;
    best_value[r] = winner;
  }
}

std::size_t within(std::span<const float> dots, std::span<const float> center_norms, float limit,
                   std::uint32_t* out) {
  const DF d;
  const std::size_t lanes = hn::Lanes(d), size = dots.size();
  const auto limits = hn::Set(d, limit);
  std::size_t found = 0;
  // Few pass: whole vectors are ruled out, and only the others are looked at one by one.
  for (std::size_t c = 0; c < size; c += lanes) {
    const std::size_t end = std::min(c + lanes, size);
    if (end - c == lanes) {
      const auto value = hn::NegMulAdd(hn::Set(d, 2.0f), hn::LoadU(d, dots.data() + c),
                                       hn::LoadU(d, center_norms.data() + c));
      if (hn::AllFalse(d, hn::Le(value, limits))) continue;
    }
    for (std::size_t i = c; i < end; ++i) {
      if (center_norms[i] - 2.0f * dots[i] <= limit) out[found++] = static_cast<std::uint32_t>(i);
    }
  }
  return found;
}

}  // namespace HWY_NAMESPACE
}  // namespace goldpan
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace goldpan {

HWY_EXPORT(nearest);
HWY_EXPORT(within);

void nearest_centers(MatrixView<const float> dots, std::span<const float> center_norms,
                     std::span<std::uint32_t> nearest, std::span<float> value) {
  assert(center_norms.size() == dots.cols() && dots.cols() > 0);
  assert(nearest.size() == dots.rows() && value.size() == dots.rows());
  HWY_DYNAMIC_DISPATCH(nearest)(dots, center_norms, nearest.data(), value.data());
}

std::size_t centers_within(std::span<const float> dots, std::span<const float> center_norms,
                           float limit, std::span<std::uint32_t> out) {
  assert(center_norms.size() == dots.size() && out.size() >= dots.size());
  return HWY_DYNAMIC_DISPATCH(within)(dots, center_norms, limit, out.data());
}

}  // namespace goldpan
#endif  // HWY_ONCE
