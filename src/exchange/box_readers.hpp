#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <goldpan/exchange/box_files.hpp>

// One file a format; box_formats() lists them.
namespace goldpan::exchange {

BoxTruth read_coco_truth(const std::filesystem::path& path, const BoxFileOptions& options);
BoxPredictions read_coco_results(const std::filesystem::path& path, const BoxTruth& truth,
                                 const BoxFileOptions& options);
BoxTruth read_yolo_truth(const std::filesystem::path& path, const BoxFileOptions& options);
BoxPredictions read_yolo_predictions(const std::filesystem::path& path, const BoxTruth& truth,
                                     const BoxFileOptions& options);
BoxTruth read_kitti_truth(const std::filesystem::path& path, const BoxFileOptions& options);
BoxPredictions read_kitti_predictions(const std::filesystem::path& path, const BoxTruth& truth,
                                      const BoxFileOptions& options);
BoxTruth read_bdd100k_truth(const std::filesystem::path& path, const BoxFileOptions& options);
BoxPredictions read_bdd100k_predictions(const std::filesystem::path& path, const BoxTruth& truth,
                                        const BoxFileOptions& options);

/// The path's last part without its last ending: "a/b.jpg" -> "b".
std::string_view stem_of(std::string_view path);

/// Finds an image by its file name; else by its stem, where that belongs to one image only.
class ImageNames {
 public:
  explicit ImageNames(const std::vector<std::string>& names);
  static constexpr std::size_t kNone = SIZE_MAX;
  std::size_t find(std::string_view name) const;

 private:
  std::unordered_map<std::string_view, std::size_t> names_, stems_;
};

/// The numbers of categories' names, in the order of their first appearance.
class CategoryNames {
 public:
  CategoryNames() = default;
  explicit CategoryNames(const std::vector<std::string>& names);
  static constexpr std::int32_t kNone = -1;
  std::int32_t find(std::string_view name) const;
  std::int32_t add(std::string_view name);
  const std::vector<std::string>& names() const { return names_; }

 private:
  std::vector<std::string> names_;
  std::unordered_map<std::string, std::int32_t> numbers_;
};

/// Predictions of the truth's images, without any yet.
BoxPredictions no_predictions(const BoxTruth& truth);

/// The image that a file of predictions belongs to. Throws Error naming the file if it is none.
std::size_t image_of_file(const ImageNames& names, const std::string& name,
                          const std::filesystem::path& file, const BoxTruth& truth);

/// Throws Error naming `where` unless the numbers are finite and the size is not negative.
void check_rectangle(const Box& box, const std::string& where);

/// What predictions left out, as a note; nothing where nothing was.
void note_dropped(std::size_t dropped, std::vector<std::string>& notes);

}  // namespace goldpan::exchange
