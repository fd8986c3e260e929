#include <cmath>

#include <gtest/gtest.h>

#include <goldpan/core/random.hpp>
#include <goldpan/models/dense_head.hpp>

#include "expect_error.hpp"

namespace goldpan {
namespace {

constexpr std::size_t kHeight = 6, kWidth = 8, kChannels = 5;
constexpr float kPixels = 10;  // a side of a cell

/// Images whose maps are noise, with a bright channel where an object lies, and its size in others.
struct MadeImages {
  explicit MadeImages(std::size_t images, std::uint64_t seed = 1)
      : values(images, kHeight * kWidth * kChannels), boxes(images), sizes(images) {
    Generator generator = Generator(seed).stream("made images");
    for (std::size_t i = 0; i < images; ++i) {
      sizes[i] = {kWidth * kPixels, kHeight * kPixels};
      for (float& value : values.row(i)) value = static_cast<float>(0.1 * generator.normal());
      const auto cell = static_cast<std::size_t>(generator.below(kHeight * kWidth));
      const auto category = static_cast<std::int32_t>(generator.below(2));
      const double width = 8 + 10 * generator.uniform(), height = 8 + 10 * generator.uniform();
      float* const at = values.row(i).data() + cell * kChannels;
      at[category] += 3;
      at[3] += static_cast<float>(std::log(width / 10));
      at[4] += static_cast<float>(std::log(height / 10));
      const double x = (static_cast<double>(cell % kWidth) + 0.5) * kPixels,
                   y = (static_cast<double>(cell / kWidth) + 0.5) * kPixels;
      boxes[i].push_back({.x = x - width / 2,
                          .y = y - height / 2,
                          .width = width,
                          .height = height,
                          .category = category});
    }
  }

  ImageMaps maps() const { return {values, kHeight, kWidth, kChannels, sizes}; }

  Matrix<float> values;
  std::vector<std::vector<Box>> boxes;
  std::vector<std::pair<float, float>> sizes;
};

std::vector<Index> first_rows(std::size_t count) {
  std::vector<Index> rows(count);
  for (Index i = 0; i < count; ++i) rows[i] = i;
  return rows;
}

TEST(AssignCells, GivesABoxTheCellsOfItsInnerHalfAndIgnoresTheRest) {
  const MadeImages made(1);
  // Covers the centres of 4 x 4 cells from (1, 1); its inner half those of 2 x 2 from (2, 2).
  const Box large{.x = 10, .y = 10, .width = 40, .height = 40, .category = 1};
  const Box small{.x = 22, .y = 22, .width = 6, .height = 6, .category = 0};
  const Box boxes[] = {small, large};
  const std::vector<CellTarget> targets = assign_cells(boxes, made.maps(), 0);
  ASSERT_EQ(targets.size(), kHeight * kWidth);
  const auto at = [&](std::size_t x, std::size_t y) { return targets[y * kWidth + x]; };
  EXPECT_EQ(at(2, 2).category, 0) << "the smaller one in front";
  EXPECT_EQ(at(2, 2).box, 0);
  EXPECT_EQ(at(3, 2).category, 1);
  EXPECT_EQ(at(3, 3).box, 1);
  EXPECT_EQ(at(1, 1).category, CellTarget::kIgnored);
  EXPECT_EQ(at(4, 4).category, CellTarget::kIgnored);
  EXPECT_EQ(at(5, 5).category, CellTarget::kBackground);
  EXPECT_EQ(at(0, 0).category, CellTarget::kBackground);
  Box crowd = large;
  crowd.crowd = true;
  const std::vector<CellTarget> ignored = assign_cells({&crowd, 1}, made.maps(), 0);
  EXPECT_EQ(ignored[2 * kWidth + 2].category, CellTarget::kIgnored);
}

TEST(EncodeBox, IsUndoneByDecoding) {
  const MadeImages made(1);
  const Box box{.x = 12, .y = 7, .width = 33, .height = 5};
  for (const std::size_t cell : {0u, 13u, 47u}) {
    const Box back = decode_box(encode_box(box, made.maps(), 0, cell), made.maps(), 0, cell);
    EXPECT_NEAR(back.x, box.x, 1e-4);
    EXPECT_NEAR(back.y, box.y, 1e-4);
    EXPECT_NEAR(back.width, box.width, 1e-4);
    EXPECT_NEAR(back.height, box.height, 1e-4);
  }
  const float far[] = {-3, 0, 9, 0};
  const Box cut = decode_box(far, made.maps(), 0, 0);
  EXPECT_EQ(cut.x, 0);
  EXPECT_EQ(cut.right(), double{kWidth * kPixels}) << "what lies beyond the edge shows nothing";
}

TEST(FitRidge, SolvesTheNormalEquations) {
  Generator generator = Generator(3).stream("ridge");
  Matrix<float> x(50, 4), y(50, 2);
  for (float& value : std::span(x.data(), x.size())) value = static_cast<float>(generator.normal());
  for (float& value : std::span(y.data(), y.size())) value = static_cast<float>(generator.normal());
  const Matrix<float> w = fit_ridge(x, y, 0.7);
  // The gradient X^T (X W - Y) + ridge W vanishes.
  for (std::size_t d = 0; d < 4; ++d) {
    for (std::size_t k = 0; k < 2; ++k) {
      double gradient = 0.7 * double{w(d, k)};
      for (std::size_t i = 0; i < 50; ++i) {
        double residual = -double{y(i, k)};
        for (std::size_t j = 0; j < 4; ++j) residual += double{x(i, j)} * double{w(j, k)};
        gradient += double{x(i, d)} * residual;
      }
      EXPECT_NEAR(gradient, 0, 1e-4);
    }
  }
}

TEST(Suppress, KeepsTheBestOfEachHeapAndOtherCategories) {
  const auto found = [](double x, double score, std::int32_t category) {
    return Detection{{.x = x, .y = 0, .width = 10, .height = 10, .category = category}, score, {}};
  };
  const Detection all[] = {found(0, 0.5, 0), found(1, 0.9, 0), found(2, 0.9, 1), found(30, 0.2, 0)};
  EXPECT_EQ(suppress(all, 0.5, 100), (std::vector<std::size_t>{1, 2, 3}));
  EXPECT_EQ(suppress(all, 0.9, 100), (std::vector<std::size_t>{1, 2, 0, 3}));
  EXPECT_EQ(suppress(all, 0.5, 1), (std::vector<std::size_t>{1}));
}

TEST(DenseHead, LogitsAreThoseOfItsWindows) {
  // A head is linear in the window: logits follow from those of a few windows. Here the fast way,
  // parts of the product cell by cell, is held against differences of single windows.
  const MadeImages made(60);
  Workers workers(1);
  const auto head = DenseHead::fit(made.maps(), first_rows(60), made.boxes, 2, {}, workers);
  // Two images that are equal but for one value: their logits differ in the 7 x 7 cells around.
  Matrix<float> pair(2, made.values.cols());
  std::ranges::copy(made.values.row(0), pair.row(0).begin());
  std::ranges::copy(made.values.row(0), pair.row(1).begin());
  const std::size_t cell = 2 * kWidth + 3;
  pair(1, cell * kChannels + 1) += 1;
  const ImageMaps maps{pair, kHeight, kWidth, kChannels, std::span(made.sizes).first(2)};
  const Matrix<float> before = head->cell_logits(maps, 0), after = head->cell_logits(maps, 1);
  std::vector<float> a(window_size(maps)), b(window_size(maps));
  for (std::size_t i = 0; i < maps.cells(); ++i) {
    write_window(maps, 0, i, a);
    write_window(maps, 1, i, b);
    const bool same = a == b;
    for (std::size_t c = 0; c < 3; ++c) {
      EXPECT_TRUE(!same || before(i, c) == after(i, c)) << i;
      EXPECT_TRUE(std::isfinite(after(i, c)));
    }
    const std::size_t x = i % kWidth, y = i / kWidth;
    EXPECT_EQ(same, y > 5 || x > 6) << "the window of " << x << ", " << y;
  }
}

/// Class logits by the slow way: least squares of the logits on all windows of an image reproduces
/// them exactly, since they are linear in the window.
TEST(DenseHead, LogitsAreLinearInTheWindow) {
  const MadeImages made(200);
  Workers workers(1);
  const auto head = DenseHead::fit(made.maps(), first_rows(200), made.boxes, 2, {}, workers);
  const std::size_t dim = window_size(made.maps()), cells = made.maps().cells(), images = 40;
  Matrix<float> windows(images * cells, dim + 1), logits(images * cells, 3);
  for (std::size_t i = 0; i < images; ++i) {
    const Matrix<float> of_image = head->cell_logits(made.maps(), i);
    for (std::size_t cell = 0; cell < cells; ++cell) {
      const std::size_t row = i * cells + cell;
      write_window(made.maps(), i, cell, windows.row(row).first(dim));
      windows(row, dim) = 1;
      std::ranges::copy(of_image.row(cell), logits.row(row).begin());
    }
  }
  const Matrix<float> weights = fit_ridge(windows, logits, 1e-4);
  double worst = 0;
  for (std::size_t row = 0; row < windows.rows(); ++row) {
    for (std::size_t c = 0; c < 3; ++c) {
      double sum = 0;
      for (std::size_t d = 0; d <= dim; ++d) sum += double{windows(row, d)} * double{weights(d, c)};
      worst = std::max(worst, std::fabs(sum - double{logits(row, c)}));
    }
  }
  EXPECT_LT(worst, 0.02);
}

TEST(DenseHead, FindsWhatItWasTaughtWhereverItLies) {
  const MadeImages made(400), fresh(50, 2);
  Workers workers(2);
  const auto head = DenseHead::fit(made.maps(), first_rows(400), made.boxes, 2, {}, workers);
  std::size_t right = 0;
  for (std::size_t i = 0; i < 50; ++i) {
    std::vector<Index> cells;
    const std::vector<Detection> found = head->detect(fresh.maps(), i, &cells);
    ASSERT_EQ(found.size(), cells.size());
    if (found.empty()) continue;
    const Box &truth = fresh.boxes[i][0], &box = found[0].box;
    EXPECT_EQ(found[0].probabilities.size(), 3u);
    const double reach = std::fabs(box.x - truth.x) + std::fabs(box.right() - truth.right()) +
                         std::fabs(box.y - truth.y) + std::fabs(box.bottom() - truth.bottom());
    right += box.category == truth.category && reach < 12 ? 1 : 0;
  }
  EXPECT_GE(right, 45u);
}

TEST(DenseHead, IsTheSameForAnyNumberOfThreadsAndRefusesNothing) {
  const MadeImages made(80);
  Workers one(1), two(2);
  const auto first = DenseHead::fit(made.maps(), first_rows(80), made.boxes, 2, {}, one);
  const auto second = DenseHead::fit(made.maps(), first_rows(80), made.boxes, 2, {}, two);
  for (std::size_t i = 0; i < 5; ++i) {
    const auto a = first->detect(made.maps(), i), b = second->detect(made.maps(), i);
    ASSERT_EQ(a.size(), b.size());
    for (std::size_t d = 0; d < a.size(); ++d) {
      EXPECT_EQ(a[d].score, b[d].score);
      EXPECT_EQ(a[d].box.x, b[d].box.x);
      EXPECT_EQ(a[d].box.width, b[d].box.width);
    }
  }
  expect_error([&] { DenseHead::fit(made.maps(), {}, made.boxes, 2, {}, one); },
               "got no labelled images");
  // Images without a single object: all is background.
  const std::vector<std::vector<Box>> none(80);
  const auto blind = DenseHead::fit(made.maps(), first_rows(80), none, 2, {}, one);
  EXPECT_TRUE(blind->detect(made.maps(), 0).empty());
}

TEST(ImageDistributions, SumToOne) {
  const std::vector<std::vector<Detection>> found = {
      {{{.category = 1}, 0.6, {0.1f, 0.6f, 0.3f}}, {{.category = 0}, 0.2, {}}},
      {},
      {{{.category = 0}, 0.01, {}}}};
  const Matrix<float> rows = image_distributions(found, 2, 0.05);
  EXPECT_FLOAT_EQ(rows(0, 0), (0.1f + 0.2f) / 2);
  EXPECT_FLOAT_EQ(rows(0, 1), 0.3f);
  EXPECT_FLOAT_EQ(rows(0, 2), (0.3f + 0.8f) / 2);
  EXPECT_EQ(rows(1, 2), 1);
  EXPECT_EQ(rows(2, 2), 1) << "a box that does not count";
}

}  // namespace
}  // namespace goldpan
