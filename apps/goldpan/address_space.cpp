// OpenBLAS allocates its buffers when it is loaded, before main, and where a limit on the address
// space (`ulimit -v`) leaves no room for them it asks again and again, for ever. What stands in
// .preinit_array runs before the constructors of all libraries: there the room is asked for once.
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "outcome.hpp"

namespace {

/// Its buffers, one of 32 MiB for each core that it may use, and the stacks of their threads.
constexpr rlim_t kRoom = rlim_t{256} << 20;

void refuse_small_address_space(int, char**, char**) {
  rlimit limit = {};
  if (::getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return;
  void* const room =
      ::mmap(nullptr, kRoom, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (room != MAP_FAILED) {
    ::munmap(room, kRoom);
    return;
  }
  constexpr char kMessage[] =
      "error: [memory] the limit on the address space (ulimit -v) leaves less than 256 MiB for "
      "OpenBLAS' buffers, expected a higher limit\n";
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, kMessage, sizeof kMessage - 1);
  ::_exit(static_cast<int>(Status::kInternal));
}

[[gnu::section(".preinit_array"),
  gnu::used]] void (*const kFirst)(int, char**, char**) = refuse_small_address_space;

}  // namespace
