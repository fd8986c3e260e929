#pragma once

#include <CLI/CLI.hpp>

// One subcommand a file: each adds itself to the program and runs in its callback.
void add_strategies_command(CLI::App& program);
