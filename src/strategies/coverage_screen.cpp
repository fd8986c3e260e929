#include "strategies/coverage_screen.hpp"

#include <algorithm>
#include <atomic>
#include <cassert>
#include <cmath>

#include <hwy/aligned_allocator.h>

#include "kernels/distance.hpp"

namespace goldpan {
namespace {

// Rows whose products with a block stay in the first-level cache.
constexpr std::size_t kChunk = 128;
// Rows of a task, where few blocks have to do for all threads.
constexpr std::size_t kRange = 4096;
static_assert(kRange % kChunk == 0);
constexpr std::size_t kManyBlocks = 32;
constexpr float kEpsilon = 0x1p-24f;
// What rounding may do to an exponent and its exponential, and then some.
constexpr float kExponentSlack = 0x1p-20f;
constexpr std::size_t kSample = 1024;

Quantizer quantizer_of(const UnitRows& rows) {
  const std::size_t count = std::min(kSample, rows.size());
  Matrix<float> sample(count, rows.values.cols());
  for (std::size_t i = 0; i < count; ++i) {
    std::copy_n(rows.values.row(i * rows.size() / count).data(), sample.cols(),
                sample.row(i).data());
  }
  return Quantizer(sample.view());
}

/// The mean distance of rows far from each other in the order.
float common_distance(const UnitRows& rows) {
  const std::size_t pairs = std::min(kSample, rows.size());
  double sum = 0;
  for (std::size_t i = 0; i < pairs; ++i) {
    const std::size_t a = i * rows.size() / pairs, b = (a + rows.size() / 2) % rows.size();
    sum += std::sqrt(
        squared_distance(rows.values.row(a).data(), rows.values.row(b).data(), rows.values.cols()));
  }
  return std::max(1e-3f, static_cast<float>(sum / static_cast<double>(pairs)));
}

}  // namespace

/// -d^2 (or the cosine, where that is the similarity) of any pair of a block and a chunk is at most
/// slope * product + offset.
struct CoverageScreen::Line {
  float slopes[kSketchBlock], offsets[kSketchBlock];
};

struct CoverageScreen::Found {
  std::vector<std::uint32_t> places;
  std::vector<float> values;
};

CoverageScreen::CoverageScreen(const UnitRows& rows, float scale, Workers& workers)
    : workers_(workers),
      scale_(scale),
      // A product or norm of unit rows in float is off by at most D epsilon, a squared distance by
      // 4 times that and a few roundings; the rest is for quantized_products, whose rows are at
      // most 2 long.
      slack_((4 * static_cast<float>(rows.values.cols()) + 256) * kEpsilon),
      middle_(common_distance(rows)),
      quantizer_(quantizer_of(rows)),
      rows_(quantizer_, rows.size()),
      errors_((rows.size() + kChunk - 1) / kChunk, 0.0f) {
  workers.for_blocks(rows.size(), kChunk, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      const Quantizer::Numbers numbers =
          quantizer_.quantize(rows.values.row(i), rows_.values.get() + i * rows_.size());
      rows_.scales[i] = numbers.scale;
      rows_.half_lengths[i] = numbers.half_length;
      rows_.errors[i] = numbers.error;
      errors_[begin / kChunk] = std::max(errors_[begin / kChunk], numbers.error);
    }
  });
  for (std::size_t i = 0; i < rows.size(); ++i) rows_.note(i);
}

std::size_t CoverageScreen::blocks_of(std::size_t places) const {
  return (places + kSketchBlock - 1) / kSketchBlock;
}

std::size_t CoverageScreen::ranges_of(std::size_t blocks) const {
  return blocks >= kManyBlocks ? 1 : (rows_.capacity + kRange - 1) / kRange;
}

PlaceRange CoverageScreen::range(std::size_t i, std::size_t ranges) const {
  if (ranges == 1) return {0, rows_.capacity};
  return {i * kRange, std::min(rows_.capacity, (i + 1) * kRange)};
}

QuantizedBlock CoverageScreen::block_of(std::span<const std::uint32_t> places) const {
  QuantizedBlock block(quantizer_);
  for (std::size_t i = 0; i < places.size(); ++i) block.copy_from(rows_, places[i], i);
  block.clear_from(places.size());
  return block;
}

/// What the values of for_products must exceed for a term above zero.
std::vector<float> CoverageScreen::limits_of(std::span<const float> reached) const {
  std::vector<float> limits(rows_.capacity);
  workers_.for_blocks(limits.size(), kRange, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      if (scale_ == 0) {
        limits[i] = 2 * reached[i] - 1 - 4 * kEpsilon;
      } else {
        // The next larger similarity of the grid begins half a step further.
        limits[i] = (std::log(reached[i] + kEpsilon / 2) - kExponentSlack) / scale_;
      }
    }
  });
  return limits;
}

/// A distance at which bounds had better be tight: the mean of those where terms end.
float CoverageScreen::middle_of(std::span<const float> limits) const {
  double sum = 0;
  std::size_t count = 0;
  for (const float limit : limits) {
    const float squared = scale_ > 0 ? -limit : 2 - 2 * limit;
    if (!(squared > 0) || !(squared < 4)) continue;
    sum += std::sqrt(squared);
    ++count;
  }
  if (count < limits.size() / 4 || count == 0) return middle_;
  return std::max(1e-3f, static_cast<float>(sum / static_cast<double>(count)));
}

/// With d^ the distance of the rounded rows and E their errors, d >= d^ - E, and for any m > 0
/// (d^ - E)^2 - E^2 = d^^2 - 2 d^ E >= d^^2 (1 - E / m) - E m, which is tight about d^ = m and
/// below zero where d^ < E < m. It is linear in the product: d^^2 = 2 (half - product).
CoverageScreen::Line CoverageScreen::line_of(const QuantizedBlock& block, std::size_t chunk,
                                             float middle) const {
  Line line;
  for (std::size_t i = 0; i < kSketchBlock; ++i) {
    const float error = (block.errors[i] + errors_[chunk]) * (1 + 8 * kEpsilon);
    float slope = 0, offset = 0;  // nothing is known
    if (error < middle) {
      slope = 2 * (1 - error / middle);
      offset = error * middle * (1 + 8 * kEpsilon) + slack_ - slope * block.half_lengths[i];
      if (scale_ > 0) offset += kExponentSlack / scale_;
    }
    line.slopes[i] = scale_ > 0 ? slope : slope / 2;
    line.offsets[i] = scale_ > 0 ? offset : 1 + offset / 2;
  }
  return line;
}

/// use(c, values): the block's bounds of -d^2 (or cosines) with row c, for all rows of a range.
template <typename Use>
void CoverageScreen::for_products(const QuantizedBlock& block, PlaceRange to, float middle,
                                  const Use& use) const {
  alignas(64) float values[kChunk * kSketchBlock];
  assert(to.begin % kChunk == 0);
  for (std::size_t begin = to.begin; begin < to.end; begin += kChunk) {
    const std::size_t end = std::min(to.end, begin + kChunk);
    const Line line = line_of(block, begin / kChunk, middle);
    quantized_products(block, rows_, begin, end, values);
    const std::span<float> all(values, (end - begin) * kSketchBlock);
    lines_of_products(all, line.slopes, line.offsets, kSketchBlock, scale_ > 0 ? 0.0f : 1.0f);
    use(begin, end, all);
  }
}

void CoverageScreen::to_similarities(std::span<float> values) const {
  if (scale_ > 0) {
    gaussian_of_squared_distances(values, -scale_);
  } else {
    similarity_of_products(values);
  }
}

void CoverageScreen::bound_gains(std::span<const std::uint32_t> places,
                                 std::span<const float> reached, std::span<const float> weights,
                                 std::span<std::int64_t> out) const {
  const float middle = middle_of(limits_of(reached));
  const std::size_t blocks = blocks_of(places.size()), ranges = ranges_of(blocks);
  std::fill(out.begin(), out.end(), 0);
  workers_.run(blocks * ranges, [&](std::size_t task) {
    const std::size_t first = task / ranges * kSketchBlock;
    const std::size_t count = std::min(kSketchBlock, places.size() - first);
    const QuantizedBlock block = block_of(places.subspan(first, count));
    std::uint32_t low[kSketchBlock] = {}, high[kSketchBlock] = {};
    const auto empty = [&] {
      for (std::size_t i = 0; i < count; ++i) {
        const std::int64_t sum = std::int64_t{low[i]} + (std::int64_t{high[i]} << 15);
        std::atomic_ref(out[first + i]).fetch_add(sum, std::memory_order_relaxed);
      }
      std::fill_n(low, kSketchBlock, 0u);
      std::fill_n(high, kSketchBlock, 0u);
    };
    for_products(block, range(task % ranges, ranges), middle,
                 [&](std::size_t begin, std::size_t end, std::span<float> values) {
                   to_similarities(values);
                   for (std::size_t c = begin; c < end; ++c) {
                     add_coverage_terms(values.subspan((c - begin) * kSketchBlock, kSketchBlock),
                                        reached[c], weights[c], low, high);
                   }
                   if (begin / kChunk % 128 == 127) empty();
                 });
    empty();
  });
}

void CoverageScreen::list(std::span<const std::uint32_t> places, std::span<const float> reached,
                          std::size_t most, std::span<std::vector<Near>> lists,
                          std::span<std::uint8_t> has_many) const {
  const std::vector<float> limits = limits_of(reached);
  const float middle = middle_of(limits);
  const std::size_t blocks = blocks_of(places.size()), ranges = ranges_of(blocks);
  std::vector<std::vector<Near>> parts(ranges == 1 ? 0 : places.size() * ranges);
  workers_.run(blocks * ranges, [&](std::size_t task) {
    const std::size_t first = task / ranges * kSketchBlock;
    const std::size_t count = std::min(kSketchBlock, places.size() - first);
    const QuantizedBlock block = block_of(places.subspan(first, count));
    std::vector<Found> found(count);
    for_products(block, range(task % ranges, ranges), middle,
                 [&](std::size_t begin, std::size_t end, std::span<float> values) {
                   std::uint32_t above[kSketchBlock];
                   for (std::size_t c = begin; c < end; ++c) {
                     const auto row = values.subspan((c - begin) * kSketchBlock, kSketchBlock);
                     const std::size_t some = places_above(row, limits[c], above);
                     for (std::size_t k = 0; k < some && above[k] < count; ++k) {
                       Found& own = found[above[k]];
                       if (own.places.size() > most) continue;
                       own.places.push_back(static_cast<std::uint32_t>(c));
                       own.values.push_back(row[above[k]]);
                     }
                   }
                 });
    for (std::size_t i = 0; i < count; ++i) {
      Found& own = found[i];
      if (own.places.size() > most) {
        std::atomic_ref(has_many[first + i]).store(1, std::memory_order_relaxed);
        continue;
      }
      own.values.resize(padded_places(own.values.size()), 0.0f);
      to_similarities(own.values);
      std::vector<Near>& to =
          ranges == 1 ? lists[first + i] : parts[(first + i) * ranges + task % ranges];
      to.clear();
      to.reserve(own.places.size());
      for (std::size_t k = 0; k < own.places.size(); ++k) {
        to.push_back({own.places[k], own.values[k]});
      }
    }
  });
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (has_many[i] == 0 && ranges > 1) {
      std::size_t size = 0;
      for (std::size_t r = 0; r < ranges; ++r) size += parts[i * ranges + r].size();
      lists[i].clear();
      lists[i].reserve(size);
      for (std::size_t r = 0; r < ranges; ++r) {
        const auto& part = parts[i * ranges + r];
        lists[i].insert(lists[i].end(), part.begin(), part.end());
      }
    }
    if (lists[i].size() > most) has_many[i] = 1;
    if (has_many[i] != 0) lists[i] = {};
  }
}

}  // namespace goldpan
