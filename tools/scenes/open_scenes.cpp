#include <charconv>
#include <string>

#include <fmt/format.h>

#include <goldpan/core/error.hpp>

#include "scenes/scenes.hpp"

namespace goldpan {

Dataset open_scenes(const std::filesystem::path& location, const DatasetOptions& options) {
  const std::string text = location.string();
  const std::size_t colon = text.find(':');
  const std::string number = text.substr(0, colon);
  SceneOptions scenes;
  if (!number.empty()) {
    const auto [end, error] =
        std::from_chars(number.data(), number.data() + number.size(), scenes.images);
    if (error != std::errc() || end != number.data() + number.size()) {
      throw Error(
          "scenes",
          fmt::format(
              "got '{}', expected scenes, scenes:N or scenes:N:FOLDER with a number of images N",
              text));
    }
  }
  std::filesystem::path folder = colon == std::string::npos ? "" : text.substr(colon + 1);
  if (folder.empty())
    folder = fmt::format("outputs/cache/scenes-{}-{}", scenes.images, scenes.seed);
  Workers workers(options.threads, options.progress.stop);
  write_scenes(folder, scenes, workers, options.progress);
  DatasetOptions by_drive = options;
  if (by_drive.group_pattern.empty()) by_drive.group_pattern = "^(d[0-9]+)-f[0-9]+$";
  return open_dataset("bdd100k:" + folder.string(), by_drive);
}

DatasetFormat scenes_format() {
  return {"scenes", "road scenes, rendered: scenes[:N[:FOLDER]]", open_scenes};
}

}  // namespace goldpan
