#include "scenes/builder.hpp"
#include "scenes/view.hpp"

namespace goldpan::scenes {

void Builder::city_street() {
  Street street;
  street.lanes_right = whole(generator_, 1, 2);
  street.lanes_left = odds(0.2) ? 0 : street.lanes_right;
  if (street.lanes_left == 0) street.lanes_right = whole(generator_, 2, 3);
  street.lane = real(3.0f, 3.5f);
  street.parking = odds(0.75) ? 2.3f : 0;
  street.pavement = real(2.5f, 4.5f);
  street.verge = {0.24f, 0.23f, 0.22f};
  street.asphalt = grey(real(0.085f, 0.17f));
  pave(street);
  camera_in_lane(street);
  const float edge = std::max(road_edge(street, 1), -road_edge(street, -1));
  const float front = edge + street.pavement;
  const bool low = odds(0.35), open = odds(0.3);
  buildings(front, low ? 4 : 8, low ? 9 : open ? 18 : 34, open ? 0.40f : 0.10f);
  if (odds(0.6)) trees(edge + 0.9f, edge + 1.3f, real(9, 20), 0);
  if (open) trees(front + 2, front + 14, 9, 0.1f);
  lamp_posts(edge + 0.6f, real(24, 34), odds(0.6));
  if (odds(0.35)) utility_poles(-(edge + 0.5f));
  if (street.parking > 0) parked_cars(street, real(0.35f, 0.9f));
  const float stop = real(14, 70);
  if (odds(0.65)) {
    junction(street, stop);
    if (odds(0.6)) crossing_people(stop + 1.6f, whole(generator_, 1, 4));
  }
  traffic(street, real(0.15f, 0.9f), real(0.1f, 0.6f), 0.05f);
  pedestrians(edge + 1.4f, whole(generator_, 0, 9));
  signs(edge + 0.7f, whole(generator_, 1, 5));
  cast_shade(front);
}

void Builder::highway() {
  Street street;
  street.lanes_left = 0;
  street.lanes_right = whole(generator_, 2, 4);
  street.lane = 3.6f;
  street.edge_lines = true;
  street.asphalt = odds(0.4) ? grey(real(0.20f, 0.27f)) : grey(real(0.10f, 0.16f));
  street.verge = odds(0.3) ? Colour{0.20f, 0.165f, 0.10f} : Colour{0.08f, 0.115f, 0.04f};
  pave(street);
  camera_in_lane(street);
  const float right = road_edge(street, 1), left = road_edge(street, -1);
  const bool walls = odds(0.3);
  for (float z = -10; z < end(); z += 12) {
    Thing& barrier = add(Kind::kWall, left - 0.1f, z);
    barrier.length = 12.05f;
    barrier.height = 0.85f;
    barrier.colour = grey(0.36f);
    barrier.look = world_.drive.number;
    if (!walls) continue;
    Thing& wall = add(Kind::kWall, right + 1.5f, z);
    wall.length = 12.05f;
    wall.height = 3.6f;
    wall.colour = {0.30f, 0.27f, 0.23f};
    wall.look = world_.drive.number + 1;
  }
  trees(walls ? right + 4 : right + 5, right + 32, real(6, 22), real(0, 0.6f));
  if (odds(0.35)) buildings(right + 14, 5, 16, 0.7f);
  if (odds(0.6)) lamp_posts(right + 1.2f, 38, false);
  for (float z = real(25, 90); z < end(); z += real(70, 150)) {
    if (odds(0.35)) {
      Thing& bridge = add(Kind::kBridge, 0, z);
      bridge.height = 5.6f;
      bridge.length = 10;
      bridge.colour = grey(real(0.25f, 0.42f));
    } else {
      Thing& gantry = add(Kind::kGantry, (left + right) / 2, z);
      gantry.height = 5.6f;
      gantry.length = right - left + 3;
      gantry.width = real(3.5f, 6);
    }
  }
  traffic(street, real(0.15f, 0.8f), 0, 0.12f);
  // The other carriageway, beyond the barrier.
  const float pace = -world_.path.speed * real(0.8f, 1.2f);
  for (float z = 5; z < end() * 2; z += real(8, 45)) {
    Thing vehicle = car(left - 4.5f - (odds(0.5) ? 3.6f : 0), z, 0.12f);
    vehicle.towards = true;
    vehicle.speed = pace;
    world_.things.push_back(vehicle);
  }
  signs(right + 0.9f, whole(generator_, 0, 3));
  cast_shade(right + 8);
}

void Builder::residential() {
  Street street;
  street.lane = real(2.9f, 3.5f);
  street.parking = 2.1f;
  street.centre_line = odds(0.35);
  street.lane_lines = false;
  street.pavement = 0;
  street.asphalt = grey(real(0.10f, 0.19f));
  street.verge = {0.075f, 0.12f, 0.04f};
  pave(street);
  camera_in_lane(street);
  const float edge = road_edge(street, 1);
  houses(edge + real(6, 9));
  trees(edge + 1.2f, edge + 5, real(9, 18), real(0, 0.4f));
  if (odds(0.7)) utility_poles(edge + 1.0f);
  if (odds(0.6)) lamp_posts(edge + 0.8f, 40, false);
  parked_cars(street, real(0.1f, 0.55f));
  traffic(street, real(0.02f, 0.25f), real(0.02f, 0.2f), 0.03f);
  pedestrians(edge + 1.5f, whole(generator_, 0, 3));
  signs(edge + 0.9f, whole(generator_, 0, 3));
  if (odds(0.3)) world_.ground.crossings.push_back({30, 30.5f, 0.2f, edge - 0.3f, 0});
  cast_shade(edge + 4);
}

void Builder::parking_lot() {
  Street street;
  street.lanes_left = 1;
  street.lane = 3.4f;
  street.parking = 20;
  street.centre_line = street.lane_lines = false;
  street.asphalt = grey(real(0.10f, 0.17f));
  street.verge = {0.08f, 0.11f, 0.045f};
  pave(street);
  world_.path.x = real(-1, 1.5f);
  // Marks between the places, across the aisle's sides.
  for (float z = -2; z < 75; z += 2.75f) {
    for (const float side : {-1.0f, 1.0f}) {
      world_.ground.crossings.push_back(
          {z, z + 0.12f, side > 0 ? 4.0f : -9.0f, side > 0 ? 9.0f : -4.0f, 0});
    }
  }
  const float density = real(0.4f, 0.9f);
  for (const float x : {-16.5f, -11.6f, -6.3f, 6.3f, 11.6f, 16.5f}) perpendicular_cars(x, density);
  trees(25, 34, 10, 0.2f);
  lamp_posts(9.2f, 26, true);
  buildings(27, 5, 9, 0.4f);
  pedestrians(3.2f, whole(generator_, 0, 4));
  signs(9, whole(generator_, 0, 2));
  cast_shade(27);
}

void Builder::gas_station() {
  Street street;
  street.lane = 3.4f;
  street.parking = 14;
  street.centre_line = street.lane_lines = false;
  street.asphalt = grey(real(0.20f, 0.30f));
  pave(street);
  world_.path.x = real(-2, 1);
  constexpr Colour kBrands[] = {
      {0.50f, 0.03f, 0.03f}, {0.04f, 0.22f, 0.08f}, {0.65f, 0.42f, 0.02f}, {0.03f, 0.10f, 0.42f}};
  const Colour brand = kBrands[generator_.below(4)];
  const float z = real(9, 18), x = odds(0.7) ? real(5, 9) : real(-9, -6);
  Thing& canopy = add(Kind::kCanopy, x, z);
  canopy.width = 13;
  canopy.length = 18;
  canopy.height = 4.6f;
  canopy.colour = brand;
  for (const float dz : {3.0f, 8.0f, 13.0f}) {
    for (const float dx : {-3.0f, 3.0f}) {
      add(Kind::kPump, x + dx, z + dz).colour = brand * 0.8f + grey(0.15f);
      if (!odds(0.5)) continue;
      Thing parked = car(x + dx + 1.9f, z + dz - 2, 0.02f);
      parked.parked = true;
      world_.things.push_back(parked);
    }
  }
  if (world_.air.lamps > 0.05f) {
    for (const float dz : {3.0f, 7.0f, 11.0f, 15.0f}) world_.lamps.push_back({x, z + dz});
  }
  Thing& shop = add(Kind::kBuilding, (x > 0 ? 1.0f : -1.0f) * 17.0f, z - 2);
  shop.length = 24;
  shop.width = 10;
  shop.height = 4.4f;
  shop.colour = wall_paint();
  buildings(24, 5, 14, 0.45f);
  trees(20, 30, 12, 0.2f);
  lamp_posts(13, 30, true);
  signs(8, 2);
  pedestrians(std::abs(x), whole(generator_, 0, 2));
  cast_shade(22);
}

void Builder::tunnel() {
  Street street;
  street.lanes_left = 0;
  street.lanes_right = whole(generator_, 2, 3);
  street.lane = 3.5f;
  street.edge_lines = false;
  street.asphalt = grey(real(0.13f, 0.20f));
  street.verge = grey(0.25f);
  street.pavement = 0.8f;
  pave(street);
  camera_in_lane(street);
  const float left = road_edge(street, -1) - 0.8f, right = road_edge(street, 1) + 0.8f;
  Roof& roof = world_.roof;
  roof.present = roof.enclosed = true;
  roof.height = real(4.8f, 6.2f);
  roof.half_width = std::max(-left, right) + 0.2f;
  roof.z1 = real(60, 260);
  roof.beam_spacing = real(5, 9);
  roof.colour = grey(real(0.16f, 0.34f));
  roof.strip =
      (odds(0.5) ? Colour{1.0f, 0.70f, 0.34f} : Colour{0.92f, 1.0f, 0.98f}) * real(0.6f, 1.3f);
  roof.strip_x = roof.half_width * real(0.45f, 0.8f);
  const Colour tiles = odds(0.5) ? Colour{0.48f, 0.46f, 0.40f} : Colour{0.33f, 0.34f, 0.35f};
  for (float z = -12; z < roof.z1; z += 10) {
    for (const float x : {left, right}) {
      Thing& wall = add(Kind::kWall, x, z);
      wall.length = 10.05f;
      wall.height = roof.height;
      wall.colour = tiles;
      wall.look = world_.drive.number;
    }
  }
  // Both walls carry the roof, whichever stands nearer to the middle of the road.
  roof.half_width = std::max(-left, right) + 0.1f;
  traffic(street, real(0.2f, 0.8f), 0, 0.10f);
}

void Builder::garage() {
  Street street;
  street.lane = 3.1f;
  street.parking = 12;
  street.centre_line = street.lane_lines = false;
  street.asphalt = grey(real(0.20f, 0.32f));
  street.verge = street.asphalt;
  pave(street);
  world_.ground.crossings.clear();
  world_.path.x = real(-0.8f, 0.8f);
  Roof& roof = world_.roof;
  roof.present = roof.enclosed = true;
  roof.height = real(2.6f, 3.2f);
  roof.half_width = 17;
  roof.z1 = real(45, 80);
  roof.beam_spacing = real(5, 8);
  roof.colour = grey(real(0.22f, 0.40f));
  roof.strip =
      (odds(0.35) ? Colour{1.0f, 0.75f, 0.42f} : Colour{0.90f, 1.0f, 0.94f}) * real(0.5f, 1.1f);
  roof.strip_x = real(1.5f, 4);
  for (float z = -2; z < roof.z1; z += 2.75f) {
    for (const float side : {-1.0f, 1.0f})
      world_.ground.crossings.push_back(
          {z, z + 0.1f, side > 0 ? 3.6f : -8.6f, side > 0 ? 8.6f : -3.6f, 0});
  }
  for (float z = 2; z < roof.z1; z += 8.25f) {
    for (const float x : {-3.9f, 3.9f, -9.6f, 9.6f}) {
      Thing& pillar = add(Kind::kPillar, x, z);
      pillar.width = 0.6f;
      pillar.height = roof.height;
      pillar.colour = grey(0.42f);
    }
  }
  for (float z = -10; z < roof.z1; z += 10) {
    for (const float x : {-16.9f, 16.9f}) {
      Thing& wall = add(Kind::kWall, x, z);
      wall.length = 10.05f;
      wall.height = odds(0.3) ? 1.1f : roof.height;
      wall.colour = grey(0.38f);
      wall.look = world_.drive.number;
    }
  }
  const float density = real(0.35f, 0.9f);
  for (const float x : {-6.6f, 6.6f, -12.6f, 12.6f}) perpendicular_cars(x, density);
  pedestrians(2.4f, whole(generator_, 0, 2));
}

void Builder::deck() {
  Roof& roof = world_.roof;
  roof.present = true;
  roof.height = real(5.2f, 6.5f);
  roof.half_width =
      std::max(world_.ground.road_right, -world_.ground.road_left) + real(-0.5f, 2.0f);
  roof.z1 = end() + 20;
  roof.beam_spacing = real(1.5f, 4);
  roof.colour = odds(0.5) ? Colour{0.055f, 0.075f, 0.065f} : Colour{0.10f, 0.085f, 0.07f};
  for (float z = real(0, 9); z < end(); z += 13) {
    for (const float side : {-1.0f, 1.0f}) {
      Thing& pillar = add(Kind::kPillar, side * (roof.half_width - 0.5f), z);
      pillar.width = 0.55f;
      pillar.height = roof.height;
      pillar.colour = roof.colour * 1.4f;
    }
  }
}

}  // namespace goldpan::scenes
