#include <cstdint>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/vector.h>

#include <goldpan/distributed/rounds.hpp>

#include "arrays.hpp"
#include "bindings.hpp"
#include "shards.hpp"

namespace nb = nanobind;

namespace {

goldpan::StrategyOptions options_of(const nb::dict& options) {
  goldpan::StrategyOptions result;
  for (const auto& [name, value] : options) {
    result.values.set(nb::cast<std::string>(name), nb::cast<std::string>(nb::str(value)));
  }
  return result;
}

nb::bytes as_bytes(const std::string& text) { return nb::bytes(text.data(), text.size()); }
std::string_view as_view(const nb::bytes& bytes) { return {bytes.c_str(), bytes.size()}; }

/// A Proposer with all that its pool looks at.
class ShardProposer {
 public:
  ShardProposer(const std::string& strategy, std::optional<nb::object> embeddings,
                std::optional<AnyArray> features, std::optional<Array<float, 2>> probs,
                std::optional<Array<float, 3>> mc_probs, const Array<goldpan::Index, 1>& labeled,
                std::size_t first_row, std::size_t rows, int threads, const nb::dict& options)
      : embeddings_(std::move(embeddings)),
        features_(std::move(features)),
        probs_(std::move(probs)),
        mc_probs_(std::move(mc_probs)),
        labeled_(as_span(labeled).begin(), as_span(labeled).end()),
        workers_(threads) {
    std::size_t next = 0;
    for (std::size_t row = 0; row < rows; ++row) {
      if (next < labeled_.size() && labeled_[next] == row) {
        ++next;
      } else {
        unlabeled_.push_back(static_cast<goldpan::Index>(row));
      }
    }
    goldpan::Pool pool;
    if (embeddings_) pool.embeddings = nb::cast<const Pieces&>(*embeddings_).embeddings();
    if (features_) pool.features = as_embeddings(*features_, "features");
    if (probs_) pool.probabilities = as_matrix(*probs_);
    if (mc_probs_) {
      passes_.emplace(std::span(mc_probs_->data(), mc_probs_->size()), mc_probs_->shape(0),
                      mc_probs_->shape(1), mc_probs_->shape(2));
      pool.passes = &*passes_;
    }
    pool.labeled = labeled_;
    pool.unlabeled = unlabeled_;
    const goldpan::StrategyOptions own = options_of(options);
    const nb::gil_scoped_release release;
    if (passes_) goldpan::check_probabilities(*passes_, "mc_probs", workers_);
    proposer_.emplace(strategy, pool, first_row, workers_, own);
  }

  nb::bytes propose(const nb::bytes& request) {
    const std::string_view bytes = as_view(request);
    std::string answer;
    {
      const nb::gil_scoped_release release;
      answer = proposer_->propose(bytes);
    }
    return as_bytes(answer);
  }

 private:
  std::optional<nb::object> embeddings_;  // Pieces
  std::optional<AnyArray> features_;
  std::optional<Array<float, 2>> probs_;
  std::optional<Array<float, 3>> mc_probs_;
  std::optional<goldpan::StoredPasses> passes_;
  std::vector<goldpan::Index> labeled_, unlabeled_;
  goldpan::Workers workers_;
  std::optional<goldpan::Proposer> proposer_;
};

/// A Merger whose picks are those of select() with this seed; `purpose` as acquire names them:
/// "select", or "reserve" for the random ones.
class RoundsMerger {
 public:
  RoundsMerger(const std::string& strategy, std::size_t shards, std::size_t batch,
               std::uint64_t seed, int threads, const nb::dict& options, const std::string& purpose)
      : workers_(threads),
        merger_(strategy, shards, batch, goldpan::Generator(seed).stream(purpose), workers_,
                options_of(options)) {}

  bool done() const { return merger_.done(); }
  nb::bytes request(std::size_t shard, bool fresh) const {
    return as_bytes(merger_.request(shard, fresh));
  }
  void merge(const std::vector<nb::bytes>& answers) {
    std::vector<std::string> copies;
    for (const nb::bytes& answer : answers) copies.emplace_back(as_view(answer));
    const nb::gil_scoped_release release;
    merger_.merge(copies);
  }
  std::size_t picked() const { return merger_.picked(); }
  nb::bytes checkpoint() const { return as_bytes(merger_.checkpoint()); }
  void restore(const nb::bytes& checkpoint) { merger_.restore(as_view(checkpoint)); }

  nb::tuple selection() const {
    const goldpan::Selection& selection = merger_.selection();
    return nb::make_tuple(
        to_numpy(std::vector<std::int64_t>(selection.indices.begin(), selection.indices.end()),
                 {selection.indices.size()}),
        to_numpy(selection.scores, {selection.scores.size()}), selection.notes);
  }
  nb::tuple duplicates() const {
    const goldpan::Duplicates found = merger_.duplicates();
    const auto wide = [](const std::vector<goldpan::Index>& rows) {
      return to_numpy(std::vector<std::int64_t>(rows.begin(), rows.end()), {rows.size()});
    };
    return nb::make_tuple(wide(found.kept), wide(found.kept_row_of));
  }
  nb::tuple cost() const {
    const goldpan::RoundsCost& cost = merger_.cost();
    return nb::make_tuple(cost.rounds, cost.bytes_sent, cost.bytes_received);
  }

 private:
  goldpan::Workers workers_;
  goldpan::Merger merger_;
};

}  // namespace

void add_rounds(nb::module_& module) {
  module.def("has_rounds", &goldpan::has_rounds, nb::arg("strategy"));
  module.def("deal", &goldpan::deal, nb::arg("id"), nb::arg("shards"), nb::arg("seed"));
  nb::class_<ShardProposer>(module, "ShardProposer")
      .def(nb::init<const std::string&, std::optional<nb::object>, std::optional<AnyArray>,
                    std::optional<Array<float, 2>>, std::optional<Array<float, 3>>,
                    const Array<goldpan::Index, 1>&, std::size_t, std::size_t, int,
                    const nb::dict&>(),
           nb::arg("strategy"), nb::arg("embeddings").none(),
           nb::arg("features").noconvert().none(), nb::arg("probs").noconvert().none(),
           nb::arg("mc_probs").noconvert().none(), nb::arg("labeled").noconvert(),
           nb::arg("first_row"), nb::arg("rows"), nb::arg("threads"), nb::arg("options"))
      .def("propose", &ShardProposer::propose, nb::arg("request"));
  nb::class_<RoundsMerger>(module, "RoundsMerger")
      .def(nb::init<const std::string&, std::size_t, std::size_t, std::uint64_t, int,
                    const nb::dict&, const std::string&>(),
           nb::arg("strategy"), nb::arg("shards"), nb::arg("batch"), nb::arg("seed"),
           nb::arg("threads"), nb::arg("options"), nb::arg("purpose") = "select")
      .def("duplicates", &RoundsMerger::duplicates)
      .def_prop_ro("done", &RoundsMerger::done)
      .def_prop_ro("picked", &RoundsMerger::picked)
      .def("request", &RoundsMerger::request, nb::arg("shard"), nb::arg("fresh") = false)
      .def("merge", &RoundsMerger::merge, nb::arg("answers"))
      .def("selection", &RoundsMerger::selection)
      .def("cost", &RoundsMerger::cost)
      .def("checkpoint", &RoundsMerger::checkpoint)
      .def("restore", &RoundsMerger::restore, nb::arg("checkpoint"));
}
