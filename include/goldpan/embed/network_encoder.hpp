#pragma once

#include <array>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <goldpan/embed/encoder.hpp>
#include <goldpan/imaging/resize.hpp>

namespace goldpan {

/// How pictures become the input of a network, and which of its outputs is the embedding: what
/// stands in FILE.toml beside a network FILE. Every published network has been trained behind one
/// such rule; behind another it sees worse, without a word.
struct NetworkPreprocessing {
  enum class Resize {
    kStretch,  ///< the whole picture to height x width
    kShorter   ///< the shorter side to shorter_side, then the central height x width
  };
  enum class Layout { kNchw, kNhwc };
  /// What becomes of an output that is no single row of numbers.
  enum class Pooling {
    kMean,    ///< of a map or of tokens: the mean over all places
    kMax,     ///< the largest over all places
    kFirst,   ///< of tokens: the first, where ViTs keep their class token
    kFlatten  ///< all numbers
  };

  /// Of the network's input; 0: as the file says.
  int height = 0, width = 0;
  Resize resize = Resize::kShorter;
  /// 0: size * 256 / 224, as is usual.
  int shorter_side = 0;
  ResizeFilter filter = ResizeFilter::kBicubic;
  bool bgr = false;
  /// What the brightest value, 255, becomes before mean and deviation: 1 or 255.
  float range = 1;
  PixelStatistics statistics = {{0, 0, 0}, {1, 1, 1}};
  Layout layout = Layout::kNchw;
  /// One after the other in the embedding. Empty: the network's only one.
  std::vector<std::string> outputs;
  Pooling pooling = Pooling::kMean;
  /// Output of the last feature map; empty: none.
  std::string map;
  /// Let the decoder shrink while it decodes, down to twice what the filter then shrinks to.
  bool reduced_decoding = true;
};

/// Reads FILE.toml. Throws Error naming file and line for bad syntax, an unknown key (listing the
/// known ones) or a bad value; where there is no such file, the message shows a full example.
NetworkPreprocessing read_preprocessing(const std::filesystem::path& toml);

struct NetworkEncoderOptions {
  /// What embeddings are called: "lite0", "network", ...
  std::string name = "network";
  std::filesystem::path file;
  NetworkPreprocessing preprocessing;
};

/// A pretrained network as an encoder, on the CPU (see Network). Embeddings are the same bits for
/// any number of threads and any batches. Throws Error naming the file for what cannot be used, and
/// the build option in a build without OpenVINO.
std::unique_ptr<Encoder> make_network_encoder(const NetworkEncoderOptions& options);

/// The same, with the preprocessing of FILE.toml.
std::unique_ptr<Encoder> make_network_encoder(const std::filesystem::path& file,
                                              const std::string& name = "network");

}  // namespace goldpan
