#pragma once

#include <filesystem>

#include <goldpan/session/experiment.hpp>

/// Adds goldpan::vision and goldpan::networks to what `run` can make: the encoders of the table
/// (see encoders.hpp) and ResNet-18 as a model. Call it when search_path, say and loop_progress are
/// set. `checkpoints` is where ResNet-18 keeps what it has trained; empty: nowhere. Throws Error at
/// once for what the build or the machine cannot do.
void use_vision(goldpan::RunOptions& run, const goldpan::Settings& settings,
                const std::filesystem::path& checkpoints);
