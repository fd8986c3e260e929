#include "label/connections.hpp"

#include <algorithm>
#include <system_error>
#include <thread>

#include <sys/socket.h>

namespace goldpan::label {

void Connections::start(std::function<void()> task) {
  {
    std::unique_lock lock(mutex_);
    // Connections that were shut down need a moment to leave; nobody new until they have.
    done_.wait(lock, [&] { return threads_ < 2 * places_; });
    ++threads_;
  }
  try {
    std::thread([this, task = std::move(task)] {
      task();
      const std::lock_guard lock(mutex_);
      --threads_;
      done_.notify_all();
    }).detach();
  } catch (const std::system_error&) {  // no thread to be had: this one has to wait for it
    task();
    const std::lock_guard lock(mutex_);
    --threads_;
    done_.notify_all();
  }
}

void Connections::finish() {
  std::unique_lock lock(mutex_);
  for (const Entry& entry : entries_) ::shutdown(entry.socket, SHUT_RD);
  done_.wait(lock, [&] { return threads_ == 0; });
}

Connections::Handle Connections::enter(int socket) {
  const std::lock_guard lock(mutex_);
  std::size_t staying = 0;
  for (const Entry& entry : entries_) staying += !entry.evicted;
  if (staying >= places_) {
    const auto oldest = std::find_if(entries_.begin(), entries_.end(), [](const Entry& entry) {
      return !entry.trusted && !entry.evicted;
    });
    if (oldest != entries_.end()) {
      oldest->evicted = true;
      ::shutdown(oldest->socket, SHUT_RDWR);
    }
  }
  return entries_.insert(entries_.end(), {socket, false, false});
}

void Connections::leave(Handle entry) {
  const std::lock_guard lock(mutex_);
  entries_.erase(entry);
}

void Connections::trust(Handle entry) {
  const std::lock_guard lock(mutex_);
  entry->trusted = true;
}

}  // namespace goldpan::label
