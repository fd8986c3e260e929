#pragma once

#include <array>
#include <span>

#include <goldpan/imaging/image.hpp>

namespace goldpan {

/// The filters of PIL's `Image.resize`, antialiased: stretched by the ratio where the image
/// shrinks.
enum class ResizeFilter {
  kBilinear,  ///< a triangle over 2 pixels
  kBicubic,   ///< Keys' cubic (1981) with a = -0.5, over 4 pixels
  kLanczos    ///< a sinc under a sinc window, over 6 pixels
};

/// Resizes with an antialiased filter, as image models are trained behind, in two passes (rows,
/// then columns) with 22-bit fixed-point weights and 8-bit pixels in between. That is how PIL's
/// `Image.resize(size, FILTER)` is defined, and the pixels are the same.
///
/// Throws Error if the image or the size asked for is empty.
Image resize(const Image& image, int width, int height, ResizeFilter filter);
/// resize with the bicubic filter.
Image resize_bicubic(const Image& image, int width, int height);

/// How models are fed: scales the shorter side to `shorter_side` (the longer one follows, rounded
/// down) and keeps the central `crop` x `crop` pixels (an odd margin is larger at the right and at
/// the bottom), as the published preprocessing of DINOv2 does with 256 and 224. Only pixels that
/// stay are computed.
///
/// Requires: 0 < crop <= shorter_side. Throws Error if the image is empty.
Image resize_and_crop(const Image& image, int shorter_side, int crop,
                      ResizeFilter filter = ResizeFilter::kBicubic);

/// Mean and standard deviation a channel, for values in [0, 1].
struct PixelStatistics {
  std::array<float, 3> mean;
  std::array<float, 3> deviation;
};

/// ImageNet's, which nearly every published network is trained with.
inline constexpr PixelStatistics kImageNetStatistics = {{0.485f, 0.456f, 0.406f},
                                                        {0.229f, 0.224f, 0.225f}};

/// Writes the pixels as three planes (red, green, blue; rows top to bottom) of
/// (value / 255 - mean) / deviation. Requires: out.size() == 3 * width * height.
void normalise(const Image& image, const PixelStatistics& statistics, std::span<float> out);

}  // namespace goldpan
