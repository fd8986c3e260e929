#include <filesystem>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <goldpan/data/dataset.hpp>

#include "data/fixtures.hpp"
#include "expect_error.hpp"
#include "temporary_folder.hpp"

namespace goldpan {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ImageFolder : public testing::Test {
 protected:
  void add(const std::string& name) { put(folder_ / name, encode_jpeg(make_image(8, 8, seed_++))); }
  Dataset open(const std::string& group_pattern = "") const {
    DatasetOptions options;
    options.group_pattern = group_pattern;
    return open_dataset("folder:" + folder_.path().string(), options);
  }

  TemporaryFolder folder_;
  unsigned seed_ = 0;
};

TEST_F(ImageFolder, ReadsClassesWithoutSplits) {
  for (const char* const name : {"dog/b.jpg", "dog/a.JPEG", "cat/z.png", "cat/a.jpg"}) add(name);
  const Dataset dataset = open();
  EXPECT_THAT(dataset.targets.class_names, ElementsAre("cat", "dog"));
  EXPECT_THAT(dataset.items.ids, ElementsAre("cat/a.jpg", "cat/z.png", "dog/a.JPEG", "dog/b.jpg"));
  EXPECT_THAT(dataset.targets.labels, ElementsAre(0, 0, 1, 1));
  EXPECT_TRUE(dataset.items.splits.empty());
  EXPECT_TRUE(dataset.items.groups.empty());
  EXPECT_TRUE(dataset.notes.empty());
  EXPECT_EQ(dataset.items.images->size(), 4u);
  EXPECT_EQ(dataset.items.images->load(2).width, 8);
  EXPECT_EQ(dataset.items.images->location(3), (folder_ / "dog/b.jpg").string());
}

TEST_F(ImageFolder, ReadsShippedSplits) {
  for (const char* const name : {"train/b/1.jpg", "train/a/1.jpg", "val/a/1.jpg", "val/c/1.jpg"}) {
    add(name);
  }
  const Dataset dataset = open();
  EXPECT_THAT(dataset.targets.class_names, ElementsAre("a", "b", "c"));
  EXPECT_THAT(dataset.items.ids,
              ElementsAre("train/a/1.jpg", "train/b/1.jpg", "val/a/1.jpg", "val/c/1.jpg"));
  EXPECT_THAT(dataset.items.splits,
              ElementsAre(Split::kTrain, Split::kTrain, Split::kTest, Split::kTest));
}

TEST_F(ImageFolder, CountsValidationImagesAsTrainingBesideATest) {
  for (const char* const name : {"train/a/1.jpg", "val/a/2.jpg", "test/a/3.jpg"}) add(name);
  const Dataset dataset = open();
  EXPECT_THAT(dataset.items.splits, ElementsAre(Split::kTrain, Split::kTrain, Split::kTest));
  EXPECT_THAT(dataset.notes, ElementsAre(HasSubstr("'val' counts as training data")));
}

TEST_F(ImageFolder, TakesAClassCalledTrainForAClass) {
  for (const char* const name : {"train/1.jpg", "bus/1.jpg"}) add(name);
  EXPECT_THAT(open().targets.class_names, ElementsAre("bus", "train"));
}

TEST_F(ImageFolder, OrdersNumericClassesByValue) {
  for (const char* const name : {"10/1.jpg", "9/1.jpg", "0/1.jpg"}) add(name);
  EXPECT_THAT(open().targets.class_names, ElementsAre("0", "9", "10"));
  add("x/1.jpg");
  EXPECT_THAT(open().targets.class_names, ElementsAre("0", "10", "9", "x"));
}

TEST_F(ImageFolder, PassesOverWhatIsHiddenAndNotesTheRest) {
  for (const char* const name : {"a/1.jpg", "b/1.jpg", "a/.hidden.jpg", ".git/x.jpg"}) add(name);
  EXPECT_TRUE(open().notes.empty());
  put(folder_ / "README", "text");
  put(folder_ / "a/labels.csv", "text");
  put(folder_ / "empty_class/notes.txt", "text");
  add("a/nested/1.jpg");
  const Dataset dataset = open();
  EXPECT_EQ(dataset.size(), 2u);
  EXPECT_THAT(dataset.notes, ElementsAre(HasSubstr("3 files are not images in a class folder"),
                                         HasSubstr("2 folders hold no images")));
}

TEST_F(ImageFolder, GroupsByClassAndPattern) {
  for (const char* const name :
       {"0/7_1.jpg", "0/7_2.jpg", "1/7_1.jpg", "1/8_1.jpg", "1/other.jpg"}) {
    add(name);
  }
  const Dataset dataset = open("^(.*)_[0-9]+$");
  EXPECT_THAT(dataset.items.groups, ElementsAre(0, 0, 1, 2, 3));
  EXPECT_THAT(dataset.notes, ElementsAre(HasSubstr("1 of 5 items do not match")));
  expect_error([&] { open("("); }, "'(' is not a regular expression");
  expect_error([&] { open("^x"); }, "captures nothing");
  expect_error([&] { open("^(drive[0-9]+)"); }, "matches none of the 5 names, the first is '7_1'");
}

TEST_F(ImageFolder, RefusesFoldersWithoutClasses) {
  expect_error([&] { open(); }, "has no class folders with images");
  add("1.jpg");
  expect_error([&] { open(); }, "expected CLASS/*.jpg|jpeg|png");
}

TEST_F(ImageFolder, FingerprintFollowsNamesAndContentOnly) {
  for (const char* const name : {"a/1.jpg", "a/2.jpg", "b/1.jpg"}) add(name);
  const std::string before = open().fingerprint;
  const auto later = std::filesystem::file_time_type::clock::now() + std::chrono::hours(1);
  std::filesystem::last_write_time(folder_ / "a/1.jpg", later);
  EXPECT_EQ(open().fingerprint, before);
  std::filesystem::rename(folder_ / "a/2.jpg", folder_ / "b/2.jpg");
  const std::string moved = open().fingerprint;
  EXPECT_NE(moved, before);
  std::filesystem::rename(folder_ / "b/2.jpg", folder_ / "a/2.jpg");
  EXPECT_EQ(open().fingerprint, before);
  add("a/1.jpg");  // another picture
  EXPECT_NE(open().fingerprint, before);
}

TEST_F(ImageFolder, LeavesBrokenImagesToTheirReader) {
  add("a/1.jpg");
  put(folder_ / "a/2.jpg", "<html>");
  const Dataset dataset = open();
  ASSERT_EQ(dataset.size(), 2u);
  expect_error([&] { dataset.items.images->load(1); }, "a/2.jpg] looks like an HTML page");
}

}  // namespace
}  // namespace goldpan
