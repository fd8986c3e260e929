#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <goldpan/data/dataset.hpp>

#include "data/bdd100k_labels.hpp"

// The real data sets, where GOLDPAN_DATA names a folder that has them.

namespace goldpan {
namespace {

using testing::Each;
using testing::ElementsAre;

std::filesystem::path real_data(const std::string& name) {
  const char* const folder = std::getenv("GOLDPAN_DATA");
  if (folder == nullptr) return {};
  const std::filesystem::path path = std::filesystem::path(folder) / name;
  return std::filesystem::exists(path) ? path : std::filesystem::path();
}

#define GOLDPAN_REAL_DATA(path, name)                 \
  const std::filesystem::path path = real_data(name); \
  if (path.empty()) GTEST_SKIP() << "set GOLDPAN_DATA to a folder that holds " << (name)

std::vector<std::size_t> counts_of_classes(const Dataset& dataset,
                                           std::optional<Split> split = {}) {
  std::vector<std::size_t> counts(dataset.targets.class_names.size());
  for (std::size_t i = 0; i < dataset.size(); ++i) {
    if (!split || dataset.items.splits[i] == *split)
      ++counts[static_cast<std::size_t>(dataset.targets.labels[i])];
  }
  return counts;
}

TEST(RealData, Cifar10AsImageFiles) {
  GOLDPAN_REAL_DATA(path, "cifar10");
  const Dataset dataset = open_dataset("cifar10:" + path.string());
  EXPECT_EQ(dataset.size(), 60'000u);
  EXPECT_THAT(dataset.targets.class_names,
              ElementsAre("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse",
                          "ship", "truck"));
  EXPECT_THAT(counts_of_classes(dataset, Split::kTrain), Each(5000u));
  EXPECT_THAT(counts_of_classes(dataset, Split::kTest), Each(1000u));
  for (std::size_t i = 0; i < dataset.size(); i += 97) {
    EXPECT_EQ(dataset.items.images->load(i, 16).height, 16) << dataset.items.ids[i];
  }
}

TEST(RealData, TrafficSignsComeInTracks) {
  GOLDPAN_REAL_DATA(path, "gtsrb");
  DatasetOptions options;
  options.group_pattern = "^([0-9]+)_[0-9]+$";
  const Dataset dataset = open_dataset("folder:" + path.string(), options);
  EXPECT_EQ(dataset.targets.class_names.size(), 43u);
  const auto count = [&](Split split) {
    return std::count(dataset.items.splits.begin(), dataset.items.splits.end(), split);
  };
  EXPECT_EQ(count(Split::kTrain), 39'209);
  EXPECT_EQ(count(Split::kTest), 12'630);
  const auto train = counts_of_classes(dataset, Split::kTrain);
  EXPECT_EQ(*std::min_element(train.begin(), train.end()), 210u);
  EXPECT_EQ(*std::max_element(train.begin(), train.end()), 2250u);
  std::map<std::uint32_t, std::size_t> sizes;
  for (std::size_t i = 0; i < dataset.size(); ++i) {
    if (dataset.items.splits[i] == Split::kTrain) ++sizes[dataset.items.groups[i]];
  }
  // 30 frames of each of 1307 signs, but for one that has 29.
  EXPECT_EQ(sizes.size(), 1307u);
  for (const auto& [group, size] : sizes) EXPECT_TRUE(size == 30 || size == 29) << size;
}

TEST(RealData, Bdd100kFrames) {
  GOLDPAN_REAL_DATA(path, "bdd100k-subset");
  const Dataset dataset = open_dataset("bdd100k:" + path.string());
  EXPECT_EQ(dataset.size(), 641u);
  EXPECT_THAT(counts_of_classes(dataset, Split::kTrain), ElementsAre(162, 44, 83, 37, 31, 0, 84));
  EXPECT_THAT(counts_of_classes(dataset, Split::kTest), ElementsAre(110, 13, 23, 16, 16, 0, 22));
  std::size_t boxes = 0;
  for (const auto& of_item : dataset.targets.boxes) boxes += of_item.size();
  EXPECT_EQ(boxes, 9204u + 3644u);
  for (std::size_t i = 0; i < dataset.size(); i += 40) {
    const bool full_size = dataset.items.splits[i] == Split::kTest;
    const Image image = dataset.items.images->load(i, 256);
    EXPECT_EQ(image.width, full_size ? 640 : 128) << dataset.items.ids[i];
    EXPECT_EQ(image.height, full_size ? 360 : 128) << dataset.items.ids[i];
  }
}

TEST(RealData, Bdd100kLabelFileOfTenThousandFrames) {
  GOLDPAN_REAL_DATA(path, "bdd100k-val10k-labels");
  std::map<std::string, std::size_t> weather;
  std::map<std::string, std::size_t> time_of_day;
  std::set<std::string> names;
  std::size_t boxes = 0;
  read_frame_list(path / "bdd100k_labels_images_val.json", [&](FrameLabels&& frame) {
    ++weather[frame.attributes[0]];
    ++time_of_day[frame.attributes[1]];
    boxes += frame.boxes.size();
    names.insert(frame.name);
  });
  EXPECT_EQ(names.size(), 10'000u);
  EXPECT_EQ(boxes, 185'526u);
  EXPECT_EQ(weather, (std::map<std::string, std::size_t>{{"clear", 5346},
                                                         {"overcast", 1239},
                                                         {"undefined", 1157},
                                                         {"snowy", 769},
                                                         {"partly cloudy", 738},
                                                         {"rainy", 738},
                                                         {"foggy", 13}}));
  EXPECT_EQ(time_of_day["night"], 3929u);
}

TEST(RealData, FashionMnistAsDebianShipsIt) {
  const std::filesystem::path path = "/usr/share/datasets/fashion-mnist";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "needs Debian's dataset-fashion-mnist";
  const Dataset dataset = open_dataset("idx:" + path.string());
  EXPECT_EQ(dataset.size(), 70'000u);
  EXPECT_EQ(dataset.targets.class_names[9], "Ankle boot");
  EXPECT_THAT(counts_of_classes(dataset, Split::kTrain), Each(6000u));
  EXPECT_THAT(counts_of_classes(dataset, Split::kTest), Each(1000u));
  EXPECT_EQ(dataset.items.images->load(69'999).width, 28);
}

}  // namespace
}  // namespace goldpan
