#pragma once

#include <cstddef>

#include <goldpan/strategies/strategy.hpp>

namespace goldpan {

/// The batch to begin with where nothing is known but embeddings, chosen by how little it loses to
/// a random one at its worst (docs/decisions/0222): MaxHerding with a radius of 0.5 up to 50 picks,
/// where each pick has to stand for a large part of the pool; k_means beyond, whose middles of
/// clusters keep the pool's own mixture. The first note says which.
Selection select_cold(const Pool& pool, std::size_t batch, const StrategyOptions& options,
                      Generator& generator, Workers& workers);

}  // namespace goldpan
