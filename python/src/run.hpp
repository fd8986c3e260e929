#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <nanobind/nanobind.h>

#include <goldpan/embed/encoder.hpp>
#include <goldpan/session/settings.hpp>

/// Makes the encoder that the settings name; `say` is told what was chosen.
using MakeEncoder = std::function<std::unique_ptr<goldpan::Encoder>(
    const goldpan::Settings&, const std::vector<std::filesystem::path>& search_path,
    const std::function<void(const std::string&)>& say)>;

/// Adds `run` to a module, with the encoders that it has; null: those of goldpan::goldpan.
void add_run(nanobind::module_& module, MakeEncoder make_encoder);
