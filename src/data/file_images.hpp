#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <goldpan/imaging/image.hpp>
#include <goldpan/imaging/image_file.hpp>

namespace goldpan {

/// JPEG and PNG files below one folder.
class FileImages : public ImageSource {
 public:
  FileImages(std::filesystem::path root, std::vector<std::string> names)
      : root_(std::move(root)), names_(std::move(names)) {}

  std::size_t size() const override { return names_.size(); }
  Image load(std::size_t index, int min_side) const override {
    return read_image(path(index), min_side);
  }
  std::string location(std::size_t index) const override { return path(index).string(); }
  std::filesystem::path path(std::size_t index) const { return root_ / names_.at(index); }

 private:
  std::filesystem::path root_;
  std::vector<std::string> names_;
};

}  // namespace goldpan
