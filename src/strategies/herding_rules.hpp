#pragma once

#include <span>
#include <string>
#include <vector>

#include <goldpan/strategies/strategy.hpp>

namespace goldpan {

// What UHerding goes by, for one machine and for shards.

/// 1 - (p_(1) - p_(2)) of the unlabelled rows.
std::vector<float> uncertainties(const Pool& pool, Workers& workers);

/// The kernel's radius, and how it was chosen, as the end of a sentence.
struct HerdingRadius {
  double radius = 1;
  std::string chosen;
};

/// By UHerding's options: the one given, or the smallest distance of two labelled rows.
HerdingRadius herding_radius(const OptionValues& options, const Embeddings& embeddings,
                             std::span<const Index> labeled, Workers& workers);

}  // namespace goldpan
