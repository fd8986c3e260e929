#include "strategies/silence.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

namespace goldpan {
namespace {

/// Rows whose passes are compared, spread over the unlabelled ones.
constexpr std::size_t kRowsCompared = 64;

/// Ends at the first row that differs: next to nothing, except where it is true.
bool all_equal(const Embeddings& embeddings) {
  const std::size_t cols = embeddings.cols();
  std::vector<float> first(cols), buffer(cols);
  embeddings.copy_rows(0, {first.data(), 1, cols});
  for (std::size_t i = 1; i < embeddings.rows(); ++i) {
    const auto row = embeddings.read_rows(i, 1, buffer.data()).row(0);
    if (!std::ranges::equal(row, first)) return false;
  }
  return true;
}

bool never_differ(const StochasticPasses& passes, std::span<const Index> unlabeled) {
  const std::size_t count = std::min(kRowsCompared, unlabeled.size());
  std::vector<Index> rows(count);
  for (std::size_t i = 0; i < count; ++i) rows[i] = unlabeled[i * unlabeled.size() / count];
  const std::size_t classes = passes.classes(), values = passes.passes() * classes;
  std::vector<float> p(count * values);
  passes.probabilities(rows, p);
  for (std::size_t i = 0; i < count; ++i) {
    const auto own = std::span(p).subspan(i * values, values);
    for (std::size_t k = 1; k < passes.passes(); ++k) {
      if (!std::ranges::equal(own.subspan(k * classes, classes), own.first(classes))) return false;
    }
  }
  return true;
}

}  // namespace

void note_silence(const StrategyInfo& info, const Pool& pool, Selection& selection) {
  const auto note = [&](std::string text) {
    selection.notes.push_back(std::string(info.name) + ": " + std::move(text));
  };
  if (info.needs.embeddings && pool.embeddings.rows() > 1 && all_equal(pool.embeddings)) {
    note(fmt::format("all {} embeddings are equal: nothing tells rows apart",
                     pool.embeddings.rows()));
  }
  if (info.needs.passes && pool.passes != nullptr) {
    if (std::string doubt = doubtful_shape(*pool.passes); !doubt.empty()) note(std::move(doubt));
    if (pool.passes->passes() > 1 && never_differ(*pool.passes, pool.unlabeled)) {
      note(fmt::format("the {} stochastic passes are all equal: was dropout switched off?",
                       pool.passes->passes()));
    }
  }
  const auto& scores = selection.scores;
  if (info.needs.model() && scores.size() > 1 &&
      std::ranges::all_of(scores, [&](double score) { return score == scores.front(); })) {
    note(fmt::format("the {} picks all score {:.4g}: among equals the lowest rows come first",
                     scores.size(), scores.front()));
  }
}

}  // namespace goldpan
