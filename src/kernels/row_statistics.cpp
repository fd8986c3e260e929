#include "kernels/row_statistics.hpp"

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <limits>
#include <vector>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/row_statistics.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/log-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace goldpan {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Values worked on together: terms stay in the first-level cache between the loop over lanes that
// writes them and the sums of rows that read them.
constexpr std::size_t kChunk = 4096;
// Up to this many columns a row is summed value by value, which neighbouring rows overlap; above,
// by vectors. Gathering one lane a row instead takes twice the time.
constexpr std::size_t kNarrow = 32;

/// terms[i] = p[i] ln p[i], with 0 ln 0 = 0. Requires: room for a vector beyond terms[count - 1].
void entropy_terms(const float* p, std::size_t count, float* terms) {
  const hn::ScalableTag<float> d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto values = hn::LoadU(d, p + i);
    hn::StoreU(hn::Mul(values, log_positive(d, values)), d, terms + i);
  }
  if (i == count) return;
  HWY_ALIGN float rest[hn::MaxLanes(d)] = {};
  std::copy(p + i, p + count, rest);
  const auto values = hn::Load(d, rest);
  hn::StoreU(hn::Mul(values, log_positive(d, values)), d, terms + i);
}

double sum_of(const float* values, std::size_t count) {
  double sum = 0;
  std::size_t i = 0;
  if (count > kNarrow) {
    const hn::ScalableTag<double> d64;
    const hn::Rebind<float, decltype(d64)> d32;
    const std::size_t lanes = hn::Lanes(d64);
    auto even = hn::Zero(d64), odd = hn::Zero(d64);
    for (; i + 2 * lanes <= count; i += 2 * lanes) {
      even = hn::Add(even, hn::PromoteTo(d64, hn::LoadU(d32, values + i)));
      odd = hn::Add(odd, hn::PromoteTo(d64, hn::LoadU(d32, values + i + lanes)));
    }
    sum = hn::GetLane(hn::SumOfLanes(d64, hn::Add(even, odd)));
  }
  for (; i < count; ++i) sum += values[i];
  return sum;
}

/// out[r] = sum of p ln p over row r: the entropy with its sign turned.
void negative_entropies(MatrixView<const float> rows, double* out) {
  HWY_ALIGN float terms[kChunk + hn::MaxLanes(hn::ScalableTag<float>())];
  const std::size_t cols = rows.cols();
  if (cols > kChunk) {
    for (std::size_t r = 0; r < rows.rows(); ++r) {
      out[r] = 0;
      for (std::size_t c = 0; c < cols; c += kChunk) {
        const std::size_t count = std::min(kChunk, cols - c);
        entropy_terms(rows.row(r).data() + c, count, terms);
        out[r] += sum_of(terms, count);
      }
    }
    return;
  }
  const std::size_t step = kChunk / std::max<std::size_t>(1, cols);
  for (std::size_t begin = 0; begin < rows.rows(); begin += step) {
    const std::size_t count = std::min(step, rows.rows() - begin);
    entropy_terms(rows.data() + begin * cols, count * cols, terms);
    for (std::size_t r = 0; r < count; ++r) out[begin + r] = sum_of(terms + r * cols, cols);
  }
}

void entropies(MatrixView<const float> rows, double* out) {
  negative_entropies(rows, out);
  for (std::size_t r = 0; r < rows.rows(); ++r) out[r] = 0.0 - out[r];  // never -0
}

/// The two largest of one row, value by value: neighbouring rows overlap.
void narrow_two_largest(std::span<const float> row, float& largest, float& second) {
  float first = -std::numeric_limits<float>::infinity(), next = first;
  for (const float value : row) {
    next = std::max(next, std::min(first, value));
    first = std::max(first, value);
  }
  largest = first;
  second = next;
}

void wide_two_largest(std::span<const float> row, float& largest, float& second) {
  const hn::ScalableTag<float> d;
  const std::size_t lanes = hn::Lanes(d);
  auto first = hn::Set(d, -std::numeric_limits<float>::infinity()), next = first;
  std::size_t c = 0;
  for (; c + lanes <= row.size(); c += lanes) {
    const auto values = hn::LoadU(d, row.data() + c);
    next = hn::Max(next, hn::Min(first, values));
    first = hn::Max(first, values);
  }
  // The two largest of the row are among the two largest of each lane and the rest.
  HWY_ALIGN float finalists[3 * hn::MaxLanes(d)];
  hn::Store(first, d, finalists);
  hn::Store(next, d, finalists + lanes);
  std::copy(row.begin() + static_cast<std::ptrdiff_t>(c), row.end(), finalists + 2 * lanes);
  narrow_two_largest({finalists, 2 * lanes + row.size() - c}, largest, second);
}

void two_largest(MatrixView<const float> rows, float* largest, float* second) {
  const auto of_row = rows.cols() > kNarrow ? wide_two_largest : narrow_two_largest;
  for (std::size_t r = 0; r < rows.rows(); ++r) of_row(rows.row(r), largest[r], second[r]);
}

void mutual_information(MatrixView<const float> rows, std::size_t classes, double* out) {
  // H(mean) - mean H = mean of sum p ln p - sum m ln m.
  negative_entropies(rows, out);
  const std::size_t passes = rows.cols() / classes;
  const double share = 1.0 / static_cast<double>(passes);
  const std::size_t step = std::max<std::size_t>(1, kChunk / classes);
  std::vector<double> sums(classes), of_means(step);
  std::vector<float> means(std::min(step, rows.rows()) * classes);
  for (std::size_t begin = 0; begin < rows.rows(); begin += step) {
    const std::size_t count = std::min(step, rows.rows() - begin);
    for (std::size_t r = 0; r < count; ++r) {
      const float* const p = rows.row(begin + r).data();
      std::fill(sums.begin(), sums.end(), 0.0);
      for (std::size_t k = 0; k < passes; ++k) {
        for (std::size_t c = 0; c < classes; ++c) sums[c] += p[k * classes + c];
      }
      for (std::size_t c = 0; c < classes; ++c) {
        means[r * classes + c] = static_cast<float>(sums[c] * share);
      }
    }
    negative_entropies({means.data(), count, classes}, of_means.data());
    for (std::size_t r = 0; r < count; ++r) {
      out[begin + r] = std::max(0.0, out[begin + r] * share - of_means[r]);
    }
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
  HWY_DYNAMIC_DISPATCH(mutual_information)(rows, classes, out.data());
}

}  // namespace goldpan
#endif  // HWY_ONCE
