#include <vector>

#include <gtest/gtest.h>

#include <goldpan/strategies/deduplicate.hpp>

#include "strategies/synthetic_pool.hpp"

namespace goldpan {
namespace {

/// A pool's embeddings in several places.
class Cut {
 public:
  Cut(const Matrix<float>& values, const std::vector<std::size_t>& begins, bool half)
      : half_(half) {
    for (std::size_t i = 0; i < begins.size(); ++i) {
      const std::size_t end = i + 1 < begins.size() ? begins[i + 1] : values.rows();
      const auto part = values.view().rows_between(begins[i], end);
      if (half) {
        auto& copy = halves_.emplace_back();
        for (std::size_t j = 0; j < part.size(); ++j) copy.push_back(to_half(part.data()[j]));
        pieces_.push_back({begins[i], copy.data(), "piece"});
      } else {
        auto& copy = floats_.emplace_back(part.data(), part.data() + part.size());
        pieces_.push_back({begins[i], copy.data(), "piece"});
      }
    }
    rows_ = values.rows();
    cols_ = values.cols();
  }
  Embeddings view() const { return {pieces_, rows_, cols_, half_}; }

 private:
  std::vector<std::vector<float>> floats_;
  std::vector<std::vector<Half>> halves_;
  std::vector<EmbeddingsPiece> pieces_;
  std::size_t rows_, cols_;
  bool half_;
};

/// Every strategy, and deduplication, picks from embeddings in pieces what it picks from one
/// matrix.
TEST(Pieces, ChangeNoPick) {
  const SyntheticPool data(700, 40, 4, 30);
  const Pool whole = data.view();
  for (const bool half : {false, true}) {
    const Cut one(data.embeddings, {0}, half);
    const Cut many(data.embeddings, {0, 1, 300, 512, 513, 699}, half);
    ASSERT_TRUE(one.view().is_contiguous());
    ASSERT_FALSE(many.view().is_contiguous());
    Workers workers(2);
    for (const StrategyInfo& info : strategies()) {
      Pool pool = whole;
      Generator first(3), second(3);
      pool.embeddings = one.view();
      const Selection expected = select(info.name, pool, 20, first, workers);
      pool.embeddings = many.view();
      const Selection got = select(info.name, pool, 20, second, workers);
      EXPECT_EQ(got.indices, expected.indices) << info.name;
      EXPECT_EQ(got.scores, expected.scores) << info.name;
    }
    EXPECT_EQ(deduplicate(many.view(), 0.8, workers).kept_row_of,
              deduplicate(one.view(), 0.8, workers).kept_row_of);
  }
}

}  // namespace
}  // namespace goldpan
