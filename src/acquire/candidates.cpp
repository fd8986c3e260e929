#include <cmath>
#include <numeric>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <goldpan/acquire/candidates.hpp>
#include <goldpan/core/csv.hpp>
#include <goldpan/core/error.hpp>
#include <goldpan/core/utf8.hpp>

#include "strategies/unit_rows.hpp"

namespace goldpan {
namespace {

std::string csv_number(double value) {
  return std::isnan(value) ? std::string() : fmt::format("{}", value);
}

/// A copy of all rows, each divided by its length: Euclidean distances between them order pairs as
/// their cosines do. A row of zeros stays one.
Matrix<float> rows_of_length_one(const Embeddings& embeddings, Workers& workers) {
  check_magnitudes(embeddings, "embeddings", workers);
  std::vector<Index> rows(embeddings.rows());
  std::iota(rows.begin(), rows.end(), Index{0});
  return unit_rows(embeddings, rows, workers);
}

}  // namespace

std::vector<Index> without_duplicates(const Duplicates& duplicates, std::span<const Index> labeled,
                                      std::span<const Index> candidates) {
  std::vector<bool> taken(duplicates.kept_row_of.size());
  for (const Index row : labeled) taken[duplicates.kept_row_of[row]] = true;
  std::vector<Index> left;
  for (const Index row : candidates) {
    const Index group = duplicates.kept_row_of[row];
    if (taken[group]) continue;
    taken[group] = true;
    left.push_back(row);
  }
  return left;
}

PreparedPool::PreparedPool(const Pool& pool, std::vector<Index> candidates,
                           const StrategyInfo& strategy, const PoolOptions& options,
                           Workers& workers, const Progress& progress)
    : pool_(pool), candidates_(std::move(candidates)) {
  if (options.dedup != 0) {
    if (pool.embeddings.empty()) throw Error("dedup", "got no embeddings to compare");
    const std::size_t before = candidates_.size();
    candidates_ = without_duplicates(deduplicate(pool.embeddings, options.dedup, workers, progress),
                                     pool.labeled, candidates_);
    notes_.push_back(fmt::format(
        "{} of {} candidates are near-duplicates (cosine {} or more) of a labelled row or of an "
        "earlier candidate",
        before - candidates_.size(), before, options.dedup));
  }
  if (options.cosine) {
    if (!strategy.needs.embeddings) {
      throw Error("metric", fmt::format("got cosine, but strategy {} measures no distances between "
                                        "embeddings",
                                        strategy.name));
    }
    if (pool.embeddings.empty()) throw Error("metric", "got cosine, but no embeddings");
    if (pool_.features.empty()) pool_.features = pool.embeddings;
    unit_rows_ = rows_of_length_one(pool.embeddings, workers);
    pool_.embeddings = unit_rows_;
  }
  pool_.unlabeled = candidates_;
}

std::string picks_csv(std::span<const Pick> picks,
                      const std::function<std::string(std::size_t pick)>& id_of) {
  std::string csv = "rank,index,id,score,reason,inclusion_probability\n";
  for (std::size_t i = 0; i < picks.size(); ++i) {
    const Pick& pick = picks[i];
    csv += fmt::format("{},{},{},{},{},{}\n", i, pick.row,
                       id_of ? csv_text(as_utf8(id_of(i))) : fmt::format("{}", pick.row),
                       csv_number(pick.score), reason_name(pick.reason),
                       csv_number(pick.inclusion_probability));
  }
  return csv;
}

}  // namespace goldpan
