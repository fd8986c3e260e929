#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>

#include <gtest/gtest.h>

#include <goldpan/core/error.hpp>
#include <goldpan/core/files.hpp>
#include <goldpan/core/random.hpp>
#include <goldpan/exchange/box_files.hpp>

#include "temporary_folder.hpp"

// Damaged files of every format of boxes: each is an Error or a valid result, never a crash. The
// sanitizer presets make the difference visible.

namespace goldpan {
namespace {

int rounds() {
  const char* const factor = std::getenv("GOLDPAN_FUZZ");
  return 300 * (factor == nullptr ? 1 : std::max(1, std::atoi(factor)));
}

/// Changes, removes, repeats or inserts a few bytes.
std::string damaged(std::string text, Generator& random) {
  constexpr std::string_view kSpecial = "{}[]\",:0-9e.\\ \n\0\xFF";
  for (std::uint64_t n = 1 + random.below(3); n > 0 && !text.empty(); --n) {
    const std::size_t at = random.below(text.size());
    switch (random.below(5)) {
      case 0:
        text[at] = kSpecial[random.below(kSpecial.size())];
        break;
      case 1:
        text.erase(at, 1 + random.below(12));
        break;
      case 2:
        text.insert(at, text.substr(random.below(text.size()), random.below(40)));
        break;
      case 3:
        text.insert(at, 1, kSpecial[random.below(kSpecial.size())]);
        break;
      default:
        text.resize(at);
    }
  }
  return text;
}

void expect_valid(const Box& box, const BoxTruth& truth) {
  EXPECT_GE(box.category, 0);
  EXPECT_LT(static_cast<std::size_t>(box.category), truth.targets.categories.size());
  EXPECT_TRUE(std::isfinite(box.x) && std::isfinite(box.y));
  EXPECT_TRUE(box.width >= 0 && box.height >= 0 && box.area() >= 0);
}

class BoxFuzz : public testing::Test {
 protected:
  /// Opens damaged copies of `content`, put at `name`, by `open`; expects both outcomes.
  template <typename Open>
  void fuzz(const std::string& name, const std::string& content, const Open& open) {
    Generator random(7);
    int opened = 0, refused = 0;
    make_writable_folder((folder_ / name).parent_path());
    for (int round = 0; round < rounds(); ++round) {
      write_file(folder_ / name, damaged(content, random), Flush::kNo);
      try {
        open();
        ++opened;
      } catch (const Error&) {
        ++refused;
      }
    }
    EXPECT_GT(opened, 2) << name;
    EXPECT_GT(refused, 50) << name;
  }
  void fuzz_truth(const std::string& spec, const std::string& name, const std::string& content) {
    BoxFileOptions options;
    options.image_size = [](const std::string&) { return std::pair(64, 48); };
    fuzz(name, content, [&] {
      const BoxTruth truth = open_box_truth(spec, options);
      EXPECT_EQ(truth.targets.boxes.size(), truth.size());
      for (const auto& set : truth.targets.boxes) {
        for (const Box& box : set) expect_valid(box, truth);
      }
    });
  }
  void fuzz_predictions(const std::string& spec, const std::string& name,
                        const std::string& content) {
    BoxTruth truth;
    truth.images = {"a.jpg", "b.jpg"};
    truth.numbers = {1, 2};
    truth.widths = truth.heights = {64, 64};
    truth.targets.boxes.resize(2);
    truth.targets.categories = {"car", "dog"};
    truth.category_numbers = {1, 2};
    fuzz(name, content, [&] {
      const BoxPredictions found = open_box_predictions(spec, truth);
      ASSERT_EQ(found.detections.size(), 2u);
      for (const auto& set : found.detections) {
        for (const Detection& detection : set) {
          expect_valid(detection.box, truth);
          EXPECT_TRUE(std::isfinite(detection.score));
        }
      }
    });
  }
  std::string at(const std::string& format, const std::string& name) const {
    return format + ":" + (folder_ / name).string();
  }
  TemporaryFolder folder_;
};

TEST_F(BoxFuzz, Coco) {
  fuzz_truth(at("coco", "t.json"), "t.json", R"({"info": {"a": [1, {}]}, "images": [{"id": 1,
    "file_name": "a.jpg", "width": 3}, {"id": 2}], "annotations": [{"id": 1, "image_id": 1,
    "category_id": 1, "bbox": [1, 2, 3, 4], "area": 5.5, "iscrowd": 0}, {"image_id": 2,
    "category_id": 2, "bbox": [1, 2, 3, 4]}], "categories": [{"id": 1, "name": "car"},
    {"id": 2, "name": "dog"}]})");
  fuzz_predictions(at("coco", "p.json"), "p.json", R"([{"image_id": 1, "category_id": 1,
    "bbox": [1, 2, 3, 4], "score": 0.5, "probs": [0.5, 0.25]}, {"image_id": "b.jpg",
    "category": "dog", "bbox": [1, 2, 3, 4], "score": 1}])");
}

TEST_F(BoxFuzz, Bdd100k) {
  const std::string frames = R"([{"name": "a.jpg", "attributes": {"weather": "clear"}, "labels":
    [{"category": "car", "score": 0.5, "attributes": {"crowd": true}, "box2d": {"x1": 1, "y1": 2,
    "x2": 3, "y2": 4}}, {"category": "lane", "poly2d": []}]}, {"name": "b.jpg", "labels": null}])";
  fuzz_truth(at("bdd100k", "t.json"), "t.json", frames);
  fuzz_predictions(at("bdd100k", "p.json"), "p.json", frames);
}

TEST_F(BoxFuzz, TextFolders) {
  fuzz_truth(at("yolo", "y"), "y/a.txt", "0 0.5 0.5 0.25 0.25\n1 0.1 0.1 0.3 0.2 0.2 0.6\n");
  fuzz_predictions(at("yolo", "f"), "f/a.txt", "0 0.5 0.5 0.25 0.25 0.5\n1 0.1 0.1 0.3 0.2 1\n");
  const std::string kitti =
      "Car 0.00 0 1.5 10 20 30 60 1.5 1.6 3.7 1 1 20 0\n"
      "DontCare -1 -1 -10 1 1 20 15 -1 -1 -1 -1000 -1000 -1000 -10\n";
  fuzz_truth(at("kitti", "k"), "k/a.txt", kitti);
  fuzz_predictions(at("kitti", "g"), "g/b.txt", "car 0.00 0 1.5 10 20 30 60 1 1 3 1 1 20 0 0.5\n");
}

}  // namespace
}  // namespace goldpan
