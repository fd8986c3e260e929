#include <cassert>
#include <utility>

#include <goldpan/imaging/resize.hpp>
#include <goldpan/imaging/resized_images.hpp>

namespace goldpan {

ResizedImages::ResizedImages(std::shared_ptr<const ImageSource> images, int side,
                             std::size_t memory)
    : images_(std::move(images)), side_(side), memory_left_(memory), kept_(images_->size()) {
  assert(side > 0);
}

Image ResizedImages::load(std::size_t index, int) const {
  assert(index < kept_.size());
  {
    const std::lock_guard lock(mutex_);
    if (!kept_[index].empty()) return {side_, side_, kept_[index]};
  }
  // Outside of the lock: decoding is what the threads are for. Two that want the same image at once
  // both decode it, to the same pixels. Twice the side leaves the antialiasing filter its work.
  Image image = images_->load(index, 2 * side_);
  if (image.width != side_ || image.height != side_) image = resize_and_crop(image, side_, side_);
  const std::lock_guard lock(mutex_);
  if (kept_[index].empty() && memory_left_ >= image.pixels.size()) {
    memory_left_ -= image.pixels.size();
    kept_[index] = image.pixels;
  }
  return image;
}

}  // namespace goldpan
