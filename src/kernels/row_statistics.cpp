#include "kernels/row_statistics.hpp"

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/row_statistics.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/log-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace goldpan {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Terms are floats, sums are doubles: float vectors hold as many lanes as double vectors.
using D64 = hn::ScalableTag<double>;
using D32 = hn::Rebind<float, D64>;
using DIndex = hn::Rebind<int32_t, D64>;

// Up to this many columns, one lane works on one row; above, all lanes on one row. The former has
// no remainder and no sum across lanes, the latter reads memory in order.
constexpr std::size_t kNarrow = 32;

/// Offsets of the first values of lanes() rows from row `begin` on; lanes past the end repeat the
/// last row.
template <class DI>
HWY_INLINE hn::Vec<DI> row_offsets(DI di, std::size_t begin, std::size_t end, std::size_t stride) {
  const auto step = hn::Set(di, static_cast<int32_t>(stride));
  const auto last = hn::Set(di, static_cast<int32_t>(end - 1 - begin));
  return hn::Mul(hn::Min(hn::Iota(di, 0), last), step);
}

template <class V>
HWY_INLINE void store_some(D64 d, V values, std::size_t count, double* out) {
  if (count >= hn::Lanes(d)) {
    hn::StoreU(values, d, out);
    return;
  }
  HWY_ALIGN double lanes[hn::MaxLanes(d)];
  hn::Store(values, d, lanes);
  std::copy_n(lanes, count, out);
}

template <class V>
HWY_INLINE hn::Vec<D64> entropy_term(D32 d, V p) {
  return hn::PromoteTo(D64(), hn::Mul(p, log_positive(d, p)));  // negative
}

void narrow_entropies(MatrixView<const float> rows, double* out) {
  const D64 d64;
  const D32 d32;
  const DIndex di;
  const std::size_t lanes = hn::Lanes(d64);
  for (std::size_t r = 0; r < rows.rows(); r += lanes) {
    const float* const base = rows.data() + r * rows.cols();
    const auto offsets = row_offsets(di, r, rows.rows(), rows.cols());
    auto sum = hn::Zero(d64);
    for (std::size_t c = 0; c < rows.cols(); ++c) {
      sum = hn::Sub(sum, entropy_term(d32, hn::GatherIndex(d32, base + c, offsets)));
    }
    store_some(d64, sum, rows.rows() - r, out + r);
  }
}

double wide_entropy(std::span<const float> row) {
  const D64 d64;
  const D32 d32;
  const std::size_t lanes = hn::Lanes(d32);
  auto sum = hn::Zero(d64);
  std::size_t c = 0;
  for (; c + lanes <= row.size(); c += lanes) {
    sum = hn::Sub(sum, entropy_term(d32, hn::LoadU(d32, row.data() + c)));
  }
  if (c < row.size()) {
    HWY_ALIGN float rest[hn::MaxLanes(d32)] = {};  // zeros add nothing
    std::copy(row.begin() + c, row.end(), rest);
    sum = hn::Sub(sum, entropy_term(d32, hn::Load(d32, rest)));
  }
  return hn::GetLane(hn::SumOfLanes(d64, sum));
}

void entropies(MatrixView<const float> rows, double* out) {
  if (rows.cols() <= kNarrow) return narrow_entropies(rows, out);
  for (std::size_t r = 0; r < rows.rows(); ++r) out[r] = wide_entropy(rows.row(r));
}

/// The two largest values seen by each lane.
template <class DF>
struct TwoLargest {
  DF d;
  hn::Vec<DF> largest = hn::Set(d, -std::numeric_limits<float>::infinity());
  hn::Vec<DF> second = largest;

  HWY_INLINE void add(hn::Vec<DF> values) {
    second = hn::Max(second, hn::Min(largest, values));
    largest = hn::Max(largest, values);
  }
};

void narrow_two_largest(MatrixView<const float> rows, float* largest, float* second) {
  const hn::ScalableTag<float> d;
  const hn::RebindToSigned<decltype(d)> di;
  const std::size_t lanes = hn::Lanes(d);
  HWY_ALIGN float first_lanes[hn::MaxLanes(d)], second_lanes[hn::MaxLanes(d)];
  for (std::size_t r = 0; r < rows.rows(); r += lanes) {
    const float* const base = rows.data() + r * rows.cols();
    const auto offsets = row_offsets(di, r, rows.rows(), rows.cols());
    TwoLargest<decltype(d)> two{d};
    for (std::size_t c = 0; c < rows.cols(); ++c) two.add(hn::GatherIndex(d, base + c, offsets));
    hn::Store(two.largest, d, first_lanes);
    hn::Store(two.second, d, second_lanes);
    const std::size_t count = std::min(lanes, rows.rows() - r);
    std::copy_n(first_lanes, count, largest + r);
    std::copy_n(second_lanes, count, second + r);
  }
}

void wide_two_largest(std::span<const float> row, float& largest, float& second) {
  const hn::ScalableTag<float> d;
  const std::size_t lanes = hn::Lanes(d);
  TwoLargest<decltype(d)> two{d};
  std::size_t c = 0;
  for (; c + lanes <= row.size(); c += lanes) two.add(hn::LoadU(d, row.data() + c));
  HWY_ALIGN float both[2 * hn::MaxLanes(d)];
  hn::Store(two.largest, d, both);
  hn::Store(two.second, d, both + lanes);
  largest = second = -std::numeric_limits<float>::infinity();
  const auto add = [&](float value) {
    second = std::max(second, std::min(largest, value));
    largest = std::max(largest, value);
  };
  for (std::size_t i = 0; i < 2 * lanes; ++i) add(both[i]);
  for (; c < row.size(); ++c) add(row[c]);
}

void two_largest(MatrixView<const float> rows, float* largest, float* second) {
  if (rows.cols() <= kNarrow) return narrow_two_largest(rows, largest, second);
  for (std::size_t r = 0; r < rows.rows(); ++r) {
    wide_two_largest(rows.row(r), largest[r], second[r]);
  }
}

void mutual_information(MatrixView<const float> rows, std::size_t classes, double* out) {
  const D64 d64;
  const D32 d32;
  const DIndex di;
  const std::size_t lanes = hn::Lanes(d64), passes = rows.cols() / classes;
  const auto share = hn::Set(d64, 1.0 / static_cast<double>(passes));
  for (std::size_t r = 0; r < rows.rows(); r += lanes) {
    const float* const base = rows.data() + r * rows.cols();
    const auto offsets = row_offsets(di, r, rows.rows(), rows.cols());
    auto total = hn::Zero(d64);  // H(mean) - mean H, as one sum
    for (std::size_t c = 0; c < classes; ++c) {
      auto mean = hn::Zero(d64), terms = hn::Zero(d64);
      for (std::size_t k = 0; k < passes; ++k) {
        const auto p = hn::GatherIndex(d32, base + k * classes + c, offsets);
        mean = hn::Add(mean, hn::PromoteTo(d64, p));
        terms = hn::Add(terms, entropy_term(d32, p));
      }
      const auto of_mean = entropy_term(d32, hn::DemoteTo(d32, hn::Mul(mean, share)));
      total = hn::Add(total, hn::MulSub(terms, share, of_mean));
    }
    store_some(d64, hn::Max(total, hn::Zero(d64)), rows.rows() - r, out + r);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace goldpan
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace goldpan {

HWY_EXPORT(entropies);
HWY_EXPORT(two_largest);
HWY_EXPORT(mutual_information);

void row_entropies(MatrixView<const float> rows, std::span<double> out) {
  assert(out.size() == rows.rows());
  HWY_DYNAMIC_DISPATCH(entropies)(rows, out.data());
}

void row_two_largest(MatrixView<const float> rows, std::span<float> largest,
                     std::span<float> second) {
  assert(largest.size() == rows.rows() && second.size() == rows.rows());
  HWY_DYNAMIC_DISPATCH(two_largest)(rows, largest.data(), second.data());
  if (rows.cols() == 1) std::fill(second.begin(), second.end(), 0.0f);
}

void row_mutual_information(MatrixView<const float> rows, std::size_t classes,
                            std::span<double> out) {
  assert(out.size() == rows.rows() && classes > 0 && rows.cols() % classes == 0);
  assert(rows.cols() < (std::size_t{1} << 27));
  HWY_DYNAMIC_DISPATCH(mutual_information)(rows, classes, out.data());
}

}  // namespace goldpan
#endif  // HWY_ONCE
