#pragma once

#include <nanobind/nanobind.h>

namespace goldpan::python {

void bind_select(nanobind::module_& module);
void bind_models(nanobind::module_& module);
void bind_embed(nanobind::module_& module);
void bind_experiment(nanobind::module_& module);

}  // namespace goldpan::python
