#include "strategies/check.hpp"

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include <goldpan/core/error.hpp>

namespace goldpan {
namespace {

constexpr std::size_t kRowsPerTask = 1024;
constexpr std::size_t kRowsAsked = 16;

std::string count_of(std::size_t value) { return std::to_string(value); }

void check_ascending(std::span<const Index> rows, std::size_t pool_size, const char* where) {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i] >= pool_size) {
      throw Error(where, "got row " + count_of(rows[i]) + " at position " + count_of(i) +
                             ", expected rows below " + count_of(pool_size));
    }
    if (i > 0 && rows[i] <= rows[i - 1]) {
      throw Error(where, "got row " + count_of(rows[i]) + " after row " + count_of(rows[i - 1]) +
                             ", expected ascending rows without repeats");
    }
  }
}

void check_disjoint(std::span<const Index> labeled, std::span<const Index> unlabeled) {
  for (std::size_t i = 0, j = 0; i < labeled.size() && j < unlabeled.size();) {
    if (labeled[i] == unlabeled[j]) {
      throw Error("unlabeled", "got row " + count_of(labeled[i]) +
                                   ", which is labelled too, expected each row in one list");
    }
    labeled[i] < unlabeled[j] ? ++i : ++j;
  }
}

void check_probabilities(const Pool& pool, std::span<const Index> rows, const char* row_name,
                         Workers& workers) {
  workers.for_blocks(rows.size(), kRowsPerTask, [&](std::size_t begin, std::size_t end) {
    for (const Index row : rows.subspan(begin, end - begin)) {
      const std::string fault = probability_fault(pool.probabilities.row(row));
      if (!fault.empty()) throw Error("probabilities", row_name + count_of(row) + " " + fault);
    }
  });
}

std::size_t pool_rows(const StrategyNeeds& needs, const Pool& pool) {
  if (needs.embeddings) return pool.embeddings.rows();
  if (needs.features) return pool.head_features().rows();
  if (needs.probabilities && !pool.probabilities.empty()) return pool.probabilities.rows();
  if (needs.passes && pool.passes != nullptr && pool.passes->rows() > 0) {
    return pool.passes->rows();
  }
  // Neither passes of an unknown number of rows nor a strategy that needs nothing say how many rows
  // there are: the largest input does, and without any the lists are taken at their word.
  const std::size_t rows = std::max(pool.embeddings.rows(), pool.probabilities.rows());
  if (rows > 0) return rows;
  std::size_t largest = 0;
  for (const auto list : {pool.labeled, pool.unlabeled}) {
    for (const Index row : list) largest = std::max<std::size_t>(largest, row + std::size_t{1});
  }
  return largest;
}

[[noreturn]] void throw_missing(const StrategyInfo& info, const char* where) {
  throw Error(where, "got none, expected them for strategy '" + std::string(info.name) + "'");
}

void check_same_rows(std::size_t rows, std::size_t expected, const char* where) {
  if (rows != expected) {
    throw Error(where, "got " + count_of(rows) + " rows, expected " + count_of(expected));
  }
}

/// One column is no distribution: whatever a model says, softmax makes 1 of it.
void check_classes(std::size_t classes, const char* where) {
  if (classes == 1) {
    throw Error(
        where,
        "got one column, expected one a class, 2 or more; a binary model's probability p of "
        "its second class makes two: 1 - p and p");
  }
}

/// Passes that lie in memory were computed elsewhere, and are all looked at. Those of a model are
/// computed when asked for: a few rows tell whether it gives probabilities.
void check_passes(const Pool& pool, Workers& workers) {
  const StochasticPasses& passes = *pool.passes;
  if (const auto* const stored = dynamic_cast<const StoredPasses*>(&passes)) {
    return check_probabilities(*stored, "stochastic passes", workers);
  }
  const auto rows = pool.unlabeled.first(std::min(pool.unlabeled.size(), kRowsAsked));
  std::vector<float> values(rows.size() * passes.passes() * passes.classes());
  passes.probabilities(rows, values);
  const MatrixView<const float> matrix(values.data(), rows.size() * passes.passes(),
                                       passes.classes());
  for (std::size_t i = 0; i < matrix.rows(); ++i) {
    const std::string fault = probability_fault(matrix.row(i));
    if (fault.empty()) continue;
    throw Error("stochastic passes", "pass " + count_of(i % passes.passes()) + ", row " +
                                         count_of(rows[i / passes.passes()]) + " " + fault);
  }
}

}  // namespace

void check_pool(const StrategyInfo& info, const Pool& pool, std::size_t batch, Workers& workers) {
  const StrategyNeeds& needs = info.needs;
  const bool without_model =
      needs.model_optional && pool.probabilities.empty() && pool.passes == nullptr;
  if (needs.embeddings && pool.embeddings.empty()) throw_missing(info, "embeddings");
  if (needs.features && pool.head_features().empty()) throw_missing(info, "features");
  if (needs.probabilities && pool.probabilities.empty() && !without_model) {
    throw_missing(info, "probabilities");
  }
  if (needs.passes && !without_model &&
      (pool.passes == nullptr || pool.passes->passes() == 0 || pool.passes->classes() == 0)) {
    throw_missing(info, "stochastic passes");
  }

  const std::size_t rows = pool_rows(needs, pool);
  constexpr std::size_t kMostRows = std::numeric_limits<Index>::max();
  if (rows > kMostRows) {
    throw Error("pool", "got " + count_of(rows) + " rows, expected at most " + count_of(kMostRows));
  }
  const bool with_passes = needs.passes && !without_model;
  if (with_passes) {
    check_classes(pool.passes->classes(), "stochastic passes");
    // A model's passes are over all rows that it was given: the pool's, and a test set's behind
    // them.
    const std::size_t given = pool.passes->rows();
    const bool more = dynamic_cast<const StoredPasses*>(pool.passes) == nullptr && given > rows;
    if (given > 0 && !more) check_same_rows(given, rows, "stochastic passes");
  }
  if (needs.probabilities && !without_model) {
    check_classes(pool.probabilities.cols(), "probabilities");
  }
  if (needs.features) check_same_rows(pool.head_features().rows(), rows, "features");
  if (needs.probabilities && !without_model) {
    check_same_rows(pool.probabilities.rows(), rows, "probabilities");
  }
  check_ascending(pool.labeled, rows, "labeled");
  check_ascending(pool.unlabeled, rows, "unlabeled");
  check_disjoint(pool.labeled, pool.unlabeled);
  if (batch > pool.unlabeled.size()) {
    throw Error("batch", "got " + count_of(batch) + ", expected at most the " +
                             count_of(pool.unlabeled.size()) + " unlabelled rows");
  }

  if (needs.embeddings) check_magnitudes(pool.embeddings, "embeddings", workers);
  const bool own_features = !pool.features.empty() || !needs.embeddings;
  if (needs.features && own_features) {
    check_magnitudes(pool.head_features(), "features", workers);
  }
  if (needs.probabilities && !without_model) {
    check_probabilities(pool, pool.unlabeled, "row ", workers);
    if (needs.labeled_probabilities) {
      check_probabilities(pool, pool.labeled, "labelled row ", workers);
    }
  }
  if (with_passes && batch > 0) check_passes(pool, workers);
}

}  // namespace goldpan
