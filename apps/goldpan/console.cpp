#include "console.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <memory>
#include <mutex>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/time.h>
#include <unistd.h>

#include "outcome.hpp"

namespace {

std::atomic<bool> interrupted = false;
static_assert(std::atomic<bool>::is_always_lock_free, "set from a signal handler");

// What is polled stops long before this. What is not (a file of a gigabyte being parsed, a library
// at work) is ended by it: everything written survives being killed, so that nothing is lost.
constexpr itimerval kGrace = {{0, 0}, {0, 800'000}};

void interrupt(int signal) {
  interrupted = true;
  std::signal(signal, SIG_DFL);
  ::setitimer(ITIMER_REAL, &kGrace, nullptr);
}

void give_up(int) {
  constexpr char kMessage[] = "\nstopped; what is finished is kept, and the same command resumes\n";
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, kMessage, sizeof kMessage - 1);
  ::_exit(static_cast<int>(Status::kInterrupted));
}

struct ConsoleSettings {
  bool json = false, quiet = false;
};

ConsoleSettings& settings() {
  static ConsoleSettings current;
  return current;
}

class JsonSink : public spdlog::sinks::base_sink<std::mutex> {
 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    const auto level = spdlog::level::to_string_view(message.level);
    log_event("message", {{"level", std::string(level.begin(), level.end())},
                          {"text", std::string(message.payload.begin(), message.payload.end())}});
  }
  void flush_() override { std::fflush(stderr); }
};

std::string duration(double seconds) {
  const auto whole = std::lround(seconds);
  if (whole >= 3600)
    return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
  return fmt::format("{}:{:02}", whole / 60, whole % 60);
}

class Bar {
 public:
  Bar(std::string title, std::string unit) : title_(std::move(title)), unit_(std::move(unit)) {}

  void show(std::size_t done, std::size_t total) {
    const auto now = Clock::now();
    if (first_call_) {  // what a resumed run found done says nothing about the speed
      first_call_ = false;
      begin_ = now;
      done_at_begin_ = done;
    }
    const bool complete = done >= total;
    if (settings().quiet) return;
    if (settings().json) {
      if (now - drawn_ < std::chrono::seconds(1) && !(complete && !said_complete_)) return;
      said_complete_ = complete;
    } else if (is_terminal_) {
      if (!complete && now - drawn_ < std::chrono::milliseconds(100)) return;
    } else {
      const std::size_t tenth = total == 0 ? 10 : done * 10 / total;
      // Nobody needs ten lines about what took no time.
      if (tenth == last_tenth_ || now - begin_ < std::chrono::seconds(1)) return;
      last_tenth_ = tenth;
    }
    drawn_ = now;
    const double seconds = std::chrono::duration<double>(now - begin_).count();
    if (settings().json) {
      log_event("progress", {{"what", title_},
                             {"done", done},
                             {"total", total},
                             {"unit", unit_},
                             {"seconds", std::round(seconds * 1000) / 1000}});
      return;
    }
    const std::string line = text(done, total, seconds);
    if (is_terminal_) {
      fmt::print(stderr, "\r{}\x1b[K{}", line, complete ? "\n" : "");
    } else {
      fmt::print(stderr, "{}\n", line);
    }
    std::fflush(stderr);
  }

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr int kWidth = 30;

  std::string text(std::size_t done, std::size_t total, double seconds) const {
    const double share = total == 0 ? 1.0 : static_cast<double>(done) / static_cast<double>(total);
    const int filled = static_cast<int>(share * kWidth);
    std::string line = fmt::format("{:<10} {:3.0f} %", title_, share * 100);
    if (is_terminal_) {
      line = fmt::format("{:<10} [{}{}] {:3.0f} %", title_, std::string(filled, '#'),
                         std::string(kWidth - filled, '.'), share * 100);
    }
    const double rate = static_cast<double>(done - done_at_begin_) / std::max(seconds, 1e-9);
    if (!unit_.empty()) line += fmt::format("  {}/{} {}, {:.0f}/s", done, total, unit_, rate);
    if (done >= total) return line + "  in " + duration(seconds);
    if (seconds > 0.5 && rate > 0) {
      line += "  " + duration(static_cast<double>(total - done) / rate) + " left";
    }
    return line;
  }

  const std::string title_, unit_;
  const bool is_terminal_ = ::isatty(STDERR_FILENO) != 0;
  bool first_call_ = true, said_complete_ = false;
  Clock::time_point begin_, drawn_;
  std::size_t done_at_begin_ = 0;
  std::size_t last_tenth_ = 0;
};

}  // namespace

void start_console() {
  spdlog::set_default_logger(spdlog::stderr_color_st("goldpan"));
  spdlog::set_pattern("%^%v%$");
}

void add_console_options(CLI::App& command) {
  command
      .add_option_function<std::string>(
          "--log",
          [](const std::string& form) {
            settings().json = form == "json";
            if (!settings().json) return;
            spdlog::set_default_logger(
                std::make_shared<spdlog::logger>("goldpan", std::make_shared<JsonSink>()));
            if (settings().quiet) spdlog::set_level(spdlog::level::warn);
          },
          "standard error: text, or json, a line an event")
      ->check(CLI::IsMember({"text", "json"}))
      ->default_str("text")
      ->group("Messages");
  command
      .add_flag_callback(
          "--quiet",
          [] {
            settings().quiet = true;
            spdlog::set_level(spdlog::level::warn);
          },
          "no progress and no messages on standard error but warnings and errors")
      ->group("Messages");
}

bool logs_json() { return settings().json; }

void log_event(const char* name, nlohmann::ordered_json fields) {
  const auto now = std::chrono::system_clock::now();
  const auto milliseconds =
      std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1000;
  nlohmann::ordered_json event;
  event["time"] = fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z",
                              fmt::gmtime(std::chrono::system_clock::to_time_t(now)), milliseconds);
  event["event"] = name;
  event.update(fields);
  // File names need not be UTF-8.
  fmt::print(stderr, "{}\n",
             event.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
  std::fflush(stderr);
}

goldpan::Progress progress_bar(const std::string& title, const std::string& unit) {
  const auto bar = std::make_shared<Bar>(title, unit);
  goldpan::Progress progress;
  progress.report = [bar](std::size_t done, std::size_t total) { bar->show(done, total); };
  progress.stop = [] { return interrupted.load(); };
  return progress;
}

void say_missing(const goldpan::Workers& workers) {
  if (workers.missing() == 0) return;
  spdlog::warn("the system gave {} of {} threads (ulimit -u, ulimit -v); going on with them",
               workers.count(), workers.count() + workers.missing());
}

void stop_on_interrupt() {
  std::signal(SIGALRM, give_up);
  std::signal(SIGINT, interrupt);
  std::signal(SIGTERM, interrupt);
}
