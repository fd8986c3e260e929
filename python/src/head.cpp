#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nanobind/nanobind.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>

#include <goldpan/core/error.hpp>
#include <goldpan/models/linear_head.hpp>
#include <goldpan/models/temperature.hpp>
#include <goldpan/tasks/calibration.hpp>

#include "arrays.hpp"
#include "bindings.hpp"
#include "caller.hpp"

namespace nb = nanobind;

namespace {

goldpan::InputScaling scaling_of(const std::string& name) {
  if (name == "auto") return goldpan::InputScaling::kAuto;
  if (name == "common") return goldpan::InputScaling::kCommon;
  if (name == "per_column") return goldpan::InputScaling::kPerColumn;
  throw goldpan::Error("scaling", "got '" + name + "', expected auto, common or per_column");
}

goldpan::HeadOptions options_of(std::size_t hidden, double dropout, double weight_decay,
                                const std::string& scaling) {
  return {.hidden = hidden,
          .dropout = static_cast<float>(dropout),
          .weight_decay = static_cast<float>(weight_decay),
          .scaling = scaling_of(scaling)};
}

/// A trained head, bound to no embeddings: each call brings its own.
class TrainedHead {
 public:
  explicit TrainedHead(std::unique_ptr<goldpan::Head> head) : head_(std::move(head)) {}

  static TrainedHead fit(const AnyArray& array, const Array<std::int32_t, 1>& labels,
                         const std::optional<Array<float, 1>>& weights, std::size_t classes,
                         std::size_t hidden, double dropout, double weight_decay,
                         const std::string& scaling, std::uint64_t seed, int threads) {
    const goldpan::Embeddings embeddings = as_embeddings(array, "X");
    const goldpan::HeadOptions options = options_of(hidden, dropout, weight_decay, scaling);
    std::unique_ptr<goldpan::Head> head;
    Caller caller{nb::none()};
    caller.run([&] {
      goldpan::Workers workers(threads, caller.stop());
      head = goldpan::make_head(embeddings, classes, options);
      head->fit(all_rows(embeddings.rows()), as_span(labels),
                weights ? as_span(*weights) : std::span<const float>(), goldpan::Generator(seed),
                workers);
      head = head->on(without_rows(embeddings.cols()));
    });
    return TrainedHead(std::move(head));
  }

  static TrainedHead from_state(const std::map<std::string, Array<float, 2>>& state,
                                std::size_t dim, std::size_t classes, std::size_t hidden,
                                double dropout, double weight_decay, const std::string& scaling) {
    goldpan::HeadState matrices;
    for (const auto& [name, array] : state) {
      goldpan::Matrix<float> matrix(array.shape(0), array.shape(1));
      std::copy_n(array.data(), matrix.size(), matrix.data());
      matrices.emplace(name, std::move(matrix));
    }
    return TrainedHead(goldpan::head_from(matrices, without_rows(dim), classes,
                                          options_of(hidden, dropout, weight_decay, scaling)));
  }

  nb::dict state() const {
    nb::dict arrays;
    for (auto& [name, matrix] : head_->state()) arrays[name.c_str()] = to_numpy(matrix);
    return arrays;
  }

  NewArray<float> logits(const AnyArray& array, int threads) const {
    goldpan::Matrix<float> out;
    on(array, threads, [&](const goldpan::Head& head, std::size_t rows, auto& workers) {
      out = goldpan::Matrix<float>(rows, head.classes());
      head.logits(all_rows(rows), out, workers);
    });
    return to_numpy(std::move(out));
  }

  NewArray<float> features(const AnyArray& array, int threads) const {
    goldpan::Matrix<float> out;
    on(array, threads, [&](const goldpan::Head& head, std::size_t rows, auto& workers) {
      out = goldpan::Matrix<float>(rows, head.feature_dim());
      if (head.feature_dim() > 0) head.features(all_rows(rows), out, workers);
    });
    return to_numpy(std::move(out));
  }

  /// K x N x C.
  NewArray<float> passes(const AnyArray& array, std::size_t passes, std::uint64_t seed,
                         float temperature, int threads) const {
    if (!(temperature > 0)) {
      throw goldpan::Error("temperature",
                           "got " + std::to_string(temperature) + ", expected more than 0");
    }
    const std::size_t classes = head_->classes();
    std::vector<float> out;
    std::size_t count = 0;
    on(array, threads, [&](const goldpan::Head& head, std::size_t rows, auto& workers) {
      count = rows;
      out.resize(passes * rows * classes);
      const auto of_head = head.stochastic_passes(passes, temperature, goldpan::Generator(seed));
      const std::vector<goldpan::Index> all = all_rows(rows);
      workers.for_blocks(rows, 256, [&](std::size_t begin, std::size_t end) {
        std::vector<float> block((end - begin) * passes * classes);
        of_head->probabilities(std::span(all).subspan(begin, end - begin), block);
        const float* value = block.data();
        for (std::size_t row = begin; row < end; ++row) {
          for (std::size_t k = 0; k < passes; ++k, value += classes) {
            std::copy_n(value, classes, out.data() + (k * rows + row) * classes);
          }
        }
      });
    });
    return to_numpy(std::move(out), {passes, count, classes});
  }

 private:
  static goldpan::Embeddings without_rows(std::size_t dim) {
    return goldpan::MatrixView<const float>(nullptr, 0, dim);
  }

  template <typename Work>
  void on(const AnyArray& array, int threads, const Work& work) const {
    const goldpan::Embeddings embeddings = as_embeddings(array, "X");
    Caller caller{nb::none()};
    caller.run([&] {
      goldpan::Workers workers(threads, caller.stop());
      work(*head_->on(embeddings), embeddings.rows(), workers);
    });
  }

  std::unique_ptr<goldpan::Head> head_;
};

nb::tuple fit_temperature(const Array<float, 2>& logits, const Array<std::int32_t, 1>& labels) {
  goldpan::TemperatureFit fit;
  Caller(nb::none()).run([&] {
    fit = goldpan::fit_temperature(as_matrix(logits), as_span(labels));
  });
  return nb::make_tuple(fit.temperature, fit.nll_before, fit.nll_after);
}

NewArray<float> apply_temperature(const Array<float, 2>& logits, float temperature) {
  goldpan::Matrix<float> probs(logits.shape(0), logits.shape(1));
  std::copy_n(logits.data(), probs.size(), probs.data());
  goldpan::apply_temperature(probs, temperature);
  return to_numpy(std::move(probs));
}

double calibration_error(const Array<float, 2>& probs, const Array<std::int32_t, 1>& labels,
                         int bins) {
  return goldpan::expected_calibration_error(as_matrix(probs), as_span(labels), bins);
}

}  // namespace

void add_head(nb::module_& module) {
  nb::class_<TrainedHead>(module, "Head")
      .def_static("fit", &TrainedHead::fit, nb::arg("X").noconvert(), nb::arg("labels").noconvert(),
                  nb::arg("weights").noconvert().none(), nb::arg("classes"), nb::arg("hidden"),
                  nb::arg("dropout"), nb::arg("weight_decay"), nb::arg("scaling"), nb::arg("seed"),
                  nb::arg("threads"))
      .def_static("from_state", &TrainedHead::from_state, nb::arg("state"), nb::arg("dim"),
                  nb::arg("classes"), nb::arg("hidden"), nb::arg("dropout"),
                  nb::arg("weight_decay"), nb::arg("scaling"))
      .def("state", &TrainedHead::state)
      .def("logits", &TrainedHead::logits, nb::arg("X").noconvert(), nb::arg("threads"))
      .def("features", &TrainedHead::features, nb::arg("X").noconvert(), nb::arg("threads"))
      .def("passes", &TrainedHead::passes, nb::arg("X").noconvert(), nb::arg("passes"),
           nb::arg("seed"), nb::arg("temperature"), nb::arg("threads"));
  module.def("fit_temperature", &fit_temperature, nb::arg("logits").noconvert(),
             nb::arg("labels").noconvert());
  module.def("apply_temperature", &apply_temperature, nb::arg("logits").noconvert(),
             nb::arg("temperature"));
  module.def("expected_calibration_error", &calibration_error, nb::arg("probs").noconvert(),
             nb::arg("labels").noconvert(), nb::arg("bins"));
}
