#pragma once

#include <filesystem>
#include <string>

namespace goldpan {

/// Keeps a second process out of a folder; the system lifts it however the process ends. Whoever
/// holds a data base under it declares the lock first, so that the data base is closed before.
class FolderLock {
 public:
  /// Makes the folder if it is not there and locks FOLDER/`file`. Throws Error, with `busy` as its
  /// text, if another process holds it.
  FolderLock(const std::filesystem::path& folder, const std::string& file, const std::string& busy);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int descriptor_ = -1;
};

}  // namespace goldpan
