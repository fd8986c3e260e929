#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <goldpan/core/error.hpp>
#include <goldpan/data/dataset.hpp>

#include "data/fixtures.hpp"
#include "data/idx_file.hpp"
#include "expect_error.hpp"
#include "temporary_folder.hpp"

namespace goldpan {
namespace {

using testing::ElementsAre;

const std::string kPixels = "abcdefghijkl";  // 2 images of 3 x 2

class Idx : public testing::Test {
 protected:
  Dataset open(const std::string& below = "") const {
    return open_dataset("idx:" + (folder_ / below).string());
  }
  void put_train(const std::string& below = "") {
    put(folder_ / (below + "train-images-idx3-ubyte"), make_idx({2, 3, 2}, kPixels));
    put(folder_ / (below + "train-labels-idx1-ubyte"), make_idx({2}, {'\x03', '\x01'}));
  }
  TemporaryFolder folder_;
};

TEST_F(Idx, ReadsPlainAndPackedFiles) {
  put_train();
  put(folder_ / "t10k-images-idx3-ubyte.gz", gzip(make_idx({1, 3, 2}, "mnopqr")));
  put(folder_ / "t10k-labels.idx1-ubyte", make_idx({1}, {'\x00'}));
  const Dataset dataset = open();
  EXPECT_THAT(dataset.targets.labels, ElementsAre(3, 1, 0));
  EXPECT_THAT(dataset.items.splits, ElementsAre(Split::kTrain, Split::kTrain, Split::kTest));
  EXPECT_THAT(dataset.items.ids, ElementsAre("train:0", "train:1", "t10k:0"));
  EXPECT_EQ(dataset.targets.class_names.size(), 10u);
  EXPECT_EQ(dataset.targets.class_names[3], "3");
  const Image image = dataset.items.images->load(1);
  EXPECT_EQ(image.width, 2);
  EXPECT_EQ(image.height, 3);
  EXPECT_EQ(std::string(image.pixels.begin(), image.pixels.end()), "ggghhhiiijjjkkklll");
  EXPECT_EQ(dataset.items.images->load(2).pixels[0], 'm');
  EXPECT_EQ(dataset.items.images->location(2), "t10k-images-idx3-ubyte.gz, record 0");
}

TEST_F(Idx, PackingDoesNotChangeTheData) {
  put_train();
  const Dataset plain = open();
  EXPECT_TRUE(plain.items.splits.empty());
  std::filesystem::remove(folder_ / "train-images-idx3-ubyte");
  put(folder_ / "train-images-idx3-ubyte.gz", gzip(make_idx({2, 3, 2}, kPixels)));
  EXPECT_EQ(open().fingerprint, plain.fingerprint);
  put(folder_ / "train-images-idx3-ubyte.gz", gzip(make_idx({2, 2, 3}, kPixels)));
  EXPECT_NE(open().fingerprint, plain.fingerprint);
}

TEST_F(Idx, NamesClasses) {
  put_train("fashion-mnist/");
  EXPECT_EQ(open("fashion-mnist").targets.class_names[9], "Ankle boot");
  EXPECT_EQ(open("fashion-mnist/").targets.class_names[0], "T-shirt/top");
  put(folder_ / "fashion-mnist/classes.txt", "a\nb\nc\nd\n");
  EXPECT_THAT(open("fashion-mnist").targets.class_names, ElementsAre("a", "b", "c", "d"));
  put(folder_ / "fashion-mnist/classes.txt", "a\nb\nc\n");
  expect_error([&] { open("fashion-mnist"); }, "names 3 classes, but there is a label 3");
}

TEST_F(Idx, RefusesCountsThatLie) {
  const auto refuse = [&](const std::string& images, const std::string& message) {
    put_train();
    put(folder_ / "train-images-idx3-ubyte", images);
    expect_error([&] { open(); }, message);
    std::filesystem::remove(folder_ / "train-images-idx3-ubyte");
    put(folder_ / "train-images-idx3-ubyte.gz", gzip(images));
    EXPECT_THROW(open(), Error);
    std::filesystem::remove(folder_ / "train-images-idx3-ubyte.gz");
  };
  refuse(make_idx({2, 3, 2}, "abcdefghijk"),
         "claims 2 x 3 x 2 values, but its bytes hold 11 at most");
  refuse(make_idx({2, 3, 2}, "abcdefghijklm"), "claims 2 x 3 x 2 values, but has 13 bytes");
  refuse(make_idx({0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF}, ""), "claims 4294967295 x 4294967295");
  refuse(make_idx({3, 2, 2}, kPixels), "has 2 labels for 3 images");
  refuse(make_idx({12}, kPixels), "has 1 dimensions, expected 3");
  refuse(std::string("\0\0\x0D\x03", 4) + std::string(100, 'x'), "IDX type 0x0d");
  refuse("<html>........................", "looks like an HTML page, expected an IDX file");
  refuse("abc", "has 3 bytes, expected an IDX header of 16");
  refuse(make_idx({2, 0, 0}, ""), "is 0x0 pixels");
}

TEST_F(Idx, RefusesDamagedPacking) {
  const std::string packed = gzip(make_idx({2, 3, 2}, kPixels));
  const auto refuse = [&](const std::string& content, const std::string& message) {
    put_train();
    std::filesystem::remove(folder_ / "train-images-idx3-ubyte");
    put(folder_ / "train-images-idx3-ubyte.gz", content);
    expect_error([&] { open(); }, "train-images-idx3-ubyte.gz] " + message);
  };
  refuse(packed.substr(0, 20), "is truncated");
  refuse(packed.substr(0, packed.size() - 3), "is truncated");
  std::string checksum = packed;
  checksum[packed.size() - 6] = static_cast<char>(checksum[packed.size() - 6] ^ 1);
  refuse(checksum, "has damaged gzip data");
  refuse(packed + "more", "has 4 bytes behind its gzip data");
  refuse(gzip(make_idx({2, 3, 2}, kPixels + "m")), "unpacks to more than");
  refuse(gzip("abc"), "unpacks to 3 bytes only");
}

TEST_F(Idx, SaysWhatIsMissing) {
  expect_error([&] { open(); }, "has neither train-images-idx3-ubyte[.gz]");
  put_train();
  std::filesystem::remove(folder_ / "train-labels-idx1-ubyte");
  expect_error([&] { open(); }, "has train-images but no train-labels-idx1-ubyte");
}

}  // namespace
}  // namespace goldpan
