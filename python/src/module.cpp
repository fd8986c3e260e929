#include <exception>

#include <nanobind/nanobind.h>

#include <goldpan/core/error.hpp>
#include <goldpan/version.hpp>

#include "bindings.hpp"
#include "run.hpp"

namespace nb = nanobind;

NB_MODULE(_core, module) {
  module.doc() = "The engine behind the package goldpan; use that.";
  module.attr("version") = goldpan::kVersion;
  nb::register_exception_translator([](const std::exception_ptr& pointer, void*) {
    try {
      std::rethrow_exception(pointer);
    } catch (const goldpan::Error& error) {
      PyErr_SetString(PyExc_ValueError, error.what());
    } catch (const goldpan::Cancelled& cancelled) {
      PyErr_SetString(PyExc_KeyboardInterrupt, cancelled.what());
    }
  });
  add_shards(module);  // first: others name its class
  add_select(module);
  add_rounds(module);
  add_head(module);
  add_encoder(module);
  add_exchange(module);
  add_experiment(module);
  add_run(module, nullptr);
}
