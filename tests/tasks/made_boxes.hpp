#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include <goldpan/core/random.hpp>
#include <goldpan/core/targets.hpp>

namespace goldpan {

/// Truth and detections of made images: crowds, ignored boxes, stated areas, empty images, tied
/// scores, several detections of one object, and detections of nothing.
struct MadeBoxes {
  MadeBoxes(std::size_t images, std::size_t categories, std::uint64_t seed) {
    Generator random(seed);
    const auto number = [&](double low, double high) {
      return low + (high - low) * random.uniform();
    };
    const auto score = [&] { return static_cast<double>(random.below(20)) / 20; };  // many ties
    for (std::size_t i = 0; i < images; ++i) {
      std::vector<Box> boxes;
      std::vector<Detection> detections;
      const std::size_t objects = random.below(4) == 0 ? 0 : random.below(9);
      for (std::size_t o = 0; o < objects; ++o) {
        const double side = std::min(400.0, 8.0 / (0.02 + number(0, 1)));
        Box box{.x = number(0, 600),
                .y = number(0, 400),
                .width = side,
                .height = number(0.5, 2) * side};
        box.category = static_cast<std::int32_t>(random.below(categories));
        box.crowd = random.below(8) == 0;
        box.ignore = random.below(10) == 0;
        if (random.below(3) == 0) box.stated_area = number(0.3, 1) * box.width * box.height;
        boxes.push_back(box);
        for (std::uint64_t n = random.below(4); n > 0; --n) {
          Detection detection{.box = box, .score = score(), .probabilities = {}};
          const double shift = number(0, 0.3) * side;
          detection.box.x += number(-shift, shift);
          detection.box.y += number(-shift, shift);
          detection.box.width *= number(0.8, 1.2);
          detection.box.crowd = detection.box.ignore = false;
          detection.box.stated_area = -1;
          if (random.below(6) == 0)
            detection.box.category = static_cast<std::int32_t>(random.below(categories));
          detections.push_back(detection);
          if (random.below(5) == 0) detections.push_back(detection);  // the very same again
        }
      }
      for (std::uint64_t n = random.below(6); n > 0; --n) {
        Detection detection{.box = {.x = number(0, 600),
                                    .y = number(0, 400),
                                    .width = number(4, 200),
                                    .height = number(4, 200)},
                            .score = score(),
                            .probabilities = {}};
        detection.box.category = static_cast<std::int32_t>(random.below(categories));
        detections.push_back(detection);
      }
      truth.push_back(boxes);
      found.push_back(detections);
    }
  }
  std::vector<std::vector<Box>> truth;
  std::vector<std::vector<Detection>> found;
};

}  // namespace goldpan
