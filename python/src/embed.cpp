#include <algorithm>
#include <numeric>
#include <string>

#include <nanobind/nanobind.h>

#include <goldpan/core/error.hpp>
#include <goldpan/embed/patches.hpp>

#include "arrays.hpp"
#include "background.hpp"
#include "module.hpp"

namespace goldpan::python {
namespace {

/// N images of equal size as an array, n x height x width x 3.
class ArrayImages : public ImageSource {
 public:
  explicit ArrayImages(const ImageArray& array) : array_(array) {
    if (array.shape(3) != 3) {
      throw Error("images", "got " + std::to_string(array.shape(3)) + " channels, expected N x height x width x 3");
    }
  }

  std::size_t size() const override { return array_.shape(0); }
  Image load(std::size_t index, int /*min_side*/) const override {
    const std::size_t bytes = array_.shape(1) * array_.shape(2) * 3;
    Image image;
    image.height = static_cast<int>(array_.shape(1));
    image.width = static_cast<int>(array_.shape(2));
    image.pixels.assign(array_.data() + index * bytes, array_.data() + (index + 1) * bytes);
    return image;
  }
  std::string location(std::size_t index) const override { return "images[" + std::to_string(index) + "]"; }

 private:
  const ImageArray& array_;
};

class PatchEncoder {
 public:
  PatchEncoder(std::size_t dim, std::size_t centroids, std::uint64_t seed, int threads)
      : threads_(threads) {
    PatchesOptions options;
    options.dim = dim;
    options.centroids = centroids;
    options.seed = seed;
    encoder_ = make_patches_encoder(options);
  }

  void fit(const ImageArray& array) {
    const ArrayImages images(array);
    std::vector<Index> all(images.size());
    std::iota(all.begin(), all.end(), Index{0});
    in_background([&](const Progress& progress) {
      Workers workers(threads_);
      encoder_->fit(images, all, workers, progress);
    });
  }

  nb::ndarray<nb::numpy, float> transform(const ImageArray& array) const {
    constexpr std::size_t kBatch = 256;
    const ArrayImages images(array);
    std::vector<float> values(images.size() * encoder_->dim());
    in_background([&](const Progress& progress) {
      Workers workers(threads_);
      for (std::size_t begin = 0; begin < images.size(); begin += kBatch) {
        const std::size_t end = std::min(images.size(), begin + kBatch);
        std::vector<Image> batch;
        for (std::size_t i = begin; i < end; ++i) batch.push_back(images.load(i));
        encoder_->encode(batch, {values.data() + begin * encoder_->dim(), end - begin, encoder_->dim()},
                         workers);
        progress.step(end, images.size());
      }
    });
    return to_numpy(std::move(values), {images.size(), encoder_->dim()});
  }

 private:
  int threads_;
  std::unique_ptr<Encoder> encoder_;
};

}  // namespace

void bind_embed(nb::module_& module) {
  nb::class_<PatchEncoder>(module, "PatchEncoder")
      .def(nb::init<std::size_t, std::size_t, std::uint64_t, int>(), nb::arg("dim"), nb::arg("centroids"),
           nb::arg("seed"), nb::arg("threads"))
      .def("fit", &PatchEncoder::fit, nb::arg("images"))
      .def("transform", &PatchEncoder::transform, nb::arg("images"));
}

}  // namespace goldpan::python
