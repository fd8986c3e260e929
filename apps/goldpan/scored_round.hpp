#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

#include <goldpan/acquire/propose.hpp>

/// A round whose strategy is not in the strategy table, since it sees boxes or several labels: the
/// reserve as everywhere, then `choose(labeled, unlabeled, count)` around it.
goldpan::Proposal scored_round(
    std::span<const goldpan::Index> labeled, std::span<const goldpan::Index> unlabeled,
    std::size_t batch, double reserve, std::uint64_t seed, goldpan::Workers& workers,
    const std::function<goldpan::Selection(std::span<const goldpan::Index> labeled,
                                           std::span<const goldpan::Index> unlabeled,
                                           std::size_t count)>& choose);
