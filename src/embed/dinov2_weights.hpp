#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <goldpan/core/safetensors.hpp>

namespace goldpan {

inline constexpr std::size_t kDinov2Patch = 14;
/// Every published DINOv2 has heads of 64 dimensions; the shapes of the tensors do not tell.
inline constexpr std::size_t kDinov2HeadDim = 64;

/// What the shapes of the tensors say about the network.
struct Dinov2Architecture {
  std::size_t dim = 0;
  std::size_t layers = 0;
  std::size_t hidden = 0;  ///< width of the MLP
  std::size_t grid = 0;    ///< position embeddings are grid x grid

  std::size_t heads() const { return dim / kDinov2HeadDim; }
  /// "dinov2_vits14", "dinov2_vitb14", "dinov2_vitl14", or "dinov2_256x4" (dimensions x layers).
  std::string name() const;
};

/// Checks that the file holds exactly the tensors of a DINOv2 with an ordinary MLP, each of the
/// shape that the others imply. Throws Error naming file and tensor.
Dinov2Architecture check_dinov2_weights(const SafetensorsFile& weights);

}  // namespace goldpan
