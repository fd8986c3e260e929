#include "kernels/sketch.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/sketch_products.cpp"
#include <hwy/foreach_target.h>
// Must come after foreach_target.h.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace goldpan {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

/// Vectors of x in registers at once; with kCenters sums for each, and a spare for the load, they
/// fill the 32 registers of AVX-512 and NEON and the 16 of AVX2.
constexpr std::size_t kVectors = 4;
constexpr std::size_t kMaxCenters = hn::MaxLanes(hn::CappedTag<float, 16>()) >= 16 ? 6 : 2;

/// Products of kCenters centers with every x of the block.
template <std::size_t kCenters>
HWY_ATTR void multiply(const float* HWY_RESTRICT block, std::size_t size,
                       const float* HWY_RESTRICT centers, const float* HWY_RESTRICT half_lengths,
                       float* HWY_RESTRICT out) {
  const hn::CappedTag<float, 16> tag;
  constexpr std::size_t kLanes = hn::MaxLanes(tag);
  for (std::size_t x = 0; x < kSketchBlock; x += kVectors * kLanes) {
    hn::Vec<decltype(tag)> sums[kCenters][kVectors];
    for (std::size_t c = 0; c < kCenters; ++c) {
      for (std::size_t v = 0; v < kVectors; ++v) sums[c][v] = hn::Set(tag, -half_lengths[c]);
    }
    for (std::size_t k = 0; k < size; ++k) {
      hn::Vec<decltype(tag)> values[kVectors];
      for (std::size_t v = 0; v < kVectors; ++v) {
        values[v] = hn::LoadU(tag, block + k * kSketchBlock + x + v * kLanes);
      }
      for (std::size_t c = 0; c < kCenters; ++c) {
        const auto factor = hn::Set(tag, centers[c * size + k]);
        for (std::size_t v = 0; v < kVectors; ++v) {
          sums[c][v] = hn::MulAdd(values[v], factor, sums[c][v]);
        }
      }
    }
    for (std::size_t c = 0; c < kCenters; ++c) {
      for (std::size_t v = 0; v < kVectors; ++v) {
        hn::StoreU(sums[c][v], tag, out + c * kSketchBlock + x + v * kLanes);
      }
    }
  }
}

HWY_ATTR void products_kernel(const float* block, std::size_t size, const SketchCenters& centers,
                              float* out) {
  std::size_t c = 0;
  for (; c + kMaxCenters <= centers.count; c += kMaxCenters) {
    multiply<kMaxCenters>(block, size, centers.values + c * size, centers.half_lengths + c,
                          out + c * kSketchBlock);
  }
  for (; c < centers.count; ++c) {
    multiply<1>(block, size, centers.values + c * size, centers.half_lengths + c,
                out + c * kSketchBlock);
  }
}

HWY_ATTR void largest_kernel(const float* products, std::size_t count, std::uint32_t first,
                             float* largest, std::uint32_t* which) {
  const hn::CappedTag<float, 16> tag;
  const hn::RebindToUnsigned<decltype(tag)> unsigned_tag;
  constexpr std::size_t kLanes = hn::MaxLanes(tag);
  for (std::size_t x = 0; x < kSketchBlock; x += kLanes) {
    auto best = hn::LoadU(tag, largest + x);
    auto best_center = hn::LoadU(unsigned_tag, which + x);
    for (std::size_t c = 0; c < count; ++c) {
      const auto product = hn::LoadU(tag, products + c * kSketchBlock + x);
      const auto larger = hn::Gt(product, best);
      best = hn::IfThenElse(larger, product, best);
      best_center =
          hn::IfThenElse(hn::RebindMask(unsigned_tag, larger),
                         hn::Set(unsigned_tag, first + static_cast<std::uint32_t>(c)), best_center);
    }
    hn::StoreU(best, tag, largest + x);
    hn::StoreU(best_center, unsigned_tag, which + x);
  }
}

HWY_ATTR void above_kernel(const float* products, std::size_t count, const float* limits,
                           std::vector<std::uint32_t>& found) {
  const hn::CappedTag<float, 16> tag;
  constexpr std::size_t kLanes = hn::MaxLanes(tag);
  for (std::size_t c = 0; c < count; ++c) {
    const float* const row = products + c * kSketchBlock;
    for (std::size_t x = 0; x < kSketchBlock; x += kLanes) {
      const auto below = hn::Le(hn::LoadU(tag, row + x), hn::LoadU(tag, limits + x));
      if (hn::AllTrue(tag, below)) continue;
      for (std::size_t lane = x; lane < x + kLanes; ++lane) {
        if (!(row[lane] <= limits[lane])) {
          found.push_back(static_cast<std::uint32_t>(c * kSketchBlock + lane));
        }
      }
    }
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace goldpan
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace goldpan {

HWY_EXPORT(products_kernel);
HWY_EXPORT(largest_kernel);
HWY_EXPORT(above_kernel);

void sketch_products(const float* block, std::size_t size, const SketchCenters& centers,
                     float* out) {
  HWY_DYNAMIC_DISPATCH(products_kernel)(block, size, centers, out);
}

void largest_products(const float* products, std::size_t count, std::uint32_t first, float* largest,
                      std::uint32_t* which) {
  HWY_DYNAMIC_DISPATCH(largest_kernel)(products, count, first, largest, which);
}

void products_above(const float* products, std::size_t count, const float* limits,
                    std::vector<std::uint32_t>& found) {
  HWY_DYNAMIC_DISPATCH(above_kernel)(products, count, limits, found);
}

}  // namespace goldpan
#endif
