#include "scenes/world.hpp"

#include "scenes/builder.hpp"
#include "scenes/noise.hpp"

namespace goldpan::scenes {
namespace {

Path make_path(const Drive& drive, Generator& generator) {
  Path path;
  // A third of city drives stand at a light or in a jam: their frames are nearly one.
  const bool standing = drive.place != Place::kHighway &&
                        chance(generator, drive.place == Place::kCityStreet ? 0.33 : 0.15);
  path.speed = standing                            ? 0.0f
               : drive.place == Place::kHighway    ? uniform(generator, 0.7f, 1.8f)
               : drive.place == Place::kTunnel     ? uniform(generator, 0.5f, 1.2f)
               : drive.place == Place::kParkingLot ? uniform(generator, 0.1f, 0.35f)
                                                   : uniform(generator, 0.2f, 0.7f);
  path.camera_height = uniform(generator, 1.25f, 1.65f);
  path.focal = uniform(generator, 0.80f, 1.10f);
  path.horizon = uniform(generator, 0.44f, 0.56f);
  const bool bends = drive.place == Place::kHighway || drive.place == Place::kTunnel ||
                     drive.place == Place::kResidential;
  path.bend = bends ? uniform(generator, -0.0016f, 0.0016f) : uniform(generator, -0.0002f, 0.0002f);
  path.bonnet = chance(generator, 0.55);
  path.bonnet_height = uniform(generator, 0.035f, 0.11f);
  path.bonnet_colour = grey(uniform(generator, 0.01f, 0.08f));
  return path;
}

}  // namespace

World make_world(const Drive& drive, std::uint64_t seed) {
  const Generator root = Generator(seed).stream("scenes").stream(drive.number);
  World world;
  world.drive = drive;
  Generator air = root.stream("air"), path = root.stream("path"), leaves = root.stream("leaves");
  world.air = make_air(drive, air);
  world.path = make_path(drive, path);
  const bool autumn = chance(leaves, 0.18);
  world.leaves = autumn ? Colour{0.22f, 0.12f, 0.03f} : Colour{0.06f, 0.105f, 0.03f};
  world.leaves = world.leaves * uniform(leaves, 0.75f, 1.3f);
  Builder builder(world, root.stream("layout"));
  if (drive.veil == Veil::kGarage) {
    builder.garage();
    return world;
  }
  switch (drive.place) {
    case Place::kCityStreet:
      builder.city_street();
      break;
    case Place::kHighway:
      builder.highway();
      break;
    case Place::kResidential:
      builder.residential();
      break;
    case Place::kParkingLot:
      builder.parking_lot();
      break;
    case Place::kGasStation:
      builder.gas_station();
      break;
    case Place::kTunnel:
      builder.tunnel();
      break;
  }
  if (drive.veil == Veil::kDeck) builder.deck();
  return world;
}

}  // namespace goldpan::scenes
