#pragma once

#include <cstddef>
#include <exception>
#include <filesystem>
#include <string>
#include <string_view>

#include <CLI/CLI.hpp>

#include <goldpan/core/error.hpp>

// How the program ends: the one place where its exit statuses stand, and what an error is called
// in the words of whoever typed the command.

/// What the program ends with. Pipelines branch on the numbers: stable, do not renumber.
enum class Status {
  kDone = 0,
  kBadInput = 1,       ///< a file, a row, a label, a page that cannot be written
  kUsage = 2,          ///< the command line
  kNothingToPick = 3,  ///< every item that might be picked has a label
  kInternal = 4,       ///< too little memory, or a fault of Goldpan's own
  kInterrupted = 130,  ///< as shells report a program ended by Ctrl-C
};

/// "bad_input", "usage", ...
std::string_view status_name(Status status);

/// The line that every command's help ends with.
std::string status_help();

/// An error whose status cannot be told from what it names.
class StatusError : public goldpan::Error {
 public:
  StatusError(Status status, std::string_view where, std::string_view message)
      : Error(where, message), status_(status) {}
  Status status() const { return status_; }

 private:
  Status status_;
};

/// Throws the error again as one of usage, for what the command line alone is to blame for.
[[noreturn]] void throw_as_usage(const goldpan::Error& error);

/// Throws where picks are to go where their audit trail goes.
void refuse_audit_as_picks(const std::filesystem::path& out, const std::filesystem::path& audit);
/// Throws unless the picks' file is not there yet, or `force` says that it is meant: a batch that
/// was sent to be labelled is worth more than a new one.
void keep_picks(const std::filesystem::path& out, bool force);

/// Throws with kNothingToPick where no row is left that may be picked.
void check_something_left(std::size_t candidates, std::size_t labeled, std::size_t pool);

/// Says what options take in help texts: FILE, FOLDER, NUMBER. Call it when all of a command's
/// options are there.
void name_types(CLI::App& command);

/// Prints what was thrown, its place named as the option that was typed (the engine's
/// "probabilities" are --probs here, or --logits where those were given), and returns the status:
/// an error about an option is one of usage, unless the option names a file that was read.
Status report_error(const CLI::App& program, const std::exception_ptr& thrown);
