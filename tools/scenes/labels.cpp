#include "scenes/labels.hpp"

#include <fmt/format.h>

namespace goldpan::scenes {

std::string label_entry(const Scene& scene, std::size_t frame) {
  // Every text in it is one of ours: nothing needs escaping.
  std::string entry = fmt::format(
      R"({{"name": "{}", "videoName": "d{:04}", "frameIndex": {}, )"
      R"("attributes": {{"weather": "{}", "timeofday": "{}", "scene": "{}"}}, "labels": [)",
      scene.name, scene.drive, frame, scene.weather, scene.timeofday, scene.place);
  std::size_t number = 0;
  for (const SceneLabel& label : scene.labels) {
    entry += fmt::format(
        R"({}{{"id": "{}-{}-{}", "category": "{}", "attributes": {{"occluded": {}, "truncated": {}, )"
        R"("trafficLightColor": "{}"}}, "box2d": {{"x1": {}, "y1": {}, "x2": {}, "y2": {}}}}})",
        number == 0 ? "" : ", ", scene.drive, frame, number, label.box.category, label.occluded,
        label.truncated, label.light, label.box.x1, label.box.y1, label.box.x2, label.box.y2);
    ++number;
  }
  return entry + "]}";
}

}  // namespace goldpan::scenes
