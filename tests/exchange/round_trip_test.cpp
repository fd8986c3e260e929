#include <cmath>

#include <gtest/gtest.h>

#include <goldpan/exchange/exchange.hpp>
#include <goldpan/exchange/resolve.hpp>

#include "exchange/sample_set.hpp"
#include "expect_error.hpp"
#include "temporary_folder.hpp"

// What a format writes it reads back, item by item. Label Studio's tasks hold suggestions, which
// are no answers: label_studio_test.cpp has its round trip.

namespace goldpan {
namespace {

std::vector<std::string> ids_of(const ExportSet& set) {
  std::vector<std::string> ids;
  for (const ExportItem& item : set.items) ids.push_back(item.id);
  return ids;
}

void round_trip(const ExchangeFormat& format, AnnotationKind kind) {
  SCOPED_TRACE(std::string(format.name) + (kind == AnnotationKind::kLabels ? " labels" : " boxes"));
  const ExportSet set = sample_set(kind);
  const TemporaryFolder folder;
  const auto files = write_exchange(format, set);
  write_exchange_files(folder.path(), files);
  const bool is_folder = format.name == "yolo" || format.name == "fiftyone";
  const auto path = is_folder ? folder.path() : folder / files.front().path;
  const AnnotationFile file = format.read(path, {sample_size});
  const std::vector<std::string> ids = ids_of(set);
  const Resolved resolved = resolve_annotations(file, ids, {.kind = kind, .classes = set.classes});
  EXPECT_EQ(resolved.count(Outcome::kUnknownItem), 0u);
  EXPECT_EQ(resolved.count(Outcome::kAmbiguousItem), 0u);
  EXPECT_EQ(resolved.count(Outcome::kUnknownClass), 0u);
  if (kind == AnnotationKind::kLabels) {
    ASSERT_EQ(resolved.labels.size(), 2u);
    for (const auto& label : resolved.labels) {
      EXPECT_EQ(set.classes[static_cast<std::size_t>(label.label)], set.items[label.item].label);
    }
    EXPECT_EQ(resolved.count(Outcome::kUnlabelled), 1u);
    return;
  }
  std::size_t boxes = 0;
  for (const auto& found : resolved.box_sets) {
    const auto& wanted = set.items[found.item].boxes;
    ASSERT_EQ(found.boxes.size(), wanted.size());
    boxes += wanted.size();
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      const Box& box = found.boxes[i];
      EXPECT_EQ(set.classes[static_cast<std::size_t>(box.category)], wanted[i].label);
      EXPECT_NEAR(box.x, wanted[i].box.x, 0.006);
      EXPECT_NEAR(box.y, wanted[i].box.y, 0.006);
      EXPECT_NEAR(box.right(), wanted[i].box.right(), 0.006);
      EXPECT_NEAR(box.bottom(), wanted[i].box.bottom(), 0.006);
    }
  }
  EXPECT_EQ(boxes, 3u);
}

TEST(RoundTrip, EveryFormat) {
  for (const ExchangeFormat& format : exchange_formats()) {
    if (format.name == "label-studio") continue;
    if (format.labels) round_trip(format, AnnotationKind::kLabels);
    if (format.boxes) round_trip(format, AnnotationKind::kBoxes);
  }
}

TEST(RoundTrip, WritersRefuseWhatWouldBeLost) {
  const auto refused = [](const char* format, const ExportSet& set, const std::string& why) {
    expect_error([&] { write_exchange(find_exchange_format(format), set); }, why);
  };
  ExportSet set = sample_set(AnnotationKind::kBoxes);
  set.items[0].width = 0;
  refused("coco", set, "has no known size");
  set = sample_set(AnnotationKind::kBoxes);
  set.items[1].boxes[0].box.x = NAN;
  refused("cvat", set, "not finite");
  set.items[1].boxes[0] = {"tree", {}, 0};
  refused("csv", set, "'tree', which is not among the classes");
  set = sample_set(AnnotationKind::kLabels);
  refused("yolo", set, "rectangles alone");
  set.items[1].id = set.items[0].id;
  refused("csv", set, "exported twice");
  for (const char* id : {"../x.jpg", "/etc/passwd", "a/../../b", "", "a\\b", "a\nb"}) {
    set = sample_set(AnnotationKind::kLabels);
    set.items[2].id = id;
    refused("csv", set, "an id must be a relative path");
  }
  set = sample_set(AnnotationKind::kLabels);
  set.items[2].id = set.items[2].image = "night/a b.png";
  refused("fiftyone", set, "differs from another in its ending alone");
  expect_error([] { find_exchange_format("voc"); }, "expected one of label-studio, cvat");
}

}  // namespace
}  // namespace goldpan
