#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <nanobind/nanobind.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <goldpan/core/error.hpp>
#include <goldpan/embed/encoder_table.hpp>
#include <goldpan/imaging/image.hpp>
#include <goldpan/networks/network.hpp>

#include "arrays.hpp"
#include "caller.hpp"
#include "learned_arrays.hpp"
#include "run.hpp"

// goldpan._networks: a module beside goldpan._core, imported when an Encoder is made, so that
// goldpan itself needs no OpenVINO.

namespace nb = nanobind;

namespace {

using goldpan::Index;

class TableEncoder {
 public:
  TableEncoder(const std::string& name, std::size_t dim, const std::string& weights,
               const std::vector<std::string>& search_path, nb::object listener) {
    Caller caller(std::move(listener));
    goldpan::EncoderOptions options;
    options.name = name;
    options.dim = dim;
    options.weights = weights;
    options.search_path.assign(search_path.begin(), search_path.end());
    options.say = [&](const std::string& message) { caller.say(message); };
    caller.run([&] { encoder_ = goldpan::make_named_encoder(options); });
  }

  std::string name() const { return encoder_->name(); }
  std::string description() const { return encoder_->description(); }
  std::size_t dim() const { return encoder_->dim(); }
  bool learns() const { return encoder_->learns(); }

  void fit(const goldpan::ImageSource& images, int threads, nb::object listener) {
    Caller caller(std::move(listener));
    caller.run([&] {
      goldpan::Workers workers(threads, caller.stop());
      encoder_->fit(images, all_rows(images.size()), workers, caller.progress("learning"));
    });
  }

  /// With `learn`, learns from these images first; where the encoder projects another's rows, the
  /// images pass through the network once.
  NewArray<float> embed(const goldpan::ImageSource& images, bool learn, int threads,
                        nb::object listener) {
    goldpan::Matrix<float> out(images.size(), encoder_->dim());
    Caller caller(std::move(listener));
    caller.run([&] {
      goldpan::Workers workers(threads, caller.stop());
      goldpan::Encoder* const base = learn ? encoder_->base() : nullptr;
      if (learn && base == nullptr) {
        encoder_->fit(images, all_rows(images.size()), workers, caller.progress("learning"));
      }
      if (base == nullptr) {
        encode(*encoder_, images, out, workers, caller.progress("embedding"));
        return;
      }
      goldpan::Matrix<float> rows(images.size(), base->dim());
      encode(*base, images, rows, workers, caller.progress("embedding"));
      encoder_->fit_rows(rows, all_rows(images.size()), workers);
      encoder_->project(rows, out, workers);
    });
    return to_numpy(std::move(out));
  }

  nb::object map_shape() const {
    const auto shape = encoder_->map_shape();
    if (!shape) return nb::none();
    return nb::make_tuple(shape->height, shape->width, shape->channels);
  }

  NewArray<float> maps(const goldpan::ImageSource& images, int threads, nb::object listener) {
    const auto shape = encoder_->map_shape();
    if (!shape) throw goldpan::Error(name(), "has no feature map");
    const std::size_t size = shape->height * shape->width * shape->channels;
    std::vector<float> out(images.size() * size);
    Caller caller(std::move(listener));
    caller.run([&] {
      goldpan::Workers workers(threads, caller.stop());
      const goldpan::Progress progress = caller.progress("embedding");
      for (std::size_t begin = 0; begin < images.size(); begin += kBatch) {
        const std::size_t end = std::min(begin + kBatch, images.size());
        workers.run(end - begin, [&](std::size_t i) {
          const goldpan::Image image = images.load(begin + i, encoder_->min_side());
          encoder_->encode_maps({&image, 1}, std::span(out).subspan((begin + i) * size, size),
                                workers);
        });
        progress.step(end, images.size());
      }
    });
    return to_numpy(std::move(out), {images.size(), shape->height, shape->width, shape->channels});
  }

  NamedArrays learned() const { return learned_arrays(*encoder_); }
  void restore(const GivenArrays& learned) { restore_arrays(*encoder_, learned); }

 private:
  static constexpr std::size_t kBatch = 512;

  static void encode(const goldpan::Encoder& encoder, const goldpan::ImageSource& images,
                     goldpan::MatrixView<float> out, goldpan::Workers& workers,
                     const goldpan::Progress& progress) {
    for (std::size_t begin = 0; begin < images.size(); begin += kBatch) {
      const std::size_t end = std::min(begin + kBatch, images.size());
      if (encoder.image_by_image()) {
        workers.run(end - begin, [&](std::size_t i) {
          const goldpan::Image image = images.load(begin + i, encoder.min_side());
          encoder.encode({&image, 1}, out.rows_between(begin + i, begin + i + 1), workers);
        });
      } else {
        std::vector<goldpan::Image> batch(end - begin);
        workers.run(batch.size(),
                    [&](std::size_t i) { batch[i] = images.load(begin + i, encoder.min_side()); });
        encoder.encode(batch, out.rows_between(begin, end), workers);
      }
      goldpan::check_finite(goldpan::Embeddings(out.rows_between(begin, end)),
                            encoder.name().c_str());
      progress.step(end, images.size());
    }
  }

  std::unique_ptr<goldpan::Encoder> encoder_;
};

std::unique_ptr<goldpan::Encoder> encoder_of(const goldpan::Settings& settings,
                                             const std::vector<std::filesystem::path>& search_path,
                                             const std::function<void(const std::string&)>& say) {
  goldpan::EncoderOptions options;
  options.name = settings.encoder;
  options.dim = settings.dim;
  options.weights = settings.weights;
  options.search_path = search_path;
  options.say = say;
  return goldpan::make_named_encoder(options);
}

}  // namespace

NB_MODULE(_networks, module) {
  nb::module_::import_("goldpan._core");  // its ImageSource
  nb::register_exception_translator([](const std::exception_ptr& pointer, void*) {
    try {
      std::rethrow_exception(pointer);
    } catch (const goldpan::Error& error) {
      PyErr_SetString(PyExc_ValueError, error.what());
    } catch (const goldpan::Cancelled& cancelled) {
      PyErr_SetString(PyExc_KeyboardInterrupt, cancelled.what());
    }
  });
  add_run(module, encoder_of);
  module.def("openvino_version", [] { return goldpan::networks_build().version; });
  module.def("table", [] {
    std::vector<std::vector<std::string>> rows;
    for (const auto& row : goldpan::encoder_table()) {
      rows.push_back({row.name, row.summary, row.missing});
    }
    return rows;
  });
  nb::class_<TableEncoder>(module, "TableEncoder")
      .def(nb::init<const std::string&, std::size_t, const std::string&,
                    const std::vector<std::string>&, nb::object>(),
           nb::arg("name"), nb::arg("dim"), nb::arg("weights"), nb::arg("search_path"),
           nb::arg("listener").none())
      .def_prop_ro("name", &TableEncoder::name)
      .def_prop_ro("description", &TableEncoder::description)
      .def_prop_ro("dim", &TableEncoder::dim)
      .def_prop_ro("learns", &TableEncoder::learns)
      .def_prop_ro("map_shape", &TableEncoder::map_shape)
      .def("fit", &TableEncoder::fit, nb::arg("images"), nb::arg("threads"),
           nb::arg("listener").none())
      .def("embed", &TableEncoder::embed, nb::arg("images"), nb::arg("learn"), nb::arg("threads"),
           nb::arg("listener").none())
      .def("maps", &TableEncoder::maps, nb::arg("images"), nb::arg("threads"),
           nb::arg("listener").none())
      .def("learned", &TableEncoder::learned)
      .def("restore", &TableEncoder::restore, nb::arg("learned"));
}
