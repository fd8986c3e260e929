#include "strategies/check.hpp"

#include <algorithm>
#include <string>

#include <goldpan/core/error.hpp>

namespace goldpan {
namespace {

constexpr std::size_t kRowsPerTask = 1024;

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

/// Whether all values are finite: multiplying by zero turns infinities and NaNs into NaNs, and
/// sixteen sums side by side let the compiler use vectors.
bool all_finite(std::span<const float> values) {
  float sums[16] = {};
  std::size_t i = 0;
  for (; i + 16 <= values.size(); i += 16) {
    for (std::size_t lane = 0; lane < 16; ++lane) sums[lane] += values[i + lane] * 0.0f;
  }
  for (; i < values.size(); ++i) sums[0] += values[i] * 0.0f;
  float sum = 0;
  for (const float lane : sums) sum += lane;
  return sum == 0.0f;
}

bool all_finite(std::span<const Half> values) {
  bool finite = true;
  for (const Half value : values) finite &= (value.bits & 0x7C00u) != 0x7C00u;
  return finite;
}

void check_rows_finite(const Embeddings& values, const char* where, Workers& workers) {
  workers.for_blocks(values.rows(), kRowsPerTask, [&](std::size_t begin, std::size_t end) {
    for (std::size_t row = begin; row < end; ++row) {
      const bool finite = values.is_half() ? all_finite(values.as_half().row(row))
                                           : all_finite(values.as_float().row(row));
      if (!finite) {
        throw Error(
            where, "row " + count_of(row) + " holds a NaN or an infinity, expected finite numbers");
      }
    }
  });
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
  // Neither stochastic passes nor a strategy that needs nothing say how many rows there are: the
  // largest input does, and without any the lists are taken at their word.
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

  if (needs.embeddings) check_rows_finite(pool.embeddings, "embeddings", workers);
  const bool own_features = !pool.features.empty() || !needs.embeddings;
  if (needs.features && own_features) {
    check_rows_finite(pool.head_features(), "features", workers);
  }
  if (needs.probabilities && !without_model) {
    check_probabilities(pool, pool.unlabeled, "row ", workers);
    if (needs.labeled_probabilities) {
      check_probabilities(pool, pool.labeled, "labelled row ", workers);
    }
  }
}

}  // namespace goldpan
