#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <goldpan/core/error.hpp>
#include <goldpan/core/files.hpp>
#include <goldpan/core/npy.hpp>
#include <goldpan/data/dataset.hpp>

#include "data/bdd100k_labels.hpp"
#include "data/fixtures.hpp"
#include "temporary_folder.hpp"

// Damaged files of every format: each is an Error or a valid result, never a crash. The sanitizer
// presets make the difference visible.

namespace goldpan {
namespace {

/// GOLDPAN_FUZZ=100 makes it a hundred times as many, for a night's run.
int scaled(int rounds) {
  const char* const factor = std::getenv("GOLDPAN_FUZZ");
  return factor == nullptr ? rounds : rounds * std::max(1, std::atoi(factor));
}

void expect_valid(const Image& image) {
  EXPECT_GE(image.width, 1);
  EXPECT_GE(image.height, 1);
  EXPECT_EQ(image.pixels.size(), std::size_t{3} * static_cast<std::size_t>(image.width) *
                                     static_cast<std::size_t>(image.height));
}

/// Decodes damaged copies; returns how many were refused.
int fuzz_image(const std::string& good, int rounds, std::uint64_t seed) {
  Generator generator(seed);
  int refused = 0;
  for (int round = 0; round < scaled(rounds); ++round) {
    const std::string damaged = damage(good, generator);
    try {
      expect_valid(decode_image(as_bytes(damaged), "fuzz", static_cast<int>(generator.below(40))));
    } catch (const Error&) {
      ++refused;
    }
  }
  return refused;
}

TEST(Fuzz, Jpeg) {
  const Image image = make_image(48, 40);
  for (const JpegKind kind : {JpegKind::kColour, JpegKind::kProgressive, JpegKind::kGrey,
                              JpegKind::kCmyk, JpegKind::kYcck}) {
    EXPECT_GT(fuzz_image(make_jpeg(image, kind), 600, static_cast<std::uint64_t>(kind)), 300);
  }
}

TEST(Fuzz, Png) {
  for (const int colour_type : {0, 2, 3, 4, 6}) {
    for (const bool interlaced : {false, true}) {
      PngLayout layout;
      layout.width = 20;
      layout.height = 15;
      layout.colour_type = colour_type;
      layout.interlaced = interlaced;
      if (colour_type == 3) layout.palette.assign(3 * 256, 77);
      const std::string file = make_png(layout, std::vector<std::uint8_t>(20 * 15 * 4, 200));
      EXPECT_GT(fuzz_image(file, 300, static_cast<std::uint64_t>(colour_type)), 200);
    }
  }
}

/// Damages one file of a data set at a time and opens it. What opens must be whole.
void fuzz_dataset(const std::string& format, const std::filesystem::path& folder,
                  const std::vector<std::string>& files, int rounds) {
  Generator generator(11);
  int opened = 0;
  int refused = 0;
  for (const std::string& file : files) {
    const std::string good = read_text(folder / file);
    for (int round = 0; round < scaled(rounds); ++round) {
      put(folder / file, damage(good, generator));
      try {
        const Dataset dataset = open_dataset(format + ":" + folder.string());
        ++opened;
        EXPECT_GT(dataset.size(), 0u);
        EXPECT_EQ(dataset.items.ids.size(), dataset.size());
        for (const std::int32_t label : dataset.targets.labels) {
          ASSERT_GE(label, 0);
          ASSERT_LT(static_cast<std::size_t>(label), dataset.targets.class_names.size());
        }
        if (dataset.items.images != nullptr) {
          ASSERT_EQ(dataset.items.images->size(), dataset.size());
          expect_valid(dataset.items.images->load(dataset.size() - 1));
        }
      } catch (const Error&) {
        ++refused;
      }
    }
    put(folder / file, good);
  }
  EXPECT_GT(refused, 0);
  EXPECT_GT(opened + refused, 0);
  EXPECT_NO_THROW(open_dataset(format + ":" + folder.string()));
}

TEST(Fuzz, Cifar10) {
  const TemporaryFolder folder;
  write_cifar10(folder.path(), 2);
  put(folder / "batches.meta.txt", "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n");
  fuzz_dataset("cifar10", folder.path(), {"data_batch_2.bin", "batches.meta.txt"}, 100);
}

TEST(Fuzz, Idx) {
  const TemporaryFolder folder;
  put(folder / "train-images-idx3-ubyte", make_idx({2, 3, 2}, "abcdefghijkl"));
  put(folder / "train-labels-idx1-ubyte", make_idx({2}, {'\x03', '\x01'}));
  put(folder / "t10k-images-idx3-ubyte.gz", gzip(make_idx({2, 3, 2}, "abcdefghijkl")));
  put(folder / "t10k-labels-idx1-ubyte.gz", gzip(make_idx({2}, {'\x03', '\x01'})));
  fuzz_dataset("idx", folder.path(),
               {"train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte.gz",
                "t10k-labels-idx1-ubyte.gz"},
               300);
}

TEST(Fuzz, Npy) {
  const TemporaryFolder folder;
  for (const char* const type : {"<f4", "<f2"}) {
    const std::size_t bytes = type == std::string("<f4") ? 4 : 2;
    put(folder / "embeddings.npy", npy_header(type, {3, 2}) + std::string(6 * bytes, '\1'));
    put(folder / "labels.npy", npy_header("|u1", {3}) + std::string("\0\1\2", 3));
    put(folder / "ids.txt", "a\nb\nc\n");
    put(folder / "classes.txt", "x\ny\nz\n");
    fuzz_dataset("npy", folder.path(), {"embeddings.npy", "labels.npy", "ids.txt", "classes.txt"},
                 200);
  }
}

TEST(Fuzz, Bdd100k) {
  const TemporaryFolder folder;
  for (const char* const name : {"train/a.jpg", "train/b.jpg", "val/c.jpg"}) {
    put(folder / "images/100k" / name, encode_jpeg(make_image(16, 9)));
  }
  const std::string boxes = R"([{"id": "1", "category": "car", "box2d": {"x1": 1.5, "y1": 2,
      "x2": 3, "y2": 4}}, {"category": "lane", "poly2d": [[1, 2, "L"], [3, 4, "L"]]}])";
  put(folder / "labels/det_20/det_train.json",
      "[" + frame_json("a.jpg", "clear", boxes) + ", " + frame_json("b.jpg", "rainy") + "]");
  put(folder / "labels/100k/val/c.json",
      R"({"name": "c", "attributes": {"weather": "snowy"}, "frames": [{"objects": )" + boxes +
          "}]}");
  fuzz_dataset("bdd100k", folder.path(), {"labels/det_20/det_train.json", "labels/100k/val/c.json"},
               1000);
}

}  // namespace
}  // namespace goldpan
