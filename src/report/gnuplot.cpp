#include "report/gnuplot.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <string_view>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <goldpan/core/error.hpp>
#include <goldpan/core/files.hpp>

namespace goldpan::report {
namespace {

// Long enough for a machine that is busy with other work.
constexpr std::chrono::seconds kPatience{300};

// The environment with the C locale: numbers in the script have points.
std::vector<std::string> environment() {
  std::vector<std::string> variables;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text = *variable;
    if (!text.starts_with("LC_") && !text.starts_with("LANG=")) variables.emplace_back(text);
  }
  variables.emplace_back("LC_ALL=C.UTF-8");
  return variables;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> list;
  for (std::string& text : texts) list.push_back(text.data());
  list.push_back(nullptr);
  return list;
}

// Waits for the child, but not for ever. Returns its status, or nothing after killing it.
bool wait_for(pid_t child, int& status) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (true) {
    const pid_t ended = ::waitpid(child, &status, WNOHANG);
    if (ended == child) return true;
    if (ended < 0 && errno != EINTR) return false;
    if (std::chrono::steady_clock::now() > deadline) {
      ::kill(child, SIGKILL);
      ::waitpid(child, &status, 0);
      return false;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

// The first line of the complaint that says something: gnuplot marks the place with blanks and '^'.
std::string first_words(const std::filesystem::path& complaint) {
  std::error_code ignored;
  if (std::filesystem::file_size(complaint, ignored) == 0 || ignored) return "";
  const std::string text = read_text(complaint);
  std::size_t start = 0;
  while (start < text.size()) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    std::string line = text.substr(start, end - start);
    const bool warning = line.find("warning:") != std::string::npos;
    if (line.find(" line ") != std::string::npos && !warning) return line;
    start = end + 1;
  }
  return text.substr(0, 200);
}

}  // namespace

std::string run_gnuplot(const std::string& program, const std::string& script,
                        const std::filesystem::path& folder) {
  const std::filesystem::path script_file = folder / "figure.gp";
  const std::filesystem::path complaint = folder / "complaint.txt";
  write_file(script_file, script);

  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, complaint.c_str(),
                                     O_WRONLY | O_CREAT | O_TRUNC, 0600);
  std::vector<std::string> arguments = {program, "-d", script_file.string()};
  std::vector<std::string> variables = environment();
  pid_t child = 0;
  const int failure = ::posix_spawnp(&child, program.c_str(), &actions, nullptr,
                                     pointers(arguments).data(), pointers(variables).data());
  ::posix_spawn_file_actions_destroy(&actions);
  if (failure == ENOENT) return fmt::format("{} is not installed", program);
  if (failure != 0) return fmt::format("{} cannot be started: {}", program, std::strerror(failure));

  int status = 0;
  if (!wait_for(child, status)) {
    return fmt::format("{} did not finish within {} s", program, kPatience.count());
  }
  if (WIFSIGNALED(status))
    return fmt::format("{} was ended by signal {}", program, WTERMSIG(status));
  if (WEXITSTATUS(status) != 0) {
    return fmt::format("{} failed with status {}: {}", program, WEXITSTATUS(status),
                       first_words(complaint));
  }
  return "";
}

ScratchFolder::ScratchFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "goldpan-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) {
    throw Error(name, fmt::format("cannot make a temporary folder: {}", std::strerror(errno)));
  }
  path_ = name;
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace goldpan::report
