#pragma once

#include <cstddef>

#include <goldpan/strategies/strategy.hpp>

/// The functions behind the table's rows, one a file of the same name. select() has checked the
/// pool: what the strategy needs is there, finite and of matching shape, the index lists are sound,
/// and 0 < batch <= pool.unlabeled.size().
namespace goldpan::algorithms {

Selection random(const Pool& pool, std::size_t batch, const StrategyOptions& options,
                 Generator& generator, Workers& workers);
Selection k_center(const Pool& pool, std::size_t batch, const StrategyOptions& options,
                   Generator& generator, Workers& workers);
Selection badge(const Pool& pool, std::size_t batch, const StrategyOptions& options,
                Generator& generator, Workers& workers);
Selection hybrid(const Pool& pool, std::size_t batch, const StrategyOptions& options,
                 Generator& generator, Workers& workers);
Selection entropy(const Pool& pool, std::size_t batch, const StrategyOptions& options,
                  Generator& generator, Workers& workers);
Selection margin(const Pool& pool, std::size_t batch, const StrategyOptions& options,
                 Generator& generator, Workers& workers);
Selection least_confidence(const Pool& pool, std::size_t batch, const StrategyOptions& options,
                           Generator& generator, Workers& workers);
Selection bald(const Pool& pool, std::size_t batch, const StrategyOptions& options,
               Generator& generator, Workers& workers);
Selection power_bald(const Pool& pool, std::size_t batch, const StrategyOptions& options,
                     Generator& generator, Workers& workers);
Selection epig(const Pool& pool, std::size_t batch, const StrategyOptions& options,
               Generator& generator, Workers& workers);
Selection typiclust(const Pool& pool, std::size_t batch, const StrategyOptions& options,
                    Generator& generator, Workers& workers);
Selection bait(const Pool& pool, std::size_t batch, const StrategyOptions& options,
               Generator& generator, Workers& workers);
Selection k_center_approximate(const Pool& pool, std::size_t batch, const StrategyOptions& options,
                               Generator& generator, Workers& workers);
Selection badge_approximate(const Pool& pool, std::size_t batch, const StrategyOptions& options,
                            Generator& generator, Workers& workers);
Selection prob_cover(const Pool& pool, std::size_t batch, const StrategyOptions& options,
                     Generator& generator, Workers& workers);

}  // namespace goldpan::algorithms
