#include "session/folder_lock.hpp"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <goldpan/core/error.hpp>
#include <goldpan/core/files.hpp>

namespace goldpan {

FolderLock::FolderLock(const std::filesystem::path& folder, const std::string& file,
                       const std::string& busy) {
  make_writable_folder(folder);
  const std::filesystem::path path = folder / file;
  descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor_ < 0) {
    throw Error(path.string(), std::string("cannot write: ") + std::strerror(errno));
  }
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0) return;
  const int reason = errno;
  ::close(descriptor_);
  if (reason == EWOULDBLOCK) throw Error(folder.string(), busy);
  throw Error(path.string(), std::string("cannot lock: ") + std::strerror(reason));
}

FolderLock::~FolderLock() { ::close(descriptor_); }

}  // namespace goldpan
