#pragma once

#include <string>

#include <CLI/CLI.hpp>

// One subcommand a file: each adds itself to the program and runs in its callback.
void add_run_command(CLI::App& program);
void add_report_command(CLI::App& program);
void add_embed_command(CLI::App& program);
void add_pick_command(CLI::App& program);
void add_evaluate_command(CLI::App& program);
void add_mine_command(CLI::App& program);
void add_strategies_command(CLI::App& program);
void add_scenes_command(CLI::App& program);
void add_export_command(CLI::App& program);
void add_import_command(CLI::App& program);
void add_label_command(CLI::App& program);

/// For options that are counts: CLI11 would read -5 as 18446744073709551611.
inline std::string not_negative(const std::string& text) {
  return text.starts_with('-') ? "got " + text + ", expected 0 or more" : std::string();
}
