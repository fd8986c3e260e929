#pragma once

#include <cstddef>
#include <functional>
#include <memory>

namespace goldpan {

/// A fixed team of threads for data-parallel loops.
///
/// Work is cut by the caller into numbered tasks whose number never depends on the number of
/// threads; each task writes its own place, so results are the same for any team. Calls from inside
/// a task run inline, so parallel functions may be nested freely.
///
/// A team is also the one place where all long work can be stopped: between tasks, at most a
/// hundred times a second, it asks `stop`, and once that has said yes every loop of the team, those
/// to come included, throws Cancelled. What is written in terms of loops needs no poll of its own
/// (docs/decisions/0161-the-team-asks.md).
class Workers {
 public:
  /// More threads than this are a slip of the pen.
  static constexpr int kMostThreads = 4096;

  /// `threads` 0: as many as the machine has cores. Where the system gives fewer (limits on
  /// processes or memory) the team is smaller, see missing(). `stop` (empty: never) may be called
  /// from any thread, but never from two at once. Throws Error for a negative number of threads or
  /// more than kMostThreads.
  explicit Workers(int threads = 0, std::function<bool()> stop = {});
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  int count() const;
  /// How many threads were asked for but could not be had.
  int missing() const;

  /// Asks whether to stop now, as every loop does by itself: for long work that is no loop of the
  /// team's. Throws Cancelled.
  void stop_if_asked();

  /// Calls task(0), ..., task(tasks - 1), each once, in any order on any thread of the team, and
  /// returns when all are done. The exception of the lowest-numbered task that threw is rethrown;
  /// tasks not yet begun are then skipped. Calls on one team from several outside threads take
  /// turns.
  void run(std::size_t tasks, const std::function<void(std::size_t task)>& task);

  /// Cuts [0, size) into blocks of `block` (the last may be shorter) and calls body(begin, end) for
  /// each.
  void for_blocks(std::size_t size, std::size_t block,
                  const std::function<void(std::size_t begin, std::size_t end)>& body);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace goldpan
