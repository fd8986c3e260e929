#pragma once

#include <string>
#include <utility>

#include <goldpan/exchange/exchange.hpp>

namespace goldpan {

/// Three items with awkward names and suggestions of the kind asked for.
inline ExportSet sample_set(AnnotationKind kind) {
  ExportSet set;
  set.kind = kind;
  set.classes = {"car", "person, walking", "=sign 'x'"};
  ExportItem a{.id = "night/a b.jpg", .image = "night/a b.jpg", .width = 200, .height = 100};
  ExportItem b{.id = "day/a b.jpg", .image = "day/a b.jpg", .width = 64, .height = 48};
  ExportItem c{.id = "+c.png", .image = "+c.png", .width = 30, .height = 30};
  a.reason = "strategy";
  a.score = -0.5;
  if (kind == AnnotationKind::kLabels) {
    a.label = "=sign 'x'";
    a.confidence = 0.75;
    b.label = "person, walking";
  } else {
    a.boxes = {{"car", {10, 20, 30.5, 40.25}, 0.5}, {"=sign 'x'", {0, 0, 200, 100}, 0.25}};
    b.boxes = {{"person, walking", {1, 2, 3, 4}, 0.125}};
  }
  set.items = {a, b, c};
  return set;
}

inline std::pair<int, int> sample_size(const std::string& item) {
  if (item.find("night") != std::string::npos) return {200, 100};
  if (item.find("day") != std::string::npos) return {64, 48};
  return {30, 30};
}

}  // namespace goldpan
