#include <cstdio>
#include <exception>

#include <CLI/CLI.hpp>

#include <goldpan/version.hpp>

int main(int argc, char** argv) {
  CLI::App program("Goldpan: active learning, measured honestly and selected fast.");
  program.set_version_flag("--version", goldpan::kVersion);
  CLI11_PARSE(program, argc, argv);
  return 0;
}
