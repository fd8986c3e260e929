#include "scenes/plan.hpp"

#include <algorithm>
#include <numeric>
#include <span>

#include <fmt/format.h>

#include <goldpan/core/error.hpp>

#include "scenes/noise.hpp"

namespace goldpan::scenes {
namespace {

/// Shares of the seven weathers as BDD100K publishes them (they sum to 1.001).
constexpr std::array<double, kWeathers> kWeatherShares = {0.535, 0.070, 0.126, 0.073,
                                                          0.079, 0.002, 0.116};
/// Counts of time of day within each weather, from BDD100K's validation labels.
constexpr std::array<std::array<double, 3>, kWeathers> kTimeCounts = {{{1764, 307, 3274},
                                                                       {638, 95, 5},
                                                                       {1039, 182, 18},
                                                                       {396, 55, 286},
                                                                       {422, 74, 273},
                                                                       {5, 1, 7},
                                                                       {994, 64, 66}}};
/// Shares of open-air places within each weather: BDD100K's, with parking lots and petrol stations
/// (half a per cent there) raised, so that sets of some thousand images show them.
constexpr std::array<std::array<double, 5>, kWeathers> kPlaceShares = {{{58, 27, 11, 2.5, 1.5},
                                                                        {48, 36, 12, 2.5, 1.5},
                                                                        {56, 26, 14, 2.5, 1.5},
                                                                        {62, 22, 12, 2.5, 1.5},
                                                                        {64, 14, 18, 2.5, 1.5},
                                                                        {45, 38, 15, 1.0, 1.0},
                                                                        {66, 12, 17, 3.0, 2.0}}};
constexpr std::array<Veil, 5> kVeils = {Veil::kTunnel, Veil::kGarage, Veil::kDeck, Veil::kGlare,
                                        Veil::kDeepNight};
constexpr std::array<double, 5> kVeilShares = {22, 14, 24, 26, 14};

template <std::size_t K>
std::size_t draw(Generator& generator, const std::array<double, K>& weights) {
  double at = generator.uniform() * std::accumulate(weights.begin(), weights.end(), 0.0);
  for (std::size_t k = 0; k + 1 < K; ++k) {
    if (at < weights[k]) return k;
    at -= weights[k];
  }
  return K - 1;
}

/// Images per weather: largest remainders, so that counts sum to `images` and none is off by one
/// whole.
std::array<std::size_t, kWeathers> weather_counts(std::size_t images) {
  const double total = std::accumulate(kWeatherShares.begin(), kWeatherShares.end(), 0.0);
  std::array<std::size_t, kWeathers> counts;
  std::array<double, kWeathers> rest;
  std::size_t given = 0;
  for (std::size_t c = 0; c < kWeathers; ++c) {
    const double exact = static_cast<double>(images) * kWeatherShares[c] / total;
    counts[c] = static_cast<std::size_t>(exact);
    rest[c] = exact - static_cast<double>(counts[c]);
    given += counts[c];
  }
  std::array<std::size_t, kWeathers> order;
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return rest[a] > rest[b]; });
  for (std::size_t k = 0; given < images; ++given, ++k) ++counts[order[k % kWeathers]];
  return counts;
}

/// Frames of a drive, as fleets record them: three of four are short clips, the rest long stretches
/// that hold most of the frames.
std::size_t draw_length(Generator& generator) {
  return generator.below(4) < 3 ? 2 + generator.below(4) : 8 + generator.below(33);
}

std::vector<std::size_t> cut_into_drives(std::size_t images, Generator& generator) {
  // Four drives at least, where there are four images: a rare weather can then be met on both sides
  // of any split by drive.
  const std::size_t longest = std::clamp<std::size_t>(images / 4, 1, 40);
  std::vector<std::size_t> lengths;
  while (images > 0) {
    lengths.push_back(std::min({draw_length(generator), longest, images}));
    images -= lengths.back();
  }
  return lengths;
}

Drive describe(Weather weather, std::size_t frames, Generator& generator) {
  const auto c = static_cast<std::size_t>(weather);
  Drive drive;
  drive.frames = frames;
  drive.weather = weather;
  drive.time = static_cast<TimeOfDay>(draw(generator, kTimeCounts[c]));
  drive.place = static_cast<Place>(draw(generator, kPlaceShares[c]));
  if (weather != Weather::kUndefined) return drive;
  drive.veil = kVeils[draw(generator, kVeilShares)];
  switch (drive.veil) {
    case Veil::kTunnel:
      drive.place = Place::kTunnel;
      break;
    case Veil::kGarage:
      drive.place = Place::kParkingLot;
      break;
    case Veil::kDeck:
      if (drive.place == Place::kGasStation || drive.place == Place::kParkingLot) {
        drive.place = Place::kCityStreet;
      }
      break;
    case Veil::kGlare:
      if (drive.time == TimeOfDay::kNight) drive.time = TimeOfDay::kDaytime;
      break;
    case Veil::kDeepNight:
      drive.time = TimeOfDay::kNight;
      break;
    case Veil::kNone:
      break;
  }
  return drive;
}

}  // namespace

std::vector<Drive> plan_drives(const SceneOptions& options) {
  const auto check = [](const char* name, std::size_t value, std::size_t low, std::size_t high) {
    if (value < low || value > high) {
      throw Error("scenes", fmt::format("got {} {}, expected {} to {}", name, value, low, high));
    }
  };
  check("images", options.images, 1, 10'000'000);
  // A negative size wraps round to one that is too large.
  check("width", static_cast<std::size_t>(options.width), 64, 3840);
  check("height", static_cast<std::size_t>(options.height), 36, 2160);
  const Generator root = Generator(options.seed).stream("scenes").stream("plan");
  const std::array<std::size_t, kWeathers> counts = weather_counts(options.images);
  std::vector<Drive> drives;
  for (std::size_t c = 0; c < kWeathers; ++c) {
    Generator generator = root.stream(c);
    double owed = generator.uniform();  // validation drives: every fifth, from a random start
    std::size_t of_weather = 0;
    for (const std::size_t frames : cut_into_drives(counts[c], generator)) {
      drives.push_back(describe(static_cast<Weather>(c), frames, generator));
      ++of_weather;
      if ((owed += 0.2) >= 1) {
        drives.back().split = Split::kTest;
        owed -= 1;
      }
    }
    // With few drives the count above may end before its turn came.
    const auto mine = std::span(drives).last(of_weather);
    if (mine.size() >= 2 && std::all_of(mine.begin(), mine.end(), [](const Drive& drive) {
          return drive.split == Split::kTrain;
        })) {
      mine.back().split = Split::kTest;
    }
  }
  Generator order = root.stream("order");
  order.shuffle(std::span(drives));
  std::size_t first = 0;
  for (std::size_t number = 0; number < drives.size(); ++number) {
    drives[number].number = static_cast<std::uint32_t>(number);
    drives[number].first = first;
    first += drives[number].frames;
  }
  return drives;
}

std::string image_name(const Drive& drive, std::size_t frame) {
  return fmt::format("d{:04}-f{:03}.jpg", drive.number, frame);
}

}  // namespace goldpan::scenes
