#include "kernels/softmax.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/softmax.cpp"
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
using Floats = hn::CappedTag<float, 16>;
using Vector = hn::Vec<Floats>;

/// The last `count` < lanes values of a row, and `fill` in the other lanes. Reads nothing beyond
/// them: the row may be the last of its allocation.
HWY_INLINE Vector load_tail(const float* from, std::size_t count, float fill) {
  const Floats d;
#if HWY_TARGET <= HWY_AVX2  // masked loads that do not touch what is masked out
  const auto mask = hn::FirstN(d, count);
  return hn::IfThenElse(mask, hn::MaskedLoad(mask, d, from), hn::Set(d, fill));
#else
  HWY_ALIGN float lanes[16];
  std::fill(lanes, lanes + 16, fill);
  std::copy_n(from, count, lanes);
  return hn::Load(d, lanes);
#endif
}

HWY_INLINE void store_tail(Vector v, float* to, std::size_t count) {
  const Floats d;
#if HWY_TARGET <= HWY_AVX2
  hn::BlendedStore(v, hn::FirstN(d, count), d, to);
#else
  HWY_ALIGN float lanes[16];
  hn::Store(v, d, lanes);
  std::copy_n(lanes, count, to);
#endif
}

/// Vectors in a row that the fast path keeps in registers: up to 64 classes with AVX-512.
constexpr std::size_t kHeldVectors = 4;

/// A row of up to Vectors vectors, the last one partly filled, held in registers.
template <std::size_t Vectors>
struct HeldRow {
  Vector values[Vectors];

  static HWY_INLINE HeldRow load(const float* row, std::size_t count, float fill) {
    const Floats d;
    const std::size_t lanes = hn::Lanes(d), rest = count - (Vectors - 1) * lanes;
    HeldRow held;
    for (std::size_t v = 0; v + 1 < Vectors; ++v) held.values[v] = hn::LoadU(d, row + v * lanes);
    held.values[Vectors - 1] = load_tail(row + (Vectors - 1) * lanes, rest, fill);
    return held;
  }
  HWY_INLINE void store(float* row, std::size_t count) const {
    const Floats d;
    const std::size_t lanes = hn::Lanes(d), rest = count - (Vectors - 1) * lanes;
    for (std::size_t v = 0; v + 1 < Vectors; ++v) hn::StoreU(values[v], d, row + v * lanes);
    store_tail(values[Vectors - 1], row + (Vectors - 1) * lanes, rest);
  }
};

/// What is left of a row of logits once it has become probabilities: its log-sum-exp is
/// max + ln(sum).
struct RowSums {
  float max = 0;
  float sum = 0;
};

/// Replaces a row by softmax(scale * row), all of it in registers.
template <std::size_t Vectors>
HWY_INLINE RowSums softmax_held(float* row, std::size_t count, float scale) {
  const Floats d;
  const float lowest = hwy::LowestValue<float>();
  HeldRow<Vectors> held = HeldRow<Vectors>::load(row, count, lowest);
  Vector largest = held.values[0];
  for (std::size_t v = 1; v < Vectors; ++v) largest = hn::Max(largest, held.values[v]);
  largest = hn::MaxOfLanes(d, largest);
  Vector sum = hn::Zero(d);
  for (Vector& value : held.values) {
    // Where there is no class, the difference is hugely negative and its exponential an exact 0.
    value = hn::Exp(d, hn::Mul(hn::Set(d, scale), hn::Sub(value, largest)));
    sum = hn::Add(sum, value);
  }
  sum = hn::SumOfLanes(d, sum);
  const Vector inverse = hn::Div(hn::Set(d, 1.0f), sum);
  for (Vector& value : held.values) value = hn::Mul(value, inverse);
  held.store(row, count);
  return {hn::GetLane(largest), hn::GetLane(sum)};
}

/// The same for rows too long for the registers: three sweeps.
RowSums softmax_long(float* row, std::size_t count, float scale) {
  const Floats d;
  const std::size_t lanes = hn::Lanes(d);
  const std::size_t whole = count / lanes * lanes, rest = count - whole;
  const float lowest = hwy::LowestValue<float>();
  Vector largest = rest > 0 ? load_tail(row + whole, rest, lowest) : hn::Set(d, lowest);
  for (std::size_t j = 0; j < whole; j += lanes) {
    largest = hn::Max(largest, hn::LoadU(d, row + j));
  }
  largest = hn::MaxOfLanes(d, largest);
  const Vector factor = hn::Set(d, scale);
  Vector sum = hn::Zero(d);
  for (std::size_t j = 0; j < whole; j += lanes) {
    const Vector e = hn::Exp(d, hn::Mul(factor, hn::Sub(hn::LoadU(d, row + j), largest)));
    hn::StoreU(e, d, row + j);
    sum = hn::Add(sum, e);
  }
  if (rest > 0) {
    const Vector z = hn::Sub(load_tail(row + whole, rest, lowest), largest);
    const Vector e = hn::Exp(d, hn::Mul(factor, z));
    store_tail(e, row + whole, rest);
    sum = hn::Add(sum, e);
  }
  sum = hn::SumOfLanes(d, sum);
  const Vector inverse = hn::Div(hn::Set(d, 1.0f), sum);
  for (std::size_t j = 0; j < whole; j += lanes) {
    hn::StoreU(hn::Mul(hn::LoadU(d, row + j), inverse), d, row + j);
  }
  if (rest > 0) {
    store_tail(hn::Mul(load_tail(row + whole, rest, 0.0f), inverse), row + whole, rest);
  }
  return {hn::GetLane(largest), hn::GetLane(sum)};
}

/// Calls row_softmax(row) -> RowSums, chosen once for all rows by how many vectors a row fills.
template <typename Body>
HWY_INLINE void for_width(std::size_t count, const Body& body) {
  const std::size_t lanes = hn::Lanes(Floats());
  switch ((count + lanes - 1) / lanes) {
    case 1:
      return body([=](float* row, float scale)
                      HWY_ATTR { return softmax_held<1>(row, count, scale); });
    case 2:
      return body([=](float* row, float scale)
                      HWY_ATTR { return softmax_held<2>(row, count, scale); });
    case 3:
      return body([=](float* row, float scale)
                      HWY_ATTR { return softmax_held<3>(row, count, scale); });
    case kHeldVectors:
      return body([=](float* row, float scale)
                      HWY_ATTR { return softmax_held<kHeldVectors>(row, count, scale); });
    default:
      return body([=](float* row, float scale)
                      HWY_ATTR { return softmax_long(row, count, scale); });
  }
}

void softmax(MatrixView<float> values, float scale) {
  for_width(values.cols(), [&](const auto& row_softmax) HWY_ATTR {
    for (std::size_t i = 0; i < values.rows(); ++i) {
      row_softmax(values.data() + i * values.cols(), scale);
    }
  });
}

double cross_entropy(MatrixView<float> logits, std::size_t classes, const std::int32_t* labels,
                     const float* weights, float* spread) {
  double loss = 0;
  for_width(classes, [&](const auto& row_softmax) HWY_ATTR {
    for (std::size_t i = 0; i < logits.rows(); ++i) {
      float* const row = logits.data() + i * logits.cols();
      const auto label = static_cast<std::size_t>(labels[i]);
      const float weight = weights == nullptr ? 1.0f : weights[i];
      const float label_logit = row[label];
      const RowSums sums = row_softmax(row, 1.0f);
      loss += weight * (static_cast<double>(sums.max - label_logit) + std::log(sums.sum));
      for (std::size_t c = 0; c < classes; ++c) spread[c] += row[c] * (1.0f - row[c]);
      if (weights != nullptr) {
        for (std::size_t c = 0; c < classes; ++c) row[c] *= weight;
      }
      row[label] -= weight;
      std::fill(row + classes, row + logits.cols(), 0.0f);
    }
  });
  return loss;
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace goldpan
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace goldpan {

HWY_EXPORT(softmax);
HWY_EXPORT(cross_entropy);

void softmax_rows(MatrixView<float> values, float scale) {
  assert(scale > 0);
  if (values.empty()) return;
  HWY_DYNAMIC_DISPATCH(softmax)(values, scale);
}

double cross_entropy_rows(MatrixView<float> logits, std::size_t classes,
                          std::span<const std::int32_t> labels, std::span<const float> weights,
                          std::span<float> spread) {
  assert(classes > 0 && classes <= logits.cols() && labels.size() == logits.rows() &&
         (weights.empty() || weights.size() == labels.size()) && spread.size() >= classes);
  return HWY_DYNAMIC_DISPATCH(cross_entropy)(
      logits, classes, labels.data(), weights.empty() ? nullptr : weights.data(), spread.data());
}

}  // namespace goldpan
#endif  // HWY_ONCE
