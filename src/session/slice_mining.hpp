#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <goldpan/acquire/mine.hpp>
#include <goldpan/core/targets.hpp>
#include <goldpan/models/learner.hpp>
#include <goldpan/tasks/slices.hpp>
#include <goldpan/tasks/task.hpp>

namespace goldpan {

/// The row of a strategy or of a miner. Throws Error listing the known strategies for another name.
const StrategyInfo& find_played_strategy(std::string_view name);

/// The slice that a run mines for.
struct MinedSlice {
  std::string name;  ///< empty: none
  /// Of all rows, the pool's first. Of a pool row nobody asks before it is bought.
  std::vector<bool> inside;

  std::size_t count(std::size_t begin, std::size_t end) const;
};

/// The rows that meet `condition` ("weather=rainy, timeofday=night"); none of an empty one. Throws
/// Error for an attribute that the data does not have, and where no row of the pool, or none of the
/// test set, is in the slice.
MinedSlice mined_slice(const std::string& condition, const AttributeColumns& attributes,
                       std::size_t pool_size, std::size_t size);

/// The slice's part of the test set, as places in it.
Slice mined_test_slice(const MinedSlice& mined, std::size_t pool_size);

/// What the bought labels say of the slice.
struct BoughtSlice {
  const Task& task;
  const MinedSlice& slice;
  /// Makes the models that judge the rows they were not trained on; they need no calibration.
  const std::function<std::unique_ptr<Learner>()>& make_learner;
};

/// Which bought rows are inside and outside, and which of those inside a model gets wrong that did
/// not learn from them: five models, each trained without a fifth of the rows (groups stay
/// together). A row fails when the task's headline metric of it alone is below the mean of the
/// slice's rows (docs/decisions/0129). The same for any number of workers.
KnownSlice known_slice(const BoughtSlice& bought, const Examples& examples, const StreamOf& stream,
                       Workers& workers);

}  // namespace goldpan
