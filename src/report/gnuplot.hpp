#pragma once

#include <filesystem>
#include <string>

namespace goldpan::report {

/// Runs `program` (a name in PATH or a path) on a script in a fresh temporary folder as the working
/// folder, without the user's start-up files, in the C locale. Returns what went wrong, or nothing:
/// not installed, killed, slower than five minutes, or its first words of complaint.
std::string run_gnuplot(const std::string& program, const std::string& script,
                        const std::filesystem::path& folder);

/// A folder below the system's temporary folder that is removed, with all in it, at the end.
class ScratchFolder {
 public:
  /// Throws Error if none can be made.
  ScratchFolder();
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace goldpan::report
