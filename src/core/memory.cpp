#include <fstream>
#include <string>

#include <fmt/format.h>

#include <goldpan/core/error.hpp>
#include <goldpan/core/matrix.hpp>
#include <goldpan/core/memory.hpp>

namespace goldpan {

void throw_too_large(std::size_t rows, std::size_t cols, std::size_t value_bytes) {
  const double gib = static_cast<double>(rows) * static_cast<double>(cols) *
                     static_cast<double>(value_bytes) / 0x1p30;
  throw Error("memory", fmt::format("got no room for {} x {} values of {} bytes ({:.1f} GiB), "
                                    "expected a smaller input or more memory",
                                    rows, cols, value_bytes, gib));
}

std::size_t peak_resident_bytes() {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word) {
    std::size_t kibibytes = 0;
    if (word == "VmHWM:" && status >> kibibytes) return kibibytes * 1024;
  }
  return 0;
}

}  // namespace goldpan
