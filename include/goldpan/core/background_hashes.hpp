#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

namespace goldpan {

/// SHA-256 of inputs, taken on a thread of its own while other work goes on: an audit trail names
/// its inputs without making anybody wait. What is hashed stays where it is (a mapped file) and
/// must outlive this object.
///
///     BackgroundHashes hashes({{"embeddings", file.bytes()}});
///     ... select ...
///     hashes.get("embeddings");  // waits for what is left, if anything
class BackgroundHashes {
 public:
  struct Input {
    std::string name;
    std::span<const std::byte> bytes;
  };

  /// Starts at once, the inputs one after the other in their order; at the first get() where the
  /// system gives no thread.
  explicit BackgroundHashes(std::vector<Input> inputs);
  /// Stops: digests that nobody asked for are not finished.
  ~BackgroundHashes();
  BackgroundHashes(const BackgroundHashes&) = delete;
  BackgroundHashes& operator=(const BackgroundHashes&) = delete;

  /// The digest of an input in 64 hexadecimal digits; waits until it is there. Throws Error for a
  /// name that is not among the inputs, and what went wrong on the thread.
  std::string get(const std::string& name);

 private:
  void work();

  std::vector<Input> inputs_;
  std::atomic<bool> stopping_ = false;
  std::mutex mutex_;  // of what follows
  std::map<std::string, std::string> digests_;
  std::exception_ptr error_;
  std::condition_variable done_;
  std::thread thread_;  // the last member: it uses the others
};

}  // namespace goldpan
