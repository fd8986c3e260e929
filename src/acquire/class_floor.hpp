#pragma once

#include <cstdint>
#include <vector>

namespace goldpan {

/// A uniform sample of the then unlabelled pool (a random cold start, or a batch's reserve) and
/// what was known when it was drawn.
struct UniformSample {
  std::vector<std::uint64_t> counts;         ///< of the sample's labels, per class
  std::vector<std::uint64_t> bought_before;  ///< per class
  std::uint64_t unlabeled_before = 0;
};

/// The pool's class shares as the uniform samples see them: each sample of n labels from U
/// unlabelled estimates a class's pool count by what was bought before plus U times its share of
/// the sample; samples count by their size. All zero without samples.
std::vector<double> estimate_class_shares(const std::vector<UniformSample>& samples,
                                          std::size_t classes);

/// How many picks of the next batch each starving class needs. A class starves when its share of
/// the labels bought is below half of its estimated share of the pool; it gets what brings it to
/// that half after the batch. A class that no uniform sample has met gets none: nothing says that
/// it is there. At most a tenth of the batch in all, shared in proportion.
std::vector<std::size_t> class_floor_picks(const std::vector<double>& shares,
                                           const std::vector<std::uint64_t>& bought,
                                           std::size_t batch);

}  // namespace goldpan
