#pragma once

#include <cstddef>

#include <goldpan/strategies/strategy.hpp>

// The strategy table: one line a strategy, in the order in which they are listed to users. The row
// itself stands in the file of its name.
#define GOLDPAN_STRATEGIES(ROW) \
  ROW(random)                   \
  ROW(auto_)                    \
  ROW(k_center)                 \
  ROW(badge)                    \
  ROW(hybrid)                   \
  ROW(uherding)                 \
  ROW(drop_query)               \
  ROW(alfa_mix)                 \
  ROW(tcm)                      \
  ROW(entropy)                  \
  ROW(margin)                   \
  ROW(least_confidence)         \
  ROW(bald)                     \
  ROW(power_bald)               \
  ROW(epig)                     \
  ROW(typiclust)                \
  ROW(prob_cover)               \
  ROW(k_means)                  \
  ROW(max_herding)              \
  ROW(facility_location)        \
  ROW(bait)                     \
  ROW(k_center_approximate)     \
  ROW(badge_approximate)

namespace goldpan::rows {

#define GOLDPAN_DECLARE_ROW(name) extern const StrategyInfo name;
GOLDPAN_STRATEGIES(GOLDPAN_DECLARE_ROW)
#undef GOLDPAN_DECLARE_ROW

}  // namespace goldpan::rows

namespace goldpan {

/// A strategy as a part of another: by its defaults, on a pool that has been checked. Progress is
/// that of `options`.
Selection select_by(const StrategyInfo& strategy, const Pool& pool, std::size_t batch,
                    const StrategyOptions& options, Generator& generator, Workers& workers);

}  // namespace goldpan
