#include "scenes/frame.hpp"

#include <algorithm>
#include <numeric>

#include <goldpan/core/error.hpp>

#include "scenes/noise.hpp"
#include "scenes/things.hpp"

namespace goldpan::scenes {
namespace {

Camera camera_at(const World& world, std::size_t frame, int width, int height,
                 Generator& generator) {
  const Path& path = world.path;
  const float t = static_cast<float>(frame), phase = 6.3f * hash01(world.drive.number, 130);
  Camera camera;
  camera.focal = path.focal * static_cast<float>(width);
  camera.centre = static_cast<float>(width) / 2;
  camera.z = path.speed * t;
  camera.x = path.x + 0.10f * std::sin(0.31f * t + phase);
  camera.y = path.camera_height;
  const float nod =
      0.0025f * std::sin(0.9f * t + phase) + 0.0015f * static_cast<float>(generator.normal());
  camera.horizon = (path.horizon + std::clamp(nod, -0.02f, 0.02f)) * static_cast<float>(height);
  camera.bend = path.bend;
  return camera;
}

bool reflects(const Thing& thing) {
  return thing.kind >= Kind::kCar || thing.kind == Kind::kPillar;
}

/// Things far to near, where they are in this frame.
std::vector<Thing> visible_things(const World& world, std::size_t frame, const Camera& camera,
                                  std::vector<std::size_t>& order) {
  std::vector<Thing> things = world.things;
  for (std::size_t i = 0; i < things.size(); ++i) {
    Thing& thing = things[i];
    thing.z += thing.speed * static_cast<float>(frame);
    thing.x += thing.stride * static_cast<float>(frame);
    if (thing.z + thing.length < camera.z + kNearest || thing.z > camera.z + kFarthest) continue;
    order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return things[a].z > things[b].z; });
  return things;
}

/// Whether anybody could see it: fog and darkness swallow what has no lamp.
bool perceptible(const View& view, const Thing& thing) {
  if (view.transmittance(thing.z) < 0.10f) return false;
  const bool shines = (thing.kind >= Kind::kCar && thing.kind <= Kind::kBicycle && !thing.parked) ||
                      thing.kind == Kind::kTrafficLight || thing.kind == Kind::kSign ||
                      thing.kind == Kind::kGantry;
  const float light = luminance(view.light_at(thing.x, thing.z)) * view.air().exposure;
  return light > (shines ? 0.0f : 0.02f);
}

}  // namespace

DriveRenderer::DriveRenderer(const Drive& drive, const SceneOptions& options)
    : width_(options.width),
      height_(options.height),
      seed_(options.seed),
      world_(make_world(drive, options.seed)),
      backdrop_(world_, options.width, options.height),
      film_(world_.air) {}

Frame DriveRenderer::render(std::size_t frame) const {
  Generator generator =
      Generator(seed_).stream("scenes").stream(world_.drive.number).stream("frames").stream(frame);
  Canvas canvas(width_, height_);
  const Camera camera = camera_at(world_, frame, width_, height_, generator);
  View view(canvas, camera, world_);
  canvas.expect_objects(static_cast<ObjectId>(world_.things.size()));

  backdrop_.draw(view);
  draw_ground(view);
  std::vector<std::size_t> order;
  const std::vector<Thing> things = visible_things(world_, frame, camera, order);
  const Roof& roof = world_.roof;
  const auto outside = [&](const Thing& thing) {
    return roof.present && (std::abs(thing.x) > roof.half_width || thing.z > roof.z1);
  };
  const auto draw = [&](std::size_t i) {
    const Thing& thing = things[i];
    if (world_.air.wet > 0.12f && reflects(thing)) {
      view.set_mirror(0.42f * world_.air.wet);
      draw_thing(view, thing, 0);
      view.set_mirror(0);
    }
    draw_thing(view, thing, category(thing).empty() ? ObjectId{0} : static_cast<ObjectId>(i + 1));
  };
  if (roof.present) {
    for (const std::size_t i : order) {
      if (outside(things[i])) draw(i);
    }
    draw_roof(view);
  }
  for (const std::size_t i : order) {
    if (!outside(things[i])) draw(i);
  }
  draw_bonnet(view);
  draw_glare(view);
  draw_precipitation(view, generator);

  Frame result;
  result.pixels.assign(canvas.id_row(0),
                       canvas.id_row(0) + static_cast<std::size_t>(width_) * height_);
  struct Extent {
    int x0 = 1 << 30, y0 = 1 << 30, x1 = -1, y1 = -1, count = 0;
  };
  std::vector<Extent> extents(things.size() + 1);
  for (int y = 0; y < height_; ++y) {
    const ObjectId* const row = canvas.id_row(y);
    for (int x = 0; x < width_; ++x) {
      if (row[x] == 0) continue;
      Extent& e = extents[row[x]];
      e.x0 = std::min(e.x0, x);
      e.x1 = std::max(e.x1, x + 1);
      e.y0 = std::min(e.y0, y);
      e.y1 = std::max(e.y1, y + 1);
      ++e.count;
    }
  }
  const int smallest = std::max(8, width_ * height_ / 7000);
  for (std::size_t i = 0; i < things.size(); ++i) {
    const Extent& e = extents[i + 1];
    const auto id = static_cast<ObjectId>(i + 1);
    const float hidden = static_cast<float>(canvas.hidden(id));
    const float shown =
        static_cast<float>(e.count) / (static_cast<float>(e.count) + hidden + 1e-6f);
    if (e.count < smallest || e.x1 - e.x0 < 3 || e.y1 - e.y0 < 3 || shown < 0.15f ||
        !perceptible(view, things[i]))
      continue;
    SceneLabel label;
    label.box = {category(things[i]), float(e.x0), float(e.y0), float(e.x1), float(e.y1)};
    label.occluded = shown < 0.9f;
    label.truncated = e.x0 == 0 || e.y0 == 0 || e.x1 == width_ || e.y1 == height_;
    label.light = signal_colour(things[i]);
    result.labels.push_back(std::move(label));
    result.ids.push_back(id);
  }
  result.image = film_.develop(canvas, generator);
  return result;
}

Scene DriveRenderer::scene(std::size_t frame) const {
  const Drive& drive = world_.drive;
  Frame rendered = render(frame);
  Scene scene;
  scene.name = image_name(drive, frame);
  scene.weather = kWeatherNames[static_cast<std::size_t>(drive.weather)];
  scene.timeofday = kTimeNames[static_cast<std::size_t>(drive.time)];
  scene.place = kPlaceNames[static_cast<std::size_t>(drive.place)];
  scene.split = drive.split;
  scene.drive = drive.number;
  scene.image = std::move(rendered.image);
  scene.labels = std::move(rendered.labels);
  return scene;
}

}  // namespace goldpan::scenes
