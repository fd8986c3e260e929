#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include <goldpan/acquire/propose.hpp>
#include <goldpan/core/embeddings.hpp>
#include <goldpan/strategies/deduplicate.hpp>

// What `goldpan pick` and `goldpan.select` do around a round, in one place, so that they agree.

namespace goldpan {

/// Of the unlabelled rows `candidates`, those that are no near-duplicate of a labelled row or of an
/// earlier candidate: of each group of `duplicates` the first candidate stays, and none where a row
/// of the group has a label. Ascending, as `candidates` has to be.
std::vector<Index> without_duplicates(const Duplicates& duplicates, std::span<const Index> labeled,
                                      std::span<const Index> candidates);

/// How a pool is looked at before a round.
struct PoolOptions {
  /// Leave near-duplicates of this cosine or more out (without_duplicates); 0: keep all.
  double dedup = 0;
  /// Measure by cosines: the embeddings are brought to length 1.
  bool cosine = false;
};

/// A pool seen so: owns what it had to make.
class PreparedPool {
 public:
  /// `pool` as it is given, `candidates` its unlabelled rows that may be picked. Where embeddings
  /// are brought to length 1, the model's features stay what they are: `pool.features`, or the
  /// embeddings as given. Throws Error for a cosine outside [0, 1], without embeddings, for a
  /// strategy that measures no distances between them, and for rows that cannot be measured.
  PreparedPool(const Pool& pool, std::vector<Index> candidates, const StrategyInfo& strategy,
               const PoolOptions& options, Workers& workers, const Progress& progress = {});
  PreparedPool(const PreparedPool&) = delete;  // the pool looks at the rest
  PreparedPool& operator=(const PreparedPool&) = delete;

  const Pool& pool() const { return pool_; }
  const std::vector<Index>& candidates() const { return candidates_; }
  /// What the user should know: how many near-duplicates were left out.
  const std::vector<std::string>& notes() const { return notes_; }

 private:
  Pool pool_;
  std::vector<Index> candidates_;
  Matrix<float> unit_rows_;
  std::vector<std::string> notes_;
};

/// The picks as CSV: rank, index, id, score, reason, inclusion_probability; what is not known is
/// empty. `id_of` names the i-th pick; without it a row's number stands for its name.
std::string picks_csv(std::span<const Pick> picks,
                      const std::function<std::string(std::size_t pick)>& id_of);

}  // namespace goldpan
