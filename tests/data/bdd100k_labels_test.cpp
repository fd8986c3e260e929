#include "data/bdd100k_labels.hpp"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/json_records.hpp"
#include "data/fixtures.hpp"
#include "expect_error.hpp"
#include "temporary_folder.hpp"

namespace goldpan {
namespace {

using testing::ElementsAre;

class Bdd100kLabels : public testing::Test {
 protected:
  std::vector<FrameLabels> read(const std::string& content) const {
    put(folder_ / "labels.json", content);
    std::vector<FrameLabels> frames;
    read_frame_list(folder_ / "labels.json",
                    [&](FrameLabels&& frame) { frames.push_back(std::move(frame)); });
    return frames;
  }
  void refuse(const std::string& content, const std::string& message) const {
    expect_error([&] { read(content); }, message);
  }
  TemporaryFolder folder_;
};

TEST_F(Bdd100kLabels, ReadsAttributesAndBoxes) {
  const auto frames = read("[" + frame_json("a.jpg", "rainy", R"([
      {"id": "1", "attributes": {"occluded": false}, "category": "car", "manualShape": true,
       "box2d": {"x1": -0.5, "y1": 2, "x2": 30.25, "y2": 4e1}, "poly2d": null},
      {"category": "drivable area", "poly2d": [{"vertices": [[1, 2], [3, 4]], "types": "LL"}]},
      {"category": "lane", "box2d": null}])") +
                           ",\n" + frame_json("b.jpg", "clear", "null") + "]\n");
  ASSERT_EQ(frames.size(), 2u);
  EXPECT_EQ(frames[0].name, "a.jpg");
  EXPECT_THAT(frames[0].attributes, ElementsAre("rainy", "daytime", "city street"));
  ASSERT_EQ(frames[0].boxes.size(), 1u);
  EXPECT_EQ(frames[0].boxes[0].category, "car");
  EXPECT_EQ(frames[0].boxes[0].x1, -0.5f);
  EXPECT_EQ(frames[0].boxes[0].y2, 40.f);
  EXPECT_TRUE(frames[1].boxes.empty());
}

TEST_F(Bdd100kLabels, AcceptsFramesWithoutAttributesOrLabels) {
  const auto frames = read(R"([{"name": "a.jpg"}, {"name": "b.jpg", "attributes": null},
                               {"name": "c.jpg", "attributes": {"weather": null}}])");
  ASSERT_EQ(frames.size(), 3u);
  for (const FrameLabels& frame : frames) EXPECT_THAT(frame.attributes, ElementsAre("", "", ""));
}

TEST_F(Bdd100kLabels, ReadsAFileOfOneImage) {
  put(folder_ / "one.json", R"({"name": "b1c66a42-6f7d68ca", "frames": [{"timestamp": 10000,
      "objects": [{"category": "bus", "id": 0, "box2d": {"x1": 1, "y1": 2, "x2": 3, "y2": 4}}]}],
      "attributes": {"weather": "foggy", "scene": "tunnel", "timeofday": "night"}})");
  const FrameLabels frame = read_frame_file(folder_ / "one.json");
  EXPECT_EQ(frame.name, "b1c66a42-6f7d68ca");
  EXPECT_THAT(frame.attributes, ElementsAre("foggy", "night", "tunnel"));
  ASSERT_EQ(frame.boxes.size(), 1u);
  EXPECT_EQ(frame.boxes[0].category, "bus");
  put(folder_ / "one.json", "");
  expect_error([&] { read_frame_file(folder_ / "one.json"); }, "one.json, byte 0]");
}

TEST_F(Bdd100kLabels, AcceptsAnEmptyListAndAByteOrderMark) {
  EXPECT_TRUE(read("[]").empty());
  EXPECT_TRUE(read(" \n[ ]\n ").empty());
  EXPECT_EQ(read("\xEF\xBB\xBF[" + frame_json("a.jpg", "clear") + "]").size(), 1u);
}

TEST_F(Bdd100kLabels, NamesTheByteOfDamage) {
  refuse("", "byte 0] the file is cut off");
  refuse("{\"frames\": []}", "byte 0] got JSON text, expected a list '[' of frames");
  refuse("<html>", "byte 0] got an HTML page, expected a list");
  refuse("[" + frame_json("a.jpg", "clear") + "] trailing", "goes on behind its list");
  refuse(R"([{"name": "a.jpg"} {"name": "b.jpg"}])", "byte 19] got JSON text, expected ','");
  refuse(R"([{"name": "a.jpg"}, 7])", "byte 20] got plain text, expected a frame '{'");
  refuse(R"([{"name": "a.jpg"},])", "byte 19] got plain text, expected a frame '{'");
  refuse(R"([{"name": "a.jpg"}, {"name": 7}])", "record 1, byte 2");
  refuse(R"([{"name": "a.jpg", "attributes": [1]}])", "record 0, byte ");
  refuse(R"([{"attributes": {}}])", "record 0, byte 1] the frame has no name");
  refuse(R"([{"name": "a.jpg", "labels": [{"category": "car", "box2d": {"x1": 1}}]}])",
         "is not a frame's labels");
  refuse(R"([{"name": "a.jpg", "labels": [{"box2d": {"x1": 1, "y1": 1, "x2": 1, "y2": 1}}]}])",
         "is not a frame's labels");
  refuse("[{\"name\": \"\xFF\xFE\"}]", "record 0, byte ");
}

// A download that stopped must not pass for a smaller data set, wherever it was cut.
TEST_F(Bdd100kLabels, RefusesAFileCutAnywhere) {
  const std::string content = "[" + frame_json("a.jpg", "clear") + ", " +
                              frame_json("b\\\".jpg", "rainy", R"([{"category": "c\\"}])") + "]";
  EXPECT_EQ(read(content).size(), 2u);
  for (std::size_t bytes = 0; bytes < content.size(); ++bytes) {
    refuse(content.substr(0, bytes),
           "labels.json, byte " + std::to_string(bytes) + "] the file is cut off");
  }
}

TEST_F(Bdd100kLabels, CutsRecordsAcrossBufferEnds) {
  // Records from a few bytes to beyond the buffer of a megabyte, with every mark inside strings.
  Generator generator(7);
  std::vector<std::string> records;
  std::string content = "[";
  for (int i = 0; i < 60; ++i) {
    std::string filler;
    const std::uint64_t pieces = generator.below(i % 20 == 0 ? 1'000'000 : 20'000);
    constexpr const char* kPieces[] = {"{", "}", "[", "]", "\\\"", "\\\\", ",", "x", " "};
    for (std::uint64_t piece = 0; piece < pieces; ++piece) filler += kPieces[generator.below(9)];
    records.push_back("{\"n\": [{}, [[" + std::to_string(i) + "]]], \"s\": \"" + filler + "\"}");
    content += (i > 0 ? ",\n " : "") + records.back();
  }
  content += "]";
  ASSERT_GT(content.size(), std::size_t{2} << 20);
  put(folder_ / "labels.json", content);
  JsonRecords reader(folder_ / "labels.json");
  for (std::size_t i = 0; i < records.size(); ++i) {
    const auto record = reader.next();
    ASSERT_TRUE(record.has_value());
    ASSERT_EQ(record->text, records[i]);
    ASSERT_EQ(record->number, i);
    ASSERT_EQ(content.substr(record->offset, 5), "{\"n\":");
  }
  EXPECT_FALSE(reader.next().has_value());
  EXPECT_FALSE(reader.next().has_value());
}

TEST_F(Bdd100kLabels, RefusesARecordWithoutEnd) {
  std::string content = "[{\"name\": \"";
  content.resize(std::size_t{70} << 20, 'x');
  refuse(content, "byte 1] record 0 has more than");
}

}  // namespace
}  // namespace goldpan
