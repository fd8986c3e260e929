#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <goldpan/acquire/propose.hpp>
#include <goldpan/core/workers.hpp>
#include <goldpan/label/label_session.hpp>
#include <goldpan/models/linear_head.hpp>

namespace goldpan::label {

/// A model and what it says of the whole pool.
struct Model {
  std::unique_ptr<Head> head;
  Matrix<float> probabilities;  ///< N x C, tempered
  float temperature = 1;
  std::size_t labels = 0;
};

/// A person waits for the next batch, so that strategies that sum a kernel over all pairs of rows
/// (max_herding, uherding, facility_location) look at a part of larger pools, drawn anew for each
/// batch: coverage is then estimated on so many unlabelled rows, which are the candidates too, and
/// on so many labelled ones (Mirzasoleiman et al. 2015 pick from samples for the same reason;
/// docs/decisions/0144). The reserve is drawn from the whole pool. `run` and `pick` look at all
/// rows.
inline constexpr std::size_t kMostPairRows = 3000, kMostPairLabels = 2000;

/// `rows`, or `most` of them drawn uniformly; ascending.
std::vector<Index> looked_at(std::span<const Index> rows, std::size_t most, Generator generator);

/// The one place where a session asks for a batch. `issued` (ascending) are the rows picked before,
/// answered or not: the strategy chooses around them. Without a model, or before any label, the
/// batch is drawn at random.
std::vector<Pick> choose_batch(const LabelPool& pool, const LabelOptions& options,
                               const Model* model, std::span<const Index> issued, std::size_t batch,
                               std::size_t number, Workers& workers);

}  // namespace goldpan::label
