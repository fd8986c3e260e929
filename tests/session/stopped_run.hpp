#pragma once

#include <cstddef>
#include <functional>

#include <goldpan/core/error.hpp>
#include <goldpan/core/progress.hpp>

namespace goldpan {

/// Starts a run again and again, each time stopped after one round that the journal did not hold,
/// until it is done. Returns how often it was stopped.
inline int stops_until_done(const std::function<void(const Progress&)>& run) {
  int stops = 0;
  while (true) {
    int rounds = 0;
    Progress one_more;
    one_more.report = [&](std::size_t, std::size_t) { ++rounds; };
    one_more.stop = [&] { return rounds > stops; };
    try {
      run(one_more);
      return stops;
    } catch (const Cancelled&) {
      ++stops;
    }
  }
}

}  // namespace goldpan
