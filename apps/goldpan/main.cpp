#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <string>

#include <CLI/CLI.hpp>
#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include <goldpan/core/stopwatch.hpp>
#include <goldpan/version.hpp>

#include "commands.hpp"
#include "console.hpp"
#include "outcome.hpp"

namespace {

constexpr int kFailed = static_cast<int>(Status::kBadInput);

void add_commands(CLI::App& program) {
  program.set_version_flag("--version", goldpan::kVersion);
  program.require_subcommand(1);
  program.footer("`goldpan COMMAND --help` explains a command.\n" + status_help());
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
  for (CLI::App* const command : program.get_subcommands({})) {
    name_types(*command);
    add_console_options(*command);
    const std::string footer = command->get_footer();
    command->footer((footer.empty() ? "" : footer + "\n") + status_help());
  }
}

Status run_program(CLI::App& program, int argc, char** argv) {
  const goldpan::Stopwatch watch;
  Status status = Status::kDone;
  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) {
      program.exit(error);  // prints the help
    } else {
      status = Status::kUsage;
      if (logs_json()) {
        log_event("error", {{"status", status_name(status)},
                            {"exit", static_cast<int>(status)},
                            {"where", "goldpan"},
                            {"message", error.what()}});
      } else {
        program.exit(error);
      }
    }
  } catch (...) {
    status = report_error(program, std::current_exception());
  }
  if (logs_json()) {
    log_event("end", {{"exit", static_cast<int>(status)}, {"seconds", watch.seconds()}});
  }
  return status;
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

}  // namespace

int main(int argc, char** argv) {
  // A file that grows beyond a limit (ulimit -f) is an error of its writer, like a full disk.
  std::signal(SIGXFSZ, SIG_IGN);
  hold_standard_streams();
  start_console();
  CLI::App program(
      "Goldpan: active learning, measured honestly (goldpan run) and selected fast (goldpan "
      "pick).");
  add_commands(program);
  return flushed(static_cast<int>(run_program(program, argc, argv)));
}
