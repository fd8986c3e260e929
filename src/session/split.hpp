#pragma once

#include <cstdint>
#include <vector>

#include <goldpan/core/matrix.hpp>
#include <goldpan/data/dataset.hpp>
#include <goldpan/tasks/task.hpp>

namespace goldpan {

/// Items of the pool and of the test set, each ascending.
struct PoolAndTest {
  std::vector<Index> pool, test;
};

/// Holds out `fraction` of the items, stratified as the task says (by class): every class gives its
/// rounded share (a class of one example stays in the pool). Where the data has groups, whole
/// groups move: within each class, groups in random order go to the test set until its share is
/// reached. Groups that span classes count for the class of their first item.
PoolAndTest hold_out(const Dataset& dataset, const Task& task, double fraction, std::uint64_t seed);

/// The shipped split. Throws Error where the data ships none, or only one part.
PoolAndTest official_split(const Dataset& dataset);

}  // namespace goldpan
