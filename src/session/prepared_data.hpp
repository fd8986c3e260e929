#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <goldpan/core/matrix.hpp>
#include <goldpan/core/workers.hpp>
#include <goldpan/data/dataset.hpp>
#include <goldpan/embed/encoder.hpp>
#include <goldpan/models/dense_head.hpp>
#include <goldpan/session/experiment.hpp>
#include <goldpan/tasks/task.hpp>

namespace goldpan {

/// The items that a run uses, the pool's first, with an embedding each.
struct PreparedData {
  Dataset dataset;
  Matrix<float> embeddings;
  std::size_t pool_size = 0;
  /// Detection: the items' feature maps, which lie in the cache's file, and the sizes of the
  /// pictures that boxes are stated in. Embeddings are then the maps' means.
  struct Maps {
    std::optional<EmbeddedImages> file;
    std::vector<EmbeddingsPiece> pieces;
    MapShape shape;
    std::vector<std::pair<float, float>> sizes;

    ImageMaps view() const {
      return {Embeddings(pieces, pieces.size(), shape.height * shape.width * shape.channels, false),
              shape.height, shape.width, shape.channels, sizes};
    }
  } maps;
  std::string encoder;  ///< name of the encoder, or "given" for embeddings that came with the data
  std::string encoder_description;
  /// What was seen in the data, in the words of the journal's facts: copies across the split, what
  /// deduplication removed. Nothing depends on it.
  std::vector<std::pair<std::string, std::string>> observations;
};

/// Opens the data, splits it, embeds it or takes the embeddings from the cache, and leaves out what
/// the settings say. Throws Error for bad settings or data.
PreparedData prepare_data(const Settings& settings, const Task& task,
                          const std::filesystem::path& out, const RunOptions& options,
                          Workers& workers);

}  // namespace goldpan
