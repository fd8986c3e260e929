#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>

#include <goldpan/embed/encoder.hpp>

namespace goldpan {

/// Arithmetic of a network. kAuto: float32 on the CPU, float16 on CUDA.
enum class Precision { kAuto, kFloat32, kFloat16, kBFloat16 };

struct Dinov2Options {
  /// The published weights as a safetensors file (Hugging Face, facebook/dinov2-small or -base).
  std::filesystem::path weights;
  /// "cpu", "cuda" or "cuda:1".
  std::string device = "cpu";
  /// Height and width of the network's input, a multiple of 14. Images are scaled so that their
  /// shorter side is size * 256 / 224, then cropped to the center, as published for 224.
  int size = 224;
  /// Images in one pass of a CUDA device. On the CPU each thread takes one image at a time, which
  /// is faster and needs no batch.
  std::size_t batch = 64;
  /// float16 and bfloat16 need CUDA.
  Precision precision = Precision::kAuto;
  /// Let the decoder shrink while it decodes, down to twice the shorter side that the bicubic step
  /// wants (see min_side and docs/vision.md). False: always decode whole images.
  bool reduced_decoding = true;
};

/// The class token of DINOv2 (Oquab et al. 2023), ViT-S/14 (384 dimensions), B/14 (768) or L/14
/// (1024), whichever the weights are: the final layer norm's row of the class token. Position
/// embeddings are interpolated (bicubic) to the image size, as the reference implementation in
/// `transformers` does; on the CPU the result agrees with it to 1e-4.
///
/// Throws Error naming the file and the tensor if the weights are damaged or of another
/// architecture; if the device is not there; if the options contradict each other; and, naming the
/// build flag, if goldpan::vision was built without libtorch.
std::unique_ptr<Encoder> make_dinov2_encoder(const Dinov2Options& options);

}  // namespace goldpan
