#include <algorithm>
#include <limits>
#include <numeric>
#include <set>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernels/kmeans.hpp"
#include "reference/coverage.hpp"
#include "strategies/synthetic_pool.hpp"

namespace goldpan {
namespace {

Selection pick(const Pool& pool, std::size_t batch, std::size_t most = 1000) {
  Generator generator(0);
  Workers workers(2);
  StrategyOptions options;
  options.values.set("max_clusters", most);
  return select("k_means", pool, batch, generator, workers, options);
}

TEST(KMeansPicks, AreTheRowsNearestTheirCenters) {
  const SyntheticPool data(400, 8, 5, 30);
  const Selection picked = pick(data.view(), 12);
  // The same clusters, found on rows brought to length 1 here.
  const Matrix<double> exact = reference::unit_rows(data.embeddings);
  Matrix<float> unit(data.unlabeled.size(), 8);
  for (std::size_t i = 0; i < unit.rows(); ++i) {
    for (std::size_t d = 0; d < 8; ++d) {
      unit(i, d) = static_cast<float>(exact(data.unlabeled[i], d));
    }
  }
  Generator stream = Generator(0).stream("k_means").stream("clusters");
  Workers workers(1);
  KMeansOptions settings;
  settings.clusters = 12;
  const KMeans found = kmeans(unit, settings, stream, workers);
  std::set<Index> nearest;
  for (std::size_t c = 0; c < 12; ++c) {
    double least = std::numeric_limits<double>::infinity();
    Index best = 0;
    for (std::size_t i = 0; i < unit.rows(); ++i) {
      if (found.assignment[i] != c) continue;
      double sum = 0;
      for (std::size_t d = 0; d < 8; ++d) {
        const double difference = double{unit(i, d)} - found.centers(c, d);
        sum += difference * difference;
      }
      if (sum < least) {
        least = sum;
        best = data.unlabeled[i];
      }
    }
    nearest.insert(best);
  }
  EXPECT_EQ(std::set<Index>(picked.indices.begin(), picked.indices.end()), nearest);
  EXPECT_TRUE(std::ranges::is_sorted(picked.scores, std::greater<>()));
  EXPECT_EQ(std::accumulate(picked.scores.begin(), picked.scores.end(), 0.0), 370.0);
}

TEST(KMeansPicks, BeyondTheClustersAreRandom) {
  const SyntheticPool data(200, 4, 3, 0);
  const Selection picked = pick(data.view(), 50, 20);
  EXPECT_EQ(std::set<Index>(picked.indices.begin(), picked.indices.end()).size(), 50u);
  EXPECT_EQ(std::ranges::count(picked.scores, 0.0), 30);
  EXPECT_EQ(std::vector<Index>(picked.indices.begin(), picked.indices.begin() + 20),
            pick(data.view(), 20, 20).indices);
  EXPECT_THAT(picked.notes[0], testing::HasSubstr("20 clusters, 30 picks at random"));
}

}  // namespace
}  // namespace goldpan
