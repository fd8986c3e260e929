#include "kernels/vector_products.hpp"

#include <cassert>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/vector_products.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace goldpan {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

float dot(const float* a, const float* b, std::size_t size) {
  const hn::ScalableTag<float> d;
  const std::size_t lanes = hn::Lanes(d);
  // Four sums hide the latency of the additions.
  auto sum0 = hn::Zero(d), sum1 = sum0, sum2 = sum0, sum3 = sum0;
  std::size_t i = 0;
  for (; i + 4 * lanes <= size; i += 4 * lanes) {
    sum0 = hn::MulAdd(hn::LoadU(d, a + i), hn::LoadU(d, b + i), sum0);
    sum1 = hn::MulAdd(hn::LoadU(d, a + i + lanes), hn::LoadU(d, b + i + lanes), sum1);
    sum2 = hn::MulAdd(hn::LoadU(d, a + i + 2 * lanes), hn::LoadU(d, b + i + 2 * lanes), sum2);
    sum3 = hn::MulAdd(hn::LoadU(d, a + i + 3 * lanes), hn::LoadU(d, b + i + 3 * lanes), sum3);
  }
  for (; i + lanes <= size; i += lanes) {
    sum0 = hn::MulAdd(hn::LoadU(d, a + i), hn::LoadU(d, b + i), sum0);
  }
  float sum = hn::GetLane(hn::SumOfLanes(d, hn::Add(hn::Add(sum0, sum1), hn::Add(sum2, sum3))));
  for (; i < size; ++i) sum += a[i] * b[i];
  return sum;
}

void norms(MatrixView<const float> rows, float* out) {
  for (std::size_t r = 0; r < rows.rows(); ++r) {
    const float* const row = rows.row(r).data();
    out[r] = dot(row, row, rows.cols());
  }
}

void dots(MatrixView<const float> rows, const float* vector, float* out) {
  for (std::size_t r = 0; r < rows.rows(); ++r) {
    out[r] = dot(rows.row(r).data(), vector, rows.cols());
  }
}

void pairs(MatrixView<const float> a, MatrixView<const float> b, float* out) {
  for (std::size_t r = 0; r < a.rows(); ++r) {
    out[r] = dot(a.row(r).data(), b.row(r).data(), a.cols());
  }
}

void add(std::span<const float> row, double* sums) {
  const hn::ScalableTag<double> d64;
  const hn::Rebind<float, decltype(d64)> d32;
  const std::size_t lanes = hn::Lanes(d64);
  std::size_t i = 0;
  for (; i + lanes <= row.size(); i += lanes) {
    const auto values = hn::PromoteTo(d64, hn::LoadU(d32, row.data() + i));
    hn::StoreU(hn::Add(hn::LoadU(d64, sums + i), values), d64, sums + i);
  }
  for (; i < row.size(); ++i) sums[i] += row[i];
}

}  // namespace HWY_NAMESPACE
}  // namespace goldpan
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace goldpan {

HWY_EXPORT(norms);
HWY_EXPORT(dots);
HWY_EXPORT(pairs);
HWY_EXPORT(add);

void squared_norms(MatrixView<const float> rows, std::span<float> out) {
  assert(out.size() == rows.rows());
  HWY_DYNAMIC_DISPATCH(norms)(rows, out.data());
}

void dot_rows(MatrixView<const float> rows, std::span<const float> vector, std::span<float> out) {
  assert(vector.size() == rows.cols() && out.size() == rows.rows());
  HWY_DYNAMIC_DISPATCH(dots)(rows, vector.data(), out.data());
}

void dot_pairs(MatrixView<const float> a, MatrixView<const float> b, std::span<float> out) {
  assert(a.rows() == b.rows() && a.cols() == b.cols() && out.size() == a.rows());
  HWY_DYNAMIC_DISPATCH(pairs)(a, b, out.data());
}

void add_row(std::span<const float> row, std::span<double> sums) {
  assert(row.size() == sums.size());
  HWY_DYNAMIC_DISPATCH(add)(row, sums.data());
}

}  // namespace goldpan
#endif  // HWY_ONCE
