#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>

#include <unistd.h>

#include <goldpan/core/error.hpp>

// What the fuzzers share. A reader may refuse its input with goldpan::Error; whatever else it
// throws, and what the sanitizers find, ends the fuzzer.

namespace goldpan::fuzz {

/// A folder in memory, for readers that take a path. It stays: the fuzzer ends by a signal.
inline const std::filesystem::path& folder() {
  static const std::filesystem::path path = [] {
    const std::filesystem::path memory = "/dev/shm";
    auto made =
        (std::filesystem::is_directory(memory) ? memory : std::filesystem::temp_directory_path()) /
        ("goldpan-fuzz-" + std::to_string(::getpid()));
    std::filesystem::create_directories(made);
    return made;
  }();
  return path;
}

inline void put(const std::filesystem::path& path, std::span<const std::uint8_t> bytes) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
}

/// Ends the fuzzer where a result is not what it must be.
inline void require(bool holds) {
  if (!holds) std::abort();
}

template <typename Read>
int may_refuse(const Read& read) {
  try {
    read();
  } catch (const Error&) {
  }
  return 0;
}

}  // namespace goldpan::fuzz
