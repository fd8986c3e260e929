#pragma once

#include <vector>

#include "scenes/noise.hpp"
#include "scenes/world.hpp"

namespace goldpan::scenes {

/// Lays out one drive. Each place is a function that says what its road looks like and what stands
/// beside it; the pieces below are shared.
class Builder {
 public:
  Builder(World& world, Generator generator) : world_(world), generator_(generator) {}

  void city_street();
  void highway();
  void residential();
  void parking_lot();
  void garage();
  void gas_station();
  void tunnel();
  /// Elevated tracks over a street that is there already.
  void deck();

 private:
  /// Lanes, kerbs, pavements and verges; x grows to the right, traffic keeps right.
  struct Street {
    int lanes_left = 1, lanes_right = 1;
    float lane = 3.3f;
    float parking = 0;   ///< width of a parking lane on both sides
    float pavement = 0;  ///< width of the footway on both sides
    bool centre_line = true, lane_lines = true, edge_lines = false;
    Colour verge = {0.07f, 0.11f, 0.04f};
    Colour asphalt = {0.13f, 0.13f, 0.135f};
  };
  void pave(const Street& street);
  float road_edge(const Street& street, int side) const;
  void camera_in_lane(const Street& street);

  void buildings(float front, float lowest, float tallest, float gap);
  void houses(float front);
  void trees(float from, float to, float spacing, float conifers);
  void lamp_posts(float x, float spacing, bool both_sides);
  void utility_poles(float x);
  void parked_cars(const Street& street, float density);
  void perpendicular_cars(float x, float density);
  void traffic(const Street& street, float own, float oncoming, float trucks);
  void pedestrians(float x, int count);
  void crossing_people(float z, int count);
  void junction(const Street& street, float z);
  void signs(float x, int count);
  void cast_shade(float distance);

  Thing& add(Kind kind, float x, float z);
  Thing car(float x, float z, float trucks);
  Colour car_paint();
  Colour wall_paint();
  float real(float low, float high) { return uniform(generator_, low, high); }
  bool odds(double probability) { return chance(generator_, probability); }
  /// How far along the road things are wanted.
  float end() const;

  World& world_;
  Generator generator_;
};

}  // namespace goldpan::scenes
