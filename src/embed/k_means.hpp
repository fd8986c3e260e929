#pragma once

#include <cstddef>

#include <goldpan/core/matrix.hpp>
#include <goldpan/core/progress.hpp>
#include <goldpan/core/random.hpp>
#include <goldpan/core/workers.hpp>

namespace goldpan {

/// `count` centers (count x D) of the points (N x D) by Lloyd's algorithm from `count` random
/// points: `iterations` rounds, fewer if no point changes its center. A center that loses all its
/// points moves to a random one. Equal for any number of threads. Reports each round.
/// Requires: 0 < count <= N.
Matrix<float> k_means(MatrixView<const float> points, std::size_t count, int iterations,
                      const Generator& generator, Workers& workers, const Progress& progress = {});

}  // namespace goldpan
