#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <goldpan/core/progress.hpp>
#include <goldpan/core/workers.hpp>
#include <goldpan/data/dataset.hpp>
#include <goldpan/imaging/image.hpp>

namespace goldpan {

/// What decides every pixel and label of a set of road scenes, together with kScenesVersion.
struct SceneOptions {
  std::size_t images = 12000;  ///< 1 to 10,000,000
  std::uint64_t seed = 1;
  int width = 320;   ///< pixels, 64 to 3840
  int height = 180;  ///< pixels, 36 to 2160
};

/// Rises whenever equal options give other pixels or labels; kept in scenes.json.
inline constexpr int kScenesVersion = 2;

/// A thing in the picture. The box is tight around the pixels that show it, in pixels of the
/// rendered image (not of BDD100K's 1280 x 720), right and bottom edges exclusive.
struct SceneLabel {
  NamedBox box;
  bool occluded = false;     ///< something nearer hides a part of it
  bool truncated = false;    ///< the image's edge cuts it
  std::string light = "NA";  ///< traffic lights: "red", "yellow", "green"
};

/// One rendered frame with what BDD100K's annotators would have said about it.
struct Scene {
  std::string name;       ///< "d0012-f007.jpg": drive 12, frame 7
  std::string weather;    ///< one of BDD100K's seven
  std::string timeofday;  ///< "daytime", "dawn/dusk", "night"
  std::string place;      ///< BDD100K's `scene`: "city street", "highway", ...
  Split split = Split::kTrain;
  std::uint32_t drive = 0;
  Image image;
  std::vector<SceneLabel> labels;
};

/// Renders image `index` of the set. The same on any thread, in any order. Throws Error for options
/// out of range and for index >= options.images.
Scene render_scene(const SceneOptions& options, std::size_t index);

/// Renders the set into `folder` in BDD100K's layout: JPEG files in images/100k/{train,val}, label
/// files labels/det_20/det_{train,val}.json, and scenes.json, which names the options. A folder
/// that holds the same set already is left as it is; a set that was interrupted is finished, with
/// the same bytes. Throws Error for a folder that holds anything else, other options or another
/// version, and Cancelled when `progress` says stop. Progress counts images.
void write_scenes(const std::filesystem::path& folder, const SceneOptions& options,
                  Workers& workers, const Progress& progress = {});

/// Opens `--data scenes[:N[:FOLDER]]`: renders N images (12,000) of seed 1 into FOLDER
/// (outputs/cache/scenes-N-1), unless they are there already, and opens it as BDD100K with drives
/// as groups. Uses the threads and progress of `options`. Throws as write_scenes does, and Error
/// for an N that is not a number.
Dataset open_scenes(const std::filesystem::path& location, const DatasetOptions& options);

/// The row of `--data scenes` for DatasetOptions::more_formats.
DatasetFormat scenes_format();

}  // namespace goldpan
