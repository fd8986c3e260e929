#include "label/deadline_stream.hpp"

#include <algorithm>
#include <cerrno>

#include <poll.h>
#include <sys/socket.h>

namespace goldpan::label {

void DeadlineStream::set_deadline(double seconds) {
  deadline_ = Clock::now() +
              std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
}

bool DeadlineStream::ready(short events) const {
  constexpr auto kSlice = std::chrono::milliseconds(200);  // how soon a stopping server is noticed
  while (!stopping_) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - Clock::now());
    if (left.count() <= 0) return false;
    pollfd entry{socket_, events, 0};
    const int found = ::poll(&entry, 1, static_cast<int>(std::min(left, kSlice).count()) + 1);
    if (found > 0) return true;
    if (found < 0 && errno != EINTR) return false;
  }
  return false;
}

void DeadlineStream::begin_request(double seconds, std::size_t bytes) {
  set_deadline(seconds);
  bytes_left_ = bytes;
}

bool DeadlineStream::wait(double seconds) {
  if (begin_ < end_) return true;
  set_deadline(seconds);
  return ready(POLLIN);
}

bool DeadlineStream::is_readable() const { return begin_ < end_ || ready(POLLIN); }
bool DeadlineStream::is_writable() const { return ready(POLLOUT); }

ssize_t DeadlineStream::read(char* data, size_t size) {
  if (begin_ == end_) {
    if (!ready(POLLIN)) return -1;
    const ssize_t got = ::recv(socket_, buffer_.data(), buffer_.size(), 0);
    if (got <= 0) return got;
    begin_ = 0;
    end_ = static_cast<std::size_t>(got);
  }
  const std::size_t count = std::min({size, end_ - begin_, bytes_left_});
  if (count == 0 && size > 0) return -1;  // more than any request may hold
  std::copy_n(buffer_.data() + begin_, count, data);
  begin_ += count;
  bytes_left_ -= count;
  return static_cast<ssize_t>(count);
}

ssize_t DeadlineStream::write(const char* data, size_t size) {
  if (!ready(POLLOUT)) return -1;
  return ::send(socket_, data, size, MSG_NOSIGNAL);
}

void DeadlineStream::get_remote_ip_and_port(std::string& ip, int& port) const {
  ip.clear();  // nobody asks for it
  port = 0;
}

void DeadlineStream::get_local_ip_and_port(std::string& ip, int& port) const {
  ip.clear();
  port = 0;
}

}  // namespace goldpan::label
