#pragma once

#include <string>

#include <CLI/CLI.hpp>
#include <nlohmann/json_fwd.hpp>

#include <goldpan/core/progress.hpp>
#include <goldpan/core/workers.hpp>

// What the program says to a person: messages and progress on standard error, results on standard
// output.

/// Messages go to standard error from now on, as text.
void start_console();

/// `--log json` and `--quiet`, which every command takes.
void add_console_options(CLI::App& command);

/// Whether standard error is a line of JSON an event.
bool logs_json();

/// Writes one event, {"time": ..., "event": name, ...fields}, to standard error. Requires:
/// logs_json().
void log_event(const char* name, nlohmann::ordered_json fields);

/// A progress bar with rate and time left, redrawn in place on a terminal; elsewhere a line of text
/// every tenth, and with `--log json` an event a second. `unit` may be empty: then only the share
/// and the time left are shown. Stops when the user pressed Ctrl-C.
goldpan::Progress progress_bar(const std::string& title, const std::string& unit);

/// Warns where the system gave fewer threads than were asked for.
void say_missing(const goldpan::Workers& workers);

/// From now on Ctrl-C (and SIGTERM) lets long work stop in good order instead of ending the program
/// at once. A second one ends it, and so does the clock where the work has not stopped after 0.8
/// seconds.
void stop_on_interrupt();
