#include "kernels/top_k.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

#include <gtest/gtest.h>

#include <goldpan/core/random.hpp>

#include "reference/uncertainty.hpp"

namespace goldpan {
namespace {

std::vector<Index> take_rows(TopK& top) {
  std::vector<Index> rows;
  for (const TopK::Entry& entry : top.take()) rows.push_back(entry.row);
  return rows;
}

void expect_top(const std::vector<double>& scores, std::size_t k) {
  std::vector<Index> rows(scores.size());
  std::iota(rows.begin(), rows.end(), 5u);
  TopK top(k);
  for (std::size_t begin = 0; begin < rows.size(); begin += 1000) {
    const std::size_t count = std::min<std::size_t>(1000, rows.size() - begin);
    top.add(std::span(rows).subspan(begin, count), std::span(scores).subspan(begin, count));
  }
  EXPECT_EQ(take_rows(top), reference::top(rows, scores, std::min(k, rows.size())));
}

TEST(TopK, MatchesSortingWhateverTheOrder) {
  std::vector<double> scores(20000);
  for (const std::size_t k : {0, 1, 10, 2500, 19999, 20000, 30000}) {
    Generator generator(k);
    for (double& score : scores) score = generator.uniform();
    expect_top(scores, k);
    std::sort(scores.begin(), scores.end());  // every row beats all before it
    expect_top(scores, k);
    std::reverse(scores.begin(), scores.end());
    expect_top(scores, k);
  }
}

TEST(TopK, TiesGoToTheLowestRow) {
  expect_top(std::vector<double>(20000, 1.0), 2500);
  std::vector<double> scores(20000);
  Generator generator(1);
  for (double& score : scores) score = static_cast<double>(generator.below(3));
  for (const std::size_t k : {1, 2500, 10000}) expect_top(scores, k);
}

TEST(TopK, NothingAdded) {
  TopK top(3);
  EXPECT_TRUE(top.take().empty());
}

}  // namespace
}  // namespace goldpan
