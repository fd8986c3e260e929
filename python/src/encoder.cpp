#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <nanobind/nanobind.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/unique_ptr.h>
#include <nanobind/stl/vector.h>

#include <goldpan/embed/patches.hpp>
#include <goldpan/imaging/image.hpp>
#include <goldpan/imaging/image_file.hpp>

#include "arrays.hpp"
#include "bindings.hpp"
#include "caller.hpp"
#include "learned_arrays.hpp"

namespace nb = nanobind;

namespace {

/// One image: H x W x 3 or H x W (grey), 8 bits, in the array's memory.
goldpan::Image to_image(const std::uint8_t* values, std::size_t height, std::size_t width,
                        std::size_t channels) {
  goldpan::Image image{static_cast<int>(width), static_cast<int>(height), {}};
  image.pixels.resize(height * width * 3);
  for (std::size_t i = 0; i < height * width; ++i) {
    for (std::size_t c = 0; c < 3; ++c) {
      image.pixels[i * 3 + c] = values[i * channels + (channels == 3 ? c : 0)];
    }
  }
  return image;
}

using ImageArray = nb::ndarray<const std::uint8_t, nb::c_contig, nb::device::cpu>;

/// N x H x W x 3 or N x H x W.
class StackedImages final : public goldpan::ImageSource {
 public:
  explicit StackedImages(ImageArray array) : array_(std::move(array)) {}
  std::size_t size() const override { return array_.shape(0); }
  goldpan::Image load(std::size_t index, int /*min_side*/) const override {
    const std::size_t height = array_.shape(1), width = array_.shape(2);
    const std::size_t channels = array_.ndim() == 4 ? 3 : 1;
    return to_image(array_.data() + index * height * width * channels, height, width, channels);
  }
  std::string location(std::size_t index) const override {
    return "images[" + std::to_string(index) + "]";
  }

 private:
  ImageArray array_;
};

/// Arrays of any sizes, each H x W x 3 or H x W.
class ListedImages final : public goldpan::ImageSource {
 public:
  explicit ListedImages(std::vector<ImageArray> arrays) : arrays_(std::move(arrays)) {}
  std::size_t size() const override { return arrays_.size(); }
  goldpan::Image load(std::size_t index, int /*min_side*/) const override {
    const ImageArray& array = arrays_[index];
    return to_image(array.data(), array.shape(0), array.shape(1), array.ndim() == 3 ? 3 : 1);
  }
  std::string location(std::size_t index) const override {
    return "images[" + std::to_string(index) + "]";
  }

 private:
  std::vector<ImageArray> arrays_;
};

class FileImages final : public goldpan::ImageSource {
 public:
  explicit FileImages(std::vector<std::string> paths) : paths_(std::move(paths)) {}
  std::size_t size() const override { return paths_.size(); }
  goldpan::Image load(std::size_t index, int min_side) const override {
    return goldpan::read_image(paths_[index], min_side);
  }
  std::string location(std::size_t index) const override { return paths_[index]; }

 private:
  std::vector<std::string> paths_;
};

class PatchEncoder {
 public:
  PatchEncoder(std::size_t dim, std::size_t centroids, std::uint64_t seed) {
    goldpan::PatchesOptions options;
    options.dim = dim;
    options.centroids = centroids;
    options.seed = seed;
    encoder_ = goldpan::make_patches_encoder(options);
  }

  void fit(const goldpan::ImageSource& images, int threads, nb::object listener) {
    Caller caller(std::move(listener));
    caller.run([&] {
      goldpan::Workers workers(threads, caller.stop());
      encoder_->fit(images, all_rows(images.size()), workers, caller.progress("learning"));
    });
  }

  /// A batch at a time, so that decoded images never take more memory than one batch.
  NewArray<float> transform(const goldpan::ImageSource& images, int threads,
                            nb::object listener) const {
    constexpr std::size_t kBatch = 512;
    goldpan::Matrix<float> out(images.size(), encoder_->dim());
    Caller caller(std::move(listener));
    caller.run([&] {
      goldpan::Workers workers(threads, caller.stop());
      const goldpan::Progress progress = caller.progress("embedding");
      for (std::size_t begin = 0; begin < images.size(); begin += kBatch) {
        const std::size_t end = std::min(begin + kBatch, images.size());
        std::vector<goldpan::Image> batch(end - begin);
        workers.run(batch.size(), [&](std::size_t i) {
          batch[i] = images.load(begin + i, encoder_->min_side());
        });
        encoder_->encode(batch, out.view().rows_between(begin, end), workers);
        progress.step(end, images.size());
      }
    });
    return to_numpy(std::move(out));
  }

  NamedArrays learned() const { return learned_arrays(*encoder_); }
  void restore(const GivenArrays& learned) { restore_arrays(*encoder_, learned); }

 private:
  std::unique_ptr<goldpan::Encoder> encoder_;
};

}  // namespace

void add_encoder(nb::module_& module) {
  nb::class_<goldpan::ImageSource>(module, "ImageSource")
      .def("__len__", &goldpan::ImageSource::size);
  module.def(
      "stacked_images",
      [](ImageArray array) -> std::unique_ptr<goldpan::ImageSource> {
        return std::make_unique<StackedImages>(std::move(array));
      },
      nb::arg("array").noconvert());
  module.def(
      "listed_images",
      [](std::vector<ImageArray> arrays) -> std::unique_ptr<goldpan::ImageSource> {
        return std::make_unique<ListedImages>(std::move(arrays));
      },
      nb::arg("arrays"));
  module.def(
      "file_images",
      [](std::vector<std::string> paths) -> std::unique_ptr<goldpan::ImageSource> {
        return std::make_unique<FileImages>(std::move(paths));
      },
      nb::arg("paths"));
  nb::class_<PatchEncoder>(module, "PatchEncoder")
      .def(nb::init<std::size_t, std::size_t, std::uint64_t>(), nb::arg("dim"),
           nb::arg("centroids"), nb::arg("seed"))
      .def("fit", &PatchEncoder::fit, nb::arg("images"), nb::arg("threads"),
           nb::arg("listener").none())
      .def("learned", &PatchEncoder::learned)
      .def("restore", &PatchEncoder::restore, nb::arg("learned"))
      .def("transform", &PatchEncoder::transform, nb::arg("images"), nb::arg("threads"),
           nb::arg("listener").none());
}
