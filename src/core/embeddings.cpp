#include <algorithm>
#include <bit>
#include <cmath>
#include <string>
#include <vector>

#include <fmt/format.h>

#include <goldpan/core/embeddings.hpp>
#include <goldpan/core/error.hpp>

#include "core/half.hpp"

namespace goldpan {
namespace {

constexpr std::size_t kRowsPerTask = 1024;

/// |row|^2, or something that is no number below infinity where a value is none. Sixteen sums side
/// by side let the compiler use vectors.
float squared_length(std::span<const float> row) {
  float sums[16] = {};
  std::size_t i = 0;
  for (; i + 16 <= row.size(); i += 16) {
    for (std::size_t lane = 0; lane < 16; ++lane) sums[lane] += row[i + lane] * row[i + lane];
  }
  for (; i < row.size(); ++i) sums[0] += row[i] * row[i];
  float sum = 0;
  for (const float lane : sums) sum += lane;
  return sum;
}

bool can_be_measured(float squared) { return squared <= kLongestRow * kLongestRow; }

double length_of(std::span<const float> row) {
  double squares = 0;
  for (const float x : row) squares += double{x} * x;
  return std::sqrt(squares);
}

}  // namespace

float to_float(Half value) {
  const std::uint32_t sign = std::uint32_t{value.bits & 0x8000u} << 16;
  const std::uint32_t exponent = value.bits >> 10 & 31u;
  const std::uint32_t fraction = value.bits & 0x3FFu;
  if (exponent == 0) {  // zero and subnormals: fraction * 2^-24
    const float magnitude = static_cast<float>(fraction) * 0x1p-24f;
    return sign != 0 ? -magnitude : magnitude;
  }
  const std::uint32_t wide = exponent == 31 ? 255u : exponent + 112u;
  return std::bit_cast<float>(sign | wide << 23 | fraction << 13);
}

Half to_half(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const auto sign = static_cast<std::uint16_t>(bits >> 16 & 0x8000u);
  const std::uint32_t magnitude = bits & 0x7FFFFFFFu;
  if (magnitude > 0x7F800000u) return {static_cast<std::uint16_t>(sign | 0x7E00u)};   // NaN
  if (magnitude >= 0x47800000u) return {static_cast<std::uint16_t>(sign | 0x7C00u)};  // >= 2^16
  std::uint32_t rounded;
  if (magnitude <
      0x38800000u) {  // below 2^-14: adding 0.5 aligns and rounds the subnormal fraction
    rounded = std::bit_cast<std::uint32_t>(std::bit_cast<float>(magnitude) + 0.5f) - 0x3F000000u;
  } else {
    const std::uint32_t odd = magnitude >> 13 & 1u;
    rounded = (magnitude - 0x38000000u + 0xFFFu + odd) >> 13;
  }
  return {static_cast<std::uint16_t>(sign | rounded)};
}

Embeddings::Embeddings(std::span<const EmbeddingsPiece> pieces, std::size_t rows, std::size_t cols,
                       bool is_half)
    : rows_(rows), cols_(cols), is_half_(is_half) {
  if (pieces.size() == 1) {  // nothing to look up
    assert(pieces[0].begin == 0);
    name_ = pieces[0].name;
    if (is_half) {
      half_ = static_cast<const Half*>(pieces[0].values);
    } else {
      float_ = static_cast<const float*>(pieces[0].values);
    }
    return;
  }
  pieces_ = pieces;
}

std::size_t Embeddings::piece_of(std::size_t row) const {
  // Files of one pool are mostly equally long: then the guess is right, and costs a division.
  const std::size_t guess = row * pieces_.size() / rows_;
  if (pieces_[guess].begin <= row &&
      (guess + 1 == pieces_.size() || row < pieces_[guess + 1].begin)) {
    return guess;
  }
  const auto after = std::ranges::upper_bound(pieces_, row, {}, &EmbeddingsPiece::begin);
  return static_cast<std::size_t>(after - pieces_.begin()) - 1;
}

Embeddings::Run Embeddings::locate(std::size_t row) const {
  const std::size_t index = piece_of(row);
  const EmbeddingsPiece& piece = pieces_[index];
  const std::size_t end = index + 1 < pieces_.size() ? pieces_[index + 1].begin : rows_;
  const std::size_t offset =
      (row - piece.begin) * cols_ * (is_half_ ? sizeof(Half) : sizeof(float));
  return {static_cast<const char*>(piece.values) + offset, end - row};
}

std::string Embeddings::row_name(std::size_t row) const {
  if (pieces_.empty()) {
    const std::string number = "row " + std::to_string(row);
    return name_.empty() ? number : number + " of " + std::string(name_);
  }
  const EmbeddingsPiece& piece = pieces_[piece_of(row)];
  return "row " + std::to_string(row - piece.begin) + " of " + std::string(piece.name);
}

void Embeddings::copy_rows(std::size_t begin, MatrixView<float> out) const {
  assert(out.cols() == cols_ && begin + out.rows() <= rows_);
  const auto copy = [&](const void* values, std::size_t count, float* to) {
    if (is_half_) {
      to_float(static_cast<const Half*>(values), count, to);
    } else {
      std::copy_n(static_cast<const float*>(values), count, to);
    }
  };
  if (pieces_.empty()) {
    const std::size_t offset = begin * cols_;
    copy(is_half_ ? static_cast<const void*>(half_ + offset) : float_ + offset, out.size(),
         out.data());
    return;
  }
  for (std::size_t done = 0; done < out.rows();) {
    const Run run = locate(begin + done);
    const std::size_t count = std::min(run.rows, out.rows() - done);
    copy(run.values, count * cols_, out.data() + done * cols_);
    done += count;
  }
}

void Embeddings::gather_rows(std::span<const Index> rows, MatrixView<float> out) const {
  assert(out.rows() == rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) copy_rows(rows[i], out.rows_between(i, i + 1));
}

MatrixView<const float> Embeddings::read_rows(std::size_t begin, std::size_t count,
                                              float* buffer) const {
  if (!is_half_ && pieces_.empty()) return as_float().rows_between(begin, begin + count);
  if (!is_half_ && count > 0) {
    const Run run = locate(begin);
    if (count <= run.rows) return {static_cast<const float*>(run.values), count, cols_};
  }
  copy_rows(begin, {buffer, count, cols_});
  return {buffer, count, cols_};
}

void check_finite(const Embeddings& embeddings, const char* where) {
  if (embeddings.cols() == 0) return;  // a file of a few bytes can claim 4294967297 such rows
  std::vector<float> buffer(embeddings.is_half() ? embeddings.cols() : 0);
  for (std::size_t i = 0; i < embeddings.rows(); ++i) {
    const auto row = embeddings.read_rows(i, 1, buffer.data()).row(0);
    // One bad value makes the sum of x * 0 a NaN; the plain loop then names the column.
    float sum = 0;
    for (const float x : row) sum += x * 0.0f;
    if (sum == 0.0f) continue;
    for (std::size_t j = 0; j < row.size(); ++j) {
      if (!std::isfinite(row[j])) {
        throw Error(where, embeddings.row_name(i) + ", column " + std::to_string(j) +
                               " is not finite, expected numbers only");
      }
    }
  }
}

std::string row_fault(std::span<const float> row) {
  if (can_be_measured(squared_length(row))) return {};
  std::size_t largest = 0;
  for (std::size_t j = 0; j < row.size(); ++j) {
    if (!std::isfinite(row[j])) return "holds a NaN or an infinity, expected finite numbers";
    if (std::abs(row[j]) > std::abs(row[largest])) largest = j;
  }
  return fmt::format(
      "is {:.3g} long (column {} holds {:.3g}), expected at most {:.3g}: a float cannot hold its "
      "square. Is that a mark for a missing value?",
      length_of(row), largest, row[largest], kLongestRow);
}

void check_magnitudes(const Embeddings& embeddings, const char* where, Workers& workers) {
  const std::size_t rows = embeddings.rows();
  struct Longest {
    float squared = -1;
    std::size_t row = 0;
  };
  std::vector<Longest> longest((rows + kRowsPerTask - 1) / kRowsPerTask);
  workers.for_blocks(rows, kRowsPerTask, [&](std::size_t begin, std::size_t end) {
    Longest& own = longest[begin / kRowsPerTask];
    std::vector<float> buffer(embeddings.is_half() ? embeddings.cols() : 0);
    for (std::size_t i = begin; i < end; ++i) {
      const auto row = embeddings.read_rows(i, 1, buffer.data()).row(0);
      const float squared = squared_length(row);
      if (!can_be_measured(squared)) {
        throw Error(where, embeddings.row_name(i) + " " + row_fault(row));
      }
      if (squared > own.squared) own = {squared, i};
    }
  });
  Longest all;
  for (const Longest& own : longest) {
    if (own.squared > all.squared) all = own;
  }
  if (all.squared < 0 || all.squared >= kShortestRow * kShortestRow) return;
  // Squares that underflow hide which row is the longest, not that all are short.
  std::vector<float> buffer(embeddings.is_half() ? embeddings.cols() : 0);
  double length = 0;
  for (std::size_t i = 0; i < rows; ++i) {
    const double own = length_of(embeddings.read_rows(i, 1, buffer.data()).row(0));
    if (own <= length) continue;
    length = own;
    all.row = i;
  }
  if (length == 0 || length >= kShortestRow) return;
  throw Error(where,
              fmt::format("{} is the longest and only {:.3g} long, expected {:.3g} or "
                          "more (or rows of zeros): a float cannot hold its square. Multiply "
                          "all rows by one factor",
                          embeddings.row_name(all.row), length, kShortestRow));
}

}  // namespace goldpan
