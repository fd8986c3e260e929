#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include <goldpan/acquire/mine.hpp>
#include <goldpan/core/error.hpp>
#include <goldpan/models/linear_head.hpp>

namespace goldpan {
namespace {

constexpr std::size_t kBlock = 4096;
constexpr double kRatherInside = 0.5;

/// The known rows, ascending, and 1 for those inside.
struct KnownRows {
  std::vector<Index> rows;
  std::vector<std::int32_t> inside;
};

KnownRows known_rows(const KnownSlice& slice, std::size_t size) {
  std::vector<std::pair<Index, std::int32_t>> known;
  for (const Index row : slice.inside) known.emplace_back(row, 1);
  for (const Index row : slice.outside) known.emplace_back(row, 0);
  std::ranges::sort(known);
  KnownRows found;
  for (const auto& [row, inside] : known) {
    if (row >= size) throw Error("slice", fmt::format("got row {}, expected below {}", row, size));
    if (!found.rows.empty() && found.rows.back() == row) {
      throw Error("slice", fmt::format("got row {} twice, expected it inside or outside", row));
    }
    found.rows.push_back(row);
    found.inside.push_back(inside);
  }
  return found;
}

}  // namespace

std::vector<double> slice_membership(const Embeddings& embeddings, const KnownSlice& slice,
                                     Workers& workers) {
  const std::size_t size = embeddings.rows();
  const KnownRows known = known_rows(slice, size);
  std::vector<double> membership(size, slice.inside.empty() ? 0.0 : 1.0);
  if (slice.inside.empty() || slice.outside.empty()) return membership;
  const auto head = make_head(embeddings, 2);
  // Softmax regression draws no random numbers.
  head->fit(known.rows, known.inside, {}, Generator(0), workers);
  std::vector<Index> rows;
  Matrix<float> logits;
  for (std::size_t begin = 0; begin < size; begin += kBlock) {
    rows.clear();
    for (std::size_t row = begin; row < std::min(begin + kBlock, size); ++row) {
      rows.push_back(static_cast<Index>(row));
    }
    if (logits.rows() != rows.size()) logits = Matrix<float>(rows.size(), 2);
    head->logits(rows, logits, workers);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const double odds = double{logits(i, 0)} - logits(i, 1);
      membership[rows[i]] = 1 / (1 + std::exp(odds));
    }
  }
  for (std::size_t i = 0; i < known.rows.size(); ++i) membership[known.rows[i]] = known.inside[i];
  return membership;
}

std::vector<Index> let_through(std::span<const double> membership, std::span<const Index> unlabeled,
                               std::size_t batch) {
  std::vector<Index> rows;
  for (const Index row : unlabeled) {
    if (membership[row] >= kRatherInside) rows.push_back(row);
  }
  const std::size_t least = std::min(2 * batch, unlabeled.size());
  if (rows.size() >= least) return rows;
  rows.assign(unlabeled.begin(), unlabeled.end());
  std::ranges::stable_sort(rows, [&](Index a, Index b) { return membership[a] > membership[b]; });
  rows.resize(least);
  std::ranges::sort(rows);
  return rows;
}

}  // namespace goldpan
