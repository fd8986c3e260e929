#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <goldpan/acquire/candidates.hpp>
#include <goldpan/acquire/propose.hpp>
#include <goldpan/core/error.hpp>
#include <goldpan/core/sha256.hpp>
#include <goldpan/strategies/deduplicate.hpp>

#include "arrays.hpp"
#include "bindings.hpp"
#include "caller.hpp"
#include "shards.hpp"

namespace nb = nanobind;

namespace {

/// The strategies' table as plain values: goldpan/_select.py makes StrategyInfo of it.
nb::list strategies() {
  nb::list rows;
  for (const goldpan::StrategyInfo& info : goldpan::strategies()) {
    nb::list needs;
    if (info.needs.embeddings || info.needs.features) needs.append("embeddings");
    if (info.needs.probabilities) needs.append("probs");
    if (info.needs.passes) needs.append("mc_probs");
    nb::list options;
    for (const goldpan::OptionInfo& option : info.options) {
      options.append(nb::make_tuple(std::string(option.name), std::string(option.standard),
                                    goldpan::range_of(option), std::string(option.help)));
    }
    rows.append(nb::make_tuple(std::string(info.name), std::string(info.summary),
                               std::string(info.paper), needs, info.needs.model_optional,
                               std::string(info.score), options));
  }
  return rows;
}

/// An option's value as one would type it.
std::string option_text(nb::handle value) {
  if (nb::isinstance<nb::bool_>(value)) return nb::cast<bool>(value) ? "true" : "false";
  return nb::cast<std::string>(nb::str(value));
}

/// Python's names of what the engine calls otherwise.
[[noreturn]] void rethrow_named(const goldpan::Error& error) {
  std::string text = error.what();
  for (const auto& [engine, python] :
       {std::pair{"[probabilities]", "[probs]"}, std::pair{"[stochastic passes]", "[mc_probs]"},
        std::pair{"[unlabeled]", "[candidates]"}}) {
    if (text.starts_with(engine)) text.replace(0, std::string_view(engine).size(), python);
  }
  throw nb::value_error(text.c_str());
}

nb::tuple select_rows(
    const std::string& strategy, std::size_t rows, const std::optional<AnyArray>& embeddings,
    const std::optional<AnyArray>& features, const std::optional<Array<float, 2>>& probs,
    const std::optional<Array<float, 3>>& mc_probs, const Array<goldpan::Index, 1>& labeled,
    const std::optional<Array<goldpan::Index, 1>>& candidates, std::size_t batch,
    std::uint64_t seed, double reserve, int threads,
    const std::optional<Array<goldpan::Index, 1>>& epig_targets, const nb::dict& options,
    nb::object listener, const Pieces* pieces, double dedup, bool cosine) {
  goldpan::Pool pool;
  if (pieces != nullptr) pool.embeddings = pieces->embeddings();
  if (embeddings) pool.embeddings = as_embeddings(*embeddings, "embeddings");
  if (features) pool.features = as_embeddings(*features, "features");
  if (probs) pool.probabilities = as_matrix(*probs);
  std::optional<goldpan::StoredPasses> passes;
  if (mc_probs) {
    passes.emplace(std::span(mc_probs->data(), mc_probs->size()), mc_probs->shape(0),
                   mc_probs->shape(1), mc_probs->shape(2));
    pool.passes = &*passes;
  }
  Caller caller(std::move(listener));
  goldpan::StrategyOptions strategy_options;
  for (const auto& [name, value] : options) {
    strategy_options.values.set(nb::cast<std::string>(name), option_text(value));
  }
  if (epig_targets) strategy_options.epig_targets = as_span(*epig_targets);
  strategy_options.progress = caller.progress(strategy);
  goldpan::Proposal result;
  std::size_t candidate_count = 0;
  const auto choose = [&] {
    goldpan::Workers workers(threads, caller.stop());
    pool.labeled = as_span(labeled);
    std::vector<goldpan::Index> unlabeled;
    if (candidates) {
      const auto given = as_span(*candidates);
      unlabeled.assign(given.begin(), given.end());
    } else {
      unlabeled = goldpan::complement(pool.labeled, rows);
    }
    const goldpan::PreparedPool prepared(
        pool, std::move(unlabeled), goldpan::find_strategy(strategy),
        {.dedup = dedup, .cosine = cosine}, workers, caller.progress("duplicates"));
    candidate_count = prepared.candidates().size();
    goldpan::Round round;
    round.strategy = strategy;
    round.batch = batch;
    round.reserve = reserve;
    round.stream = [&](const char* purpose) { return goldpan::Generator(seed).stream(purpose); };
    round.options = strategy_options;
    result = goldpan::propose(round, prepared.pool(), workers);
    result.notes.insert(result.notes.begin(), prepared.notes().begin(), prepared.notes().end());
  };
  try {
    caller.run(choose);
  } catch (const goldpan::Error& error) {
    rethrow_named(error);
  }

  const std::size_t count = result.picks.size();
  std::vector<std::int64_t> indices(count);
  std::vector<double> scores(count), probabilities(count);
  std::vector<std::uint8_t> reasons(count);
  for (std::size_t i = 0; i < count; ++i) {
    const goldpan::Pick& pick = result.picks[i];
    indices[i] = pick.row;
    scores[i] = pick.score;
    probabilities[i] = pick.inclusion_probability;
    reasons[i] = static_cast<std::uint8_t>(pick.reason);
  }
  return nb::make_tuple(to_numpy(std::move(indices), {count}), to_numpy(std::move(scores), {count}),
                        to_numpy(std::move(reasons), {count}),
                        to_numpy(std::move(probabilities), {count}), result.notes, candidate_count);
}

/// What `goldpan pick` writes of the same picks.
std::string picks_csv(const Array<std::int64_t, 1>& indices, const Array<double, 1>& scores,
                      const Array<std::uint8_t, 1>& reasons, const Array<double, 1>& probabilities,
                      const std::vector<std::string>& ids) {
  std::vector<goldpan::Pick> picks;
  for (std::size_t i = 0; i < indices.shape(0); ++i) {
    picks.push_back({static_cast<goldpan::Index>(indices.data()[i]),
                     static_cast<goldpan::Reason>(reasons.data()[i]), scores.data()[i],
                     probabilities.data()[i]});
  }
  if (ids.empty()) return goldpan::picks_csv(picks, {});
  return goldpan::picks_csv(picks, [&ids](std::size_t pick) { return ids[pick]; });
}

std::string sha256(const AnyArray& array) {
  const std::size_t bytes = array.size() * (array.dtype().bits / 8u);
  return goldpan::Sha256()
      .update(std::span(static_cast<const std::byte*>(array.data()), bytes))
      .hex();
}

std::vector<std::string> reasons() {
  std::vector<std::string> names;
  for (const auto reason : {goldpan::Reason::kColdStart, goldpan::Reason::kReserve,
                            goldpan::Reason::kClassFloor, goldpan::Reason::kStrategy}) {
    names.emplace_back(goldpan::reason_name(reason));
  }
  return names;
}

nb::tuple deduplicate(const std::optional<AnyArray>& embeddings, double cosine, int threads,
                      nb::object listener, const Pieces* pieces) {
  Caller caller(std::move(listener));
  goldpan::Duplicates found;
  caller.run([&] {
    goldpan::Workers workers(threads, caller.stop());
    const goldpan::Embeddings rows =
        pieces != nullptr ? pieces->embeddings() : as_embeddings(*embeddings, "embeddings");
    found = goldpan::deduplicate(rows, cosine, workers, caller.progress("deduplicate"));
  });
  const auto wide = [](const std::vector<goldpan::Index>& rows) {
    return to_numpy(std::vector<std::int64_t>(rows.begin(), rows.end()), {rows.size()});
  };
  return nb::make_tuple(wide(found.kept), wide(found.kept_row_of));
}

}  // namespace

void add_select(nb::module_& module) {
  module.def("strategies", &strategies);
  module.def("reasons", &reasons, "Names of the reasons, by their number.");
  module.def("select", &select_rows, nb::arg("strategy"), nb::arg("rows"),
             nb::arg("embeddings").noconvert().none(), nb::arg("features").noconvert().none(),
             nb::arg("probs").noconvert().none(), nb::arg("mc_probs").noconvert().none(),
             nb::arg("labeled").noconvert(), nb::arg("candidates").noconvert().none(),
             nb::arg("batch"), nb::arg("seed"), nb::arg("reserve"), nb::arg("threads"),
             nb::arg("epig_targets").noconvert().none(), nb::arg("options"),
             nb::arg("listener").none(), nb::arg("pieces").none() = nb::none(),
             nb::arg("dedup") = 0.0, nb::arg("cosine") = false);
  module.def("picks_csv", &picks_csv, nb::arg("indices"), nb::arg("scores"), nb::arg("reasons"),
             nb::arg("probabilities"), nb::arg("ids"), "Names by pick, or none.");
  module.def("sha256", &sha256, nb::arg("array").noconvert(), "Of the values' bytes.");
  module.def("deduplicate", &deduplicate, nb::arg("embeddings").noconvert().none(),
             nb::arg("cosine"), nb::arg("threads"), nb::arg("listener").none(),
             nb::arg("pieces").none() = nb::none());
}
