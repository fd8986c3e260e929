#include "console.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <memory>

#include <fmt/format.h>
#include <sys/time.h>
#include <unistd.h>

namespace {

std::atomic<bool> interrupted = false;
static_assert(std::atomic<bool>::is_always_lock_free, "set from a signal handler");

// What is polled stops long before this. What is not (a file of a gigabyte being parsed, a library
// at work) is ended by it: everything written survives being killed, so that nothing is lost.
constexpr itimerval kGrace = {{0, 0}, {0, 800'000}};

constexpr int kInterrupted = 130;  // as main.cpp has it

void interrupt(int signal) {
  interrupted = true;
  std::signal(signal, SIG_DFL);
  ::setitimer(ITIMER_REAL, &kGrace, nullptr);
}

void give_up(int) {
  constexpr char kMessage[] = "\nstopped; what is finished is kept, and the same command resumes\n";
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, kMessage, sizeof kMessage - 1);
  ::_exit(kInterrupted);
}

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
    if (is_terminal_) {
      if (!complete && now - drawn_ < std::chrono::milliseconds(100)) return;
    } else {
      const std::size_t tenth = total == 0 ? 10 : done * 10 / total;
      // Nobody needs ten lines about what took no time.
      if (tenth == last_tenth_ || now - begin_ < std::chrono::seconds(1)) return;
      last_tenth_ = tenth;
    }
    drawn_ = now;
    const std::string line = text(done, total, std::chrono::duration<double>(now - begin_).count());
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
    std::string line = fmt::format("{:<10} [{}{}] {:3.0f} %", title_, std::string(filled, '#'),
                                   std::string(kWidth - filled, '.'), share * 100);
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
  bool first_call_ = true;
  Clock::time_point begin_, drawn_;
  std::size_t done_at_begin_ = 0;
  std::size_t last_tenth_ = 0;
};

}  // namespace

goldpan::Progress progress_bar(const std::string& title, const std::string& unit) {
  const auto bar = std::make_shared<Bar>(title, unit);
  goldpan::Progress progress;
  progress.report = [bar](std::size_t done, std::size_t total) { bar->show(done, total); };
  progress.stop = [] { return interrupted.load(); };
  return progress;
}

void say_missing(const goldpan::Workers& workers) {
  if (workers.missing() == 0) return;
  fmt::print(stderr,
             "the system gave {} of {} threads (ulimit -u, ulimit -v); going on with them\n",
             workers.count(), workers.count() + workers.missing());
}

void stop_on_interrupt() {
  std::signal(SIGALRM, give_up);
  std::signal(SIGINT, interrupt);
  std::signal(SIGTERM, interrupt);
}
