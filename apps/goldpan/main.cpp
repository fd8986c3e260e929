#include <cstdio>
#include <exception>

#include <CLI/CLI.hpp>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <goldpan/core/error.hpp>
#include <goldpan/version.hpp>

#include "commands.hpp"

namespace {

constexpr int kFailed = 1;
constexpr int kInterrupted = 130;  // as shells report a program ended by Ctrl-C

int run_program(int argc, char** argv) {
  spdlog::set_default_logger(spdlog::stderr_color_st("goldpan"));
  spdlog::set_pattern("%^%v%$");

  CLI::App program(
      "Goldpan: active learning, measured honestly (goldpan run) and selected fast (goldpan "
      "pick).");
  program.set_version_flag("--version", goldpan::kVersion);
  program.require_subcommand(1);
  program.footer("`goldpan COMMAND --help` explains a command.");
  add_run_command(program);
  add_report_command(program);
  add_embed_command(program);
  add_pick_command(program);
  add_evaluate_command(program);
  add_strategies_command(program);
  add_export_command(program);
  add_import_command(program);
  add_label_command(program);
  add_scenes_command(program);
  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return program.exit(error) == 0 ? 0 : kFailed;
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run_program(argc, argv);
  } catch (const goldpan::Cancelled&) {
    std::fputs("\nstopped; what is finished is kept, and the same command resumes\n", stderr);
    return kInterrupted;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return kFailed;
  }
}
