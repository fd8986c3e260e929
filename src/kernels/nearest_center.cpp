#include "kernels/nearest_center.hpp"

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

void norms(MatrixView<const float> rows, float* out) {
  const DF d;
  const std::size_t lanes = hn::Lanes(d), size = rows.cols();
  for (std::size_t r = 0; r < rows.rows(); ++r) {
    const float* const a = rows.row(r).data();
    auto even = hn::Zero(d), odd = even;  // two sums hide the latency of the additions
    std::size_t i = 0;
    for (; i + 2 * lanes <= size; i += 2 * lanes) {
      const auto x = hn::LoadU(d, a + i), y = hn::LoadU(d, a + i + lanes);
      even = hn::MulAdd(x, x, even);
      odd = hn::MulAdd(y, y, odd);
    }
    out[r] = hn::GetLane(hn::SumOfLanes(d, hn::Add(even, odd)));
    for (; i < size; ++i) out[r] += a[i] * a[i];
  }
}

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

}  // namespace HWY_NAMESPACE
}  // namespace goldpan
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace goldpan {

HWY_EXPORT(norms);
HWY_EXPORT(nearest);

void squared_norms(MatrixView<const float> rows, std::span<float> out) {
  assert(out.size() == rows.rows());
  HWY_DYNAMIC_DISPATCH(norms)(rows, out.data());
}

void nearest_centers(MatrixView<const float> dots, std::span<const float> center_norms,
                     std::span<std::uint32_t> nearest, std::span<float> value) {
  assert(center_norms.size() == dots.cols() && dots.cols() > 0);
  assert(nearest.size() == dots.rows() && value.size() == dots.rows());
  HWY_DYNAMIC_DISPATCH(nearest)(dots, center_norms, nearest.data(), value.data());
}

}  // namespace goldpan
#endif  // HWY_ONCE
