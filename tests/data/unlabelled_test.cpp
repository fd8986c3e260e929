#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <goldpan/core/files.hpp>
#include <goldpan/data/dataset.hpp>
#include <goldpan/imaging/image_file.hpp>

#include "expect_error.hpp"
#include "temporary_folder.hpp"

namespace goldpan {
namespace {

class UnlabelledTest : public testing::Test {
 protected:
  void image(const std::string& name, std::uint8_t value = 0) {
    std::filesystem::create_directories((folder / name).parent_path());
    write_jpeg(folder / name, {8, 8, std::vector<std::uint8_t>(192, value)});
  }
  Dataset images(const std::string& pattern = {}) {
    DatasetOptions options;
    options.group_pattern = pattern;
    return open_dataset("images:" + folder.path().string(), options);
  }
  Dataset list(const std::string& content) {
    write_file(folder / "list.csv", content);
    return open_dataset("list:" + (folder / "list.csv").string());
  }
  TemporaryFolder folder;
};

TEST_F(UnlabelledTest, AFolderIsFlatOrNestedAndHasNoLabels) {
  image("b.jpg");
  image("a.JPG");
  image("drive 2/cam/1.jpeg");
  write_file(folder / "notes.txt", "x");
  const Dataset dataset = images();
  EXPECT_EQ(dataset.items.ids, (std::vector<std::string>{"a.JPG", "b.jpg", "drive 2/cam/1.jpeg"}));
  EXPECT_TRUE(dataset.targets.labels.empty());
  EXPECT_EQ(dataset.items.images->load(2).width, 8);
  ASSERT_EQ(dataset.notes.size(), 1u);
  EXPECT_NE(dataset.notes[0].find("notes.txt"), std::string::npos);
}

TEST_F(UnlabelledTest, FingerprintFollowsNamesAndContents) {
  image("a.jpg");
  image("b.jpg");
  const std::string before = images().fingerprint;
  EXPECT_EQ(images().fingerprint, before);
  image("b.jpg", 200);
  const std::string changed = images().fingerprint;
  EXPECT_NE(changed, before);
  std::filesystem::rename(folder / "b.jpg", folder / "c.jpg");
  EXPECT_NE(images().fingerprint, changed);
}

TEST_F(UnlabelledTest, GroupsComeFromNames) {
  image("d1_001.jpg");
  image("d1_002.jpg");
  image("d2_001.jpg");
  EXPECT_EQ(images("^(d[0-9]+)_").items.groups, (std::vector<std::uint32_t>{0, 0, 1}));
}

TEST_F(UnlabelledTest, AListNamesPathsFromWhereItLies) {
  image("deep/a.jpg");
  const Dataset plain = list("deep/a.jpg\n" + (folder / "deep/a.jpg").string() + "\r\n\n");
  EXPECT_EQ(plain.items.ids[0], "deep/a.jpg");
  EXPECT_EQ(plain.items.images->load(1).width, 8);
  const Dataset table =
      list("id,path,group\n7,deep/a.jpg,x\n\"8, left\",deep/a.jpg,y\n9,no.jpg,x\n");
  EXPECT_EQ(table.items.ids, (std::vector<std::string>{"7", "8, left", "9"}));
  EXPECT_EQ(table.items.groups, (std::vector<std::uint32_t>{0, 1, 0}));
  // A file that is missing is an image that cannot be decoded, to be skipped and counted.
  expect_error([&] { table.items.images->load(2); }, "no.jpg");
}

TEST_F(UnlabelledTest, ErrorsNameFileAndLine) {
  expect_error([&] { images(); }, "holds no images, expected *.jpg");
  expect_error([&] { list(""); }, "list.csv] names no image");
  expect_error([&] { list("id,path\na,b,c\n"); }, "list.csv:2] has 3 fields, expected 2");
  expect_error([&] { list("id,path\n\"a,b\n"); }, "list.csv:2] has a quote that is not closed");
  expect_error([&] { list("a.jpg\nb.jpg\na.jpg\n"); }, "list.csv:3] names 'a.jpg' a second time");
  expect_error([&] { list("id,path\n,b\n"); }, "list.csv:2] has no id or no path");
  expect_error([] { open_dataset("list:"); }, "names no file");
}

}  // namespace
}  // namespace goldpan
