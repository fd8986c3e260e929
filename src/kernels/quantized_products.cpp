#include <atomic>
#include <cassert>
#include <cstring>

#include "kernels/quantized.hpp"

#if defined(__x86_64__) && defined(__linux__) && (defined(__GNUC__) || defined(__clang__))
#define GOLDPAN_INTEGER_UNITS 1
#include <cpuid.h>
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>
#else
#define GOLDPAN_INTEGER_UNITS 0
#endif

// Highway of the distributions has no products of bytes and no tiles: hence intrinsics, with a
// choice at run time of our own. The integers are exact, so all units give the same.
namespace goldpan {
namespace {

/// out = dot * (scale_i * scale_c) - half_c, for the products of one center.
void finish_plain(const std::int32_t* dots, const QuantizedBlock& block, float scale, float half,
                  float* out) {
  for (std::size_t i = 0; i < kSketchBlock; ++i) {
    out[i] = static_cast<float>(dots[i]) * block.scales[i] * scale - half;
  }
}

void generic_products(const QuantizedBlock& block, const QuantizedRows& centers, std::size_t begin,
                      std::size_t end, float* out) {
  const std::size_t size = centers.size();
  for (std::size_t c = begin; c < end; ++c, out += kSketchBlock) {
    const std::int8_t* const center = centers.values.get() + c * size;
    std::int32_t dots[kSketchBlock] = {};
    for (std::size_t k = 0; k < size; k += 4) {
      const std::int8_t* const values = block.values.get() + k * kSketchBlock;
      for (std::size_t i = 0; i < kSketchBlock; ++i) {
        for (std::size_t j = 0; j < 4; ++j) dots[i] += center[k + j] * values[4 * i + j];
      }
    }
    finish_plain(dots, block, centers.scales[c], centers.half_lengths[c], out);
  }
}

#if GOLDPAN_INTEGER_UNITS
// GCC 12 warns of its own headers, which begin some results from undefined vectors on purpose.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#if !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#define GOLDPAN_VNNI __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni")))
#define GOLDPAN_AMX __attribute__((target("avx512f,avx512bw,avx512vl,amx-tile,amx-int8")))

/// Products of kCenters centers: bytes of a center, made unsigned by adding 128, times those of the
/// block; what that adds is taken away at the start.
template <int kCenters>
GOLDPAN_VNNI inline void vnni_few(const QuantizedBlock& block, const QuantizedRows& centers,
                                  std::size_t c, float* out) {
  const std::size_t size = centers.size();
  const std::int8_t* const center = centers.values.get() + c * size;
  __m512i sums[kCenters][4];
  for (int v = 0; v < 4; ++v) {
    const __m512i start = _mm512_slli_epi32(
        _mm512_sub_epi32(_mm512_setzero_si512(), _mm512_loadu_si512(block.sums + 16 * v)), 7);
    for (int i = 0; i < kCenters; ++i) sums[i][v] = start;
  }
  const std::int8_t* values = block.values.get();
  for (std::size_t k = 0; k < size; k += 4, values += 4 * kSketchBlock) {
    const __m512i v0 = _mm512_load_si512(values), v1 = _mm512_load_si512(values + 64);
    const __m512i v2 = _mm512_load_si512(values + 128), v3 = _mm512_load_si512(values + 192);
    for (int i = 0; i < kCenters; ++i) {
      std::uint32_t four;
      std::memcpy(&four, center + static_cast<std::size_t>(i) * size + k, 4);
      const __m512i factor = _mm512_set1_epi32(static_cast<int>(four ^ 0x80808080u));
      sums[i][0] = _mm512_dpbusd_epi32(sums[i][0], factor, v0);
      sums[i][1] = _mm512_dpbusd_epi32(sums[i][1], factor, v1);
      sums[i][2] = _mm512_dpbusd_epi32(sums[i][2], factor, v2);
      sums[i][3] = _mm512_dpbusd_epi32(sums[i][3], factor, v3);
    }
  }
  for (int i = 0; i < kCenters; ++i) {
    const __m512 scale = _mm512_set1_ps(centers.scales[c + static_cast<std::size_t>(i)]);
    const __m512 half = _mm512_set1_ps(centers.half_lengths[c + static_cast<std::size_t>(i)]);
    for (int v = 0; v < 4; ++v) {
      const __m512 dots =
          _mm512_mul_ps(_mm512_cvtepi32_ps(sums[i][v]), _mm512_loadu_ps(block.scales + 16 * v));
      _mm512_storeu_ps(out + 64 * i + 16 * v, _mm512_fmsub_ps(dots, scale, half));
    }
  }
}

GOLDPAN_VNNI void vnni_products(const QuantizedBlock& block, const QuantizedRows& centers,
                                std::size_t begin, std::size_t end, float* out) {
  std::size_t c = begin;
  for (; c + 6 <= end; c += 6, out += 6 * kSketchBlock) vnni_few<6>(block, centers, c, out);
  for (; c < end; ++c, out += kSketchBlock) vnni_few<1>(block, centers, c, out);
}

/// The layout of tiles as the processor reads it: all eight are 16 rows of 64 bytes.
struct alignas(64) TileLayout {
  std::uint8_t palette = 1, start_row = 0, reserved[14] = {};
  std::uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  std::uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};

GOLDPAN_AMX void amx_products(const QuantizedBlock& block, const QuantizedRows& centers,
                              std::size_t begin, std::size_t end, float* out) {
  static const TileLayout layout;
  _tile_loadconfig(&layout);
  const std::size_t size = centers.size();
  alignas(64) std::int32_t dots[32 * kSketchBlock];
  for (std::size_t c = begin; c < end; c += 32) {
    const std::int8_t* const low = centers.values.get() + c * size;
    const std::int8_t* const high = low + 16 * size;
    const bool both = end - c > 16;
    for (std::size_t half = 0; half < 2; ++half) {
      const std::int8_t* values = block.values.get() + half * 128;
      _tile_zero(0);
      _tile_zero(1);
      _tile_zero(2);
      _tile_zero(3);
      // 64 components a step: 16 groups of 4 bytes, 64 rows side by side in each.
      for (std::size_t k = 0; k < size; k += 64, values += 64 * kSketchBlock) {
        _tile_loadd(4, low + k, size);
        _tile_loadd(6, values, 4 * kSketchBlock);
        _tile_loadd(7, values + 64, 4 * kSketchBlock);
        _tile_dpbssd(0, 4, 6);
        _tile_dpbssd(1, 4, 7);
        if (both) {
          _tile_loadd(5, high + k, size);
          _tile_dpbssd(2, 5, 6);
          _tile_dpbssd(3, 5, 7);
        }
      }
      std::int32_t* const to = dots + half * 32;
      _tile_stored(0, to, 4 * kSketchBlock);
      _tile_stored(1, to + 16, 4 * kSketchBlock);
      if (both) {
        _tile_stored(2, to + 16 * kSketchBlock, 4 * kSketchBlock);
        _tile_stored(3, to + 16 * kSketchBlock + 16, 4 * kSketchBlock);
      }
    }
    const std::size_t count = end - c < 32 ? end - c : 32;
    for (std::size_t i = 0; i < count; ++i, out += kSketchBlock) {
      const __m512 scale = _mm512_set1_ps(centers.scales[c + i]);
      const __m512 half = _mm512_set1_ps(centers.half_lengths[c + i]);
      for (std::size_t v = 0; v < 4; ++v) {
        const __m512 product =
            _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_load_si512(dots + i * kSketchBlock + 16 * v)),
                          _mm512_loadu_ps(block.scales + 16 * v));
        _mm512_storeu_ps(out + 16 * v, _mm512_fmsub_ps(product, scale, half));
      }
    }
  }
  _tile_release();
}

#pragma GCC diagnostic pop

/// Linux saves tiles only for programs that asked for it.
bool may_use_tiles() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0) return false;
  constexpr unsigned kTiles = 1u << 24, kIntegerTiles = 1u << 25;
  if ((d & kTiles) == 0 || (d & kIntegerTiles) == 0) return false;
  constexpr long kAskPermission = 0x1023, kTileData = 18;  // ARCH_REQ_XCOMP_PERM
  return syscall(SYS_arch_prctl, kAskPermission, kTileData) == 0;
}

#endif

IntegerUnit find_best_unit() {
#if GOLDPAN_INTEGER_UNITS
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw")) {
    if (!__builtin_cpu_supports("avx512vnni")) return IntegerUnit::kNone;
    return may_use_tiles() ? IntegerUnit::kAmx : IntegerUnit::kVnni;
  }
#endif
  return IntegerUnit::kNone;
}

std::atomic<int> chosen = -1;  // by a test

IntegerUnit unit_now() {
  const int unit = chosen.load(std::memory_order_relaxed);
  return unit < 0 ? best_integer_unit() : static_cast<IntegerUnit>(unit);
}

}  // namespace

IntegerUnit best_integer_unit() {
  static const IntegerUnit best = find_best_unit();
  return best;
}

void use_integer_unit(IntegerUnit unit) { chosen = static_cast<int>(unit); }

void use_best_integer_unit() { chosen = -1; }

bool quantized_pays(std::size_t dims) {
  // A sketch of 64 floats takes as long as 384 bytes by VNNI or 1500 by tiles, and bounds less
  // well.
  switch (unit_now()) {
    case IntegerUnit::kAmx:
      return dims > 64 && dims <= 4096;
    case IntegerUnit::kVnni:
      return dims > 64 && dims <= 512;
    case IntegerUnit::kGeneric:
      return true;  // a test asks for it
    case IntegerUnit::kNone:
      break;
  }
  return false;
}

void quantized_products(const QuantizedBlock& block, const QuantizedRows& centers,
                        std::size_t begin, std::size_t end, float* out) {
  assert(block.quantizer->size() == centers.size() && end <= centers.capacity);
  if (begin == end) return;
  switch (unit_now()) {
#if GOLDPAN_INTEGER_UNITS
    case IntegerUnit::kAmx:
      if (end - begin == 1) return vnni_products(block, centers, begin, end, out);
      return amx_products(block, centers, begin, end, out);
    case IntegerUnit::kVnni:
      return vnni_products(block, centers, begin, end, out);
#endif
    default:
      return generic_products(block, centers, begin, end, out);
  }
}

}  // namespace goldpan
