// Included once per instruction set, inside HWY_NAMESPACE; see row_statistics.cpp.
#if defined(GOLDPAN_KERNELS_LOG_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef GOLDPAN_KERNELS_LOG_INL_HPP
#undef GOLDPAN_KERNELS_LOG_INL_HPP
#else
#define GOLDPAN_KERNELS_LOG_INL_HPP
#endif

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace goldpan {
namespace HWY_NAMESPACE {

/// Natural logarithm of normal positive floats, within 1e-7 relatively. Zero and subnormals count
/// as the smallest normal number, so that p * log_positive(p) is 0 at p = 0.
///
/// Without Highway's division and special cases: joint entropies take billions of logarithms.
template <class DF, class VF = hwy::HWY_NAMESPACE::Vec<DF>>
HWY_INLINE VF log_positive(DF df, VF x) {
  namespace hn = hwy::HWY_NAMESPACE;
  const hn::Rebind<int32_t, DF> di;
  const auto bits = hn::BitCast(di, hn::Max(x, hn::Set(df, 1.17549435e-38f)));
  // x = 2^e m with m in [sqrt(1/2), sqrt(2)): subtracting the bits of sqrt(1/2) leaves e on top.
  const auto shifted = hn::Sub(bits, hn::Set(di, 0x3F3504F3));
  const auto exponent = hn::ConvertTo(df, hn::ShiftRight<23>(shifted));
  const auto mantissa_bits =
      hn::Add(hn::And(shifted, hn::Set(di, 0x007FFFFF)), hn::Set(di, 0x3F3504F3));
  const auto t = hn::Sub(hn::BitCast(df, mantissa_bits), hn::Set(df, 1.0f));
  // ln(1 + t) = t - t^2 / 2 + t^3 q(t); q fitted to the smallest largest relative error (6e-9).
  const auto t2 = hn::Mul(t, t);
  const auto t4 = hn::Mul(t2, t2);
  const auto q01 = hn::MulAdd(t, hn::Set(df, -2.500081956e-01f), hn::Set(df, 3.333333135e-01f));
  const auto q23 = hn::MulAdd(t, hn::Set(df, -1.662335694e-01f), hn::Set(df, 2.000122666e-01f));
  const auto q45 = hn::MulAdd(t, hn::Set(df, -1.316018254e-01f), hn::Set(df, 1.420175880e-01f));
  const auto q67 = hn::MulAdd(t, hn::Set(df, -7.634492964e-02f), hn::Set(df, 1.276157498e-01f));
  const auto q = hn::MulAdd(hn::MulAdd(q67, t2, q45), t4, hn::MulAdd(q23, t2, q01));
  // ln 2 in two parts: e * high is exact, so that nothing is lost before the small terms join.
  const auto low = hn::MulAdd(exponent, hn::Set(df, -2.12194440e-4f),
                              hn::Mul(t2, hn::MulAdd(t, q, hn::Set(df, -0.5f))));
  return hn::MulAdd(exponent, hn::Set(df, 0.693359375f), hn::Add(t, low));
}

}  // namespace HWY_NAMESPACE
}  // namespace goldpan
HWY_AFTER_NAMESPACE();

#endif
