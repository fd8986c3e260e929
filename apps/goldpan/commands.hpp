#pragma once

#include <CLI/CLI.hpp>

// One subcommand a file: each adds itself to the program and runs in its callback.
void add_run_command(CLI::App& program);
void add_report_command(CLI::App& program);
void add_pick_command(CLI::App& program);
void add_strategies_command(CLI::App& program);
void add_scenes_command(CLI::App& program);
