#include <array>
#include <functional>
#include <unordered_set>

#include "exchange/box_readers.hpp"
#include "exchange/json_fields.hpp"

namespace goldpan::exchange {
namespace {

using simdjson::ondemand::value;

constexpr std::array<std::string_view, 3> kAttributes = {"weather", "timeofday", "scene"};

struct Label {
  std::string category;
  Detection detection;
  bool has_score = false;
};

struct Frame {
  std::string name;
  std::array<std::string, 3> attributes;
  std::vector<Label> labels;
};

/// Edges become a corner and a size; coordinates are taken as places, so that a box from 10 to 12
/// is 2 wide.
bool read_box2d(value field, Box& box) {
  if (field.is_null()) return false;
  double x2 = 0, y2 = 0;
  int sides = 0;
  for (auto side : field.get_object()) {
    const std::string_view key = side.unescaped_key();
    double* const to = key == "x1"   ? &box.x
                       : key == "y1" ? &box.y
                       : key == "x2" ? &x2
                       : key == "y2" ? &y2
                                     : nullptr;
    if (to == nullptr) continue;
    *to = side.value().get_double();
    ++sides;
  }
  if (sides != 4) throw simdjson::simdjson_error(simdjson::NO_SUCH_FIELD);
  box.width = x2 - box.x;
  box.height = y2 - box.y;
  return true;
}

void read_label(value field, Frame& frame) {
  Label label;
  bool has_box = false;
  for (auto part : field.get_object()) {
    const std::string_view key = part.unescaped_key();
    value content = part.value();
    if (key == "category") {
      label.category = std::string(content.get_string().value());
    } else if (key == "box2d") {
      has_box = read_box2d(content, label.detection.box);
    } else if (key == "score" && !content.is_null()) {
      label.detection.score = content.get_double();
      label.has_score = true;
    } else if (key == "attributes" && !content.is_null()) {
      for (auto attribute : content.get_object()) {
        const std::string_view name = attribute.unescaped_key();
        value flag = attribute.value();
        if (name == "crowd") label.detection.box.crowd = read_flag(flag);
        if (name == "ignored") label.detection.box.ignore = read_flag(flag);
      }
    }
  }
  if (!has_box) return;  // lanes and drivable areas
  if (label.category.empty()) throw simdjson::simdjson_error(simdjson::NO_SUCH_FIELD);
  frame.labels.push_back(std::move(label));
}

void read_frames(const std::string& path,
                 const std::function<void(Frame&&, const std::string& where)>& visit) {
  JsonRecords records(path);
  simdjson::ondemand::parser parser;
  std::unordered_set<std::string> seen;
  while (const auto record = records.next()) {
    Frame frame;
    for_fields(parser, *record, path, "a frame's labels", [&](std::string_view key, value& field) {
      if (key == "name") {
        frame.name = std::string(field.get_string().value());
      } else if (key == "attributes" && !field.is_null()) {
        for (auto attribute : field.get_object()) {
          const std::string_view name = attribute.unescaped_key();
          for (std::size_t a = 0; a < kAttributes.size(); ++a) {
            if (name != kAttributes[a]) continue;
            value text = attribute.value();
            if (!text.is_null()) frame.attributes[a] = std::string(text.get_string().value());
            break;
          }
        }
      } else if (key == "labels" && !field.is_null()) {
        for (auto label : field.get_array()) read_label(label.value(), frame);
      }
    });
    const std::string where = place_of(path, "", record->number, record->offset);
    if (frame.name.empty()) throw Error(where, "the frame has no name");
    if (!seen.insert(frame.name).second) {
      throw Error(where, fmt::format("frame '{}' stands there twice", frame.name));
    }
    for (const Label& label : frame.labels) check_rectangle(label.detection.box, where);
    visit(std::move(frame), where);
  }
}

}  // namespace

BoxTruth read_bdd100k_truth(const std::filesystem::path& path, const BoxFileOptions& options) {
  BoxTruth truth;
  CategoryNames categories(options.categories);
  read_frames(path.string(), [&](Frame&& frame, const std::string&) {
    std::vector<Box> boxes;
    for (Label& label : frame.labels) {
      label.detection.box.category = categories.add(label.category);
      boxes.push_back(label.detection.box);
    }
    truth.images.push_back(std::move(frame.name));
    truth.targets.boxes.push_back(std::move(boxes));
    for (std::size_t a = 0; a < kAttributes.size(); ++a) {
      truth.attributes[std::string(kAttributes[a])].push_back(std::move(frame.attributes[a]));
    }
  });
  truth.widths.assign(truth.size(), 0);
  truth.heights.assign(truth.size(), 0);
  truth.targets.categories = categories.names();
  return truth;
}

BoxPredictions read_bdd100k_predictions(const std::filesystem::path& path, const BoxTruth& truth,
                                        const BoxFileOptions& options) {
  BoxPredictions predictions = no_predictions(truth);
  Index row = 0;
  const ImageNames names(truth.images);
  const CategoryNames categories(truth.targets.categories);
  std::size_t dropped = 0;
  read_frames(path.string(), [&](Frame&& frame, const std::string& where) {
    const std::size_t image = names.find(frame.name);
    if (image == ImageNames::kNone) {
      throw Error(where,
                  fmt::format("frame '{}' is not among the {} images", frame.name, truth.size()));
    }
    for (Label& label : frame.labels) {
      const Index own_row = row++;
      if (!label.has_score) throw Error(where, "a detection has no \"score\"");
      label.detection.box.category = categories.find(label.category);
      if (label.detection.box.category != CategoryNames::kNone) {
        predictions.detections[image].push_back(std::move(label.detection));
        predictions.rows[image].push_back(own_row);
      } else if (options.drop_unknown_categories) {
        ++dropped;
      } else {
        throw Error(where, fmt::format("category '{}' is not among the {} categories",
                                       label.category, truth.targets.categories.size()));
      }
    }
  });
  note_dropped(dropped, predictions.notes);
  return predictions;
}

}  // namespace goldpan::exchange
