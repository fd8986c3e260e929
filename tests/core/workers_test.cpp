#include <atomic>
#include <numeric>
#include <stdexcept>
#include <vector>

#include <gtest/gtest.h>

#include <goldpan/core/workers.hpp>

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

TEST(Workers, NestedLoopsRunInline) {
  Workers workers(3);
  std::atomic<int> sum = 0;
  workers.run(8, [&](std::size_t) { workers.run(8, [&](std::size_t) { ++sum; }); });
  EXPECT_EQ(sum, 64);
}

}  // namespace
}  // namespace goldpan
