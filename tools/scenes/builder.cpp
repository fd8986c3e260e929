#include "scenes/builder.hpp"

#include "scenes/view.hpp"

namespace goldpan::scenes {

float Builder::end() const {
  return kFarthest + world_.path.speed * static_cast<float>(world_.drive.frames);
}

Thing& Builder::add(Kind kind, float x, float z) {
  Thing thing;
  thing.kind = kind;
  thing.x = x;
  thing.z = z;
  thing.look = generator_.bits32();
  world_.things.push_back(thing);
  return world_.things.back();
}

void Builder::pave(const Street& street) {
  const Air& air = world_.air;
  const float left = road_edge(street, -1), right = road_edge(street, 1);
  std::vector<Band> bands;
  bands.push_back({-60, 60, street.verge, 0.45f, 0.1f, air.snow_verge});
  if (street.pavement > 0) {
    const Colour slabs = {0.30f, 0.29f, 0.275f};
    const float snow = air.snow_verge * 0.85f;
    bands.push_back({left - street.pavement, left, slabs, 0.12f, 0.45f, snow});
    bands.push_back({right, right + street.pavement, slabs, 0.12f, 0.45f, snow});
    bands.push_back({left - 0.18f, left, slabs * 1.15f, 0.1f, 0.3f, snow});
    bands.push_back({right, right + 0.18f, slabs * 1.15f, 0.1f, 0.3f, snow});
  }
  bands.push_back({left, right, street.asphalt, 0.16f, 1.0f, air.snow_road});
  // Wheels keep two tracks of every lane darker, and clear of snow.
  for (int i = -street.lanes_left; i < street.lanes_right; ++i) {
    const float middle = (static_cast<float>(i) + 0.5f) * street.lane;
    for (const float x : {middle - 0.75f, middle + 0.75f}) {
      bands.push_back(
          {x - 0.28f, x + 0.28f, street.asphalt * 0.92f, 0.12f, 1.0f, air.snow_road * 0.3f});
    }
  }
  const float gutter = std::max(air.snow_verge > 0.4f ? 0.8f : 0.0f, street.parking * 0.6f);
  if (air.snow_verge > 0.4f) {  // what the plough left
    bands.push_back(
        {left, left + gutter, street.asphalt, 0.2f, 0.5f, std::min(1.0f, air.snow_verge * 1.1f)});
    bands.push_back(
        {right - gutter, right, street.asphalt, 0.2f, 0.5f, std::min(1.0f, air.snow_verge * 1.1f)});
  }
  std::vector<Stripe> stripes;
  const Colour yellow = {0.55f, 0.38f, 0.05f};
  if (street.centre_line && street.lanes_left > 0) {
    stripes.push_back({-0.14f, 0.11f, yellow, false});
    stripes.push_back({0.14f, 0.11f, yellow, false});
  }
  if (street.lane_lines) {
    for (int i = -street.lanes_left + 1; i < street.lanes_right; ++i) {
      if (i != 0)
        stripes.push_back(
            {static_cast<float>(i) * street.lane, 0.13f, {0.62f, 0.62f, 0.60f}, true});
    }
  }
  if (street.edge_lines) {
    stripes.push_back({-static_cast<float>(street.lanes_left) * street.lane, 0.14f,
                       street.lanes_left == 0 ? yellow : Colour{0.6f, 0.6f, 0.58f}, false});
    stripes.push_back(
        {static_cast<float>(street.lanes_right) * street.lane, 0.14f, {0.6f, 0.6f, 0.58f}, false});
  } else if (street.parking > 0 && street.parking < 5) {
    stripes.push_back(
        {static_cast<float>(street.lanes_right) * street.lane, 0.10f, {0.5f, 0.5f, 0.48f}, false});
  }
  world_.ground = GroundProfile(bands, stripes);
  world_.ground.road_left = left;
  world_.ground.road_right = right;
}

float Builder::road_edge(const Street& street, int side) const {
  const int lanes = side < 0 ? street.lanes_left : street.lanes_right;
  const float shoulder =
      street.edge_lines ? (street.lanes_left == 0 && side < 0 ? 1.2f : 2.6f) : 0.3f;
  return static_cast<float>(side) *
         (static_cast<float>(lanes) * street.lane + std::max(street.parking, shoulder));
}

void Builder::camera_in_lane(const Street& street) {
  const int lane = whole(generator_, 0, street.lanes_right - 1);
  world_.path.x = (static_cast<float>(lane) + 0.5f) * street.lane + real(-0.25f, 0.25f);
}

Colour Builder::wall_paint() {
  constexpr Colour kWalls[] = {{0.30f, 0.13f, 0.08f}, {0.36f, 0.20f, 0.13f}, {0.46f, 0.40f, 0.32f},
                               {0.55f, 0.52f, 0.46f}, {0.34f, 0.33f, 0.32f}, {0.22f, 0.20f, 0.19f},
                               {0.42f, 0.44f, 0.46f}, {0.50f, 0.38f, 0.22f}};
  return kWalls[generator_.below(8)] * real(0.7f, 1.15f);
}

Colour Builder::car_paint() {
  constexpr Colour kPaints[] = {{0.72f, 0.72f, 0.72f},   {0.45f, 0.46f, 0.47f},
                                {0.20f, 0.205f, 0.21f},  {0.03f, 0.03f, 0.033f},
                                {0.025f, 0.027f, 0.03f}, {0.38f, 0.025f, 0.025f},
                                {0.03f, 0.06f, 0.22f},   {0.10f, 0.16f, 0.26f},
                                {0.05f, 0.13f, 0.08f},   {0.42f, 0.36f, 0.27f}};
  if (world_.drive.place == Place::kCityStreet && odds(0.10)) return {0.78f, 0.46f, 0.02f};
  return kPaints[generator_.below(10)] * real(0.8f, 1.15f);
}

void Builder::buildings(float front, float lowest, float tallest, float gap) {
  for (const float side : {-1.0f, 1.0f}) {
    float z = real(-18, -6);
    const float usual = real(lowest, tallest);
    while (z < end()) {
      const float length = real(8, 24);
      if (!odds(gap)) {
        Thing& b = add(Kind::kBuilding, side * (front + (odds(0.25) ? real(0.5f, 2.5f) : 0)), z);
        b.length = length;
        b.width = real(10, 16);
        b.height = std::max(lowest, usual * real(0.6f, 1.5f));
        b.colour = wall_paint();
      }
      z += length + (odds(0.15) ? real(3, 12) : 0);
    }
  }
}

void Builder::houses(float front) {
  for (const float side : {-1.0f, 1.0f}) {
    float z = real(-14, 0);
    while (z < end()) {
      Thing& house = add(Kind::kHouse, side * (front + real(0, 3)), z);
      house.length = real(9, 14);
      house.width = real(8, 11);
      house.height = odds(0.5) ? real(3.0f, 3.6f) : real(5.2f, 6.2f);
      constexpr Colour kPaints[] = {{0.62f, 0.60f, 0.54f},
                                    {0.50f, 0.52f, 0.50f},
                                    {0.34f, 0.16f, 0.10f},
                                    {0.40f, 0.45f, 0.50f},
                                    {0.58f, 0.50f, 0.34f}};
      house.colour = kPaints[generator_.below(5)] * real(0.8f, 1.1f);
      z += house.length + real(3, 9);
    }
  }
}

void Builder::trees(float from, float to, float spacing, float conifers) {
  for (const float side : {-1.0f, 1.0f}) {
    for (float z = real(0, spacing); z < end(); z += spacing * real(0.5f, 1.6f)) {
      const bool conifer = odds(conifers);
      Thing& tree = add(conifer ? Kind::kConifer : Kind::kTree, side * real(from, to), z);
      tree.height = conifer ? real(5, 13) : real(4.5f, 10);
      tree.width = tree.height * (conifer ? real(0.35f, 0.5f) : real(0.6f, 0.9f));
      tree.colour = world_.leaves * real(0.75f, 1.3f);
    }
  }
}

void Builder::lamp_posts(float x, float spacing, bool both_sides) {
  const float first = real(4, spacing);
  for (const float side : {-1.0f, 1.0f}) {
    if (side < 0 && !both_sides) continue;
    for (float z = first + (side < 0 ? spacing / 2 : 0) - spacing; z < end(); z += spacing) {
      Thing& post = add(Kind::kLampPost, side * x, z);
      post.height = 7.5f;
      post.width = 2.2f;
      if (world_.air.lamps > 0.05f) world_.lamps.push_back({side * (x - 2.2f), z});
    }
  }
}

void Builder::utility_poles(float x) {
  const float spacing = 32;
  for (float z = real(-20, 10); z < end(); z += spacing) {
    Thing& pole = add(Kind::kUtilityPole, x, z);
    pole.height = 9;
    pole.length = spacing;
  }
}

Thing Builder::car(float x, float z, float trucks) {
  Thing thing;
  thing.x = x;
  thing.z = z;
  thing.look = generator_.bits32();
  thing.colour = car_paint();
  const double pick = generator_.uniform();
  if (pick < trucks) {
    thing.kind = Kind::kTruck;
    thing.width = 2.5f;
    thing.height = real(3.1f, 3.9f);
    thing.length = real(7, 13);
    thing.colour = odds(0.6) ? grey(real(0.5f, 0.75f)) : car_paint();
  } else if (pick < trucks * 1.4f) {
    thing.kind = Kind::kBus;
    thing.width = 2.55f;
    thing.height = 3.1f;
    thing.length = real(10, 12);
    thing.colour = odds(0.4)   ? Colour{0.70f, 0.42f, 0.02f}
                   : odds(0.5) ? grey(0.65f)
                               : Colour{0.10f, 0.20f, 0.42f};
  } else if (pick < trucks * 1.4f + 0.08f) {
    thing.kind = Kind::kVan;
    thing.width = 2.0f;
    thing.height = real(2.0f, 2.5f);
    thing.length = real(5.0f, 5.8f);
  } else {
    thing.kind = Kind::kCar;
    const bool tall = hash(thing.look, 72) % 3 == 0;
    thing.width = tall ? real(1.85f, 2.0f) : real(1.75f, 1.9f);
    thing.height = tall ? real(1.6f, 1.85f) : real(1.4f, 1.5f);
    thing.length = real(4.2f, 4.9f);
  }
  return thing;
}

void Builder::parked_cars(const Street& street, float density) {
  for (const float side : {-1.0f, 1.0f}) {
    const float x = side > 0 ? road_edge(street, 1) - 1.1f : road_edge(street, -1) + 1.1f;
    for (float z = real(0, 8); z < end(); z += real(5.6f, 7.0f)) {
      if (!odds(density)) continue;
      Thing parked = car(x + real(-0.15f, 0.15f), z, 0.03f);
      parked.parked = true;
      parked.towards = side < 0;
      world_.things.push_back(parked);
    }
  }
}

void Builder::perpendicular_cars(float x, float density) {
  for (float z = real(-2, 2); z < std::min(end(), 75.0f); z += 2.75f) {
    if (!odds(density)) continue;
    Thing parked = car(x + real(-0.3f, 0.3f), z, 0);
    parked.parked = parked.across = true;
    world_.things.push_back(parked);
  }
}

void Builder::traffic(const Street& street, float own, float oncoming, float trucks) {
  const float speed = world_.path.speed;
  for (int lane = -street.lanes_left; lane < street.lanes_right; ++lane) {
    const bool towards = lane < 0;
    const float x = (static_cast<float>(lane) + 0.5f) * street.lane;
    const bool mine = std::abs(x - world_.path.x) < street.lane / 2;
    float z = mine ? real(7, 26) : real(-4, 22);
    const float gap = 12 / std::max(towards ? oncoming : own, 0.05f);
    const float pace = towards ? -std::max(speed, 0.3f) * real(0.7f, 1.2f) : speed;
    // Vehicles of a lane keep their distances; each lane has its own pace.
    const float drift = towards ? 0 : real(-0.06f, 0.10f) * (mine ? 0.3f : 1.0f);
    while (z < kFarthest) {
      Thing vehicle = car(x + real(-0.3f, 0.3f), z, trucks);
      if (odds(0.035)) {
        vehicle.kind = odds(0.5) || world_.drive.place == Place::kHighway ||
                               world_.drive.place == Place::kTunnel
                           ? Kind::kMotorcycle
                           : Kind::kBicycle;
        vehicle.length = 1.8f;
      }
      vehicle.towards = towards;
      vehicle.speed = pace + drift;
      world_.things.push_back(vehicle);
      z += vehicle.length + gap * real(0.5f, 2.2f);
    }
    if (towards) {
      // More of them come into view while the camera moves.
      for (float later = kFarthest; later < end() * 1.6f && speed > 0;
           later += gap * real(1.0f, 2.5f) + 5) {
        Thing vehicle = car(x, later, trucks);
        vehicle.towards = true;
        vehicle.speed = pace;
        world_.things.push_back(vehicle);
      }
    }
  }
}

void Builder::pedestrians(float x, int count) {
  for (int i = 0; i < count; ++i) {
    Thing& person =
        add(Kind::kPedestrian, (odds(0.5) ? 1.0f : -1.0f) * (x + real(-0.9f, 0.9f)), real(5, 60));
    person.height = real(1.5f, 1.88f);
    person.speed = odds(0.8) ? (odds(0.5) ? 0.07f : -0.07f) * real(0.7f, 1.3f) : 0;
  }
}

void Builder::crossing_people(float z, int count) {
  for (int i = 0; i < count; ++i) {
    Thing& person = add(Kind::kPedestrian, real(world_.ground.road_left, world_.ground.road_right),
                        z + real(-0.8f, 0.8f));
    person.height = real(1.5f, 1.88f);
    person.stride = (odds(0.5) ? 0.08f : -0.08f) * real(0.8f, 1.3f);
  }
}

void Builder::junction(const Street& street, float z) {
  GroundProfile& ground = world_.ground;
  ground.crossings.push_back(
      {z, z + 3.2f, ground.road_left + 0.3f, ground.road_right - 0.3f, 1.2f});
  ground.crossings.push_back({z - 1.9f, z - 1.4f, 0.3f, ground.road_right - 0.3f, 0});
  const float far = z + 14;
  ground.crossings.push_back(
      {far, far + 3.2f, ground.road_left + 0.3f, ground.road_right - 0.3f, 1.2f});
  const std::uint32_t phase = generator_.bits32();
  const int heads = std::clamp(street.lanes_right, 1, 3);
  for (int i = 0; i < heads; ++i) {
    Thing& head = add(Kind::kTrafficLight, (static_cast<float>(i) + 0.5f) * street.lane, far + 4);
    head.height = 5.4f;
    head.width = ground.road_right + 0.6f - head.x;
    head.look = phase;
  }
  if (odds(0.6)) {
    Thing& head = add(Kind::kTrafficLight, ground.road_left - 0.7f, z + 2);
    head.height = 3.0f;
    head.look = phase;
  }
  // Cross traffic, waiting or moving.
  if (odds(0.35)) {
    Thing crossing = car(real(-9, 9), z + real(6, 11), 0);
    crossing.across = true;
    crossing.stride = odds(0.5) ? real(-0.5f, 0.5f) : 0;
    world_.things.push_back(crossing);
  }
}

void Builder::signs(float x, int count) {
  for (int i = 0; i < count; ++i) {
    Thing& sign = add(Kind::kSign, odds(0.75) ? x : -x, real(8, 90));
    sign.height = real(2.2f, 3.0f);
    sign.width = real(0.6f, 0.9f);
  }
}

void Builder::cast_shade(float distance) {
  GroundProfile& ground = world_.ground;
  ground.shade_distance = distance;
  const Noise& noise = Noise::get();
  const auto metres = static_cast<std::size_t>(end() - GroundProfile::kShadeBegin);
  for (std::size_t side = 0; side < 2; ++side) {
    ground.shade[side].assign(metres, 0);
    for (const Thing& thing : world_.things) {
      const bool house = thing.kind == Kind::kBuilding || thing.kind == Kind::kHouse;
      const bool tree =
          (thing.kind == Kind::kTree || thing.kind == Kind::kConifer) && !world_.air.winter;
      if ((!house && !tree) || (thing.x > 0) != (side == 1)) continue;
      const float begin = house ? thing.z : thing.z - thing.width * 0.4f;
      const float length = house ? thing.length : thing.width * 0.8f;
      // A tree farther out throws its shadow as a lower one would from here.
      const float lost = std::max(0.0f, std::abs(thing.x) - distance) * 0.6f;
      for (float z = begin; z < begin + length; z += 0.5f) {
        const float at = z - GroundProfile::kShadeBegin;
        if (at < 0 || at >= static_cast<float>(metres)) continue;
        const float ragged = tree ? 0.75f + 0.35f * noise.rough(z * 2, thing.x) : 1.0f;
        float& height = ground.shade[side][static_cast<std::size_t>(at)];
        height = std::max(height, (thing.height - lost) * ragged);
      }
    }
  }
}

}  // namespace goldpan::scenes
