#include "scenes/scenes.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <goldpan/core/files.hpp>

#include "expect_error.hpp"
#include "scenes/frame.hpp"
#include "scenes/plan.hpp"
#include "temporary_folder.hpp"

namespace goldpan {
namespace {

namespace fs = std::filesystem;
using scenes::Drive;
using scenes::DriveRenderer;
using scenes::kWeatherNames;
using scenes::kWeathers;
using scenes::plan_drives;

SceneOptions small_set(std::size_t images) {
  SceneOptions options;
  options.images = images;
  options.seed = 7;
  options.width = 96;
  options.height = 54;
  return options;
}

std::array<std::size_t, kWeathers> images_by_weather(const std::vector<Drive>& drives) {
  std::array<std::size_t, kWeathers> counts = {};
  for (const Drive& drive : drives) counts[static_cast<std::size_t>(drive.weather)] += drive.frames;
  return counts;
}

/// Every file below a folder with its bytes.
std::map<std::string, std::string> contents(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) {
      files[fs::relative(entry.path(), folder).string()] = read_text(entry.path());
    }
  }
  return files;
}

double difference(const Image& a, const Image& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.pixels.size(); ++i) sum += std::abs(a.pixels[i] - b.pixels[i]);
  return sum / static_cast<double>(a.pixels.size());
}

double brightness(const Image& image) {
  double sum = 0;
  for (const std::uint8_t value : image.pixels) sum += value;
  return sum / static_cast<double>(image.pixels.size());
}

TEST(ScenePlan, FollowsPublishedShares) {
  SceneOptions options;
  const std::vector<Drive> drives = plan_drives(options);
  const auto counts = images_by_weather(drives);
  const std::array<double, kWeathers> shares = {0.535, 0.070, 0.126, 0.073, 0.079, 0.002, 0.116};
  for (std::size_t c = 0; c < kWeathers; ++c) {
    EXPECT_NEAR(static_cast<double>(counts[c]) / 12000, shares[c], 0.001) << kWeatherNames[c];
  }
}

TEST(ScenePlan, DrivesCoverTheImagesInOrder) {
  for (const std::size_t images : {1, 2, 7, 40, 100, 999, 12000}) {
    std::size_t next = 0;
    std::uint32_t number = 0;
    for (const Drive& drive : plan_drives(small_set(images))) {
      EXPECT_EQ(drive.first, next);
      EXPECT_EQ(drive.number, number++);
      EXPECT_GE(drive.frames, 1u);
      EXPECT_LE(drive.frames, 40u);
      next += drive.frames;
    }
    EXPECT_EQ(next, images);
  }
}

TEST(ScenePlan, RareWeathersStandOnBothSidesOfTheSplit) {
  const std::vector<Drive> drives = plan_drives(small_set(2000));
  for (std::size_t c = 0; c < kWeathers; ++c) {
    std::set<Split> splits;
    std::size_t count = 0;
    for (const Drive& drive : drives) {
      if (static_cast<std::size_t>(drive.weather) != c) continue;
      splits.insert(drive.split);
      ++count;
    }
    EXPECT_EQ(splits.size(), 2u) << kWeatherNames[c];
    EXPECT_GE(count, 4u) << kWeatherNames[c];
  }
  std::size_t validation = 0;
  for (const Drive& drive : drives) validation += drive.split == Split::kTest ? drive.frames : 0;
  EXPECT_NEAR(static_cast<double>(validation) / 2000, 0.2, 0.06);
}

TEST(ScenePlan, RefusesOptionsOutOfRange) {
  SceneOptions options;
  options.images = 0;
  expect_error([&] { plan_drives(options); }, "got images 0, expected 1 to 10000000");
  options = {};
  options.width = 20;
  expect_error([&] { plan_drives(options); }, "got width 20, expected 64 to 3840");
  options = {};
  options.height = -5;
  expect_error([&] { plan_drives(options); }, "expected 36 to 2160");
}

TEST(RenderScene, IsTheSameInAnyOrder) {
  const SceneOptions options = small_set(60);
  const Scene late = render_scene(options, 41), early = render_scene(options, 3);
  EXPECT_EQ(render_scene(options, 3).image.pixels, early.image.pixels);
  EXPECT_EQ(render_scene(options, 41).image.pixels, late.image.pixels);
  EXPECT_NE(late.image.pixels, early.image.pixels);
  SceneOptions other = options;
  other.seed = 8;
  EXPECT_NE(render_scene(other, 3).image.pixels, early.image.pixels);
  expect_error([&] { render_scene(options, 60); }, "got image 60, expected one of 60");
}

TEST(RenderScene, BoxesAreTightAroundWhatWasDrawn) {
  const std::set<std::string> categories = {"car",   "truck",      "bus",           "rider",
                                            "train", "pedestrian", "traffic light", "traffic sign"};
  SceneOptions options = small_set(1500);
  options.width = 240;
  options.height = 135;
  std::map<std::string, int> seen;
  for (const Drive& drive : plan_drives(options)) {
    if (drive.number % 2 != 0) continue;
    const scenes::Frame frame = DriveRenderer(drive, options).render(drive.frames / 2);
    ASSERT_EQ(frame.labels.size(), frame.ids.size());
    for (std::size_t k = 0; k < frame.labels.size(); ++k) {
      const NamedBox& box = frame.labels[k].box;
      EXPECT_TRUE(categories.contains(box.category)) << box.category;
      ++seen[box.category];
      int x0 = options.width, y0 = options.height, x1 = 0, y1 = 0;
      for (int y = 0; y < options.height; ++y) {
        for (int x = 0; x < options.width; ++x) {
          const auto at = static_cast<std::size_t>(y * options.width + x);
          if (frame.pixels[at] != frame.ids[k]) continue;
          x0 = std::min(x0, x);
          x1 = std::max(x1, x + 1);
          y0 = std::min(y0, y);
          y1 = std::max(y1, y + 1);
        }
      }
      EXPECT_EQ(box.x1, static_cast<float>(x0));
      EXPECT_EQ(box.y1, static_cast<float>(y0));
      EXPECT_EQ(box.x2, static_cast<float>(x1));
      EXPECT_EQ(box.y2, static_cast<float>(y1));
      EXPECT_GE(box.x1, 0);
      EXPECT_GE(box.y1, 0);
      EXPECT_LE(box.x2, static_cast<float>(options.width));
      EXPECT_LE(box.y2, static_cast<float>(options.height));
      const bool at_edge = x0 == 0 || y0 == 0 || x1 == options.width || y1 == options.height;
      EXPECT_EQ(frame.labels[k].truncated, at_edge);
      EXPECT_EQ(frame.labels[k].light != "NA", box.category == "traffic light");
    }
  }
  for (const char* const common : {"car", "truck", "pedestrian", "traffic light", "traffic sign"}) {
    EXPECT_GT(seen[common], 0) << common;
  }
  EXPECT_GT(seen["car"], seen["truck"]);
}

TEST(RenderScene, NeighboursInADriveAreNearDuplicates) {
  const SceneOptions options = small_set(800);
  double within = 0, across = 0;
  int pairs = 0;
  Image before;
  for (const Drive& drive : plan_drives(options)) {
    if (drive.frames < 2 || drive.number >= 16) continue;
    const DriveRenderer renderer(drive, options);
    const Image a = renderer.render(0).image, b = renderer.render(1).image;
    within += difference(a, b);
    if (pairs++ > 0) across += difference(a, before);
    before = b;
  }
  ASSERT_GT(pairs, 8);
  EXPECT_LT(within / pairs, 0.35 * across / (pairs - 1));
  EXPECT_GT(within, 0);  // but never the same picture
}

TEST(RenderScene, NightIsDarkAndTunnelsHaveNoWeather) {
  SceneOptions options = small_set(1500);
  std::array<double, 3> sum = {};
  std::array<int, 3> count = {};
  for (const Drive& drive : plan_drives(options)) {
    if (drive.place == scenes::Place::kTunnel) {
      EXPECT_EQ(drive.weather, scenes::Weather::kUndefined);
    }
    if (drive.weather != scenes::Weather::kClear) continue;
    const auto t = static_cast<std::size_t>(drive.time);
    sum[t] += brightness(DriveRenderer(drive, options).render(0).image);
    ++count[t];
  }
  for (const int n : count) ASSERT_GT(n, 0);
  EXPECT_GT(sum[0] / count[0], 1.15 * sum[1] / count[1]);
  EXPECT_GT(sum[1] / count[1], 1.3 * sum[2] / count[2]);
}

TEST(WriteScenes, ThreadsDoNotChangeAByte) {
  const TemporaryFolder folder;
  const SceneOptions options = small_set(40);
  Workers one(1), three(3);
  write_scenes(folder / "one", options, one);
  write_scenes(folder / "three", options, three);
  const auto files = contents(folder / "one");
  EXPECT_EQ(files.size(), 40u + 3u);
  EXPECT_EQ(files, contents(folder / "three"));
}

TEST(WriteScenes, LabelFilesAreJsonWithEveryImage) {
  const TemporaryFolder folder;
  const SceneOptions options = small_set(60);
  Workers workers(2);
  write_scenes(folder.path(), options, workers);
  std::map<std::string, std::size_t> weathers;
  std::size_t images = 0;
  for (const std::string part : {"train", "val"}) {
    const auto list =
        nlohmann::json::parse(read_text(folder.path() / ("labels/det_20/det_" + part + ".json")));
    for (const auto& entry : list) {
      EXPECT_TRUE(
          fs::exists(folder.path() / "images/100k" / part / entry["name"].get<std::string>()));
      ++weathers[entry["attributes"]["weather"].get<std::string>()];
      EXPECT_THAT(entry["attributes"]["timeofday"].get<std::string>(),
                  testing::AnyOf("daytime", "dawn/dusk", "night"));
      EXPECT_EQ(entry["name"].get<std::string>().substr(0, 5),
                entry["videoName"].get<std::string>());
      for (const auto& label : entry["labels"]) {
        EXPECT_LT(label["box2d"]["x1"].get<double>(), label["box2d"]["x2"].get<double>());
        EXPECT_TRUE(label["attributes"]["occluded"].is_boolean());
      }
      ++images;
    }
  }
  EXPECT_EQ(images, 60u);
  const auto planned = images_by_weather(plan_drives(options));
  for (std::size_t c = 0; c < kWeathers; ++c) {
    EXPECT_EQ(weathers[std::string(kWeatherNames[c])], planned[c]) << kWeatherNames[c];
  }
}

TEST(WriteScenes, ResumesToTheSameBytes) {
  const TemporaryFolder folder;
  const SceneOptions options = small_set(60);
  Workers workers(1);
  write_scenes(folder / "whole", options, workers);

  Progress stopping;
  std::size_t reported = 0;
  stopping.report = [&](std::size_t done, std::size_t) { reported = done; };
  stopping.stop = [&] { return reported >= 25; };
  EXPECT_THROW(write_scenes(folder / "cut", options, workers, stopping), Cancelled);
  EXPECT_LT(reported, 60u);
  write_scenes(folder / "cut", options, workers);
  EXPECT_EQ(contents(folder / "cut"), contents(folder / "whole"));

  // An image lost from a finished set comes back.
  const std::string lost = scenes::image_name(plan_drives(options)[2], 0);
  for (const std::string part : {"train", "val"})
    fs::remove(folder / "cut" / "images/100k" / part / lost);
  write_scenes(folder / "cut", options, workers);
  EXPECT_EQ(contents(folder / "cut"), contents(folder / "whole"));

  // A finished set is left alone.
  Progress silent;
  silent.report = [](std::size_t, std::size_t) { ADD_FAILURE() << "rendered again"; };
  write_scenes(folder / "whole", options, workers, silent);
}

TEST(WriteScenes, RefusesFoldersThatHoldSomethingElse) {
  const TemporaryFolder folder;
  Workers workers(1);
  fs::create_directories(folder / "photos");
  std::ofstream(folder / "photos" / "cat.jpg") << "meow";
  expect_error([&] { write_scenes(folder / "photos", small_set(4), workers); }, "holds other data");
  EXPECT_EQ(contents(folder / "photos").size(), 1u);

  write_scenes(folder / "set", small_set(4), workers);
  expect_error([&] { write_scenes(folder / "set", small_set(5), workers); },
               "was rendered with images 4, expected 5");
  SceneOptions other = small_set(4);
  other.seed = 1234;
  expect_error([&] { write_scenes(folder / "set", other, workers); }, "seed 7, expected 1234");
  write_file(folder / "set" / "scenes.json", "{\"format\": 3}");
  expect_error([&] { write_scenes(folder / "set", small_set(4), workers); },
               "does not describe road scenes");
}

TEST(OpenScenes, GoesThroughTheBdd100kReader) {
  const TemporaryFolder folder;
  const fs::path set = folder / "set";
  const std::string spec = "48:" + set.string();
  DatasetOptions by_time;
  by_time.attribute = "timeofday";
  const Dataset dataset = open_scenes(spec, {});
  ASSERT_EQ(dataset.size(), 48u);
  EXPECT_THAT(dataset.targets.class_names,
              testing::ElementsAreArray(kWeatherNames.begin(), kWeatherNames.end()));
  EXPECT_TRUE(dataset.notes.empty());
  ASSERT_EQ(dataset.items.groups.size(), 48u);
  ASSERT_EQ(dataset.items.splits.size(), 48u);

  SceneOptions options;
  options.images = 48;
  std::map<std::string, std::size_t> position;
  for (std::size_t i = 0; i < dataset.size(); ++i) {
    position[fs::path(dataset.items.ids[i]).filename().string()] = i;
  }
  std::map<std::uint32_t, std::uint32_t> drive_of_group;
  for (std::size_t index = 0; index < 48; index += 5) {
    const Scene scene = render_scene(options, index);
    ASSERT_TRUE(position.contains(scene.name));
    const std::size_t i = position[scene.name];
    EXPECT_EQ(dataset.targets.class_names[static_cast<std::size_t>(dataset.targets.labels[i])],
              scene.weather);
    EXPECT_EQ(dataset.items.splits[i], scene.split);
    const auto [known, fresh] = drive_of_group.emplace(dataset.items.groups[i], scene.drive);
    EXPECT_EQ(known->second, scene.drive);
    ASSERT_EQ(dataset.targets.boxes[i].size(), scene.labels.size());
    for (std::size_t k = 0; k < scene.labels.size(); ++k) {
      EXPECT_EQ(dataset.targets
                    .categories[static_cast<std::size_t>(dataset.targets.boxes[i][k].category)],
                scene.labels[k].box.category);
      EXPECT_EQ(dataset.targets.boxes[i][k].right(), scene.labels[k].box.x2);
    }
    const Image read = dataset.items.images->load(i);
    ASSERT_EQ(read.pixels.size(), scene.image.pixels.size());
    EXPECT_LT(difference(read, scene.image), 6);
  }
  const Dataset again = open_scenes(spec, by_time);
  EXPECT_EQ(again.size(), 48u);
  EXPECT_EQ(std::set(again.items.groups.begin(), again.items.groups.end()).size(),
            plan_drives(options).size());

  expect_error([] { open_scenes("many", {}); }, "got 'many', expected scenes, scenes:N");
  expect_error([] { open_scenes("0", {}); }, "got images 0");
}

}  // namespace
}  // namespace goldpan
