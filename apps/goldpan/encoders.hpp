#pragma once

#include <string>

#include <goldpan/embed/encoder_table.hpp>

/// What `run`, `embed` and `pick` can embed with: the library's table, and DINOv2 by
/// goldpan::vision where that has libtorch.
goldpan::EncoderOptions encoder_options(const std::string& device = "cpu", int dinov2_size = 224);

/// The rows for a help text, a line each.
std::string list_encoders();
