#include "data/bdd100k_labels.hpp"

#include <string_view>

#include <fmt/format.h>
#include <simdjson.h>

#include <goldpan/core/error.hpp>

#include "core/file_bytes.hpp"
#include "core/json_records.hpp"

namespace goldpan {
namespace {

namespace json = simdjson::ondemand;

static_assert(JsonRecords::kPadding >= simdjson::SIMDJSON_PADDING);

/// A field that is missing and one that is null mean the same in these files.
bool is_null(json::value value) { return value.is_null(); }

std::string text(json::value value) { return std::string(value.get_string().value()); }

void read_attributes(json::value value, FrameLabels& frame) {
  if (is_null(value)) return;
  for (auto field : value.get_object()) {
    const std::string_view key = field.unescaped_key();
    for (std::size_t a = 0; a < bdd100k_attributes().size(); ++a) {
      if (key != bdd100k_attributes()[a].name) continue;
      json::value attribute = field.value();
      if (!is_null(attribute)) frame.attributes[a] = text(attribute);
      break;
    }
  }
}

bool read_box(json::value value, NamedBox& box) {
  if (is_null(value)) return false;
  int sides = 0;
  for (auto field : value.get_object()) {
    const std::string_view key = field.unescaped_key();
    float* const side = key == "x1"   ? &box.x1
                        : key == "y1" ? &box.y1
                        : key == "x2" ? &box.x2
                        : key == "y2" ? &box.y2
                                      : nullptr;
    if (side == nullptr) continue;
    *side = static_cast<float>(field.value().get_double().value());
    ++sides;
  }
  if (sides != 4) throw simdjson::simdjson_error(simdjson::NO_SUCH_FIELD);
  return true;
}

void read_labels(json::value value, FrameLabels& frame) {
  if (is_null(value)) return;
  for (auto label : value.get_array()) {
    NamedBox box;
    bool has_box = false;
    bool has_category = false;
    for (auto field : label.get_object()) {
      const std::string_view key = field.unescaped_key();
      if (key == "category") {
        box.category = text(field.value());
        has_category = true;
      } else if (key == "box2d") {
        has_box = read_box(field.value(), box);
      }
    }
    if (has_box && !has_category) throw simdjson::simdjson_error(simdjson::NO_SUCH_FIELD);
    if (has_box) frame.boxes.push_back(std::move(box));
  }
}

/// Files of one image keep their labels one level deeper: frames: [{objects: [...]}].
void read_single_frame(json::value value, FrameLabels& frame) {
  if (is_null(value)) return;
  for (auto part : value.get_array()) {
    for (auto field : part.get_object()) {
      if (std::string_view(field.unescaped_key()) == "objects") read_labels(field.value(), frame);
    }
  }
}

/// `text` must be followed by readable padding. `file_offset` is its place in the file.
FrameLabels parse_frame(json::parser& parser, std::string_view text_of_frame,
                        std::size_t file_offset, const std::string& path,
                        const std::string& record) {
  FrameLabels frame;
  frame.where = fmt::format("{}, {}byte {}", path, record, file_offset);
  json::document document;
  bool begun = false;  // before that, the document cannot be asked where it is
  try {
    document = parser.iterate(simdjson::padded_string_view(
        text_of_frame.data(), text_of_frame.size(), text_of_frame.size() + JsonRecords::kPadding));
    begun = true;
    for (auto field : document.get_object()) {
      const std::string_view key = field.unescaped_key();
      if (key == "name") {
        frame.name = text(field.value());
      } else if (key == "attributes") {
        read_attributes(field.value(), frame);
      } else if (key == "labels") {
        read_labels(field.value(), frame);
      } else if (key == "frames") {
        read_single_frame(field.value(), frame);
      }
    }
  } catch (const simdjson::simdjson_error& error) {
    std::size_t byte = file_offset;
    const char* location = nullptr;
    if (begun && document.current_location().get(location) == simdjson::SUCCESS &&
        location >= text_of_frame.data() &&
        location <= text_of_frame.data() + text_of_frame.size()) {
      byte += static_cast<std::size_t>(location - text_of_frame.data());
    }
    throw Error(fmt::format("{}, {}byte {}", path, record, byte),
                fmt::format("is not a frame's labels: {}", error.what()));
  }
  if (frame.name.empty()) throw Error(frame.where, "the frame has no name");
  return frame;
}

}  // namespace

const std::vector<Bdd100kAttribute>& bdd100k_attributes() {
  static const std::vector<Bdd100kAttribute> attributes = {
      {"weather", {"clear", "partly cloudy", "overcast", "rainy", "snowy", "foggy", "undefined"}},
      {"timeofday", {"daytime", "dawn/dusk", "night", "undefined"}},
      {"scene",
       {"city street", "highway", "residential", "parking lot", "tunnel", "gas stations",
        "undefined"}},
  };
  return attributes;
}

void read_frame_list(const std::filesystem::path& path,
                     const std::function<void(FrameLabels&&)>& visit) {
  JsonRecords records(path);
  json::parser parser;
  while (const auto record = records.next()) {
    visit(parse_frame(parser, record->text, record->offset, path.string(),
                      fmt::format("record {}, ", record->number)));
  }
}

FrameLabels read_frame_file(const std::filesystem::path& path) {
  std::vector<std::byte> bytes = read_bytes(path);
  const std::size_t size = bytes.size();
  bytes.resize(size + JsonRecords::kPadding);
  const std::string_view text_of_frame(reinterpret_cast<const char*>(bytes.data()), size);
  json::parser parser;
  return parse_frame(parser, text_of_frame, 0, path.string(), "");
}

}  // namespace goldpan
