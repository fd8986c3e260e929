#pragma once

#include <nanobind/nanobind.h>

// One subject a file: each adds itself to the module.
void add_select(nanobind::module_& module);
void add_shards(nanobind::module_& module);
void add_rounds(nanobind::module_& module);
void add_head(nanobind::module_& module);
void add_encoder(nanobind::module_& module);
void add_exchange(nanobind::module_& module);
void add_experiment(nanobind::module_& module);
