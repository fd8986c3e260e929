#include "embed/partial_file.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <goldpan/core/error.hpp>

namespace goldpan {

PartialFile::PartialFile(const std::filesystem::path& path) : path_(path) {
  while (true) {
    descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (descriptor_ < 0) fail("cannot write");
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
      const int reason = errno;
      ::close(descriptor_);
      if (reason == EWOULDBLOCK) throw Error(path_.string(), "is being written by another process");
      errno = reason;
      fail("cannot lock");
    }
    // Another process may have completed the file, and renamed it, between our two calls: then this
    // is no longer the partial file but a finished one, not to be written again.
    struct stat opened = {}, named = {};
    if (::fstat(descriptor_, &opened) == 0 && ::stat(path.c_str(), &named) == 0 &&
        opened.st_ino == named.st_ino && opened.st_dev == named.st_dev) {
      return;
    }
    ::close(descriptor_);
  }
}

PartialFile::~PartialFile() { ::close(descriptor_); }

void PartialFile::fail(const std::string& what) const {
  throw Error(path_.string(), what + ": " + std::strerror(errno));
}

std::size_t PartialFile::size() const {
  struct stat status = {};
  if (::fstat(descriptor_, &status) != 0) fail("cannot read its size");
  return static_cast<std::size_t>(status.st_size);
}

void PartialFile::resize(std::size_t bytes) {
  if (::ftruncate(descriptor_, static_cast<off_t>(bytes)) != 0) fail("cannot change its size");
}

void PartialFile::write(std::size_t offset, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written =
        ::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail("cannot write");
    offset += static_cast<std::size_t>(written);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

void PartialFile::read(std::size_t offset, std::span<std::byte> bytes) const {
  while (!bytes.empty()) {
    const ssize_t count =
        ::pread(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail("cannot read");
    if (count == 0) throw Error(path_.string(), "ended while it was read");
    offset += static_cast<std::size_t>(count);
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
}

void PartialFile::flush() {
  if (::fsync(descriptor_) != 0) fail("cannot write");
}

void PartialFile::rename_to(const std::filesystem::path& path) {
  if (::rename(path_.c_str(), path.c_str()) != 0) fail("cannot rename to " + path.string());
}

}  // namespace goldpan
