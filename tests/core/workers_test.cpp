#include <atomic>
#include <cstdlib>
#include <fstream>
#include <numeric>
#include <stdexcept>
#include <vector>

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <goldpan/core/workers.hpp>

#include "expect_error.hpp"

namespace goldpan {
namespace {

TEST(Workers, RunsEveryTaskOnce) {
  for (const int threads : {1, 2, 4}) {
    Workers workers(threads);
    EXPECT_EQ(workers.count(), threads);
    for (const std::size_t tasks : {0, 1, 3, 1000}) {
      std::vector<std::atomic<int>> calls(tasks);
      workers.run(tasks, [&](std::size_t i) { ++calls[i]; });
      for (const auto& count : calls) EXPECT_EQ(count, 1);
    }
  }
}

TEST(Workers, CutsBlocksWithoutGapsForAnyTeam) {
  for (const int threads : {1, 3}) {
    Workers workers(threads);
    std::vector<int> touched(1003);
    workers.for_blocks(touched.size(), 100, [&](std::size_t begin, std::size_t end) {
      EXPECT_EQ(begin % 100, 0u);
      for (std::size_t i = begin; i < end; ++i) ++touched[i];
    });
    EXPECT_EQ(touched, std::vector<int>(1003, 1));
  }
}

TEST(Workers, RethrowsAndStaysUsable) {
  Workers workers(4);
  for (int repeat = 0; repeat < 50; ++repeat) {
    EXPECT_THROW(workers.run(100,
                             [](std::size_t i) {
                               if (i == 17) throw std::runtime_error("17");
                             }),
                 std::runtime_error);
  }
  std::atomic<int> sum = 0;
  workers.run(10, [&](std::size_t i) { sum += static_cast<int>(i); });
  EXPECT_EQ(sum, 45);
}

TEST(Workers, RefusesNumbersOfThreadsThatAreNone) {
  expect_error([] { Workers(-1); }, "[threads] got -1, expected 0 (one a core) to 4096");
  expect_error([] { Workers(2'000'000'000); }, "[threads] got 2000000000");
}

/// In a process of its own, whose address space holds a few stacks only.
TEST(Workers, GoesOnWithThreadsThatCanBeHad) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "sanitizers need the address space";
#endif
  const auto few = [] {
    std::ifstream status("/proc/self/statm");
    rlim_t pages = 0;
    status >> pages;
    const rlim_t room = pages * static_cast<rlim_t>(::sysconf(_SC_PAGESIZE)) + (rlim_t{100} << 20);
    const rlimit limit{room, room};
    if (::setrlimit(RLIMIT_AS, &limit) != 0) std::_Exit(2);
    Workers workers(1000);
    std::atomic<int> sum = 0;
    workers.run(100, [&](std::size_t i) { sum += static_cast<int>(i); });
    const bool right =
        workers.missing() > 0 && workers.count() + workers.missing() == 1000 && sum == 4950;
    std::_Exit(right ? 0 : 1);
  };
  EXPECT_EXIT(few(), testing::ExitedWithCode(0), "");
}

TEST(Workers, StopsEveryLoopOnceAsked) {
  for (const int threads : {1, 3}) {
    std::atomic<bool> stop = false;
    Workers workers(threads, [&] { return stop.load(); });
    std::atomic<int> done = 0;
    EXPECT_THROW(workers.run(std::size_t{1} << 40,
                             [&](std::size_t) {
                               if (++done == 1000) stop = true;
                             }),
                 Cancelled);
    stop = false;  // once stopped, stopped for good
    EXPECT_THROW(workers.run(1, [](std::size_t) {}), Cancelled);
    EXPECT_THROW(workers.stop_if_asked(), Cancelled);
  }
}

TEST(Workers, NestedLoopsAskToo) {
  std::atomic<bool> stop = false;
  Workers workers(2, [&] { return stop.load(); });
  EXPECT_THROW(workers.run(2,
                           [&](std::size_t) {
                             workers.run(std::size_t{1} << 40, [&](std::size_t i) {
                               if (i == 1000) stop = true;
                             });
                           }),
               Cancelled);
}

TEST(Workers, NestedLoopsRunInline) {
  Workers workers(3);
  std::atomic<int> sum = 0;
  workers.run(8, [&](std::size_t) { workers.run(8, [&](std::size_t) { ++sum; }); });
  EXPECT_EQ(sum, 64);
}

}  // namespace
}  // namespace goldpan
