#include <set>
#include <string>

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
using testing::HasSubstr;

TEST(Dataset, FormatsAreNamedOnceAndDescribed) {
  std::set<std::string> names;
  for (const DatasetFormat& format : dataset_formats()) {
    EXPECT_TRUE(names.insert(format.name).second) << format.name;
    EXPECT_FALSE(format.summary.empty()) << format.name;
    EXPECT_EQ(format.name.find(':'), std::string::npos);
    EXPECT_NE(format.name, "auto");
  }
  for (const char* const name : {"cifar10", "folder", "idx", "npy", "bdd100k"}) {
    EXPECT_TRUE(names.contains(name)) << name;
  }
}

TEST(Dataset, EveryFolderFormatNamesAMissingFolder) {
  const TemporaryFolder folder;
  put(folder / "file", "text");
  for (const std::string name : {"cifar10", "folder", "idx", "npy", "bdd100k"}) {
    expect_error([&] { open_dataset(name); }, "expected " + name + ":DIR");
    expect_error([&] { open_dataset(name + ":"); }, "expected " + name + ":DIR");
    expect_error([&] { open_dataset(name + ":" + (folder / "none").string()); },
                 "none] no such folder");
    expect_error([&] { open_dataset(name + ":" + (folder / "file").string()); },
                 "file] is not a folder");
    // An empty folder is none of them.
    expect_error([&] { open_dataset(name + ":" + folder.path().string()); },
                 folder.path().string());
  }
}

TEST(Dataset, ListsTheFormatsForAnUnknownOne) {
  const TemporaryFolder folder;
  expect_error([] { open_dataset("cifar:x"); },
               "got 'cifar:x', expected auto or FORMAT:LOCATION with one of the formats cifar10, "
               "folder, idx, npy, bdd100k");
  expect_error([&] { open_dataset(folder.path().string()); },
               "for a folder of images: folder:" + folder.path().string());
}

TEST(Dataset, AutoTakesTheFirstKnownDataSet) {
  const TemporaryFolder folder;
  DatasetOptions options;
  options.search_path = {folder / "missing", folder.path()};
  write_cifar10(folder / "cifar-10-batches-bin", 1);
  Dataset found = open_dataset("auto", options);
  EXPECT_EQ(found.spec, "cifar10:" + (folder / "cifar-10-batches-bin").string());
  EXPECT_EQ(found.notes[0], "'auto' chose " + found.spec + ".");

  // BDD100K comes before CIFAR-10.
  put(folder / "bdd100k/images/100k/train/a.jpg", encode_jpeg(make_image(8, 8)));
  put(folder / "bdd100k/labels/det_20/det_train.json", "[" + frame_json("a.jpg", "clear") + "]");
  found = open_dataset("auto", options);
  EXPECT_EQ(found.spec, "bdd100k:" + (folder / "bdd100k").string());
  EXPECT_EQ(found.size(), 1u);
}

TEST(Dataset, SubsetCutsEveryListAlike) {
  const TemporaryFolder folder;
  for (const char* const name : {"train/a/1_1.jpg", "train/b/1_1.jpg", "test/a/2_1.jpg"}) {
    put(folder / name, encode_jpeg(make_image(8, 8)));
  }
  DatasetOptions options;
  options.group_pattern = "^(.*)_";
  Dataset all = open_dataset("folder:" + folder.path().string(), options);
  all.targets.boxes = {{}, {{.x = 1, .y = 2, .width = 2, .height = 2}}, {}};
  all.items.attributes["weather"] = {"clear", "rainy", "foggy"};
  const Dataset part = subset(all, {2, 1});
  EXPECT_EQ(part.spec, all.spec);
  EXPECT_THAT(part.targets.labels, ElementsAre(0, 1));
  EXPECT_THAT(part.items.ids, ElementsAre("test/a/2_1.jpg", "train/b/1_1.jpg"));
  EXPECT_THAT(part.items.splits, ElementsAre(Split::kTest, Split::kTrain));
  EXPECT_THAT(part.items.groups, ElementsAre(2, 1));
  EXPECT_EQ(part.targets.boxes[1].size(), 1u);
  EXPECT_THAT(part.items.attributes.at("weather"), ElementsAre("foggy", "rainy"));
  EXPECT_EQ(part.items.images->size(), 2u);
  EXPECT_EQ(part.items.images->location(0), all.items.images->location(2));
  EXPECT_EQ(part.items.images->load(0).pixels, all.items.images->load(2).pixels);
  EXPECT_EQ(part.fingerprint, subset(all, {2, 1}).fingerprint);
  EXPECT_NE(part.fingerprint, subset(all, {1, 2}).fingerprint);
  EXPECT_EQ(subset(all, {}).size(), 0u);
  expect_error([&] { subset(all, {3}); }, "got item 3 of 3");
  expect_error([&] { subset(all, {1, 1}); }, "got item 1 twice");
}

TEST(Dataset, SubsetOutlivesTheEmbeddingsItWasTakenFrom) {
  const TemporaryFolder folder;
  Matrix<float> values(4, 3);
  for (std::size_t i = 0; i < values.size(); ++i) values.data()[i] = static_cast<float>(i);
  write_npy(folder / "embeddings.npy", values);
  put(folder / "labels.npy", npy_header("|u1", {4}) + std::string("\0\1\0\1", 4));
  Dataset part = subset(open_dataset("npy:" + folder.path().string()), {3, 0});
  ASSERT_EQ(part.items.embeddings.rows(), 2u);
  EXPECT_EQ(part.items.embeddings.as_float()(0, 2), 11);
  EXPECT_EQ(part.items.embeddings.as_float()(1, 0), 0);
  EXPECT_EQ(part.items.images, nullptr);
}

TEST(Dataset, NamesOfClassesAreUtf8) {
  const TemporaryFolder folder;
  const std::string image = encode_jpeg(make_image(8, 8));
  put(folder / "caf\xE9" / "a.jpg", image);
  put(folder / "tea" / "b.jpg", image);
  const Dataset dataset = open_dataset("folder:" + folder.path().string());
  EXPECT_THAT(dataset.targets.class_names, ElementsAre("caf\xEF\xBF\xBD", "tea"));
  EXPECT_EQ(dataset.notes.size(), 1u);
  put(folder / "caf\xE8" / "c.jpg", image);
  expect_error([&] { open_dataset("folder:" + folder.path().string()); },
               "two classes that are written");
}

/// Backtracking engines take 2^n steps for this, and cannot be stopped.
TEST(Groups, NoPatternTakesLong) {
  const TemporaryFolder folder;
  std::string ids;
  for (int i = 0; i < 100; ++i) ids += std::string(2000, 'a') + std::to_string(i) + "!\n";
  put(folder / "ids.txt", ids);
  put(folder / "embeddings.npy", npy_header("<f4", {100, 1}) + std::string(400, '\0'));
  put(folder / "labels.npy", npy_header("|u1", {100}) + std::string(100, '\0'));
  DatasetOptions options;
  options.group_pattern = "(a+)+$";
  expect_error([&] { open_dataset("npy:" + folder.path().string(), options); }, "matches none");
  options.group_pattern = "(a+)+";
  EXPECT_EQ(open_dataset("npy:" + folder.path().string(), options).items.groups,
            std::vector<std::uint32_t>(100, 0));
  options.group_pattern = "(a";
  expect_error([&] { open_dataset("npy:" + folder.path().string(), options); },
               "'(a' is not a regular expression: missing ): (a");
  options.group_pattern = "a+";
  expect_error([&] { open_dataset("npy:" + folder.path().string(), options); }, "captures nothing");
}

}  // namespace
}  // namespace goldpan
