#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <goldpan/imaging/image.hpp>

namespace goldpan {

/// Another source's images, scaled to `side` x `side` (shorter side first, then the central
/// square), decoded once and kept in memory as far as `memory` bytes go. What a network that is
/// trained on the images epoch after epoch reads from; several models may share one.
class ResizedImages final : public ImageSource {
 public:
  /// Requires: side > 0.
  ResizedImages(std::shared_ptr<const ImageSource> images, int side,
                std::size_t memory = std::size_t{2} << 30);

  int side() const { return side_; }
  std::size_t size() const override { return images_->size(); }
  /// `min_side` is of no use: the image is `side` wide and high.
  Image load(std::size_t index, int min_side = 0) const override;
  std::string location(std::size_t index) const override { return images_->location(index); }

 private:
  std::shared_ptr<const ImageSource> images_;
  int side_;
  mutable std::mutex mutex_;
  mutable std::size_t memory_left_;
  mutable std::vector<std::vector<std::uint8_t>> kept_;  // empty: not yet
};

}  // namespace goldpan
