#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <goldpan/embed/encoder.hpp>

namespace goldpan {

/// One row an encoder: the list behind `--encoder`, Python's Encoder and the docs.
struct EncoderInfo {
  std::string name;
  std::string summary;  ///< one line for the help text
  /// Where its weights are looked for, below a folder of the search path; the first that is there.
  std::vector<std::string> files;
  /// Dimensions where none are asked for; 0: as many as the network has.
  std::size_t dim = 0;
  /// Why this build cannot make it; empty if it can. The row of what is compiled out stays.
  std::string missing;
};
/// `with_dinov2`: whether the caller can make DINOv2 from safetensors
/// (EncoderOptions::make_dinov2).
std::vector<EncoderInfo> encoder_table(bool with_dinov2 = false);

struct EncoderOptions {
  /// A row of the table, "network:FILE", or "auto": DINOv2 where its weights lie, else lite0, else
  /// patches.
  std::string name = "auto";
  /// Dimensions of an embedding: patches learns so many; what a network has more is standardised
  /// and cut down by PCA fitted on the pool. 0: the row's own.
  std::size_t dim = 0;
  /// The weights, instead of where the row looks for them.
  std::filesystem::path weights;
  std::vector<std::filesystem::path> search_path;
  /// Makes DINOv2 from a safetensors file: goldpan::vision's make_dinov2_encoder, where the caller
  /// links it with libtorch. Null: not in this build.
  std::function<std::unique_ptr<Encoder>(const std::filesystem::path& weights)> make_dinov2;
  /// Told in a sentence what `auto` chose, and why.
  std::function<void(const std::string& message)> say;
};

/// Throws Error naming `--encoder` or the file: an unknown name (listing the known ones), weights
/// that are not there (saying how to get them), a part that is compiled out (naming the option).
std::unique_ptr<Encoder> make_named_encoder(const EncoderOptions& options);

}  // namespace goldpan
