#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <goldpan/core/matrix.hpp>
#include <goldpan/core/workers.hpp>
#include <goldpan/data/dataset.hpp>
#include <goldpan/session/experiment.hpp>

namespace goldpan {

/// The items that a run uses, the pool's first, with an embedding each.
struct PreparedData {
  Dataset dataset;
  Matrix<float> embeddings;
  std::size_t pool_size = 0;
  std::string encoder;  ///< name of the encoder, or "given" for embeddings that came with the data
  std::string encoder_description;
  /// What was seen in the data, in the words of the journal's facts: copies across the split, what
  /// deduplication removed. Nothing depends on it.
  std::vector<std::pair<std::string, std::string>> observations;
};

/// Opens the data, splits it, embeds it or takes the embeddings from the cache, and leaves out what
/// the settings say. Throws Error for bad settings or data.
PreparedData prepare_data(const Settings& settings, const std::filesystem::path& out,
                          const RunOptions& options, Workers& workers);

}  // namespace goldpan
