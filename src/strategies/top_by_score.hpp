#pragma once

#include <cstddef>
#include <functional>
#include <span>

#include <goldpan/core/progress.hpp>
#include <goldpan/core/workers.hpp>
#include <goldpan/strategies/strategy.hpp>

namespace goldpan {

/// Writes the scores of the given unlabelled rows. Called from several threads at once.
using ScoreRows = std::function<void(std::span<const Index> rows, std::span<double> scores)>;

/// The `batch` rows with the largest scores, ties to the lowest row. Rows are scored in blocks of
/// `block` and only the best are kept, so that memory does not grow with the pool.
Selection top_by_score(std::span<const Index> rows, std::size_t batch, std::size_t block,
                       const Progress& progress, Workers& workers, const ScoreRows& score);

}  // namespace goldpan
