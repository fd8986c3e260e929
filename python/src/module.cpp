#include "module.hpp"

#include <exception>

#include <goldpan/core/error.hpp>
#include <goldpan/version.hpp>

NB_MODULE(_core, module) {
  namespace nb = nanobind;
  module.doc() = "Goldpan's engine; use the package goldpan.";
  module.attr("__version__") = goldpan::kVersion;
  nb::register_exception_translator(
      [](const std::exception_ptr& pointer, void* /*payload*/) {
        try {
          std::rethrow_exception(pointer);
        } catch (const goldpan::Error& error) {
          PyErr_SetString(PyExc_ValueError, error.what());
        }
      },
      nullptr);
  goldpan::python::bind_select(module);
  goldpan::python::bind_models(module);
  goldpan::python::bind_embed(module);
  goldpan::python::bind_experiment(module);
}
