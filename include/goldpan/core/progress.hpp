#pragma once

#include <cstddef>
#include <functional>

#include <goldpan/core/error.hpp>

namespace goldpan {

/// How long work talks to its caller. Both members may be empty. They may be called from any
/// thread, but never from two at once.
struct Progress {
  /// Told how much is done: `done` of `total` steps.
  std::function<void(std::size_t done, std::size_t total)> report;
  /// Asked now and then; the work throws Cancelled when it answers true.
  std::function<bool()> stop;

  /// Reports, then throws Cancelled if the caller wants to stop.
  void step(std::size_t done, std::size_t total) const {
    if (report) report(done, total);
    if (stop && stop()) throw Cancelled();
  }
};

}  // namespace goldpan
