#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <new>
#include <system_error>

#include <CLI/CLI.hpp>
#include <fcntl.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

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
  add_mine_command(program);
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

/// A closed standard stream leaves its number to the next file that is opened, which would then be
/// written into: they are held open, and a closed standard output stays an error.
void hold_standard_streams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(stream, F_GETFD) >= 0 || errno != EBADF) continue;
    const int mode = stream == STDERR_FILENO ? O_WRONLY : O_RDONLY;
    if (::open("/dev/null", mode) != stream) std::_Exit(kFailed);
  }
}

/// What was printed has arrived, or it is an error: results may be read from a pipe or a full disk.
int flushed(int status) {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return status;
  std::fprintf(stderr, "error: [standard output] cannot write: %s\n", std::strerror(errno));
  return status == 0 ? kFailed : status;
}

int run_and_report(int argc, char** argv) {
  try {
    return run_program(argc, argv);
  } catch (const goldpan::Cancelled&) {
    std::fputs("\nstopped; what is finished is kept, and the same command resumes\n", stderr);
    return kInterrupted;
  } catch (const std::bad_alloc&) {
    std::fputs(
        "error: [memory] got less than this input and these settings need, expected a smaller pool "
        "or batch, or more memory (ulimit -v)\n",
        stderr);
    return kFailed;
  } catch (const std::system_error& error) {  // no thread, a folder that cannot be listed
    std::fprintf(stderr, "error: [system] %s\n", error.what());
    return kFailed;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return kFailed;
  }
}

}  // namespace

int main(int argc, char** argv) {
  // A file that grows beyond a limit (ulimit -f) is an error of its writer, like a full disk.
  std::signal(SIGXFSZ, SIG_IGN);
  hold_standard_streams();
  return flushed(run_and_report(argc, argv));
}
