#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <goldpan/imaging/resized_images.hpp>
#include <goldpan/models/resnet18.hpp>
#include <goldpan/vision/torch_build.hpp>

#include "expect_error.hpp"
#include "temporary_folder.hpp"

namespace goldpan {
namespace {

/// Noise with a class in it: stripes down, stripes across, or a checkerboard. Image i is of class
/// i % 3. The last image cannot be decoded.
class Patterns final : public ImageSource {
 public:
  Patterns(std::size_t count, int side) : count_(count), side_(side) {}
  std::size_t size() const override { return count_; }
  Image load(std::size_t index, int) const override {
    if (index + 1 == count_) throw Error(location(index), "is HTML");
    Generator random = Generator(77).stream(index);
    Image image{side_, side_, {}};
    const std::size_t pattern = index % 3;
    for (int y = 0; y < side_; ++y) {
      for (int x = 0; x < side_; ++x) {
        const int cell = pattern == 0 ? x / 2 : pattern == 1 ? y / 2 : x / 2 + y / 2;
        for (int channel = 0; channel < 3; ++channel) {
          image.pixels.push_back(
              static_cast<std::uint8_t>((cell % 2) * 120 + 30 + random.below(100)));
        }
      }
    }
    return image;
  }
  std::string location(std::size_t index) const override {
    return "pattern " + std::to_string(index);
  }

 private:
  std::size_t count_;
  int side_;
};

std::vector<Index> rows_between(Index begin, Index end) {
  std::vector<Index> rows;
  for (Index row = begin; row < end; ++row) rows.push_back(row);
  return rows;
}

std::vector<std::int32_t> labels_of(const std::vector<Index>& rows) {
  std::vector<std::int32_t> labels;
  for (const Index row : rows) labels.push_back(static_cast<std::int32_t>(row % 3));
  return labels;
}

Resnet18Options small_options() {
  Resnet18Options options;
  options.width = 8;
  options.epochs = 6;
  options.batch = 40;
  options.learning_rate = 0.3;
  return options;
}

class Resnet18 : public testing::Test {
 protected:
  std::shared_ptr<const ImageSource> images_ = std::make_shared<Patterns>(201, 16);
  std::vector<Index> train_ = rows_between(0, 120);
  std::vector<Index> rest_ = rows_between(120, 200);
  Workers workers_{2};

  std::unique_ptr<Classifier> fitted(const Resnet18Options& options, Workers& workers,
                                     std::size_t classes = 3) const {
    auto model = make_resnet18(images_, classes, options);
    model->fit(train_, labels_of(train_), {}, Generator(5), workers);
    return model;
  }
};

void expect_equal(const Matrix<float>& a, const Matrix<float>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) ASSERT_EQ(a.data()[i], b.data()[i]) << "value " << i;
}

TEST_F(Resnet18, LearnsThePatterns) {
  // A class without a single example breaks nothing, and is not predicted.
  const auto model = fitted(small_options(), workers_, 4);
  EXPECT_EQ(model->classes(), 4u);
  EXPECT_EQ(model->feature_dim(), 64u);
  Matrix<float> logits(rest_.size(), 4);
  model->logits(rest_, logits, workers_);
  int right = 0;
  for (std::size_t i = 0; i < rest_.size(); ++i) {
    const auto row = logits.row(i);
    right += std::ranges::max_element(row) - row.begin() == rest_[i] % 3;
  }
  EXPECT_GE(right, 72) << "of 80";
}

TEST_F(Resnet18, IsTheSameForAnyNumberOfThreads) {
  Workers one(1), four(4);
  Resnet18Options options = small_options();
  options.epochs = 2;
  const auto a = fitted(options, one), b = fitted(options, four);
  Matrix<float> of_a(rest_.size(), 3), of_b(rest_.size(), 3);
  a->logits(rest_, of_a, one);
  b->logits(rest_, of_b, four);
  expect_equal(of_a, of_b);
  // A second fit starts afresh.
  b->fit(train_, labels_of(train_), {}, Generator(5), four);
  b->logits(rest_, of_b, one);
  expect_equal(of_a, of_b);
  b->fit(train_, labels_of(train_), {}, Generator(6), four);
  b->logits(rest_, of_b, one);
  EXPECT_NE(of_a(0, 0), of_b(0, 0));
}

TEST_F(Resnet18, RowsDoNotDependOnTheBlock) {
  Resnet18Options options = small_options();
  options.epochs = 1;
  const auto together = fitted(options, workers_), apart = fitted(options, workers_);
  Matrix<float> all(rest_.size(), 64), one(1, 64);
  together->features(rest_, all, workers_);
  for (std::size_t i = rest_.size(); i-- > 0;) {
    apart->features(std::span(rest_).subspan(i, 1), one, workers_);
    for (std::size_t f = 0; f < 64; ++f) ASSERT_EQ(one(0, f), all(i, f));
  }
}

TEST_F(Resnet18, LogitsAreTheLastLayerOfTheFeatures) {
  // Without dropout each pass is the softmax of the logits.
  Resnet18Options options = small_options();
  options.epochs = 1;
  options.dropout = 0;
  const auto model = fitted(options, workers_);
  const auto passes = model->stochastic_passes(2, 2.0f, Generator(1));
  Matrix<float> logits(rest_.size(), 3);
  model->logits(rest_, logits, workers_);
  std::vector<float> found(rest_.size() * 2 * 3);
  passes->probabilities(rest_, found);
  for (std::size_t i = 0; i < rest_.size(); ++i) {
    double sum = 0;
    for (std::size_t c = 0; c < 3; ++c) sum += std::exp(logits(i, c) / 2.0);
    for (std::size_t c = 0; c < 3; ++c) {
      EXPECT_NEAR(found[i * 6 + c], std::exp(logits(i, c) / 2.0) / sum, 1e-5);
      EXPECT_EQ(found[i * 6 + c], found[i * 6 + 3 + c]);
    }
  }
}

TEST_F(Resnet18, MasksBelongToPasses) {
  Resnet18Options options = small_options();
  options.epochs = 1;
  options.dropout = 0.5f;
  const auto model = fitted(options, workers_);
  const auto passes = model->stochastic_passes(5, 1.0f, Generator(1));
  const auto again = model->stochastic_passes(5, 1.0f, Generator(1));
  ASSERT_EQ(passes->passes(), 5u);
  // The same row, asked for twice and in another block, meets the same masks.
  const std::vector<Index> rows = {130, 140, 130};
  std::vector<float> found(3 * 15), alone(15);
  passes->probabilities(rows, found);
  again->probabilities(std::span(rows).subspan(0, 1), alone);
  for (std::size_t i = 0; i < 15; ++i) {
    EXPECT_EQ(found[i], found[30 + i]);
    EXPECT_EQ(found[i], alone[i]);
  }
  EXPECT_NE(found[0], found[3]);  // two passes differ
  for (std::size_t at = 0; at < found.size(); at += 3) {
    EXPECT_NEAR(found[at] + found[at + 1] + found[at + 2], 1.0f, 1e-5f);
  }
}

TEST_F(Resnet18, WeightsScaleLosses) {
  Resnet18Options options = small_options();
  options.epochs = 1;
  auto plain = fitted(options, workers_);
  auto weighted = make_resnet18(images_, 3, options);
  weighted->fit(train_, labels_of(train_), std::vector<float>(train_.size(), 1.0f), Generator(5),
                workers_);
  Matrix<float> a(1, 3), b(1, 3);
  plain->logits(std::span(rest_).first(1), a, workers_);
  weighted->logits(std::span(rest_).first(1), b, workers_);
  expect_equal(a, b);
  // With all weight on class 2 nothing else is learnt.
  std::vector<float> weights;
  for (const Index row : train_) weights.push_back(row % 3 == 2 ? 1.0f : 0.0f);
  weighted->fit(train_, labels_of(train_), weights, Generator(5), workers_);
  weighted->logits(std::span(rest_).first(1), b, workers_);
  EXPECT_GT(b(0, 2), b(0, 0));
  EXPECT_GT(b(0, 2), b(0, 1));
}

TEST_F(Resnet18, CheckpointsSaveTrainingAgain) {
  const TemporaryFolder folder;
  Resnet18Options options = small_options();
  options.epochs = 1;
  std::size_t steps = 0, total = 0;
  options.progress.report = [&](std::size_t, std::size_t of) { ++steps, total = of; };
  options.checkpoints = folder / "checkpoints";
  const auto first = fitted(options, workers_);
  EXPECT_EQ(steps, 8u);  // 120 examples in batches of 16 or less
  EXPECT_EQ(total, 8u);
  const auto second = fitted(options, workers_);
  EXPECT_EQ(steps, 8u);  // read, not trained
  Matrix<float> a(rest_.size(), 3), b(rest_.size(), 3);
  first->logits(rest_, a, workers_);
  second->logits(rest_, b, workers_);
  expect_equal(a, b);
  // Other labels are another fit.
  auto labels = labels_of(train_);
  labels[7] = (labels[7] + 1) % 3;
  second->fit(train_, labels, {}, Generator(5), workers_);
  EXPECT_EQ(steps, 16u);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(options.checkpoints), {}), 2);
}

TEST_F(Resnet18, CanBeStopped) {
  Resnet18Options options = small_options();
  options.progress.stop = [] { return true; };
  auto model = make_resnet18(images_, 3, options);
  EXPECT_THROW(model->fit(train_, labels_of(train_), {}, Generator(5), workers_), Cancelled);
}

TEST_F(Resnet18, LargeImagesGetImageNetsStem) {
  // Any size comes in; larger than 64 pixels takes the stem that halves twice.
  Resnet18Options options = small_options();
  options.epochs = 1;
  options.width = 4;
  options.image_size = 72;
  const auto small = std::make_shared<ResizedImages>(images_, 72);
  auto model = make_resnet18(small, 3, options);
  const std::vector<Index> rows = rows_between(0, 32);
  model->fit(rows, labels_of(rows), {}, Generator(5), workers_);
  auto resizing = make_resnet18(images_, 3, options);
  resizing->fit(rows, labels_of(rows), {}, Generator(5), workers_);
  Matrix<float> a(rows.size(), 3), b(rows.size(), 3);
  model->logits(rows, a, workers_);
  resizing->logits(rows, b, workers_);
  expect_equal(a, b);
}

TEST_F(Resnet18, RefusesBadInput) {
  const auto refuse = [&](auto change, const std::string& message) {
    Resnet18Options options = small_options();
    change(options);
    expect_error([&] { make_resnet18(images_, 3, options); }, message);
  };
  refuse([](Resnet18Options& o) { o.epochs = 0; }, "0 epochs");
  refuse([](Resnet18Options& o) { o.batch = 0; }, "batch 0");
  refuse([](Resnet18Options& o) { o.image_size = 4; }, "image_size 4");
  refuse([](Resnet18Options& o) { o.dropout = 1; }, "dropout");
  refuse([](Resnet18Options& o) { o.learning_rate = 0; }, "learning_rate");
  refuse([](Resnet18Options& o) { o.momentum = 1; }, "momentum");
  refuse([](Resnet18Options& o) { o.device = "tpu"; }, "got device 'tpu'");
  if (!torch_build().cuda) {
    refuse([](Resnet18Options& o) { o.device = "cuda:0"; }, "needs a libtorch with CUDA");
  }
  expect_error([&] { make_resnet18(images_, 0); }, "0 classes");
  expect_error([&] { make_resnet18(nullptr, 3); }, "no images");

  auto model = make_resnet18(images_, 3, small_options());
  const auto fit = [&](std::vector<Index> rows, std::vector<std::int32_t> labels) {
    model->fit(rows, labels, {}, Generator(1), workers_);
  };
  expect_error([&] { fit({}, {}); }, "no examples");
  expect_error([&] { fit({1, 2}, {0, 3}); }, "label 1] got class 3, expected 0 to 2");
  expect_error([&] { fit({1, 200}, {0, 1}); }, "pattern 200] is HTML");
  Resnet18Options wild = small_options();
  wild.learning_rate = 1e30;
  auto diverging = make_resnet18(images_, 3, wild);
  expect_error([&] { diverging->fit(train_, labels_of(train_), {}, Generator(1), workers_); },
               "diverged");
}

TEST_F(Resnet18, RunsOnCuda) {
  if (torch_build().gpus == 0) GTEST_SKIP() << "no CUDA device here";
  Resnet18Options options = small_options();
  options.device = "cuda";
  const auto model = fitted(options, workers_), again = fitted(options, workers_);
  Matrix<float> a(rest_.size(), 3), b(rest_.size(), 3);
  model->logits(rest_, a, workers_);
  again->logits(rest_, b, workers_);
  int right = 0;
  for (std::size_t i = 0; i < rest_.size(); ++i) {
    const auto row = a.row(i);
    right += std::ranges::max_element(row) - row.begin() == rest_[i] % 3;
    for (std::size_t c = 0; c < 3; ++c) EXPECT_NEAR(a(i, c), b(i, c), 0.05);
  }
  EXPECT_GE(right, 72) << "of 80";
}

}  // namespace
}  // namespace goldpan
