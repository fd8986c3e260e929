#include "kernels/softmax.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <vector>

#include "kernels/narrow_product.hpp"

// Rows are held as arrays of vectors, which sizeless vectors cannot make; NEON serves there.
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
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
using Floats = hn::CappedTag<float, kNarrowLanes>;
using Vector = hn::Vec<Floats>;

struct RowSums {
  float max = 0;  ///< the row's largest logit; its log-sum-exp is max + ln(sum)
  float sum = 0;
};

/// e^z for z <= 0, and exactly 0 below about 1e-30: denormal numbers would slow whatever is
/// computed from them by a factor of ten.
HWY_INLINE Vector exponential(Vector z) {
  const Floats d;
  return hn::IfThenElseZero(hn::Ge(z, hn::Set(d, -69.0f)), hn::Exp(d, z));
}

/// softmax(scale * row) of a row of `count` logits padded to whole vectors, whose padding may hold
/// anything and becomes 0. All of it stays in registers.
template <std::size_t Vectors>
HWY_INLINE RowSums softmax_held(float* row, std::size_t count, float scale) {
  const Floats d;
  const std::size_t lanes = hn::Lanes(d);
  const auto present = hn::FirstN(d, count - (Vectors - 1) * lanes);  // of the last vector
  Vector values[Vectors];
  for (std::size_t v = 0; v < Vectors; ++v) values[v] = hn::LoadU(d, row + v * lanes);
  // An absent class is as unlikely as a float can say: its exponential is an exact 0.
  Vector& last = values[Vectors - 1];
  last = hn::IfThenElse(present, last, hn::Set(d, hwy::LowestValue<float>()));
  Vector largest = values[0];
  for (std::size_t v = 1; v < Vectors; ++v) largest = hn::Max(largest, values[v]);
  largest = hn::MaxOfLanes(d, largest);
  Vector sums = hn::Zero(d);
  for (Vector& value : values) {
    value = exponential(hn::Mul(hn::Set(d, scale), hn::Sub(value, largest)));
    sums = hn::Add(sums, value);
  }
  const float sum = hn::GetLane(hn::SumOfLanes(d, sums));
  const Vector inverse = hn::Set(d, 1.0f / sum);
  for (std::size_t v = 0; v < Vectors; ++v) {
    hn::StoreU(hn::Mul(values[v], inverse), d, row + v * lanes);
  }
  return {hn::GetLane(largest), sum};
}

/// The same for rows too long for the registers, in three sweeps.
RowSums softmax_long(float* row, std::size_t count, float scale) {
  const Floats d;
  const std::size_t lanes = hn::Lanes(d);
  const std::size_t last = (count - 1) / lanes * lanes;
  const Vector lowest = hn::Set(d, hwy::LowestValue<float>());
  hn::StoreU(hn::IfThenElse(hn::FirstN(d, count - last), hn::LoadU(d, row + last), lowest), d,
             row + last);
  Vector largest = lowest;
  for (std::size_t j = 0; j <= last; j += lanes) {
    largest = hn::Max(largest, hn::LoadU(d, row + j));
  }
  largest = hn::MaxOfLanes(d, largest);
  const Vector factor = hn::Set(d, scale);
  Vector sums = hn::Zero(d);
  for (std::size_t j = 0; j <= last; j += lanes) {
    const Vector e = exponential(hn::Mul(factor, hn::Sub(hn::LoadU(d, row + j), largest)));
    hn::StoreU(e, d, row + j);
    sums = hn::Add(sums, e);
  }
  const float sum = hn::GetLane(hn::SumOfLanes(d, sums));
  const Vector inverse = hn::Set(d, 1.0f / sum);
  for (std::size_t j = 0; j <= last; j += lanes) {
    hn::StoreU(hn::Mul(hn::LoadU(d, row + j), inverse), d, row + j);
  }
  return {hn::GetLane(largest), sum};
}

/// Calls body(row_softmax), row_softmax(row) -> RowSums being chosen once for all rows by how many
/// vectors a row of `count` fills.
template <typename Body>
HWY_INLINE void for_width(std::size_t count, float scale, const Body& body) {
  switch ((count + hn::Lanes(Floats()) - 1) / hn::Lanes(Floats())) {
    case 1:
      return body([=](float* row) HWY_ATTR { return softmax_held<1>(row, count, scale); });
    case 2:
      return body([=](float* row) HWY_ATTR { return softmax_held<2>(row, count, scale); });
    case 3:
      return body([=](float* row) HWY_ATTR { return softmax_held<3>(row, count, scale); });
    case 4:
      return body([=](float* row) HWY_ATTR { return softmax_held<4>(row, count, scale); });
    default:
      return body([=](float* row) HWY_ATTR { return softmax_long(row, count, scale); });
  }
}

/// Copies rows of `cols` values to rows of whole vectors. The last vector of a row reads on into
/// the next row, except where the matrix ends.
void expand(const float* from, std::size_t rows, std::size_t cols, float* to, std::size_t stride) {
  const Floats d;
  const std::size_t lanes = hn::Lanes(d);
  const float* const end = from + rows * cols;
  for (std::size_t r = 0; r < rows; ++r, from += cols, to += stride) {
    for (std::size_t j = 0; j < cols; j += lanes) {
      if (from + j + lanes <= end) {
        hn::StoreU(hn::LoadU(d, from + j), d, to + j);
      } else {
        std::copy(from + j, from + cols, to + j);
      }
    }
  }
}

/// The way back. The last vector of a row spills over into the next row, which is written after it.
void compact(const float* from, std::size_t stride, std::size_t rows, std::size_t cols, float* to) {
  const Floats d;
  const std::size_t lanes = hn::Lanes(d);
  const float* const end = to + rows * cols;
  for (std::size_t r = 0; r < rows; ++r, from += stride, to += cols) {
    for (std::size_t j = 0; j < cols; j += lanes) {
      if (to + j + lanes <= end) {
        hn::StoreU(hn::LoadU(d, from + j), d, to + j);
      } else {
        std::copy(from + j, from + cols, to + j);
      }
    }
  }
}

// Rows are expanded to whole vectors, worked on and compacted a chunk at a time. Masked loads and
// stores in place take three times as long: the load of a row must wait for the masked store of the
// row before it to reach the cache.
constexpr std::size_t kChunkValues = 2048;

void softmax(MatrixView<float> values, float scale) {
  const std::size_t cols = values.cols(), stride = padded_width(cols);
  const std::size_t chunk = std::max<std::size_t>(1, kChunkValues / stride);
  std::vector<float> padded(std::min(chunk, values.rows()) * stride);
  for_width(cols, scale, [&](const auto& row_softmax) HWY_ATTR {
    for (std::size_t begin = 0; begin < values.rows(); begin += chunk) {
      const std::size_t rows = std::min(chunk, values.rows() - begin);
      float* const block = values.data() + begin * cols;
      expand(block, rows, cols, padded.data(), stride);
      for (std::size_t r = 0; r < rows; ++r) row_softmax(padded.data() + r * stride);
      compact(padded.data(), stride, rows, cols, block);
    }
  });
}

double cross_entropy(MatrixView<float> logits, std::size_t classes, const std::int32_t* labels,
                     const float* weights, float* spread) {
  const Floats d;
  const std::size_t lanes = hn::Lanes(d);
  const std::size_t used = (classes + lanes - 1) / lanes * lanes;
  const Vector one = hn::Set(d, 1.0f);
  double loss = 0;
  for_width(classes, 1.0f, [&](const auto& row_softmax) HWY_ATTR {
    for (std::size_t i = 0; i < logits.rows(); ++i) {
      float* const row = logits.data() + i * logits.cols();
      const auto label = static_cast<std::size_t>(labels[i]);
      const float weight = weights == nullptr ? 1.0f : weights[i];
      const float label_logit = row[label];
      const RowSums sums = row_softmax(row);
      loss += weight * (static_cast<double>(sums.max - label_logit) + std::log(sums.sum));
      const Vector factor = hn::Set(d, weight);
      for (std::size_t j = 0; j < classes; j += lanes) {
        const Vector p = hn::LoadU(d, row + j);
        hn::StoreU(hn::MulAdd(p, hn::Sub(one, p), hn::LoadU(d, spread + j)), d, spread + j);
        hn::StoreU(hn::Mul(p, factor), d, row + j);
      }
      row[label] -= weight;
      for (std::size_t j = used; j < logits.cols(); j += lanes) hn::StoreU(hn::Zero(d), d, row + j);
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
         (weights.empty() || weights.size() == labels.size()) && spread.size() == logits.cols() &&
         logits.cols() % kNarrowLanes == 0);
  return HWY_DYNAMIC_DISPATCH(cross_entropy)(
      logits, classes, labels.data(), weights.empty() ? nullptr : weights.data(), spread.data());
}

}  // namespace goldpan
#endif  // HWY_ONCE
