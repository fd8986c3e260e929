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
class Workers {
 public:
  /// `threads` <= 0: as many as the machine has cores.
  explicit Workers(int threads = 0);
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  int count() const;

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
