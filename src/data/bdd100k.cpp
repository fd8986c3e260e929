#include <algorithm>
#include <array>
#include <functional>
#include <set>
#include <string>
#include <unordered_set>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <goldpan/core/error.hpp>
#include <goldpan/imaging/image_size.hpp>

#include "data/bdd100k_labels.hpp"
#include "data/file_images.hpp"
#include "data/fingerprint.hpp"
#include "data/folder_listing.hpp"
#include "data/groups.hpp"
#include "data/readers.hpp"

namespace goldpan {
namespace {

constexpr std::array<const char*, 3> kParts = {"train", "val", "test"};

/// Where a part's images lie below the root ("" if nowhere).
std::string find_images(const std::filesystem::path& root, const std::string& part) {
  for (const std::string& candidate : {"images/100k/" + part, "images/" + part}) {
    if (is_folder(root / candidate)) return candidate;
  }
  return "";
}

/// Where a part's labels are looked for, best first: files that list frames, then folders of files
/// of one frame each.
std::vector<std::string> label_files(const std::string& part) {
  return {"labels/det_20/det_" + part + ".json", "labels/bdd100k_labels_images_" + part + ".json",
          "bdd100k_labels_images_" + part + ".json"};
}
std::vector<std::string> label_folders(const std::string& part) {
  return {"labels/100k/" + part, "labels/" + part};
}

std::vector<std::string> find_labels(const std::filesystem::path& root, const std::string& part) {
  std::vector<std::string> found;
  for (const std::string& file : label_files(part)) {
    if (is_file(root / file)) found.push_back(file);
  }
  for (const std::string& folder : label_folders(part)) {
    if (is_folder(root / folder)) found.push_back(folder);
  }
  return found;
}

void read_labels(const std::filesystem::path& source,
                 const std::function<void(FrameLabels&&)>& visit) {
  if (is_file(source)) return read_frame_list(source, visit);
  for (const std::string& name : list_folder(source).others) {
    if (name.ends_with(".json")) visit(read_frame_file(source / name));
  }
}

/// What a part's labels and images have to do with each other.
struct Counts {
  std::size_t without_image = 0;
  std::string first_without_image;
  std::size_t repeated = 0;
  std::size_t without_attribute = 0;
};

struct Item {
  std::string id;
  std::int32_t label = 0;
  std::array<std::string, 3> attributes;
  std::vector<NamedBox> boxes;
};

/// Collects a part's items: frames that have an image and the attribute.
class PartReader {
 public:
  PartReader(std::string folder, std::vector<std::string> images, std::size_t attribute)
      : folder_(std::move(folder)),
        images_(std::make_move_iterator(images.begin()), std::make_move_iterator(images.end())),
        attribute_(attribute) {}

  void add(FrameLabels&& frame) {
    const std::string* const image = find_image(frame.name);
    if (image == nullptr) {
      if (counts_.without_image++ == 0) counts_.first_without_image = frame.name;
      return;
    }
    if (!labelled_.insert(*image).second) {
      ++counts_.repeated;
      return;
    }
    const std::string& value = frame.attributes[attribute_];
    if (value.empty()) {
      ++counts_.without_attribute;
      return;
    }
    const auto& [name, classes] = bdd100k_attributes()[attribute_];
    const auto at = std::find(classes.begin(), classes.end(), value);
    if (at == classes.end()) {
      throw Error(frame.where, fmt::format("{} is '{}', expected one of: {}", name, value,
                                           fmt::join(classes, ", ")));
    }
    items_.push_back({folder_ + "/" + *image, static_cast<std::int32_t>(at - classes.begin()),
                      std::move(frame.attributes), std::move(frame.boxes)});
  }

  /// The items in the order of their names, which is the same whichever label file was read.
  std::vector<Item> finish() {
    std::sort(items_.begin(), items_.end(),
              [](const Item& a, const Item& b) { return a.id < b.id; });
    return std::move(items_);
  }

  const Counts& counts() const { return counts_; }
  std::size_t images() const { return images_.size(); }
  std::size_t unlabelled() const { return images_.size() - labelled_.size(); }

 private:
  const std::string* find_image(const std::string& name) const {
    for (const char* const ending : {"", ".jpg", ".jpeg", ".png"}) {
      const auto at = images_.find(name + ending);
      if (at != images_.end()) return &*at;
    }
    return nullptr;
  }

  std::string folder_;
  std::unordered_set<std::string> images_;
  std::size_t attribute_;
  std::unordered_set<std::string> labelled_;
  std::vector<Item> items_;
  Counts counts_;
};

void add_notes(const PartReader& reader, const std::string& part, const std::string& attribute,
               const std::vector<std::string>& sources, std::vector<std::string>& notes) {
  const Counts& counts = reader.counts();
  if (sources.size() > 1) {
    notes.push_back(fmt::format("{}: labels come from {}; {} was not read.", part, sources[0],
                                fmt::join(sources.begin() + 1, sources.end(), ", ")));
  }
  if (counts.without_image > 0) {
    notes.push_back(
        fmt::format("{}: {} labelled frames have no image and were left out, the first "
                    "is {}.",
                    part, counts.without_image, counts.first_without_image));
  }
  if (reader.unlabelled() > 0) {
    notes.push_back(fmt::format("{}: {} of {} images have no labels and were left out.", part,
                                reader.unlabelled(), reader.images()));
  }
  if (counts.repeated > 0) {
    notes.push_back(fmt::format("{}: {} frames are listed more than once; the first entry counts.",
                                part, counts.repeated));
  }
  if (counts.without_attribute > 0) {
    notes.push_back(fmt::format("{}: {} frames have no {} and were left out.", part,
                                counts.without_attribute, attribute));
  }
}

std::size_t find_attribute(const std::string& wanted) {
  std::vector<std::string> names;
  for (std::size_t a = 0; a < bdd100k_attributes().size(); ++a) {
    if (bdd100k_attributes()[a].name == wanted) return a;
    names.push_back(bdd100k_attributes()[a].name);
  }
  throw Error("attribute",
              fmt::format("got '{}', expected one of: {}", wanted, fmt::join(names, ", ")));
}

/// The folder itself, or the one that the archives unpack to.
std::filesystem::path find_root(const std::filesystem::path& folder) {
  return is_folder(folder / "images") || !is_folder(folder / "bdd100k") ? folder
                                                                        : folder / "bdd100k";
}

/// Categories in the order of det_20's own list; the older label files' names of the same things.
constexpr const char* kCategories[] = {"pedestrian",    "rider",       "car",        "truck",
                                       "bus",           "train",       "motorcycle", "bicycle",
                                       "traffic light", "traffic sign"};
const std::map<std::string, std::string> kOlderNames = {
    {"person", "pedestrian"}, {"motor", "motorcycle"}, {"bike", "bicycle"}};

/// Names become indices into the ten categories, and whatever others there are behind them.
void set_boxes(const std::vector<std::vector<NamedBox>>& named, Targets& targets) {
  targets.categories.assign(std::begin(kCategories), std::end(kCategories));
  std::map<std::string, std::int32_t> index_of;
  for (const std::string& name : targets.categories) {
    index_of.emplace(name, static_cast<std::int32_t>(index_of.size()));
  }
  const auto present = [](const std::string& name) {
    const auto older = kOlderNames.find(name);
    return older == kOlderNames.end() ? name : older->second;
  };
  std::set<std::string> others;  // in an order that no label file decides
  for (const auto& of_item : named) {
    for (const NamedBox& box : of_item) {
      if (!index_of.contains(present(box.category))) others.insert(box.category);
    }
  }
  for (const std::string& name : others) {
    index_of.emplace(name, static_cast<std::int32_t>(index_of.size()));
    targets.categories.push_back(name);
  }
  for (const auto& of_item : named) {
    std::vector<Box>& boxes = targets.boxes.emplace_back();
    for (const NamedBox& box : of_item) {
      boxes.push_back({.x = box.x1,
                       .y = box.y1,
                       .width = double{box.x2} - box.x1,
                       .height = double{box.y2} - box.y1,
                       .category = index_of.at(present(box.category))});
    }
  }
}

/// The size that BDD100K states its boxes in, whatever the size of the images is.
constexpr std::pair<int, int> kStated = {1280, 720};

/// The pictures that the boxes of the items from `begin` on are stated in: their own images, unless
/// boxes reach beyond the first of these, as where images were shrunk and labels were not.
void add_box_sizes(const std::filesystem::path& root, const std::vector<std::string>& ids,
                   const std::vector<std::vector<NamedBox>>& boxes, std::size_t begin,
                   std::vector<std::pair<int, int>>& sizes) {
  std::pair<int, int> stated = {0, 0};
  if (begin < ids.size()) {
    float right = 0, bottom = 0;
    for (std::size_t i = begin; i < boxes.size(); ++i) {
      for (const NamedBox& box : boxes[i]) {
        right = std::max(right, box.x2);
        bottom = std::max(bottom, box.y2);
      }
    }
    try {
      const auto [width, height] = read_image_size(root / ids[begin]);
      if (right > static_cast<float>(width + 1) || bottom > static_cast<float>(height + 1)) {
        stated = kStated;
      }
    } catch (const Error&) {
      // What cannot be decoded is said where images are.
    }
  }
  sizes.resize(ids.size(), stated);
}

}  // namespace

Dataset open_bdd100k(const std::filesystem::path& folder, const DatasetOptions& options) {
  require_folder(folder, "bdd100k");
  const std::size_t attribute = find_attribute(options.attribute);
  const std::filesystem::path root = find_root(folder);

  Dataset dataset;
  dataset.targets.class_names = bdd100k_attributes()[attribute].classes;
  std::vector<std::vector<NamedBox>> boxes;
  bool any_images = false;
  bool any_labels = false;
  for (const std::string part : kParts) {
    const std::string image_folder = find_images(root, part);
    const std::vector<std::string> sources = find_labels(root, part);
    any_images |= !image_folder.empty();
    any_labels |= !sources.empty();
    if (image_folder.empty() && sources.empty()) continue;

    PartReader reader(
        image_folder,
        image_folder.empty() ? std::vector<std::string>() : list_folder(root / image_folder).images,
        attribute);
    if (!sources.empty()) {
      read_labels(root / sources[0], [&](FrameLabels&& frame) { reader.add(std::move(frame)); });
    }
    const std::size_t begin = dataset.items.ids.size();
    const Split split = part == "train" ? Split::kTrain : Split::kTest;
    for (Item& item : reader.finish()) {
      dataset.items.ids.push_back(std::move(item.id));
      dataset.targets.labels.push_back(item.label);
      dataset.items.splits.push_back(split);
      boxes.push_back(std::move(item.boxes));
      for (std::size_t a = 0; a < item.attributes.size(); ++a) {
        dataset.items.attributes[bdd100k_attributes()[a].name].push_back(
            std::move(item.attributes[a]));
      }
    }
    add_box_sizes(root, dataset.items.ids, boxes, begin, dataset.items.box_sizes);
    add_notes(reader, part, options.attribute, sources, dataset.notes);
  }

  if (!any_images) {
    throw Error(root.string(),
                "has no images, looked for images/100k/{train,val,test} and "
                "images/{train,val,test}");
  }
  if (!any_labels) {
    throw Error(root.string(), fmt::format("has no labels, looked for {}, {} (the same for val)",
                                           fmt::join(label_files("train"), ", "),
                                           fmt::join(label_folders("train"), "/*.json, ")));
  }
  if (dataset.size() == 0) {
    throw Error(root.string(),
                fmt::format("has no image with labels. {}", fmt::join(dataset.notes, " ")));
  }
  set_boxes(boxes, dataset.targets);
  const bool one_split =
      std::adjacent_find(dataset.items.splits.begin(), dataset.items.splits.end(),
                         std::not_equal_to<>()) == dataset.items.splits.end();
  if (one_split) dataset.items.splits.clear();
  // A drive may pass through several classes, so that its name alone makes the group.
  if (!options.group_pattern.empty()) {
    dataset.items.groups =
        group_by_pattern(dataset.items.ids, {}, options.group_pattern, dataset.notes);
  }
  const auto images = std::make_shared<FileImages>(root, dataset.items.ids);
  Workers workers(0, options.progress.stop);
  dataset.fingerprint = fingerprint_of_files("bdd100k 1", dataset, *images, workers);
  dataset.items.images = images;
  return dataset;
}

}  // namespace goldpan
