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

const std::string kBox = R"([{"category": "car", "box2d": {"x1": 1, "y1": 2, "x2": 3, "y2": 4}}])";

class Bdd100k : public testing::Test {
 protected:
  void add_image(const std::string& name) {
    put(folder_ / "images/100k" / name, encode_jpeg(make_image(16, 9, seed_++)));
  }
  void add_labels(const std::string& file, const std::vector<std::string>& frames) {
    std::string content = "[";
    for (const std::string& frame : frames) content += (content.size() > 1 ? ", " : "") + frame;
    put(folder_ / file, content + "]");
  }
  /// Two training images (one per weather) and one for validation.
  void add_all() {
    for (const char* const name : {"train/a.jpg", "train/b.jpg", "val/c.jpg"}) add_image(name);
    add_labels("labels/det_20/det_train.json",
               {frame_json("b.jpg", "foggy", kBox), frame_json("a.jpg", "clear")});
    add_labels("labels/det_20/det_val.json", {frame_json("c.jpg", "snowy")});
  }
  Dataset open(const DatasetOptions& options = {}) const {
    return open_dataset("bdd100k:" + folder_.path().string(), options);
  }
  TemporaryFolder folder_;
  unsigned seed_ = 0;
};

TEST_F(Bdd100k, JoinsImagesAndLabels) {
  add_all();
  const Dataset dataset = open();
  EXPECT_THAT(dataset.targets.class_names, ElementsAre("clear", "partly cloudy", "overcast",
                                                       "rainy", "snowy", "foggy", "undefined"));
  EXPECT_THAT(dataset.items.ids, ElementsAre("images/100k/train/a.jpg", "images/100k/train/b.jpg",
                                             "images/100k/val/c.jpg"));
  EXPECT_THAT(dataset.targets.labels, ElementsAre(0, 5, 4));
  EXPECT_THAT(dataset.items.splits, ElementsAre(Split::kTrain, Split::kTrain, Split::kTest));
  ASSERT_EQ(dataset.targets.boxes.size(), 3u);
  EXPECT_TRUE(dataset.targets.boxes[0].empty());
  ASSERT_EQ(dataset.targets.boxes[1].size(), 1u);
  EXPECT_EQ(dataset.targets.boxes[1][0].right(), 3);
  EXPECT_THAT(dataset.items.attributes.at("weather"), ElementsAre("clear", "foggy", "snowy"));
  EXPECT_THAT(dataset.items.attributes.at("timeofday"),
              ElementsAre("daytime", "daytime", "daytime"));
  EXPECT_TRUE(dataset.items.groups.empty());
  EXPECT_TRUE(dataset.notes.empty());
  EXPECT_EQ(dataset.items.images->load(2).width, 16);
}

TEST_F(Bdd100k, LabelsByTheAttributeAskedFor) {
  add_all();
  DatasetOptions options;
  options.attribute = "scene";
  EXPECT_THAT(open(options).targets.labels, ElementsAre(0, 0, 0));
  EXPECT_EQ(open(options).targets.class_names[1], "highway");
  EXPECT_NE(open(options).fingerprint, open().fingerprint);
  options.attribute = "colour";
  expect_error([&] { open(options); }, "got 'colour', expected one of: weather, timeofday, scene");
}

TEST_F(Bdd100k, AllLabelFormatsGiveTheSameData) {
  add_all();
  const Dataset newer = open();
  std::filesystem::rename(folder_ / "labels/det_20/det_train.json",
                          folder_ / "labels/bdd100k_labels_images_train.json");
  std::filesystem::rename(folder_ / "labels/det_20/det_val.json",
                          folder_ / "bdd100k_labels_images_val.json");
  EXPECT_EQ(open().fingerprint, newer.fingerprint);
  std::filesystem::remove_all(folder_ / "labels");
  const std::string attributes = R"("timeofday": "daytime", "scene": "city street"}, "frames": [)";
  put(folder_ / "labels/100k/train/a.json",
      R"({"name": "a", "attributes": {"weather": "clear", )" + attributes + "]}");
  put(folder_ / "labels/100k/train/b.json", R"({"name": "b", "attributes": {"weather": "foggy", )" +
                                                attributes + R"({"objects": )" + kBox + "}]}");
  const Dataset single = open();
  EXPECT_EQ(single.fingerprint, newer.fingerprint);
  EXPECT_EQ(single.targets.boxes[1].size(), 1u);
}

TEST_F(Bdd100k, ReadsTheShorterImageFolderAndTheArchivesFolder) {
  add_all();
  std::filesystem::rename(folder_ / "images/100k/train", folder_ / "images/train");
  EXPECT_EQ(open().items.ids[0], "images/train/a.jpg");
  const TemporaryFolder parent;
  std::filesystem::copy(folder_.path(), parent / "bdd100k",
                        std::filesystem::copy_options::recursive);
  EXPECT_EQ(open_dataset("bdd100k:" + parent.path().string()).size(), 3u);
}

TEST_F(Bdd100k, CountsWhatDoesNotFit) {
  add_all();
  add_image("train/unlabelled.jpg");
  add_image("test/x.jpg");
  add_labels(
      "labels/det_20/det_train.json",
      {frame_json("b.jpg", "foggy"), frame_json("a.jpg", "clear"), frame_json("b.jpg", "rainy"),
       frame_json("lost.jpg", "clear"), frame_json("../val/c.jpg", "clear")});
  add_labels("labels/bdd100k_labels_images_train.json", {});
  put(folder_ / "labels/det_20/det_val.json", R"([{"name": "c.jpg", "attributes": {}}])");
  const Dataset dataset = open();
  EXPECT_THAT(dataset.targets.labels, ElementsAre(0, 5));
  EXPECT_TRUE(dataset.items.splits.empty());  // only training frames are left
  EXPECT_THAT(
      dataset.notes,
      ElementsAre(
          "train: labels come from labels/det_20/det_train.json; "
          "labels/bdd100k_labels_images_train.json was not read.",
          "train: 2 labelled frames have no image and were left out, the first is lost.jpg.",
          "train: 1 of 3 images have no labels and were left out.",
          "train: 1 frames are listed more than once; the first entry counts.",
          "val: 1 frames have no weather and were left out.",
          "test: 1 of 1 images have no labels and were left out."));
}

TEST_F(Bdd100k, RefusesAnUnknownClass) {
  add_all();
  add_labels("labels/det_20/det_val.json", {frame_json("c.jpg", "hail")});
  expect_error([&] { open(); },
               "det_val.json, record 0, byte 1] weather is 'hail', expected one of: clear, partly");
}

TEST_F(Bdd100k, SaysWhatWasLookedFor) {
  expect_error([&] { open(); }, "has no images, looked for images/100k/{train,val,test}");
  add_labels("labels/det_20/det_train.json", {frame_json("a.jpg", "clear")});
  expect_error([&] { open(); }, "has no images");
  add_image("val/a.jpg");
  expect_error([&] { open(); }, "has no image with labels. train: 1 labelled frames have no image");
  std::filesystem::remove_all(folder_ / "labels");
  expect_error([&] { open(); }, "has no labels, looked for labels/det_20/det_train.json");
}

TEST_F(Bdd100k, GroupsDrivesAcrossClasses) {
  for (const char* const name : {"train/d1_0.jpg", "train/d1_1.jpg", "train/d2_0.jpg"}) {
    add_image(name);
  }
  add_labels("labels/det_20/det_train.json",
             {frame_json("d1_0.jpg", "clear"), frame_json("d1_1.jpg", "rainy"),
              frame_json("d2_0.jpg", "clear")});
  DatasetOptions options;
  options.group_pattern = "^(.*)_[0-9]+$";
  EXPECT_THAT(open(options).items.groups, ElementsAre(0, 0, 1));
}

}  // namespace
}  // namespace goldpan
