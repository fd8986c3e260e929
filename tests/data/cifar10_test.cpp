#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <goldpan/core/files.hpp>
#include <goldpan/data/dataset.hpp>

#include "data/fixtures.hpp"
#include "expect_error.hpp"
#include "temporary_folder.hpp"

namespace goldpan {
namespace {

class Cifar10 : public testing::Test {
 protected:
  Cifar10() { write_cifar10(folder_.path(), 4); }
  Dataset open() const { return open_dataset("cifar10:" + folder_.path().string()); }

  TemporaryFolder folder_;
};

TEST_F(Cifar10, ReadsEveryRecord) {
  const Dataset dataset = open();
  ASSERT_EQ(dataset.size(), 24u);
  EXPECT_EQ(dataset.spec, "cifar10:" + folder_.path().string());
  EXPECT_EQ(dataset.targets.class_names.size(), 10u);
  EXPECT_EQ(dataset.targets.class_names[9], "truck");
  EXPECT_TRUE(dataset.items.groups.empty());
  EXPECT_TRUE(dataset.items.embeddings.empty());
  for (std::size_t i = 0; i < 24; ++i) {
    const std::size_t file = i / 4;
    const std::size_t record = i % 4;
    EXPECT_EQ(dataset.targets.labels[i], cifar10_label(file, record));
    EXPECT_EQ(dataset.items.splits[i], file < 5 ? Split::kTrain : Split::kTest);
    const Image image = dataset.items.images->load(i);
    ASSERT_EQ(image.width, 32);
    ASSERT_EQ(image.height, 32);
    for (std::size_t pixel = 0; pixel < 1024; ++pixel) {
      for (std::size_t c = 0; c < 3; ++c) {
        ASSERT_EQ(image.pixels[3 * pixel + c], cifar10_value(file, record, 1024 * c + pixel));
      }
    }
  }
  EXPECT_EQ(dataset.items.ids[5], "data_batch_2.bin:1");
  EXPECT_EQ(dataset.items.images->location(23), "test_batch.bin, record 3");
  EXPECT_EQ(dataset.items.images->size(), 24u);
  EXPECT_THAT(dataset.notes, testing::Contains("test_batch.bin holds 4 records; the official file "
                                               "holds 10000."));
}

TEST_F(Cifar10, FindsTheUnpackedArchiveInItsFolder) {
  const TemporaryFolder parent;
  write_cifar10(parent / "cifar-10-batches-bin", 1);
  EXPECT_EQ(open_dataset("cifar10:" + parent.path().string()).size(), 6u);
}

TEST_F(Cifar10, TakesClassNamesFromTheArchive) {
  put(folder_ / "batches.meta.txt", "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n\n");
  EXPECT_EQ(open().targets.class_names[9], "j");
  put(folder_ / "batches.meta.txt", "a\nb\n");
  expect_error([&] { open(); }, "batches.meta.txt] names 2 classes, expected 10");
}

TEST_F(Cifar10, NamesTheFileAndTheRecordOfDamage) {
  const std::string good = read_text(folder_ / "data_batch_3.bin");
  put(folder_ / "data_batch_3.bin", good.substr(0, 2 * 3073 + 100));
  expect_error([&] { open(); }, "data_batch_3.bin] is truncated: record 2 has 100 of 3073 bytes");
  std::string wrong = good;
  wrong[3 * 3073] = 10;
  put(folder_ / "data_batch_3.bin", wrong);
  expect_error([&] { open(); }, "data_batch_3.bin] record 3 has label 10, expected 0 to 9");
  put(folder_ / "data_batch_3.bin", "");
  expect_error([&] { open(); }, "data_batch_3.bin] is empty");
  std::filesystem::remove(folder_ / "data_batch_3.bin");
  expect_error([&] { open(); }, "data_batch_3.bin] cannot open");
}

TEST_F(Cifar10, FingerprintFollowsThePixels) {
  const std::string before = open().fingerprint;
  EXPECT_EQ(open().fingerprint, before);
  std::string changed = read_text(folder_ / "test_batch.bin");
  changed.back() = static_cast<char>(changed.back() ^ 1);
  put(folder_ / "test_batch.bin", changed);
  EXPECT_NE(open().fingerprint, before);
}

TEST_F(Cifar10, SaysWhatElseAFolderHolds) {
  const TemporaryFolder other;
  const std::string spec = "cifar10:" + other.path().string();
  expect_error([&] { open_dataset(spec); }, "has no data_batch_1.bin");
  put(other / "data_batch_1", "pickle");
  expect_error([&] { open_dataset(spec); }, "the Python version");
  DatasetOptions options;
  options.group_pattern = "(.*)";
  expect_error([&] { open_dataset("cifar10:" + folder_.path().string(), options); },
               "no file names to group by");
}

TEST_F(Cifar10, AcceptsACopyAsImageFiles) {
  const TemporaryFolder copy;
  for (const char* const name :
       {"train/airplane/0.jpg", "train/bird/0.jpg", "test/airplane/0.jpg"}) {
    put(copy / name, encode_jpeg(make_image(32, 32)));
  }
  const Dataset dataset = open_dataset("cifar10:" + copy.path().string());
  EXPECT_EQ(dataset.size(), 3u);
  EXPECT_EQ(dataset.targets.class_names, (std::vector<std::string>{"airplane", "bird"}));
}

}  // namespace
}  // namespace goldpan
