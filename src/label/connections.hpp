#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <list>
#include <mutex>

namespace goldpan::label {

/// The connections of a server: a thread each, as many as there are places. When all places are
/// taken, the oldest connection that has shown no token is shut down, so that whoever opens
/// hundreds and says nothing keeps nobody out.
class Connections {
 public:
  struct Entry {
    int socket = -1;
    bool trusted = false;
    bool evicted = false;
  };
  using Handle = std::list<Entry>::iterator;

  explicit Connections(std::size_t places) : places_(places) {}

  /// Runs `task` in a thread of its own.
  void start(std::function<void()> task);
  /// Waits until all are done.
  void finish();

  Handle enter(int socket);
  void leave(Handle entry);
  void trust(Handle entry);

 private:
  const std::size_t places_;
  std::mutex mutex_;
  std::condition_variable done_;
  std::list<Entry> entries_;  // oldest first
  std::size_t threads_ = 0;
};

}  // namespace goldpan::label
