#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <goldpan/data/dataset.hpp>

#include "scenes/scenes.hpp"

namespace goldpan::scenes {

/// BDD100K's names, in this project's order of weathers. Part of what a seed renders: do not
/// renumber.
enum class Weather { kClear, kPartlyCloudy, kOvercast, kRainy, kSnowy, kFoggy, kUndefined };
enum class TimeOfDay { kDaytime, kDawnDusk, kNight };
enum class Place { kCityStreet, kHighway, kResidential, kParkingLot, kGasStation, kTunnel };

inline constexpr std::size_t kWeathers = 7;
inline constexpr std::array<std::string_view, kWeathers> kWeatherNames = {
    "clear", "partly cloudy", "overcast", "rainy", "snowy", "foggy", "undefined"};
inline constexpr std::array<std::string_view, 3> kTimeNames = {"daytime", "dawn/dusk", "night"};
inline constexpr std::array<std::string_view, 6> kPlaceNames = {
    "city street", "highway", "residential", "parking lot", "gas stations", "tunnel"};

/// Why nobody could tell the weather of an `undefined` drive.
enum class Veil { kNone, kTunnel, kGarage, kDeck, kGlare, kDeepNight };

/// One drive: a fixed place, weather and light, in which the camera moves a little from frame to
/// frame.
struct Drive {
  std::uint32_t number = 0;
  std::size_t first = 0;  ///< index of its first image
  std::size_t frames = 0;
  Weather weather = Weather::kClear;
  TimeOfDay time = TimeOfDay::kDaytime;
  Place place = Place::kCityStreet;
  Veil veil = Veil::kNone;
  Split split = Split::kTrain;
};

/// Cuts `options.images` into drives. Counts per weather follow BDD100K's shares by largest
/// remainder; a weather's drives hold 8 to 40 frames each, fewer where the weather has too few
/// images for four such drives. About a fifth of each weather's drives are validation drives.
/// Throws Error for options out of range.
std::vector<Drive> plan_drives(const SceneOptions& options);

/// "d0012-f007.jpg"
std::string image_name(const Drive& drive, std::size_t frame);

}  // namespace goldpan::scenes
