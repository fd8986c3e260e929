#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <goldpan/core/matrix.hpp>
#include <goldpan/imaging/image.hpp>

namespace goldpan {

/// Side of a patch in pixels, and the values in one: 6 x 6 RGB, as in Coates, Ng & Lee 2011.
inline constexpr int kPatchSide = 6;
inline constexpr std::size_t kPatchValues = kPatchSide * kPatchSide * 3;
/// The shorter side that larger images are shrunk to.
inline constexpr int kShorterSide = 32;

/// The picture that patches are cut from: shrunk to a shorter side of kShorterSide where that is
/// larger, and to a longer side of at most twice that, so that a panorama costs no more than two
/// images. Pictures of a few pixels are enlarged to where each quadrant has a patch.
/// Throws Error if the image is empty or its pixels do not fit its sides.
Image patch_picture(const Image& image);

/// Patches of a picture: one at every position, by rows.
struct PatchGrid {
  /// Parts of a grid: left, middle and right of the upper half, then of the lower. The middle is
  /// the column in the middle, where there is one, so that left and right mirror each other.
  static constexpr std::size_t kParts = 6;

  std::size_t columns = 0, rows = 0;

  explicit PatchGrid(const Image& picture)
      : columns(static_cast<std::size_t>(picture.width - kPatchSide + 1)),
        rows(static_cast<std::size_t>(picture.height - kPatchSide + 1)) {}

  std::size_t size() const { return columns * rows; }
  /// The part of each patch.
  std::vector<std::uint8_t> parts() const;
};

/// Writes the patch whose upper left pixel is (x, y), normalised for brightness and contrast:
/// (v - mean) / sqrt(variance + 10), where 10 keeps flat patches from becoming noise.
/// Requires: out is kPatchValues long.
void write_patch(const Image& picture, std::size_t x, std::size_t y, std::span<float> out);

/// Where value `i` of a patch lies in its mirror image.
std::size_t mirrored_value(std::size_t i);

}  // namespace goldpan
