#include <algorithm>
#include <numeric>
#include <string>

#include <nanobind/nanobind.h>

#include <goldpan/core/error.hpp>
#include <goldpan/strategies/batch.hpp>
#include <goldpan/strategies/deduplicate.hpp>

#include "arrays.hpp"
#include "background.hpp"
#include "module.hpp"

namespace goldpan::python {
namespace {

std::vector<Index> sorted_rows(std::span<const std::int64_t> rows, std::size_t pool) {
  std::vector<Index> sorted;
  for (const std::int64_t row : rows) {
    if (row < 0 || static_cast<std::uint64_t>(row) >= pool) {
      throw Error("labeled", "index " + std::to_string(row) + " is out of range, expected 0 to " +
                                 std::to_string(pool - 1));
    }
    sorted.push_back(static_cast<Index>(row));
  }
  std::sort(sorted.begin(), sorted.end());
  const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
  if (twice != sorted.end()) {
    throw Error("labeled", "index " + std::to_string(*twice) + " stands there twice");
  }
  return sorted;
}

std::vector<Index> complement(const std::vector<Index>& labeled, std::size_t pool) {
  std::vector<Index> all(pool), rest;
  std::iota(all.begin(), all.end(), Index{0});
  rest.reserve(pool - labeled.size());
  std::set_difference(all.begin(), all.end(), labeled.begin(), labeled.end(), std::back_inserter(rest));
  return rest;
}

/// The number of rows that all inputs share.
class Rows {
 public:
  void agree(std::size_t rows, const char* input) {
    if (input_ == nullptr) {
      rows_ = rows;
      input_ = input;
    } else if (rows != rows_) {
      throw Error(input, "has " + std::to_string(rows) + " rows, but " + input_ + " has " +
                             std::to_string(rows_));
    }
  }
  std::size_t count() const {
    if (input_ == nullptr) throw Error("select", "needs embeddings, probs or mc_probs");
    return rows_;
  }

 private:
  std::size_t rows_ = 0;
  const char* input_ = nullptr;
};

nb::tuple select_rows(const std::string& strategy, const std::optional<EmbeddingsArray>& embeddings,
                      const std::optional<Array2d<float>>& probs,
                      const std::optional<FloatArray3d>& mc_probs, const Array1d<std::int64_t>& labeled,
                      std::size_t batch, std::uint64_t seed, double reserve, double shortlist_factor,
                      int threads) {
  Pool pool;
  Rows rows;
  std::optional<StoredPasses> passes;
  if (embeddings) {
    pool.embeddings = embeddings_of(*embeddings);
    rows.agree(pool.embeddings.rows(), "embeddings");
  }
  if (probs) {
    pool.probabilities = view(*probs);
    rows.agree(probs->shape(0), "probs");
  }
  if (mc_probs) {
    passes.emplace(std::span(mc_probs->data(), mc_probs->size()), mc_probs->shape(0), mc_probs->shape(1),
                   mc_probs->shape(2));
    pool.passes = &*passes;
    rows.agree(mc_probs->shape(1), "mc_probs");
  }
  const std::vector<Index> labeled_rows = sorted_rows(view(labeled), rows.count());
  const std::vector<Index> unlabeled = complement(labeled_rows, rows.count());
  pool.labeled = labeled_rows;
  pool.unlabeled = unlabeled;

  Batch result;
  in_background([&](const Progress& progress) {
    StrategyOptions options;
    options.shortlist_factor = shortlist_factor;
    options.progress = progress;
    Workers workers(threads);
    result = pick_batch(strategy, pool, batch, reserve, Generator(seed), workers, options);
  });
  std::vector<std::int64_t> indices;
  std::vector<double> scores, probabilities;
  nb::list reasons;
  for (const Pick& pick : result.picks) {
    indices.push_back(pick.row);
    scores.push_back(pick.score);
    probabilities.push_back(pick.inclusion_probability);
    reasons.append(nb::str(reason_name(pick.reason)));
  }
  return nb::make_tuple(to_numpy(std::move(indices)), to_numpy(std::move(scores)), reasons,
                        to_numpy(std::move(probabilities)), result.notes);
}

nb::list strategy_table() {
  nb::list table;
  for (const StrategyInfo& info : strategies()) {
    nb::list needs;
    if (info.needs.embeddings || info.needs.features) needs.append("embeddings");
    if (info.needs.probabilities) needs.append("probs");
    if (info.needs.passes) needs.append("mc_probs");
    nb::dict row;
    row["name"] = nb::str(info.name.data(), info.name.size());
    row["summary"] = nb::str(info.summary.data(), info.summary.size());
    row["paper"] = nb::str(info.paper.data(), info.paper.size());
    row["needs"] = needs;
    table.append(row);
  }
  return table;
}

nb::tuple deduplicate_rows(const EmbeddingsArray& embeddings, double cosine, int threads) {
  Duplicates duplicates;
  in_background([&](const Progress& progress) {
    Workers workers(threads);
    duplicates = deduplicate(embeddings_of(embeddings), cosine, workers, progress);
  });
  return nb::make_tuple(
      to_numpy(std::vector<std::int64_t>(duplicates.kept.begin(), duplicates.kept.end())),
      to_numpy(std::vector<std::int64_t>(duplicates.kept_row_of.begin(), duplicates.kept_row_of.end())));
}

}  // namespace

void bind_select(nb::module_& module) {
  module.def("strategies", &strategy_table);
  module.def("select", &select_rows, nb::arg("strategy"), nb::arg("embeddings").none(),
             nb::arg("probs").none(), nb::arg("mc_probs").none(), nb::arg("labeled"), nb::arg("batch"),
             nb::arg("seed"), nb::arg("reserve"), nb::arg("shortlist_factor"), nb::arg("threads"));
  module.def("deduplicate", &deduplicate_rows, nb::arg("embeddings"), nb::arg("cosine"),
             nb::arg("threads"));
}

}  // namespace goldpan::python
