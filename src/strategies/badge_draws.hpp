#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include <goldpan/core/workers.hpp>

#include "strategies/gradient_embedding.hpp"

// BADGE's draws, in parts that do not care where the pool's rows lie: one machine (badge.cpp) and
// the coordinator of many (distributed/badge_merger.cpp) make the same draws of the same numbers.
namespace goldpan {

/// Rows of the pool, counted over its unlabelled rows, in one task and in one sum of bounds.
inline constexpr std::size_t kRowBlock = 512;
/// Candidates drawn at once: few enough to be resolved one after the other, many enough for a
/// product. Begins small, while every pick still moves the weights much.
inline constexpr std::size_t kFirstDraws = 8;
inline constexpr std::size_t kMostDraws = 128;
/// So many handfuls in vain, from bounds that are up to date, mean that what is left of the weights
/// is rounding: the draw ends there, whatever the numbers are.
inline constexpr std::size_t kMostFruitless = 16;

/// The sum of a block's bounds, in their order.
double sum_bounds(std::span<const float> bounds);

/// The block that `target` falls on when the sums are laid end to end; leaves in `target` how far
/// into the block.
std::size_t block_at(std::span<const double> block_sums, double& target);

/// The place in a block that `target` falls on; the last positive one where rounding carried it
/// past the end; none where no bound is positive.
std::optional<std::size_t> place_at(std::span<const float> bounds, double target);

/// Candidates that were drawn in proportion to the bounds.
struct Handful {
  std::vector<std::size_t> positions;  ///< in the pool's unlabelled rows
  std::vector<double> lots;            ///< uniform in [0, 1): kept if lot * bound < weight
  std::vector<float> bounds;           ///< as they were drawn
  std::vector<float> weights = {};     ///< out: what is known of their squared distances now
};

/// Keeps or rejects the candidates one after the other, at most `most` of them, and calls keep(i)
/// for each that is kept, when weights[i] is its squared distance to all picks before it; keep()
/// appends it to `centers`, of which those before `known` are in the bounds already. Returns the
/// share of the tried that was kept.
double resolve(Handful& handful, const GradientRows& candidates, const GradientRows& centers,
               std::size_t known, std::size_t most, Workers& workers,
               const std::function<void(std::size_t i)>& keep);

/// Whether bringing all bounds up to date costs less than going on with stale ones. Counted in
/// distances: a refresh reads every row and takes a distance to each outstanding center; going on,
/// each pick still to come draws 1 / acceptance candidates against the centers outstanding then, of
/// which a refresh would save at least those outstanding now, and the rejected draws.
bool worth_a_refresh(double acceptance, std::size_t outstanding, std::size_t left,
                     std::size_t rows);

}  // namespace goldpan
