#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <string>

#include <httplib.h>

namespace goldpan::label {

/// A connection whose every request has a deadline as a whole: cpp-httplib's own streams have one
/// for each read, which a sender of one byte a second never meets.
class DeadlineStream final : public httplib::Stream {
 public:
  DeadlineStream(socket_t socket, const std::atomic<bool>& stopping)
      : socket_(socket), stopping_(stopping) {}

  /// From now on reading and writing fail after `seconds`, and reading after `bytes`.
  void begin_request(double seconds, std::size_t bytes);
  /// Waits for the first byte of a next request.
  bool wait(double seconds);

  bool is_readable() const override;
  bool is_writable() const override;
  ssize_t read(char* data, size_t size) override;
  ssize_t write(const char* data, size_t size) override;
  void get_remote_ip_and_port(std::string& ip, int& port) const override;
  void get_local_ip_and_port(std::string& ip, int& port) const override;
  socket_t socket() const override { return socket_; }

 private:
  using Clock = std::chrono::steady_clock;
  /// Until the socket is ready for `events`, the time is over or the server stops.
  bool ready(short events) const;
  void set_deadline(double seconds);

  socket_t socket_;
  const std::atomic<bool>& stopping_;
  Clock::time_point deadline_ = Clock::now();
  std::size_t bytes_left_ = 0;
  std::array<char, 4096> buffer_{};  // cpp-httplib reads headers byte by byte
  std::size_t begin_ = 0, end_ = 0;
};

}  // namespace goldpan::label
