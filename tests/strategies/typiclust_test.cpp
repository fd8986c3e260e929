#include "reference/typiclust.hpp"

#include <numeric>
#include <vector>

#include <gtest/gtest.h>

#include "kernels/kmeans.hpp"
#include "strategies/synthetic_pool.hpp"

namespace goldpan {
namespace {

Selection pick(const Pool& pool, std::size_t batch, int threads = 2) {
  Generator generator(0);
  Workers workers(threads);
  return select("typiclust", pool, batch, generator, workers);
}

/// Points on a line, none labelled.
struct Line {
  explicit Line(std::vector<float> values) : x(std::move(values)), rows(x.size()) {
    std::iota(rows.begin(), rows.end(), Index{0});
  }
  Pool view() const {
    Pool pool;
    pool.embeddings = MatrixView<const float>(x.data(), x.size(), 1);
    pool.unlabeled = rows;
    return pool;
  }
  std::vector<float> x;
  std::vector<Index> rows;
};

TEST(TypiClust, TakesTheMiddleOfEachClusterLargestFirst) {
  // Two clusters: seven points around 0, with their densest at row 3, and nine around 100, row 11.
  const Line line({-6, -4, -1, 0, 1, 3, 5,  //
                   92, 95, 98, 99, 100, 101, 102, 105, 108});
  const Selection picked = pick(line.view(), 2);
  EXPECT_EQ(picked.indices, (std::vector<Index>{11, 3}));
  EXPECT_NEAR(picked.scores[0], 1 / 1.5, 1e-6);        // 9 / 2 = 4 neighbours: 1, 1, 2, 2
  EXPECT_NEAR(picked.scores[1], 1 / (5.0 / 3), 1e-6);  // 7 / 2 = 3 neighbours: 1, 1, 3
}

TEST(TypiClust, ClustersWithLabelsComeLater) {
  Line line({-6, -4, -1, 0, 1, 3, 5, 92, 95, 98, 99, 100, 101, 102, 105, 108});
  Pool pool = line.view();
  const std::vector<Index> labeled = {7};
  line.rows.erase(line.rows.begin() + 7);
  pool.unlabeled = line.rows;
  pool.labeled = labeled;
  // Two clusters again: |L| + B = 2. The larger one has a label.
  EXPECT_EQ(pick(pool, 1).indices, (std::vector<Index>{3}));
}

TEST(TypiClust, SmallClustersAreLeftOutUntilNothingElseIsLeft) {
  const Line line({0, 1, 2, 3, 4, 5, 6, 1000, 1001});
  const Selection two = pick(line.view(), 2);
  EXPECT_TRUE(two.notes.empty());
  for (const Index row : two.indices) EXPECT_LT(row, 7u);
}

TEST(TypiClust, SaysWhenItHadToPickFromSmallClusters) {
  const Line line({0, 1, 50, 51, 100, 101});
  const Selection picked = pick(line.view(), 6);
  ASSERT_EQ(picked.notes.size(), 1u);
  EXPECT_NE(picked.notes[0].find("6 picks from smaller clusters"), std::string::npos);
}

TEST(TypiClust, DuplicatesAreAtDistanceZeroAndTiesGoToTheLowestRow) {
  const Line line({7, 7, 7, 7, 7, 7, 7, 7});
  const Selection picked = pick(line.view(), 1);
  EXPECT_EQ(picked.indices, (std::vector<Index>{0}));
  EXPECT_GT(picked.scores[0], 1e30);
}

TEST(TypiClust, MatchesTheDefinition) {
  // Large clusters (over one block of distances) and many picks (more than the spare neighbours).
  struct Case {
    std::size_t rows, dims, labels, batch;
  };
  for (const Case& c :
       {Case{300, 3, 20, 40}, Case{700, 6, 0, 3}, Case{1300, 2, 1, 1}, Case{400, 2, 3, 390}}) {
    const SyntheticPool data(c.rows, c.dims, 5, c.labels, c.rows);
    const Pool pool = data.view();
    Generator generator(0);
    Workers workers(2);
    KMeansOptions settings;
    settings.clusters = std::min<std::size_t>(c.labels + c.batch, 500);
    Generator stream = generator.stream("typiclust");
    const KMeans found = kmeans(pool.embeddings, settings, stream, workers);
    std::vector<double> scores;
    // As far as the clusters of more than five members go, with a margin for what they lack.
    const Selection picked = pick(pool, c.batch);
    std::vector<std::size_t> sizes(settings.clusters);
    for (const auto cluster : found.assignment) ++sizes[cluster];
    std::size_t available = 0;
    for (const Index row : data.unlabeled) available += sizes[found.assignment[row]] > 5;
    const std::size_t count = std::min(c.batch, available);
    const std::vector<Index> expected = reference::typiclust(
        data.embeddings, data.labeled, data.unlabeled, count, found.assignment, scores);
    EXPECT_EQ(std::vector<Index>(picked.indices.begin(),
                                 picked.indices.begin() + static_cast<std::ptrdiff_t>(count)),
              expected);
    for (std::size_t i = 0; i < count; ++i) {
      EXPECT_NEAR(picked.scores[i], scores[i], 1e-4 * scores[i]) << i;
    }
  }
}

}  // namespace
}  // namespace goldpan
