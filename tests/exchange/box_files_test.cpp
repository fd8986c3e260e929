#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <goldpan/core/files.hpp>
#include <goldpan/exchange/box_files.hpp>

#include "expect_error.hpp"
#include "temporary_folder.hpp"

namespace goldpan {
namespace {

using testing::ElementsAre;

constexpr const char* kCoco = R"({"info": {"year": 2026},
  "annotations": [
    {"id": 7, "image_id": 30, "category_id": 18, "bbox": [1, 2.5, 30, 4e1], "area": 600.25,
     "iscrowd": 0, "segmentation": [[1, 2, 3]]},
    {"id": 8, "image_id": 4, "category_id": 1, "bbox": [0, 0, 9, 9], "iscrowd": 1},
    {"id": 9, "image_id": 30, "category_id": 1, "bbox": [5, 5, 1, 1], "ignore": 1}],
  "images": [{"id": 30, "file_name": "b/one.jpg", "width": 640, "height": 480},
             {"id": 4, "file_name": "two.jpg"}, {"id": 5, "file_name": "empty.jpg"}],
  "categories": [{"id": 18, "name": "dog"}, {"id": 1, "name": "person"}]})";

class BoxFiles : public testing::Test {
 protected:
  std::string put(const std::string& name, const std::string& content) const {
    make_writable_folder((folder_ / name).parent_path());
    write_file(folder_ / name, content, Flush::kNo);
    return (folder_ / name).string();
  }
  BoxTruth coco() const { return open_box_truth(put("truth.json", kCoco)); }
  void refuse_truth(const std::string& what, const std::string& by, const std::string& message) {
    std::string content = kCoco;
    content.replace(content.find(what), what.size(), by);
    expect_error([&] { open_box_truth(put("bad.json", content)); }, message);
  }
  void refuse_results(const std::string& content, const std::string& message) {
    const BoxTruth truth = coco();
    expect_error([&] { open_box_predictions(put("r.json", content), truth); }, message);
  }
  TemporaryFolder folder_;
};

TEST_F(BoxFiles, CocoTruth) {
  BoxTruth truth = coco();
  EXPECT_THAT(truth.images, ElementsAre("b/one.jpg", "two.jpg", "empty.jpg"));
  EXPECT_THAT(truth.targets.categories, ElementsAre("dog", "person"));
  ASSERT_EQ(truth.targets.boxes[0].size(), 2u);
  const Box& dog = truth.targets.boxes[0][0];
  EXPECT_EQ(dog.category, 0);
  EXPECT_EQ(dog.height, 40);
  EXPECT_EQ(dog.area(), 600.25);
  EXPECT_TRUE(truth.targets.boxes[0][1].ignore);
  EXPECT_EQ(truth.targets.boxes[0][1].area(), 1);
  EXPECT_TRUE(truth.targets.boxes[1][0].crowd);
  EXPECT_TRUE(truth.targets.boxes[2].empty());
  EXPECT_EQ(truth.notes.size(), 1u);  // what pycocotools makes of "ignore"
  EXPECT_THAT(truth.widths, ElementsAre(640, 0, 0));
  sort_by_number(truth);
  EXPECT_THAT(truth.images, ElementsAre("two.jpg", "empty.jpg", "b/one.jpg"));
  EXPECT_TRUE(truth.targets.boxes[0][0].crowd);
}

TEST_F(BoxFiles, CocoTruthIsRefusedWithTheRecordsPlace) {
  refuse_truth("\"id\": 8", "\"id\": 7", "annotations, record 1, byte 189] annotation 7 stands");
  refuse_truth("\"image_id\": 4", "\"image_id\": 6", "record 1, byte 189] image 6 is not among");
  refuse_truth("\"category_id\": 18", "\"category_id\": 2", "record 0, byte 48] category 2 is not");
  refuse_truth("[0, 0, 9, 9]", "[0, 0, 9]", "record 1, byte 189] is not an annotation");
  refuse_truth("[0, 0, 9, 9]", "[0, 0, -9, 9]", "a size of -9 x 9");
  refuse_truth("[0, 0, 9, 9]", "[0, 0, NaN, 9]", "is not an annotation");
  refuse_truth("[0, 0, 9, 9]", "[0, 0, 1e999, 9]", "is not an annotation");
  refuse_truth("600.25", "-3", "area of -3");
  refuse_truth("{\"id\": 4,", "{\"id\": 30,", "images, record 1");
  refuse_truth("{\"id\": 1,", "{\"id\": 18,", "category 18 stands there twice");
  refuse_truth("\"person\"", "\"dog\"", "category 'dog' stands there twice");
  refuse_truth("\"bbox\": [0, 0, 9, 9]", "\"box\": 1", "the annotation has no \"bbox\"");
  refuse_truth("\"images\"", "\"pictures\"", "has no list \"images\"");
}

TEST_F(BoxFiles, CocoResults) {
  const BoxTruth truth = coco();
  const auto found = open_box_predictions(
      put("r.json", R"([{"image_id": 4, "category_id": 1, "bbox": [1, 2, 3, 4], "score": 0.5},
        {"score": 1e-3, "probs": [0.25, 0.75], "bbox": [1, 2, 3, 4], "category": "dog",
         "image_id": "one.jpg", "segmentation": {"counts": "}]"}},
        {"image_id": 4, "category_id": 18, "bbox": [0, 0, 0, 0], "score": 2}])"),
      truth);
  ASSERT_EQ(found.boxes(), 3u);
  EXPECT_EQ(found.detections[0][0].box.category, 0);
  EXPECT_THAT(found.detections[0][0].probabilities, ElementsAre(0.25f, 0.75f));
  EXPECT_EQ(found.detections[1][0].score, 0.5);
  EXPECT_EQ(found.detections[1][1].box.category, 0);
  EXPECT_TRUE(open_box_predictions(put("none.json", "[]"), truth).detections[2].empty());
}

TEST_F(BoxFiles, CocoResultsAreRefusedWithTheRecordsPlace) {
  const auto record = [](const std::string& image, const std::string& category,
                         const std::string& rest) {
    return R"([{"image_id": 4, "category_id": 1, "bbox": [1, 2, 3, 4], "score": 1},
{"image_id": )" +
           image + ", \"category_id\": " + category + ", " + rest + "}]";
  };
  const std::string good = R"("bbox": [1, 2, 3, 4], "score": 1)";
  refuse_results(record("6", "1", good), "r.json, record 1, byte 70] image 6 is not among the 3");
  refuse_results(record("4", "2", good), "record 1, byte 70] category 2 is not among the 2");
  refuse_results(record("4", "1", "\"score\": 1"), "has no \"bbox\"");
  refuse_results(record("4", "1", "\"bbox\": [1, 2, 3, 4]"), "has no \"score\"");
  refuse_results(record("4", "1", "\"bbox\": [1, 2, 3, -4], \"score\": 1"), "size of 3 x -4");
  refuse_results(record("4", "1", "\"bbox\": [1, 2, 3, 4], \"score\": \"high\""), "record 1, byte");
  refuse_results(record("4", "1", good + ", \"probs\": [0.1]"), "got 1 \"probs\", expected one");
  refuse_results(record("4", "1", good + ", \"probs\": [0.1, 1.1]"), "expected 0 to 1");
  BoxFileOptions options;
  options.drop_unknown_categories = true;
  const auto found = open_box_predictions(put("r.json", record("4", "2", good)), coco(), options);
  EXPECT_EQ(found.boxes(), 1u);
  EXPECT_THAT(found.notes, ElementsAre(testing::HasSubstr("1 predictions left out")));
}

TEST_F(BoxFiles, Bdd100k) {
  const BoxTruth truth = open_box_truth(put("det.json", R"([
    {"name": "a.jpg", "attributes": {"weather": "rainy", "timeofday": "night", "scene": null},
     "labels": [{"category": "car", "box2d": {"x1": 10, "y1": 20, "x2": 12.5, "y2": 30}},
                {"category": "lane", "poly2d": []},
                {"category": "person", "attributes": {"crowd": true, "ignored": false},
                 "box2d": {"x1": 0, "y1": 0, "x2": 1, "y2": 1}}]},
    {"name": "b.jpg", "labels": null}])"));
  EXPECT_THAT(truth.targets.categories, ElementsAre("car", "person"));
  ASSERT_EQ(truth.targets.boxes[0].size(), 2u);
  EXPECT_EQ(truth.targets.boxes[0][0].width, 2.5);
  EXPECT_TRUE(truth.targets.boxes[0][1].crowd);
  EXPECT_THAT(truth.attributes.at("weather"), ElementsAre("rainy", ""));
  const std::string results =
      put("found.json", R"([{"name": "b", "labels": [{"category": "car", "score": 0.25,
       "box2d": {"x1": 0, "y1": 0, "x2": 1, "y2": 1}}]}])");
  EXPECT_EQ(open_box_predictions(results, truth).detections[1][0].score, 0.25);
  expect_error(
      [&] { open_box_predictions("bdd100k:" + put("x.json", R"([{"name": "c"}])"), truth); },
      "record 0, byte 1] frame 'c' is not among");
  expect_error([&] { open_box_truth(put("x.json", R"([{"name": "c"}, {"name": "c"}])")); },
               "record 1, byte 16] frame 'c' stands there twice");
  expect_error(
      [&] {
        open_box_truth(put("x.json", R"([{"name": "c", "labels": [{"category": "car",
                       "box2d": {"x1": 5, "y1": 0, "x2": 1, "y2": 1}}]}])"));
      },
      "a size of -4 x 1");
}

TEST_F(BoxFiles, Yolo) {
  put("labels/a.txt", "1 0.5 0.5 0.2 0.4\n\n0 0.1 0.2 0.2 0.2\n");
  put("labels/b.txt", "");
  put("labels/s.txt", "0 0.1 0.1 0.3 0.2 0.2 0.6\n");
  put("labels/classes.txt", "car\nsign\n");
  BoxFileOptions options;
  options.image_size = [](const std::string&) { return std::pair(200, 100); };
  const std::string folder = (folder_ / "labels").string();
  BoxTruth truth = open_box_truth(folder, options);
  EXPECT_THAT(truth.images, ElementsAre("a", "b", "s"));
  EXPECT_THAT(truth.targets.categories, ElementsAre("car", "sign"));
  const Box& sign = truth.targets.boxes[0][0];
  EXPECT_EQ(sign.category, 1);
  EXPECT_DOUBLE_EQ(sign.x, 80);
  EXPECT_DOUBLE_EQ(sign.y, 30);
  EXPECT_DOUBLE_EQ(sign.width, 40);
  EXPECT_DOUBLE_EQ(sign.height, 40);
  const Box& hull = truth.targets.boxes[2][0];
  EXPECT_DOUBLE_EQ(hull.x, 20);
  EXPECT_DOUBLE_EQ(hull.bottom(), 60);

  options.images = {"a.jpg", "b.jpg", "s.jpg", "background.jpg"};
  truth = open_box_truth(folder, options);
  EXPECT_EQ(truth.size(), 4u);
  EXPECT_TRUE(truth.targets.boxes[3].empty());
  put("found/a.txt", "0 0.5 0.5 0.2 0.4 0.75\n");
  const auto found = open_box_predictions((folder_ / "found").string(), truth, options);
  EXPECT_EQ(found.detections[0][0].score, 0.75);
  EXPECT_DOUBLE_EQ(found.detections[0][0].box.x, 80);

  const auto refuse = [&](const std::string& line, const std::string& message) {
    put("bad/a.txt", "0 0 0 0 0\n" + line);
    expect_error([&] { open_box_truth("yolo:" + (folder_ / "bad").string(), options); }, message);
  };
  refuse("0 0.5 0.5 0.2", "a.txt:2] got 4 columns");
  refuse("-1 0.5 0.5 0.2 0.2", "a.txt:2] got class '-1'");
  refuse("0 0.5 x 0.2 0.2", "a.txt:2] got 'x'");
  refuse("0 0.5 nan 0.2 0.2", "expected a finite number");
  refuse("0 0.5 0.5 -0.2 0.2", "size of -40");
  put("stray/z.txt", "");
  expect_error([&] { open_box_truth("yolo:" + (folder_ / "stray").string(), options); },
               "belongs to none of the 4 images");
  expect_error([&] { open_box_truth(folder); }, "whose size is not known");
}

TEST_F(BoxFiles, NamesOfYoloCategories) {
  BoxFileOptions options;
  options.image_size = [](const std::string&) { return std::pair(100, 100); };
  const auto names = [&](const std::string& yaml) {
    put("set/labels/a.txt", "0 0.5 0.5 0.1 0.1\n");
    put("set/data.yaml", yaml);
    return open_box_truth((folder_ / "set/labels").string(), options).targets.categories;
  };
  EXPECT_THAT(names("train: x\nnames: ['car', \"big truck\"]\n"), ElementsAre("car", "big truck"));
  EXPECT_THAT(names("names:\n  0: car\n  1: truck\nnc: 2\n"), ElementsAre("car", "truck"));
  EXPECT_THAT(names("names:\n- car\n- truck\n"), ElementsAre("car", "truck"));
  EXPECT_THAT(names("nc: 1\n"), ElementsAre("0"));
}

TEST_F(BoxFiles, Kitti) {
  put("k/000.txt",
      "Car 0.00 0 1.5 10 20 30 60 1.5 1.6 3.7 1 1 20 0\n"
      "DontCare -1 -1 -10 100 100 200 150 -1 -1 -1 -1000 -1000 -1000 -10\n"
      "Pedestrian 0.00 0 1.5 0 0 5 9 1.5 1.6 3.7 1 1 20 0\n");
  const std::string folder = (folder_ / "k").string();
  const BoxTruth truth = open_box_truth(folder);
  EXPECT_THAT(truth.targets.categories, ElementsAre("Car", "Pedestrian"));
  ASSERT_EQ(truth.targets.boxes[0].size(), 4u);  // two objects, the region once for each category
  EXPECT_EQ(truth.targets.boxes[0][0].height, 40);
  EXPECT_TRUE(truth.targets.boxes[0][2].crowd);
  put("f/000.txt", "Car -1 -1 -10 10 20 30 60 -1 -1 -1 -1000 -1000 -1000 -10 0.5\n");
  EXPECT_EQ(open_box_predictions((folder_ / "f").string(), truth).detections[0][0].score, 0.5);
  expect_error([&] { open_box_predictions("kitti:" + folder, truth); },
               "000.txt:1] got 15 columns, expected KITTI's 16");
}

}  // namespace
}  // namespace goldpan
