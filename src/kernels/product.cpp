#include "kernels/product.hpp"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/product.cpp"
#include <hwy/foreach_target.h>
// Must come after foreach_target.h.
#include <hwy/highway.h>

#include "kernels/aligned.hpp"

// The usual three blocks around a tile in registers (Goto & van de Geijn 2008, "Anatomy of
// high-performance matrix multiplication"): a panel of b in the first-level cache, a block of a in
// the second.
HWY_BEFORE_NAMESPACE();
namespace goldpan {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

/// Terms added in registers before they go to memory: part of the order of summation, the same on
/// every processor.
constexpr std::size_t kDepth = 256;
constexpr std::size_t kRows = 96;   // of a in one block: a multiple of every kTileRows
constexpr std::size_t kCols = 512;  // of b in one block

using Tag = hn::CappedTag<float, 16>;
constexpr std::size_t kLanes = hn::MaxLanes(Tag());
// Sums fill 24 of the 32 registers of AVX-512 and NEON, or 12 of the 16 of AVX2 and SSE.
#if HWY_TARGET <= HWY_AVX3 || HWY_ARCH_ARM_A64
constexpr std::size_t kTileRows = 12;
#else
constexpr std::size_t kTileRows = 6;
#endif
constexpr std::size_t kTileCols = 2 * kLanes;

#if HWY_TARGET != HWY_SCALAR
/// out[k * width + i] = row i, component k, for 4 rows of `depth` (a multiple of 4) components.
HWY_ATTR void transpose_rows(const float* HWY_RESTRICT rows, std::size_t stride, std::size_t depth,
                             std::size_t width, float* HWY_RESTRICT out) {
  const hn::FixedTag<float, 4> tag;
  const hn::FixedTag<double, 2> pairs;
  const auto low = [&](auto a, auto b) HWY_ATTR {
    return hn::BitCast(tag,
                       hn::InterleaveLower(pairs, hn::BitCast(pairs, a), hn::BitCast(pairs, b)));
  };
  const auto high = [&](auto a, auto b) HWY_ATTR {
    return hn::BitCast(tag,
                       hn::InterleaveUpper(pairs, hn::BitCast(pairs, a), hn::BitCast(pairs, b)));
  };
  for (std::size_t k = 0; k < depth; k += 4) {
    const auto row0 = hn::LoadU(tag, rows + k);
    const auto row1 = hn::LoadU(tag, rows + stride + k);
    const auto row2 = hn::LoadU(tag, rows + 2 * stride + k);
    const auto row3 = hn::LoadU(tag, rows + 3 * stride + k);
    const auto low01 = hn::InterleaveLower(tag, row0, row1);
    const auto low23 = hn::InterleaveLower(tag, row2, row3);
    const auto high01 = hn::InterleaveUpper(tag, row0, row1);
    const auto high23 = hn::InterleaveUpper(tag, row2, row3);
    hn::StoreU(low(low01, low23), tag, out + k * width);
    hn::StoreU(high(low01, low23), tag, out + (k + 1) * width);
    hn::StoreU(low(high01, high23), tag, out + (k + 2) * width);
    hn::StoreU(high(high01, high23), tag, out + (k + 3) * width);
  }
}
#endif

/// out[k * kWidth + i] = part of a matrix, i across its tile and k along the depth, padded to
/// kWidth with zeros.
template <std::size_t kWidth>
HWY_ATTR void pack(const float* HWY_RESTRICT data, std::size_t across, std::size_t along,
                   std::size_t count, std::size_t depth, float* HWY_RESTRICT out) {
  if (count < kWidth) std::fill_n(out, kWidth * depth, 0.0f);
  if (across == 1 && count == kWidth) {
    for (std::size_t k = 0; k < depth; ++k) std::copy_n(data + k * along, kWidth, out + k * kWidth);
    return;
  }
  std::size_t done = 0;  // rows of the tile
#if HWY_TARGET != HWY_SCALAR
  if (along == 1) {
    const std::size_t whole = depth & ~std::size_t{3};
    for (; done + 4 <= count; done += 4) {
      transpose_rows(data + done * across, across, whole, kWidth, out + done);
      for (std::size_t k = whole; k < depth; ++k) {
        for (std::size_t i = done; i < done + 4; ++i) out[k * kWidth + i] = data[i * across + k];
      }
    }
  }
#endif
  for (; done < count; ++done) {
    const float* const row = data + done * across;
    for (std::size_t k = 0; k < depth; ++k) out[k * kWidth + done] = row[k * along];
  }
}

/// tile (kTileRows x kVectors vectors, kTileCols floats from row to row) = sum over k of a column
/// of `a`, whose rows and columns are so many floats apart, times a row of the packed `b`.
template <std::size_t kVectors>
HWY_ATTR HWY_INLINE void multiply_strided(const float* HWY_RESTRICT a, std::size_t row_step,
                                          std::size_t column_step, const float* HWY_RESTRICT b,
                                          std::size_t depth, float* HWY_RESTRICT tile) {
  const Tag tag;
  hn::Vec<Tag> sums[kVectors][kTileRows];
  for (std::size_t v = 0; v < kVectors; ++v) {
    for (std::size_t i = 0; i < kTileRows; ++i) sums[v][i] = hn::Zero(tag);
  }
  for (std::size_t k = 0; k < depth; ++k) {
    hn::Vec<Tag> values[kVectors];
    for (std::size_t v = 0; v < kVectors; ++v) {
      values[v] = hn::Load(tag, b + k * kTileCols + v * kLanes);
    }
    for (std::size_t i = 0; i < kTileRows; ++i) {
      const auto factor = hn::Set(tag, a[i * row_step + k * column_step]);
      for (std::size_t v = 0; v < kVectors; ++v) {
        sums[v][i] = hn::MulAdd(factor, values[v], sums[v][i]);
      }
    }
  }
  for (std::size_t v = 0; v < kVectors; ++v) {
    for (std::size_t i = 0; i < kTileRows; ++i) {
      hn::Store(sums[v][i], tag, tile + i * kTileCols + v * kLanes);
    }
  }
}

/// The tile of a packed `a`.
template <std::size_t kVectors>
HWY_ATTR void multiply_tile(const float* HWY_RESTRICT a, const float* HWY_RESTRICT b,
                            std::size_t depth, float* HWY_RESTRICT tile) {
  multiply_strided<kVectors>(a, 1, kTileRows, b, depth, tile);
}

/// The tile of rows of `a` as they lie, `stride` floats apart.
template <std::size_t kVectors>
HWY_ATTR void multiply_rows(const float* HWY_RESTRICT a, std::size_t stride,
                            const float* HWY_RESTRICT b, std::size_t depth,
                            float* HWY_RESTRICT tile) {
  multiply_strided<kVectors>(a, stride, 1, b, depth, tile);
}

struct Room {
  hwy::AlignedFreeUniquePtr<float[]> a = aligned_array<float>(kRows * kDepth);
  hwy::AlignedFreeUniquePtr<float[]> b = aligned_array<float>(kCols * kDepth);
};

HWY_ATTR void add_tile(const float* HWY_RESTRICT tile, std::size_t rows, std::size_t cols,
                       float alpha, float beta, float* HWY_RESTRICT out, std::size_t stride) {
  for (std::size_t i = 0; i < rows; ++i) {
    const float* const from = tile + i * kTileCols;
    float* const to = out + i * stride;
    if (beta == 0.0f) {
      for (std::size_t j = 0; j < cols; ++j) to[j] = alpha * from[j];
    } else {
      for (std::size_t j = 0; j < cols; ++j) to[j] = alpha * from[j] + beta * to[j];
    }
  }
}

/// A tall `a` with rows that lie one after the other, and a `b` of one panel: packing `a` would
/// take longer than the products.
HWY_ATTR void narrow_kernel(std::size_t rows, std::size_t cols, std::size_t depth,
                            const StridedMatrix& a, const StridedMatrix& b, float* out,
                            std::size_t out_stride, float alpha, float beta) {
  thread_local Room room;
  alignas(64) float tile[kTileRows * kTileCols];
  for (std::size_t k = 0; k < depth; k += kDepth) {
    const std::size_t terms = HWY_MIN(kDepth, depth - k);
    const float keep = k == 0 ? beta : 1.0f;
    pack<kTileCols>(b.data + k * b.row_stride, b.col_stride, b.row_stride, cols, terms,
                    room.b.get());
    for (std::size_t i = 0; i < rows; i += kTileRows) {
      const std::size_t height = HWY_MIN(kTileRows, rows - i);
      const float* from = a.data + i * a.row_stride + k;
      std::size_t stride = a.row_stride;
      if (height < kTileRows) {
        for (std::size_t r = 0; r < height; ++r) {
          std::copy_n(from + r * stride, terms, room.a.get() + r * kDepth);
        }
        from = room.a.get();
        stride = kDepth;
      }
      if (cols > kLanes) {
        multiply_rows<2>(from, stride, room.b.get(), terms, tile);
      } else {
        multiply_rows<1>(from, stride, room.b.get(), terms, tile);
      }
      add_tile(tile, height, cols, alpha, keep, out + i * out_stride, out_stride);
    }
  }
}

HWY_ATTR void product_kernel(std::size_t rows, std::size_t cols, std::size_t depth,
                             const StridedMatrix& a, const StridedMatrix& b, float* out,
                             std::size_t out_stride, float alpha, float beta) {
  if (cols <= kTileCols && a.col_stride == 1 && rows >= kTileRows) {
    return narrow_kernel(rows, cols, depth, a, b, out, out_stride, alpha, beta);
  }
  thread_local Room room;
  alignas(64) float tile[kTileRows * kTileCols];
  for (std::size_t k = 0; k < depth; k += kDepth) {
    const std::size_t terms = HWY_MIN(kDepth, depth - k);
    const float keep = k == 0 ? beta : 1.0f;
    for (std::size_t j = 0; j < cols; j += kCols) {
      const std::size_t width = HWY_MIN(kCols, cols - j);
      for (std::size_t t = 0; t < width; t += kTileCols) {
        pack<kTileCols>(b.data + k * b.row_stride + (j + t) * b.col_stride, b.col_stride,
                        b.row_stride, HWY_MIN(kTileCols, width - t), terms,
                        room.b.get() + t * terms);
      }
      for (std::size_t i = 0; i < rows; i += kRows) {
        const std::size_t height = HWY_MIN(kRows, rows - i);
        for (std::size_t t = 0; t < height; t += kTileRows) {
          pack<kTileRows>(a.data + (i + t) * a.row_stride + k * a.col_stride, a.row_stride,
                          a.col_stride, HWY_MIN(kTileRows, height - t), terms,
                          room.a.get() + t * terms);
        }
        for (std::size_t tj = 0; tj < width; tj += kTileCols) {
          for (std::size_t ti = 0; ti < height; ti += kTileRows) {
            const float* const packed_a = room.a.get() + ti * terms;
            const float* const packed_b = room.b.get() + tj * terms;
            if (width - tj > kLanes) {
              multiply_tile<2>(packed_a, packed_b, terms, tile);
            } else {  // few columns, as many classes have
              multiply_tile<1>(packed_a, packed_b, terms, tile);
            }
            add_tile(tile, HWY_MIN(kTileRows, height - ti), HWY_MIN(kTileCols, width - tj), alpha,
                     keep, out + (i + ti) * out_stride + j + tj, out_stride);
          }
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

HWY_EXPORT(product_kernel);

void strided_product(std::size_t rows, std::size_t cols, std::size_t depth, StridedMatrix a,
                     StridedMatrix b, float* out, std::size_t out_stride, float alpha, float beta) {
  if (depth == 0) {
    for (std::size_t i = 0; i < rows; ++i) {
      for (std::size_t j = 0; j < cols; ++j) {
        float& value = out[i * out_stride + j];
        value = beta == 0.0f ? 0.0f : beta * value;
      }
    }
    return;
  }
  HWY_DYNAMIC_DISPATCH(product_kernel)(rows, cols, depth, a, b, out, out_stride, alpha, beta);
}

}  // namespace goldpan
#endif
