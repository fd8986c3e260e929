#pragma once

#include <cstdint>
#include <vector>

#include "scenes/air.hpp"
#include "scenes/canvas.hpp"
#include "scenes/ground.hpp"
#include "scenes/plan.hpp"

namespace goldpan::scenes {

/// What stands, parks, drives or walks in a drive.
enum class Kind {
  kBuilding,
  kHouse,
  kTree,
  kConifer,
  kLampPost,
  kUtilityPole,
  kTrafficLight,
  kSign,
  kGantry,
  kBridge,
  kPillar,
  kCanopy,
  kPump,
  kWall,
  kCar,
  kVan,
  kTruck,
  kBus,
  kMotorcycle,
  kBicycle,
  kPedestrian,
};

/// One thing in road coordinates: x metres right of the road's middle, z metres along it, y up.
struct Thing {
  Kind kind = Kind::kBuilding;
  float x = 0;  ///< middle; of buildings and walls the plane that faces the road
  float z = 0;  ///< nearest end at frame 0
  float width = 0, length = 0, height = 0;
  Colour colour;
  std::uint32_t look = 0;  ///< picks among details; equal looks are drawn equal
  float speed = 0;         ///< metres along the road in a frame
  float stride = 0;        ///< metres across it in a frame
  bool towards = false;    ///< shows its front
  bool across = false;     ///< stands across the road, showing its flank
  bool parked = false;     ///< nobody in it: lamps off
};

/// A ceiling over the road: tunnel, garage, elevated tracks.
struct Roof {
  bool present = false;
  float height = 5, half_width = 6;
  float z0 = -10, z1 = 100;  ///< from where to where along the road
  float beam_spacing = 6;
  Colour colour;
  Colour strip;           ///< lamps along it, zero for none
  float strip_x = 2.5f;   ///< metres to both sides of the middle
  bool enclosed = false;  ///< no daylight below it
};

/// How the camera moves through a drive.
struct Path {
  float x = 1.7f;      ///< metres right of the road's middle
  float speed = 0.5f;  ///< metres in a frame
  float camera_height = 1.4f;
  float focal = 0.95f;   ///< of the image width
  float horizon = 0.5f;  ///< of the image height
  float bend = 0;        ///< curvature of the road, 1 / metres
  bool bonnet = false;
  float bonnet_height = 0.07f;
  Colour bonnet_colour;
};

/// One drive with everything in it; frames differ only by the camera and by what moves.
struct World {
  Drive drive;
  Air air;
  Path path;
  GroundProfile ground;
  Roof roof;
  std::vector<Thing> things;
  std::vector<Point> lamps;  ///< road coordinates (x, z) of the lit street lamps
  Colour leaves;
};

/// Depends on the seed and the drive alone.
World make_world(const Drive& drive, std::uint64_t seed);

}  // namespace goldpan::scenes
