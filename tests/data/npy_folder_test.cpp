#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <goldpan/core/npy.hpp>
#include <goldpan/data/dataset.hpp>

#include "data/fixtures.hpp"
#include "expect_error.hpp"
#include "temporary_folder.hpp"

namespace goldpan {
namespace {

using testing::ElementsAre;

template <typename T>
std::string make_npy(const std::string& type, const std::vector<std::size_t>& shape,
                     const std::vector<T>& values) {
  return npy_header(type, shape) +
         std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
}

class NpyFolder : public testing::Test {
 protected:
  NpyFolder() {
    put_embeddings({1, 2, 3, 4, 5, 6});
    put_labels({2, 0, 1});
  }
  void put_embeddings(const std::vector<float>& values) {
    put(folder_ / "embeddings.npy", make_npy("<f4", {values.size() / 2, 2}, values));
  }
  void put_labels(const std::vector<std::int64_t>& values) {
    put(folder_ / "labels.npy", make_npy("<i8", {values.size()}, values));
  }
  Dataset open(const std::string& group_pattern = "") const {
    DatasetOptions options;
    options.group_pattern = group_pattern;
    return open_dataset("npy:" + folder_.path().string(), options);
  }
  TemporaryFolder folder_;
};

TEST_F(NpyFolder, MapsEmbeddings) {
  const Dataset dataset = open();
  EXPECT_EQ(dataset.size(), 3u);
  EXPECT_EQ(dataset.items.embeddings.cols(), 2u);
  EXPECT_EQ(dataset.items.embeddings.as_float()(2, 1), 6);
  EXPECT_THAT(dataset.targets.labels, ElementsAre(2, 0, 1));
  EXPECT_THAT(dataset.items.ids, ElementsAre("0", "1", "2"));
  EXPECT_THAT(dataset.targets.class_names, ElementsAre("0", "1", "2"));
  EXPECT_EQ(dataset.items.images, nullptr);
  EXPECT_TRUE(dataset.items.splits.empty());
}

TEST_F(NpyFolder, ReadsHalfPrecision) {
  std::vector<Half> values;
  for (const float value : {0.5f, 1.f, 2.f, 4.f, 8.f, 16.f}) values.push_back(to_half(value));
  put(folder_ / "embeddings.npy", make_npy("<f2", {3, 2}, values));
  const Dataset dataset = open();
  ASSERT_TRUE(dataset.items.embeddings.is_half());
  EXPECT_EQ(to_float(dataset.items.embeddings.as_half()(1, 0)), 2);
}

TEST_F(NpyFolder, TakesNamesFromTextFiles) {
  put(folder_ / "ids.txt", "x/drive1_001.jpg\r\nx/drive1_002.jpg\r\nx/drive2_001.jpg\r\n");
  put(folder_ / "classes.txt", "sun\nrain\nfog\nsnow\n");
  put_labels({2, 2, 2});
  const Dataset dataset = open("(drive[0-9]+)");
  EXPECT_THAT(dataset.items.ids,
              ElementsAre("x/drive1_001.jpg", "x/drive1_002.jpg", "x/drive2_001.jpg"));
  EXPECT_THAT(dataset.targets.class_names, ElementsAre("sun", "rain", "fog", "snow"));
  EXPECT_THAT(dataset.items.groups, ElementsAre(0, 0, 1));
}

TEST_F(NpyFolder, ClassesAreThoseThatOccur) {
  put_labels({7, 3, 9});
  const Dataset dataset = open();
  EXPECT_THAT(dataset.targets.class_names, ElementsAre("3", "7", "9"));
  EXPECT_THAT(dataset.targets.labels, ElementsAre(1, 0, 2));
}

TEST_F(NpyFolder, UnknownLabelsAreNoClass) {
  const auto expect_unknown = [&] {
    const Dataset dataset = open();
    EXPECT_THAT(dataset.targets.class_names, ElementsAre("0", "5"));
    EXPECT_THAT(dataset.targets.labels, ElementsAre(1, kUnknownLabel, 0));
    EXPECT_THAT(dataset.notes, ElementsAre("1 items have no label."));
    expect_error([&] { require_labels(dataset); }, "has 1 items without a label, the first is '1'");
  };
  put_labels({5, -1, 0});
  expect_unknown();
  put(folder_ / "labels.npy",
      make_npy<double>("<f8", {3}, {5, std::numeric_limits<double>::quiet_NaN(), 0}));
  expect_unknown();
  put_labels({5, 1, 0});
  require_labels(open());
}

TEST_F(NpyFolder, RefusesWhatDoesNotFitTogether) {
  put_labels({0, 1});
  expect_error([&] { open(); }, "labels.npy] has 2 labels for 3 embeddings");
  put_labels({0, -2, 2});
  expect_error([&] { open(); }, "labels.npy] row 1 has label -2, expected 0 to ");
  put_labels({-1, -1, -1});
  expect_error([&] { open(); }, "labels.npy] holds no label but unknown ones");
  put_labels({0, 1, 3'000'000'000});
  expect_error([&] { open(); }, "row 2 has label 3000000000");
  put_labels({0, 1, 2});
  put(folder_ / "ids.txt", "a\nb\n");
  expect_error([&] { open(); }, "ids.txt] has 2 lines for 3 embeddings");
  put(folder_ / "ids.txt", "a\nb\na\n");
  expect_error([&] { open(); }, "ids.txt, line 3] 'a' stands in line 1 already");
  put(folder_ / "ids.txt", "a\n\nb\n");
  expect_error([&] { open(); }, "ids.txt, line 2] is empty");
  put(folder_ / "ids.txt", "a\nb\n" + std::string(5000, 'c'));
  expect_error([&] { open(); }, "ids.txt, line 3] has 5000 bytes");
  put(folder_ / "ids.txt", "a\nb\nc\n");
  put(folder_ / "classes.txt", "one\ntwo\n");
  expect_error([&] { open(); }, "row 2 has label 2, expected 0 to 1");
}

TEST_F(NpyFolder, RefusesValuesThatAreNotNumbers) {
  put_embeddings({1, 2, 3, std::numeric_limits<float>::quiet_NaN(), 5, 6});
  expect_error([&] { open(); }, "row 1");
  put_embeddings({1, 2, 3, 4, std::numeric_limits<float>::infinity(), 6});
  expect_error([&] { open(); }, "row 2");
}

TEST_F(NpyFolder, RefusesOtherShapesAndTypes) {
  put(folder_ / "embeddings.npy", make_npy<float>("<f4", {0, 2}, {}));
  expect_error([&] { open(); }, "has shape 0 x 2, expected at least one row");
  put(folder_ / "embeddings.npy", make_npy<float>("<f4", {2}, {1, 2}));
  expect_error([&] { open(); }, "expected N x D");
  put_embeddings({1, 2, 3, 4, 5, 6});
  put(folder_ / "labels.npy", make_npy<float>("<f4", {3}, {0, 1.5, 2}));
  expect_error([&] { open(); }, "labels.npy] row 1 has label 1.5, expected whole numbers");
  std::filesystem::remove(folder_ / "labels.npy");
  expect_error([&] { open(); }, "labels.npy] cannot open");
  expect_error([&] { open("(.*)"); }, "labels.npy]");
}

TEST_F(NpyFolder, FingerprintFollowsValuesLabelsAndNames) {
  const std::string before = open().fingerprint;
  put_labels({2, 0, 0});
  EXPECT_NE(open().fingerprint, before);
  put_labels({2, 0, 1});
  EXPECT_EQ(open().fingerprint, before);
  put_embeddings({1, 2, 3, 4, 5, 7});
  EXPECT_NE(open().fingerprint, before);
}

}  // namespace
}  // namespace goldpan
