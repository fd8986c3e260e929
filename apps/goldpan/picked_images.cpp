#include "picked_images.hpp"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <cmath>
#include <string_view>
#include <unordered_map>

#include <scenes/scenes.hpp>

#include <goldpan/core/error.hpp>
#include <goldpan/core/files.hpp>
#include <goldpan/core/workers.hpp>
#include <goldpan/data/dataset.hpp>
#include <goldpan/embed/embed_folder.hpp>
#include <goldpan/imaging/image_file.hpp>
#include <goldpan/imaging/resize.hpp>
#include <goldpan/report/picks_page.hpp>

#include "console.hpp"
#include "encoders.hpp"

namespace {

using goldpan::Error;
using goldpan::Image;

constexpr int kCellWidth = 192;
constexpr int kGap = 4;
constexpr int kPageQuality = 85, kSheetQuality = 88;
/// A JPEG may be 65,500 pixels high; a sheet beyond this is nothing to look at.
constexpr std::size_t kMostOnSheet = 2000;

/// Fits the image into the cell, centred on grey.
Image in_cell(const Image& image, int cell_height) {
  Image cell{
      kCellWidth, cell_height,
      std::vector<std::uint8_t>(
          static_cast<std::size_t>(kCellWidth) * static_cast<std::size_t>(cell_height) * 3, 0xE0)};
  if (image.width < 1 || image.height < 1) return cell;
  const double scale = std::min(static_cast<double>(kCellWidth) / image.width,
                                static_cast<double>(cell_height) / image.height);
  const int width = std::clamp(static_cast<int>(std::lround(image.width * scale)), 1, kCellWidth);
  const int height =
      std::clamp(static_cast<int>(std::lround(image.height * scale)), 1, cell_height);
  const Image small = goldpan::resize(image, width, height, goldpan::ResizeFilter::kBicubic);
  const int left = (kCellWidth - width) / 2, top = (cell_height - height) / 2;
  for (int y = 0; y < height; ++y) {
    std::copy_n(
        small.pixels.begin() + static_cast<std::ptrdiff_t>(y) * width * 3, width * 3,
        cell.pixels.begin() + (static_cast<std::ptrdiff_t>(top + y) * kCellWidth + left) * 3);
  }
  return cell;
}

Image sheet_of(const std::vector<Image>& cells, int cell_height, std::size_t wanted_columns) {
  // About as wide as it is high.
  const double ratio = static_cast<double>(cell_height) / kCellWidth;
  const auto columns = wanted_columns > 0
                           ? static_cast<int>(wanted_columns)
                           : static_cast<int>(std::ceil(std::sqrt(
                                 static_cast<double>(cells.size()) * std::min(ratio * 1.3, 1.3))));
  const int rows = (static_cast<int>(cells.size()) + columns - 1) / columns;
  const int width = columns * (kCellWidth + kGap) + kGap;
  const int height = rows * (cell_height + kGap) + kGap;
  Image sheet{width, height,
              std::vector<std::uint8_t>(
                  static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 3, 0xFF)};
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const int at = static_cast<int>(i);
    const int left = kGap + at % columns * (kCellWidth + kGap);
    const int top = kGap + at / columns * (cell_height + kGap);
    for (int y = 0; y < cell_height; ++y) {
      std::copy_n(cells[i].pixels.begin() + static_cast<std::ptrdiff_t>(y) * kCellWidth * 3,
                  kCellWidth * 3,
                  sheet.pixels.begin() + (static_cast<std::ptrdiff_t>(top + y) * width + left) * 3);
    }
  }
  return sheet;
}

std::string page_of(const std::vector<PickedImage>& picks, const std::vector<Image>& cells) {
  std::vector<goldpan::PickPicture> shown(picks.size());
  for (std::size_t i = 0; i < picks.size(); ++i) {
    shown[i] = {picks[i].id, picks[i].caption, goldpan::encode_jpeg(cells[i], kPageQuality),
                cells[i].width, cells[i].height};
  }
  return goldpan::picks_page(shown);
}

}  // namespace

EmbeddedFiles embedded_files(const std::filesystem::path& folder) {
  goldpan::read_folder_settings(folder);  // throws unless it is complete
  return {(folder / "embeddings.npy").string(), (folder / "ids.txt").string()};
}

std::size_t write_picked_images(const std::filesystem::path& folder,
                                const std::vector<PickedImage>& picks,
                                const std::filesystem::path& sheet,
                                const std::filesystem::path& page, int threads,
                                std::size_t columns) {
  goldpan::DatasetOptions options;
  options.search_path = encoder_options().search_path;
  options.more_formats = {goldpan::scenes_format()};
  options.threads = threads;
  const goldpan::Dataset dataset =
      goldpan::open_dataset(goldpan::read_folder_settings(folder).spec, options);
  std::unordered_map<std::string_view, std::size_t> image_of;
  for (std::size_t i = 0; i < dataset.size(); ++i) image_of.emplace(dataset.items.ids[i], i);

  std::vector<Image> images(picks.size());
  std::atomic<std::size_t> missing = 0;
  goldpan::Workers workers(threads, progress_bar("pictures", "").stop);
  workers.run(picks.size(), [&](std::size_t i) {
    if (picks[i].id.empty()) return;
    const auto found = image_of.find(picks[i].id);
    try {
      if (found == image_of.end()) throw Error(picks[i].id, "is gone");
      Image image = dataset.items.images->load(found->second, 2 * kCellWidth);
      // Small enough to keep thousands; a ribbon stays as it is.
      const double scale = 2.0 * kCellWidth / std::min(image.width, image.height);
      if (scale < 1 && std::max(image.width, image.height) < 16 * kCellWidth) {
        image = goldpan::resize(image, std::max(1, static_cast<int>(image.width * scale)),
                                std::max(1, static_cast<int>(image.height * scale)),
                                goldpan::ResizeFilter::kBilinear);
      }
      images[i] = std::move(image);
    } catch (const Error&) {
      ++missing;
    }
  });

  // Cells of the shape that most images have.
  std::vector<double> ratios;
  for (const Image& image : images) {
    if (image.width > 0) ratios.push_back(static_cast<double>(image.height) / image.width);
  }
  double ratio = 1;
  if (!ratios.empty()) {
    std::ranges::nth_element(ratios,
                             ratios.begin() + static_cast<std::ptrdiff_t>(ratios.size() / 2));
    ratio = std::clamp(ratios[ratios.size() / 2], 0.4, 1.6);
  }
  const int cell_height = static_cast<int>(std::lround(kCellWidth * ratio));
  std::vector<Image> cells(images.size());
  workers.run(images.size(), [&](std::size_t i) {
    cells[i] = in_cell(images[i], cell_height);
    images[i] = {};
  });
  goldpan::write_file(page, page_of(picks, cells));
  if (cells.size() > kMostOnSheet) cells.resize(kMostOnSheet);
  if (!cells.empty()) {
    goldpan::write_jpeg(sheet, sheet_of(cells, cell_height, columns), kSheetQuality);
  }
  return missing;
}
