#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <goldpan/distributed/rounds.hpp>

#include "strategies/synthetic_pool.hpp"

namespace goldpan {

/// The rows [begin, end) of a pool with copies of their own, as another machine would hold them.
class PoolShard {
 public:
  PoolShard(const SyntheticPool& data, std::size_t begin, std::size_t end, bool half)
      : begin_(begin),
        half_(half),
        embeddings_(end - begin, data.embeddings.cols()),
        probabilities_(end - begin, data.probabilities.cols()),
        passes_({}, data.passes.passes(), data.passes.classes()) {
    std::vector<Index> rows;
    for (std::size_t row = begin; row < end; ++row) {
      std::ranges::copy(data.embeddings.row(row), embeddings_.row(row - begin).begin());
      std::ranges::copy(data.probabilities.row(row), probabilities_.row(row - begin).begin());
      rows.push_back(static_cast<Index>(row));
    }
    for (std::size_t i = 0; i < embeddings_.size(); ++i) {
      halves_.push_back(to_half(embeddings_.data()[i]));
    }
    std::vector<float> values(rows.size() * data.passes.passes() * data.passes.classes());
    data.passes.probabilities(rows, values);
    passes_ = OwnedPasses(std::move(values), data.passes.passes(), data.passes.classes());
    for (const Index row : data.labeled) add(row, end, labeled_);
    for (const Index row : data.unlabeled) add(row, end, unlabeled_);
  }

  std::size_t first_row() const { return begin_; }
  Pool view() const {
    Pool pool;
    if (half_) {
      pool.embeddings =
          MatrixView<const Half>(halves_.data(), embeddings_.rows(), embeddings_.cols());
    } else {
      pool.embeddings = embeddings_;
    }
    pool.probabilities = probabilities_.view();
    pool.passes = &passes_;
    pool.labeled = labeled_;
    pool.unlabeled = unlabeled_;
    return pool;
  }

 private:
  void add(Index row, std::size_t end, std::vector<Index>& list) const {
    if (row >= begin_ && row < end) list.push_back(static_cast<Index>(row - begin_));
  }

  std::size_t begin_;
  bool half_;
  Matrix<float> embeddings_;
  std::vector<Half> halves_;
  Matrix<float> probabilities_;
  OwnedPasses passes_;
  std::vector<Index> labeled_, unlabeled_;
};

/// A pool in shards that end at `ends`.
inline std::vector<PoolShard> cut(const SyntheticPool& data, const std::vector<std::size_t>& ends,
                                  bool half = false) {
  std::vector<PoolShard> shards;
  std::size_t begin = 0;
  for (const std::size_t end : ends) {
    shards.emplace_back(data, begin, end, half);
    begin = end;
  }
  return shards;
}

/// Random ends of `count` shards of a pool; some may be empty.
inline std::vector<std::size_t> random_ends(std::size_t rows, std::size_t count,
                                            Generator& generator) {
  std::vector<std::size_t> ends;
  for (std::size_t i = 0; i + 1 < count; ++i) ends.push_back(generator.below(rows + 1));
  ends.push_back(rows);
  std::ranges::sort(ends);
  return ends;
}

/// What goes wrong in a round: which proposers die before they are asked, and whether the
/// coordinator stops and goes on from a checkpoint.
struct Faults {
  std::function<bool()> kill = [] { return false; };
  std::function<bool()> restart = [] { return false; };
};

/// Goes through all rounds; `merger` is what is left at their end.
inline void run_rounds(std::string_view strategy, const std::vector<PoolShard>& shards,
                       std::size_t batch, const Generator& generator, Workers& workers,
                       const StrategyOptions& options, const Faults& faults,
                       std::optional<Merger>& merger) {
  merger.emplace(strategy, shards.size(), batch, generator, workers, options);
  std::vector<std::optional<Proposer>> proposers(shards.size());
  std::vector<bool> fresh(shards.size(), true);
  while (!merger->done()) {
    if (faults.restart()) {
      const std::string checkpoint = merger->checkpoint();
      merger.emplace(strategy, shards.size(), batch, generator, workers, options);
      merger->restore(checkpoint);
      fresh.assign(shards.size(), true);
      if (merger->done()) break;
    }
    std::vector<std::string> answers(shards.size());
    for (std::size_t s = 0; s < shards.size(); ++s) {
      if (faults.kill()) fresh[s] = true;
      if (fresh[s]) {
        proposers[s].emplace(strategy, shards[s].view(), shards[s].first_row(), workers, options);
      }
      const std::string request = merger->request(s, fresh[s]);
      if (request.empty()) continue;
      answers[s] = proposers[s]->propose(request);
      fresh[s] = false;
    }
    merger->merge(answers);
  }
}

inline Selection select_in_rounds(std::string_view strategy, const std::vector<PoolShard>& shards,
                                  std::size_t batch, const Generator& generator, Workers& workers,
                                  const Faults& faults = {}, RoundsCost* cost = nullptr,
                                  const StrategyOptions& options = {}) {
  std::optional<Merger> merger;
  run_rounds(strategy, shards, batch, generator, workers, options, faults, merger);
  if (cost != nullptr) *cost = merger->cost();
  return merger->selection();
}

}  // namespace goldpan
