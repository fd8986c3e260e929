#include "outcome.hpp"

#include <algorithm>
#include <new>
#include <span>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <goldpan/core/utf8.hpp>

#include "console.hpp"

namespace {

struct StatusRow {
  Status status;
  std::string_view name, help;
};

constexpr StatusRow kStatuses[] = {
    {Status::kDone, "done", "done"},
    {Status::kBadInput, "bad_input", "bad input, or an output that cannot be written"},
    {Status::kUsage, "usage", "usage"},
    {Status::kNothingToPick, "nothing_to_pick", "nothing to pick"},
    {Status::kInternal, "internal", "too little memory, or a fault of Goldpan's"},
    {Status::kInterrupted, "interrupted", "interrupted"},
};

/// Options that name what is read: errors about what they hold are of the input, not of the usage.
constexpr std::string_view kFiles[] = {
    "attributes", "box-features", "candidates",  "config",  "embeddings", "features",
    "ids",        "labeled",      "list",        "logits",  "mc-probs",   "predictions",
    "picks",      "probs",        "suggestions", "targets", "truth",      "weights"};
constexpr std::string_view kFolders[] = {"from", "images", "like"};
/// Options that name what is written.
constexpr std::string_view kOutputs[] = {"out"};

/// What the engine calls an argument, and the options that it may have come from.
struct ArgumentRow {
  std::string_view engine;
  std::vector<std::string_view> options;
};

const std::vector<ArgumentRow>& arguments() {
  static const std::vector<ArgumentRow> rows = {
      {"probabilities", {"probs", "logits"}},
      {"stochastic passes", {"mc-probs"}},
      {"features", {"features", "embeddings"}},
      {"unlabeled", {"candidates", "labeled"}},
      {"epig_targets", {"targets"}},
      {"box features", {"box-features"}},
      {"label groups", {"label-groups"}},
      {"cosine", {"dedup"}},
  };
  return rows;
}

bool contains(std::span<const std::string_view> names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

const CLI::Option* find_option(const CLI::App& command, std::string_view name) {
  return command.get_option_no_throw("--" + std::string(name));
}

/// The option of the command that an error's place means; null where it means none.
const CLI::Option* option_meant(const CLI::App& command, std::string_view where) {
  for (const ArgumentRow& row : arguments()) {
    if (row.engine != where) continue;
    const CLI::Option* first = nullptr;
    for (const std::string_view name : row.options) {
      const CLI::Option* const option = find_option(command, name);
      if (option == nullptr) continue;
      if (option->count() > 0) return option;
      if (first == nullptr) first = option;
    }
    return first;
  }
  std::string name(where.substr(0, where.find(' ')));
  if (name.starts_with("--")) return find_option(command, name.substr(2));
  if (name.size() != where.size()) return nullptr;
  std::ranges::replace(name, '_', '-');
  return find_option(command, name);
}

std::string long_name(const CLI::Option& option) {
  const auto& names = option.get_lnames();
  return names.empty() ? option.get_name() : "--" + names.front();
}

void print_error(Status status, std::string_view where, std::string_view message) {
  if (logs_json()) {
    log_event("error", {{"status", status_name(status)},
                        {"exit", static_cast<int>(status)},
                        {"where", where},
                        {"message", message}});
  } else {
    // Names of files and of what lies in them may be any bytes.
    fmt::print(stderr, "error: [{}] {}\n", goldpan::as_utf8(where), goldpan::as_utf8(message));
  }
}

/// The two parts of "[where] message".
std::pair<std::string, std::string> split(const goldpan::Error& error) {
  const std::string text = error.what();
  const std::size_t end = text.find("] ");
  return {text.substr(1, end - 1), text.substr(end + 2)};
}

Status report(const CLI::App& program, const goldpan::Error& error) {
  auto [where, message] = split(error);
  Status status = Status::kBadInput;
  for (const CLI::App* const command : program.get_subcommands()) {
    const CLI::Option* const option = option_meant(*command, where);
    if (option == nullptr) continue;
    const std::string name = long_name(*option);
    if (!where.starts_with("--")) where = name;
    const std::string_view bare = std::string_view(name).substr(2);
    const bool is_input = contains(kFiles, bare) || contains(kFolders, bare);
    if (!is_input || option->count() == 0) status = Status::kUsage;
  }
  if (where.starts_with("--") && status == Status::kBadInput) {
    // An option of no command is a setting all the same.
    const auto commands = program.get_subcommands();
    if (commands.empty() || option_meant(*commands.front(), where) == nullptr) {
      status = Status::kUsage;
    }
  }
  if (where.starts_with("goldpan ")) status = Status::kUsage;
  if (const auto* const known = dynamic_cast<const StatusError*>(&error)) status = known->status();
  print_error(status, where, message);
  return status;
}

}  // namespace

std::string_view status_name(Status status) {
  for (const StatusRow& row : kStatuses) {
    if (row.status == status) return row.name;
  }
  return "unknown";
}

std::string status_help() {
  std::string text = "Exit status: ";
  for (const StatusRow& row : kStatuses) {
    text += fmt::format("{}{} {}", row.status == Status::kDone ? "" : "; ",
                        static_cast<int>(row.status), row.help);
  }
  return text + ".";
}

void throw_as_usage(const goldpan::Error& error) {
  const auto [where, message] = split(error);
  throw StatusError(Status::kUsage, where, message);
}

void refuse_audit_as_picks(const std::filesystem::path& out, const std::filesystem::path& audit) {
  if (out != audit) return;
  throw goldpan::Error("--out",
                       fmt::format("got '{}', but that is where the audit trail goes; expected "
                                   "another ending, as picks.csv",
                                   out.string()));
}

void keep_picks(const std::filesystem::path& out, bool force) {
  std::error_code none;
  if (force || !std::filesystem::exists(out, none)) return;
  throw StatusError(
      Status::kUsage, "--out",
      fmt::format("'{}' is there already and is kept; --force overwrites it", out.string()));
}

void check_something_left(std::size_t candidates, std::size_t labeled, std::size_t pool) {
  if (candidates > 0) return;
  throw StatusError(Status::kNothingToPick, "goldpan pick",
                    fmt::format("has nothing to pick from: {} of {} rows are labelled, and no "
                                "candidate is left",
                                labeled, pool));
}

void name_types(CLI::App& command) {
  for (CLI::Option* const option : command.get_options()) {
    if (option->get_lnames().empty()) continue;
    const std::string& name = option->get_lnames().front();
    if (option->get_type_name() == "TEXT") {
      if (contains(kFiles, name)) option->type_name("FILE");
      if (contains(kFolders, name)) option->type_name("FOLDER");
      if (contains(kOutputs, name)) option->type_name("PATH");
    } else if (option->get_type_name() == "UINT" || option->get_type_name() == "INT" ||
               option->get_type_name() == "FLOAT") {
      option->type_name("NUMBER");
    }
  }
}

Status report_error(const CLI::App& program, const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const goldpan::Cancelled&) {
    if (logs_json()) {
      log_event("interrupted", {{"exit", static_cast<int>(Status::kInterrupted)}});
    } else {
      fmt::print(stderr, "\nstopped; what is finished is kept, and the same command resumes\n");
    }
    return Status::kInterrupted;
  } catch (const std::bad_alloc&) {
    print_error(Status::kInternal, "memory",
                "got less than this input and these settings need, expected a smaller pool or "
                "batch, or more memory (ulimit -v)");
    return Status::kInternal;
  } catch (const goldpan::Error& error) {
    return report(program, error);
  } catch (const std::system_error& error) {
    // What the system refused: a full disk, a folder that may not be read.
    print_error(Status::kBadInput, "system", error.what());
    return Status::kBadInput;
  } catch (const std::exception& error) {
    print_error(Status::kInternal, "internal", error.what());
    return Status::kInternal;
  }
}
