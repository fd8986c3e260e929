#pragma once

#include <cstddef>
#include <span>

#include <goldpan/core/random.hpp>
#include <goldpan/imaging/image.hpp>
#include <goldpan/models/resnet18.hpp>

namespace goldpan {

/// Throws Error, naming what is wrong, unless a network can be made of these.
void check_resnet18(const ImageSource* images, std::size_t classes, const Resnet18Options& options);

/// How an example differs from its image.
struct Augmentation {
  int shift_x = 0, shift_y = 0;
  bool mirrored = false;
};

/// A crop of the image with `padding` pixels all round, and a flip, at random.
Augmentation draw_augmentation(Generator& generator, int padding);

/// Three normalised planes of the square image, shifted and mirrored; what lies outside of the
/// image is 0, ImageNet's mean colour. Requires: out.size() == image.pixels.size().
void place_planes(const Image& image, const Augmentation& augmentation, std::span<float> out);

/// Factors that drop a share of features and make up for it: 0 or 1 / (1 - dropout).
void draw_mask(Generator generator, float dropout, std::span<float> mask);

}  // namespace goldpan
