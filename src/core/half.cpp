#include "core/half.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/half.cpp"
#include <hwy/foreach_target.h>
// Must come after foreach_target.h.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace goldpan {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

static_assert(sizeof(Half) == sizeof(hwy::float16_t));

HWY_ATTR void convert(const Half* HWY_RESTRICT from, std::size_t count, float* HWY_RESTRICT to) {
  std::size_t i = 0;
  // Where the processor has the conversion: what Highway puts in its place forgets NaNs.
#if (HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX2) || HWY_ARCH_ARM_A64
  const hn::CappedTag<float, 16> tag;
  const hn::Rebind<hwy::float16_t, decltype(tag)> half_tag;
  const std::size_t lanes = hn::Lanes(tag);
  const auto* const halves = reinterpret_cast<const hwy::float16_t*>(from);
  for (; i + lanes <= count; i += lanes) {
    hn::StoreU(hn::PromoteTo(tag, hn::LoadU(half_tag, halves + i)), tag, to + i);
  }
#endif
  for (; i < count; ++i) to[i] = goldpan::to_float(from[i]);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace goldpan
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace goldpan {

HWY_EXPORT(convert);

void to_float(const Half* from, std::size_t count, float* to) {
  HWY_DYNAMIC_DISPATCH(convert)(from, count, to);
}

}  // namespace goldpan
#endif
