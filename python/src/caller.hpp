#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include <nanobind/nanobind.h>

#include <goldpan/core/progress.hpp>

/// The Python side of long work.
///
/// The work runs on a thread of its own, without the GIL. The calling thread meanwhile looks for
/// Ctrl-C, which only Python's main thread can see, and hands news on to `listener`, so that Python
/// code runs where the caller expects it: on the caller's thread.
class Caller {
 public:
  /// `listener` has methods progress(stage, done, total) and say(message), or is None.
  explicit Caller(nanobind::object listener) : listener_(std::move(listener)) {}

  /// For the work: told to stop when the caller pressed Ctrl-C or the listener threw.
  goldpan::Progress progress(std::string stage = {});
  /// The same question alone: what a team of Workers asks.
  std::function<bool()> stop() const {
    return [this] { return stop_.load(); };
  }
  void say(std::string message);

  /// Returns when the work is done; throws what it threw, or what Python has to throw. Requires:
  /// the GIL is held.
  void run(const std::function<void()>& work);

 private:
  struct News {
    std::string stage;
    std::size_t done = 0, total = 0;
    bool fresh = false;
  };

  void tell();
  void wait_for_end();

  nanobind::object listener_;
  std::atomic<bool> stop_ = false;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool finished_ = false;
  News news_;
  std::vector<std::string> messages_;
};
