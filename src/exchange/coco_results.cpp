#include <cmath>
#include <set>
#include <unordered_map>

#include "exchange/box_readers.hpp"
#include "exchange/json_fields.hpp"

namespace goldpan::exchange {

using simdjson::ondemand::json_type;
using simdjson::ondemand::value;

namespace {

/// What names an image or a category: a number or a text.
struct Name {
  std::int64_t number = 0;
  std::string text;
  bool is_text = false;
  bool is_there = false;

  void read(value& field) {
    is_there = true;
    is_text = field.type() == json_type::string;
    if (is_text) {
      text.assign(field.get_string().value());
    } else {
      number = field.get_int64();
    }
  }
  std::string shown() const { return is_text ? "'" + text + "'" : fmt::format("{}", number); }
};

class Reader {
 public:
  Reader(const std::filesystem::path& path, const BoxTruth& truth, const BoxFileOptions& options)
      : path_(path.string()),
        truth_(truth),
        options_(options),
        names_(truth.images),
        categories_(truth.targets.categories) {
    for (std::size_t i = 0; i < truth.numbers.size(); ++i) rows_.emplace(truth.numbers[i], i);
    for (std::size_t c = 0; c < truth.category_numbers.size(); ++c) {
      category_rows_.emplace(truth.category_numbers[c], static_cast<std::int32_t>(c));
    }
  }

  BoxPredictions read() {
    BoxPredictions predictions = no_predictions(truth_);
    JsonRecords records(path_, JsonLayout::kList, "detection");
    while (const auto record = records.next()) {
      Detection detection;
      const std::size_t image = read_record(*record, detection);
      if (detection.box.category == CategoryNames::kNone) {
        ++dropped_;
      } else {
        predictions.detections[image].push_back(std::move(detection));
        predictions.rows[image].push_back(static_cast<Index>(record->number));
      }
    }
    note_dropped(dropped_, predictions.notes);
    return predictions;
  }

 private:
  std::size_t read_record(const JsonRecords::Record& record, Detection& detection) {
    const auto place = [&] { return place_of(path_, "", record.number, record.offset); };
    image_.is_there = category_.is_there = false;
    bool has_box = false, has_score = false;
    for_fields(parser_, record, path_, "a detection", [&](std::string_view key, value& field) {
      if (key == "bbox") {
        read_bbox(field, detection.box);
        has_box = true;
      } else if (key == "image_id" || (key == "file_name" && !image_.is_there)) {
        image_.read(field);
      } else if (key == "category_id" || (key == "category" && !category_.is_there)) {
        category_.read(field);
      } else if (key == "score") {
        detection.score = field.get_double();
        has_score = true;
      } else if (key == "probs" && !field.is_null()) {
        for (auto number : field.get_array()) {
          detection.probabilities.push_back(static_cast<float>(number.get_double().value()));
        }
      }
    });
    if (!image_.is_there || !category_.is_there || !has_box || !has_score) {
      throw Error(place(),
                  fmt::format("the detection has no \"{}\"", !image_.is_there      ? "image_id"
                                                             : !category_.is_there ? "category_id"
                                                             : !has_box            ? "bbox"
                                                                                   : "score"));
    }
    check_rectangle(detection.box, place());
    check_probabilities(detection, place);
    detection.box.category = category_row(place);
    return image_row(place);
  }

  template <typename Place>
  void check_probabilities(const Detection& detection, const Place& place) const {
    const std::size_t expected = truth_.targets.categories.size();
    // One more is the background's, which some detectors keep.
    const std::size_t got = detection.probabilities.size();
    if (got != 0 && got != expected && got != expected + 1) {
      throw Error(place(), fmt::format("got {} \"probs\", expected one for each of {} categories",
                                       got, expected));
    }
    for (const float p : detection.probabilities) {
      if (!(p >= 0 && p <= 1)) {
        throw Error(place(), fmt::format("got {} among \"probs\", expected 0 to 1", p));
      }
    }
  }

  template <typename Place>
  std::size_t image_row(const Place& place) const {
    std::size_t row = ImageNames::kNone;
    if (image_.is_text) {
      row = names_.find(image_.text);
    } else if (const auto at = rows_.find(image_.number); at != rows_.end()) {
      row = at->second;
    } else if (truth_.numbers.empty()) {
      row = names_.find(fmt::format("{}", image_.number));
    }
    if (row == ImageNames::kNone) {
      throw Error(place(), fmt::format("image {} is not among the {} images", image_.shown(),
                                       truth_.size()));
    }
    return row;
  }

  template <typename Place>
  std::int32_t category_row(const Place& place) const {
    std::int32_t row = CategoryNames::kNone;
    if (category_.is_text) {
      row = categories_.find(category_.text);
    } else if (const auto at = category_rows_.find(category_.number); at != category_rows_.end()) {
      row = at->second;
    } else if (truth_.category_numbers.empty()) {
      throw Error(place(),
                  fmt::format("got category_id {}, but the truth's categories have names alone; "
                              "expected a name",
                              category_.number));
    }
    if (row == CategoryNames::kNone && !options_.drop_unknown_categories) {
      throw Error(place(), fmt::format("category {} is not among the {} categories",
                                       category_.shown(), truth_.targets.categories.size()));
    }
    return row;
  }

  std::string path_;
  const BoxTruth& truth_;
  const BoxFileOptions& options_;
  simdjson::ondemand::parser parser_;
  ImageNames names_;
  CategoryNames categories_;
  std::unordered_map<std::int64_t, std::size_t> rows_;
  std::unordered_map<std::int64_t, std::int32_t> category_rows_;
  Name image_, category_;
  std::size_t dropped_ = 0;
};

}  // namespace

BoxPredictions read_coco_results(const std::filesystem::path& path, const BoxTruth& truth,
                                 const BoxFileOptions& options) {
  return Reader(path, truth, options).read();
}

}  // namespace goldpan::exchange

namespace goldpan {

BoxTruth images_of_results(const std::filesystem::path& path) {
  std::set<std::int64_t> image_numbers, category_numbers;
  std::set<std::string> image_names, category_names;
  JsonRecords records(path, JsonLayout::kList, "detection");
  simdjson::ondemand::parser parser;
  while (const auto record = records.next()) {
    exchange::Name image, category;
    exchange::for_fields(parser, *record, path.string(), "a detection",
                         [&](std::string_view key, simdjson::ondemand::value& field) {
                           if (key == "image_id") image.read(field);
                           if (key == "category_id" || (key == "category" && !category.is_there)) {
                             category.read(field);
                           }
                         });
    if (image.is_there && image.is_text) image_names.insert(image.text);
    if (image.is_there && !image.is_text) image_numbers.insert(image.number);
    if (category.is_there && category.is_text) category_names.insert(category.text);
    if (category.is_there && !category.is_text) category_numbers.insert(category.number);
  }
  if (!image_names.empty() && !image_numbers.empty()) {
    throw Error(path.string(), "names some images by numbers and others by texts");
  }
  if (!category_names.empty() && !category_numbers.empty()) {
    throw Error(path.string(), "names some categories by numbers and others by texts");
  }
  BoxTruth truth;
  truth.images.assign(image_names.begin(), image_names.end());
  truth.numbers.assign(image_numbers.begin(), image_numbers.end());
  for (const std::int64_t number : image_numbers) {
    truth.images.push_back(fmt::format("{}", number));
  }
  truth.targets.categories.assign(category_names.begin(), category_names.end());
  truth.category_numbers.assign(category_numbers.begin(), category_numbers.end());
  for (const std::int64_t number : category_numbers) {
    truth.targets.categories.push_back(fmt::format("{}", number));
  }
  truth.widths.assign(truth.size(), 0);
  truth.heights.assign(truth.size(), 0);
  truth.targets.boxes.resize(truth.size());
  return truth;
}

}  // namespace goldpan
