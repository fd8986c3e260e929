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

/// The one place where a session asks for a batch. `issued` (ascending) are the rows picked before,
/// answered or not: the strategy chooses around them. Without a model, or before any label, the
/// batch is drawn at random.
std::vector<Pick> choose_batch(const LabelPool& pool, const LabelOptions& options,
                               const Model* model, std::span<const Index> issued, std::size_t batch,
                               std::size_t number, Workers& workers);

}  // namespace goldpan::label
