#include <algorithm>
#include <cmath>
#include <unordered_map>
#include <unordered_set>

#include "exchange/box_readers.hpp"
#include "exchange/json_fields.hpp"

namespace goldpan::exchange {
namespace {

using simdjson::ondemand::value;

/// An annotation as it stands in the file: images and categories may come behind it.
struct Annotation {
  Box box;
  std::int64_t image = 0;
  std::int64_t category = 0;
  std::size_t record = 0, offset = 0;
};

class Reader {
 public:
  explicit Reader(const std::filesystem::path& path) : path_(path.string()) {}

  BoxTruth read() {
    JsonRecords records(path_, JsonLayout::kObjectOfLists, "record");
    while (const auto record = records.next()) {
      if (record->list == "images") {
        add_image(*record);
      } else if (record->list == "categories") {
        add_category(*record);
      } else if (record->list == "annotations") {
        add_annotation(*record);
      }
    }
    for (const char* list : {"images", "categories"}) {
      if (!records.has_met(list)) {
        throw Error(path_, fmt::format("has no list \"{}\": it is not COCO's ground truth", list));
      }
    }
    if (!records.has_met("annotations")) {
      truth_.notes.push_back("the file has no annotations: its images are without boxes");
    }
    place_boxes();
    return std::move(truth_);
  }

 private:
  std::string place(const JsonRecords::Record& record) const {
    return fmt::format("{}, {}, record {}, byte {}", path_, record.list, record.number,
                       record.offset);
  }

  void add_image(const JsonRecords::Record& record) {
    std::int64_t number = 0;
    std::string name;
    int width = 0, height = 0;
    bool has_number = false;
    for_fields(parser_, record, path_, "an image", [&](std::string_view key, value& field) {
      if (key == "id") {
        number = field.get_int64();
        has_number = true;
      } else if (key == "file_name") {
        name = std::string(field.get_string().value());
      } else if ((key == "width" || key == "height") && !field.is_null()) {
        const std::int64_t pixels = field.get_int64();
        (key == "width" ? width : height) =
            static_cast<int>(std::clamp<std::int64_t>(pixels, 0, 1 << 30));
      }
    });
    if (!has_number) throw Error(place(record), "the image has no \"id\"");
    if (!image_rows_.emplace(number, truth_.images.size()).second) {
      throw Error(place(record), fmt::format("image {} stands there twice", number));
    }
    truth_.numbers.push_back(number);
    truth_.images.push_back(name.empty() ? fmt::format("{}", number) : std::move(name));
    truth_.widths.push_back(width);
    truth_.heights.push_back(height);
  }

  void add_category(const JsonRecords::Record& record) {
    std::int64_t number = 0;
    std::string name;
    bool has_number = false;
    for_fields(parser_, record, path_, "a category", [&](std::string_view key, value& field) {
      if (key == "id") {
        number = field.get_int64();
        has_number = true;
      } else if (key == "name") {
        name = std::string(field.get_string().value());
      }
    });
    if (!has_number || name.empty()) {
      throw Error(place(record), "the category has no \"id\" or no \"name\"");
    }
    const auto row = static_cast<std::int32_t>(truth_.category_numbers.size());
    if (!category_rows_.emplace(number, row).second) {
      throw Error(place(record), fmt::format("category {} stands there twice", number));
    }
    if (!category_names_.insert(name).second) {
      throw Error(place(record), fmt::format("category '{}' stands there twice", name));
    }
    truth_.category_numbers.push_back(number);
    truth_.targets.categories.push_back(std::move(name));
  }

  void add_annotation(const JsonRecords::Record& record) {
    Annotation annotation;
    bool has_image = false, has_category = false, has_box = false;
    for_fields(parser_, record, path_, "an annotation", [&](std::string_view key, value& field) {
      if (key == "bbox") {
        read_bbox(field, annotation.box);
        has_box = true;
      } else if (key == "image_id") {
        annotation.image = field.get_int64();
        has_image = true;
      } else if (key == "category_id") {
        annotation.category = field.get_int64();
        has_category = true;
      } else if (key == "area") {
        if (!field.is_null()) annotation.box.stated_area = field.get_double();
      } else if (key == "iscrowd") {
        annotation.box.crowd = read_flag(field);
      } else if (key == "ignore") {
        annotation.box.ignore = read_flag(field);
      } else if (key == "id") {
        const std::int64_t number = field.get_int64();
        if (!annotation_numbers_.insert(number).second) {
          throw Error(place(record), fmt::format("annotation {} stands there twice", number));
        }
      }
    });
    if (!has_image || !has_category || !has_box) {
      throw Error(place(record),
                  fmt::format("the annotation has no \"{}\"", !has_image      ? "image_id"
                                                              : !has_category ? "category_id"
                                                                              : "bbox"));
    }
    check_rectangle(annotation.box, place(record));
    if (annotation.box.stated_area < 0 && annotation.box.stated_area != -1) {
      throw Error(place(record),
                  fmt::format("got an area of {}, expected 0 or more", annotation.box.stated_area));
    }
    annotation.record = record.number;
    annotation.offset = record.offset;
    annotations_.push_back(annotation);
  }

  void place_boxes() {
    truth_.targets.boxes.resize(truth_.size());
    std::size_t ignored = 0;
    for (Annotation& annotation : annotations_) {
      const auto where = [&] {
        return place_of(path_, "annotations, ", annotation.record, annotation.offset);
      };
      const auto image = image_rows_.find(annotation.image);
      if (image == image_rows_.end()) {
        throw Error(where(), fmt::format("image {} is not among the images", annotation.image));
      }
      const auto category = category_rows_.find(annotation.category);
      if (category == category_rows_.end()) {
        throw Error(where(),
                    fmt::format("category {} is not among the categories", annotation.category));
      }
      annotation.box.category = category->second;
      ignored += annotation.box.ignore && !annotation.box.crowd;
      truth_.targets.boxes[image->second].push_back(annotation.box);
    }
    if (ignored > 0) {
      truth_.notes.push_back(fmt::format(
          "{} annotations have \"ignore\" set and are neither missed nor found; pycocotools "
          "overwrites that field by \"iscrowd\" and counts them",
          ignored));
    }
  }

  std::string path_;
  simdjson::ondemand::parser parser_;
  BoxTruth truth_;
  std::vector<Annotation> annotations_;
  std::unordered_map<std::int64_t, std::size_t> image_rows_;
  std::unordered_map<std::int64_t, std::int32_t> category_rows_;
  std::unordered_set<std::int64_t> annotation_numbers_;
  std::unordered_set<std::string> category_names_;
};

}  // namespace

BoxTruth read_coco_truth(const std::filesystem::path& path, const BoxFileOptions& /*options*/) {
  return Reader(path).read();
}

}  // namespace goldpan::exchange
