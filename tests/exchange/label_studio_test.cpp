#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <goldpan/core/files.hpp>
#include <goldpan/exchange/exchange.hpp>
#include <goldpan/exchange/resolve.hpp>

#include "exchange/sample_set.hpp"
#include "expect_error.hpp"
#include "temporary_folder.hpp"

namespace goldpan {
namespace {

using nlohmann::json;

AnnotationFile read(const json& content) {
  const TemporaryFolder folder;
  write_file(folder / "export.json", content.dump());
  return find_exchange_format("label-studio").read(folder / "export.json", {sample_size});
}

/// What Label Studio would export had the annotators accepted every suggestion.
json accept(const ExportSet& set) {
  const auto files = write_exchange(find_exchange_format("label-studio"), set,
                                    {.image_prefix = "/data/local-files/?d=pool/"});
  EXPECT_EQ(files[1].path, "config.xml");
  json tasks = json::parse(files[0].content);
  for (json& task : tasks) {
    task["annotations"] = json::array();
    for (const json& prediction : task.value("predictions", json::array())) {
      task["annotations"].push_back({{"result", prediction["result"]},
                                     {"was_cancelled", false},
                                     {"completed_by", 1},
                                     {"updated_at", "2026-01-01T10:00:00Z"}});
    }
  }
  return tasks;
}

TEST(LabelStudio, SuggestionsThatAreAcceptedComeBack) {
  for (const AnnotationKind kind : {AnnotationKind::kLabels, AnnotationKind::kBoxes}) {
    const ExportSet set = sample_set(kind);
    const AnnotationFile file = read(accept(set));
    std::vector<std::string> ids;
    for (const auto& item : set.items) ids.push_back(item.id);
    const Resolved resolved =
        resolve_annotations(file, ids, {.kind = kind, .classes = set.classes});
    EXPECT_EQ(resolved.count(Outcome::kKept), 2u);
    EXPECT_EQ(resolved.count(Outcome::kUnlabelled), 1u);
    EXPECT_EQ(file.annotations[0].who, "1");
    if (kind == AnnotationKind::kBoxes) {
      const Box& box = resolved.box_sets[0].boxes[0];
      EXPECT_NEAR(box.x, 10, 1e-9);
      EXPECT_NEAR(box.y, 20, 1e-9);
      EXPECT_NEAR(box.width, 30.5, 1e-9);
      EXPECT_NEAR(box.height, 40.25, 1e-9);
    }
  }
}

TEST(LabelStudio, ReadsUploadsCancelledAndSeveralAnnotations) {
  const json choice = {{"type", "choices"}, {"value", {{"choices", {"cat"}}}}};
  const json tasks = {
      {{"id", 1},
       {"data", {{"image", "/data/upload/1/0a1b2c3d-night_a.jpg"}}},
       {"annotations",
        {{{"result", {choice}},
          {"was_cancelled", true},
          {"completed_by", {{"id", 3}, {"email", "ann@x"}}}},
         {{"result", json::array()}, {"completed_by", 2}},
         {{"result", {choice, {{"type", "brushlabels"}, {"value", json::object()}}}}}}}},
      {{"id", 2}, {"data", {{"image", "b.jpg"}}}, {"annotations", json::array()}}};
  const AnnotationFile file = read(tasks);
  ASSERT_EQ(file.annotations.size(), 4u);
  EXPECT_TRUE(file.annotations[0].cancelled);
  EXPECT_EQ(file.annotations[0].who, "ann@x");
  EXPECT_TRUE(file.annotations[1].labels.empty());
  EXPECT_EQ(file.annotations[2].left_out, std::vector<std::string>{"brushlabels"});
  EXPECT_FALSE(file.annotations[3].answered);
  EXPECT_NE(file.annotations[2].where.find("task 0, annotation 3"), std::string::npos);
}

TEST(LabelStudio, ReadsTheMinimalExport) {
  const json records = {{{"image", "a.jpg"},
                         {"id", 1},
                         {"label", "cat"},
                         {"annotation_id", 5},
                         {"annotator", 2},
                         {"updated_at", "2026-01-01T00:00:00Z"},
                         {"lead_time", 1.5},
                         {"reason", "strategy"}},
                        {{"image", "b.jpg"},
                         {"id", 2},
                         {"choice", {{"choices", {"cat", "dog"}}}},
                         {"annotation_id", 6}},
                        {{"image", "night.jpg"},
                         {"id", 3},
                         {"annotation_id", 7},
                         {"label",
                          {{{"x", 50},
                            {"y", 0},
                            {"width", 10},
                            {"height", 20},
                            {"rotation", 90},
                            {"rectanglelabels", {"cat"}},
                            {"original_width", 200},
                            {"original_height", 100}}}}},
                        {{"image", "c.jpg"}, {"id", 4}, {"annotation_id", 8}, {"weather", "rain"}}};
  const AnnotationFile file = read(records);
  ASSERT_EQ(file.annotations.size(), 4u);
  EXPECT_EQ(file.annotations[0].labels, std::vector<std::string>{"cat"});
  EXPECT_EQ(file.annotations[0].who, "2");
  EXPECT_EQ(file.annotations[1].labels, (std::vector<std::string>{"cat", "dog"}));
  ASSERT_EQ(file.annotations[2].boxes.size(), 1u);
  // 20 x 20 pixels at (100, 0), turned by 90 degrees clockwise about that corner.
  EXPECT_NEAR(file.annotations[2].boxes[0].box.x, 80, 1e-9);
  EXPECT_NEAR(file.annotations[2].boxes[0].box.y, 0, 1e-9);
  EXPECT_NEAR(file.annotations[2].boxes[0].box.width, 20, 1e-9);
  EXPECT_EQ(file.annotations[2].notes.size(), 1u);
  // A control of another name cannot be told from data: it is named.
  ASSERT_EQ(file.annotations[3].notes.size(), 1u);
  EXPECT_NE(file.annotations[3].notes[0].find("weather"), std::string::npos);
}

TEST(LabelStudio, RefusesWhatIsNoExport) {
  expect_error([] { read(json::object()); }, "expected a list of Label Studio's tasks");
  expect_error([] { read(json::array({1})); }, "task 0] is not an object");
  const json box = {{"type", "rectanglelabels"},
                    {"original_width", 10},
                    {"original_height", 10},
                    {"value", {{"x", "left"}, {"rectanglelabels", {"a"}}}}};
  const json task = {{"data", {{"image", "a.jpg"}}}, {"annotations", {{{"result", {box}}}}}};
  expect_error([&] { read(json::array({task})); }, "task 0, annotation 1] has no number 'x'");
}

}  // namespace
}  // namespace goldpan
