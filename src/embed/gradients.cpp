#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <vector>

#include <nlohmann/json.hpp>

#include <goldpan/embed/map_encoder.hpp>
#include <goldpan/imaging/resize.hpp>

namespace goldpan {
namespace {

constexpr std::size_t kWidth = 320, kHeight = 192;  // pixels
constexpr std::size_t kQuarter = 8, kCell = 16;
constexpr std::size_t kOrientations = 8;
constexpr std::size_t kColours = 3;
constexpr std::size_t kOfQuarter = kOrientations + 1 + kColours;
constexpr std::size_t kColumns = kWidth / kQuarter, kRows = kHeight / kQuarter;
constexpr MapShape kShape = {kHeight / kCell, kWidth / kCell, 4 * kOfQuarter};
constexpr float kMostShare = 2;  // of the energy around: one strong edge must not drown the rest
constexpr float kFlat = 0.05f;   // energy below which orientations are noise

/// Brightness and two colour differences, each of about one unit.
struct Planes {
  std::vector<float> light, blue, red;
};

Planes planes_of(const Image& picture) {
  const std::size_t count = kWidth * kHeight;
  Planes planes{std::vector<float>(count), std::vector<float>(count), std::vector<float>(count)};
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint8_t* const pixel = picture.pixels.data() + 3 * i;
    const float r = static_cast<float>(pixel[0]) / 255, g = static_cast<float>(pixel[1]) / 255,
                b = static_cast<float>(pixel[2]) / 255;
    const float y = 0.299f * r + 0.587f * g + 0.114f * b;
    planes.light[i] = y;
    planes.blue[i] = b - y;
    planes.red[i] = r - y;
  }
  return planes;
}

/// Histograms of the quarters, and the mean colours.
using Quarters = std::vector<std::array<float, kOfQuarter>>;

Quarters quarters_of(const Image& picture) {
  const Planes planes = planes_of(picture);
  Quarters quarters(kColumns * kRows, std::array<float, kOfQuarter>{});
  for (std::size_t y = 0; y < kHeight; ++y) {
    const std::size_t above = (y > 0 ? y - 1 : y) * kWidth,
                      below = std::min(y + 1, kHeight - 1) * kWidth;
    for (std::size_t x = 0; x < kWidth; ++x) {
      auto& quarter = quarters[y / kQuarter * kColumns + x / kQuarter];
      const float dx = planes.light[y * kWidth + std::min(x + 1, kWidth - 1)] -
                       planes.light[y * kWidth + (x > 0 ? x - 1 : x)];
      const float dy = planes.light[below + x] - planes.light[above + x];
      const float strength = std::sqrt(dx * dx + dy * dy);
      if (strength > 0) {
        // Between 0 and kOrientations: opposite directions are one orientation.
        float turn = std::atan2(dy, dx) / std::numbers::pi_v<float>;
        if (turn < 0) turn += 1;
        const float place = std::min(turn, 0.999999f) * static_cast<float>(kOrientations);
        const auto first = static_cast<std::size_t>(place) % kOrientations;
        const float share = place - std::floor(place);
        quarter[first] += strength * (1 - share);
        quarter[(first + 1) % kOrientations] += strength * share;
      }
      quarter[kOrientations + 1] += planes.light[y * kWidth + x];
      quarter[kOrientations + 2] += planes.blue[y * kWidth + x];
      quarter[kOrientations + 3] += planes.red[y * kWidth + x];
    }
  }
  constexpr float kPixels = kQuarter * kQuarter;
  for (auto& quarter : quarters) {
    for (std::size_t c = 1; c <= kColours; ++c) quarter[kOrientations + c] /= kPixels;
  }
  return quarters;
}

/// Orientations over the energy around, which stands for itself as its logarithm.
void normalise_quarters(Quarters& quarters) {
  std::vector<float> energies(quarters.size());
  for (std::size_t q = 0; q < quarters.size(); ++q) {
    for (std::size_t o = 0; o < kOrientations; ++o) {
      energies[q] += quarters[q][o] * quarters[q][o];
    }
  }
  for (std::size_t y = 0; y < kRows; ++y) {
    for (std::size_t x = 0; x < kColumns; ++x) {
      float sum = 0, count = 0;
      for (std::size_t j = y > 0 ? y - 1 : y; j <= std::min(y + 1, kRows - 1); ++j) {
        for (std::size_t i = x > 0 ? x - 1 : x; i <= std::min(x + 1, kColumns - 1); ++i, ++count) {
          sum += energies[j * kColumns + i];
        }
      }
      auto& quarter = quarters[y * kColumns + x];
      const float around = std::sqrt(sum / count) + kFlat;
      for (std::size_t o = 0; o < kOrientations; ++o) {
        quarter[o] = std::min(quarter[o] / around, kMostShare);
      }
      quarter[kOrientations] = 0.3f * std::log(std::sqrt(energies[y * kColumns + x]) + kFlat);
    }
  }
}

void write_map(const Image& image, std::span<float> map) {
  const Image picture =
      resize(image, static_cast<int>(kWidth), static_cast<int>(kHeight), ResizeFilter::kBilinear);
  Quarters quarters = quarters_of(picture);
  normalise_quarters(quarters);
  for (std::size_t y = 0; y < kRows; ++y) {
    for (std::size_t x = 0; x < kColumns; ++x) {
      const std::size_t cell = y / 2 * kShape.width + x / 2, part = y % 2 * 2 + x % 2;
      std::ranges::copy(
          quarters[y * kColumns + x],
          map.begin() + static_cast<std::ptrdiff_t>(cell * kShape.channels + part * kOfQuarter));
    }
  }
}

class GradientsEncoder final : public Encoder {
 public:
  std::string name() const override { return "gradients"; }
  std::string description() const override {
    // Raise "version" when the same settings begin to mean other numbers.
    return nlohmann::json{{"encoder", "gradients"}, {"version", 1}}.dump();
  }
  std::size_t dim() const override { return 4 * kShape.channels; }
  int min_side() const override { return static_cast<int>(2 * kHeight); }
  bool learns() const override { return false; }
  bool image_by_image() const override { return true; }
  void fit(const ImageSource&, std::span<const Index>, Workers&, const Progress&) override {}

  void encode(std::span<const Image> images, MatrixView<float> out,
              Workers& workers) const override {
    workers.run(images.size(), [&](std::size_t i) {
      std::vector<float> map(kShape.height * kShape.width * kShape.channels);
      write_map(images[i], map);
      pool_map(map, kShape, out.row(i));
    });
  }

  std::optional<MapShape> map_shape() const override { return kShape; }
  void encode_maps(std::span<const Image> images, std::span<float> out,
                   Workers& workers) const override {
    const std::size_t size = kShape.height * kShape.width * kShape.channels;
    workers.run(images.size(),
                [&](std::size_t i) { write_map(images[i], out.subspan(i * size, size)); });
  }
};

}  // namespace

void pool_map(std::span<const float> map, const MapShape& shape, std::span<float> out) {
  std::vector<double> sums(out.size()), counts(4);
  for (std::size_t y = 0; y < shape.height; ++y) {
    for (std::size_t x = 0; x < shape.width; ++x) {
      // A map of one row or column has its halves alike.
      const std::size_t part = (2 * y >= shape.height ? 2 : 0) + (2 * x >= shape.width ? 1 : 0);
      ++counts[part];
      for (std::size_t c = 0; c < shape.channels; ++c) {
        sums[part * shape.channels + c] += double{map[(y * shape.width + x) * shape.channels + c]};
      }
    }
  }
  for (std::size_t i = 0; i < out.size(); ++i) {
    const double count = counts[i / shape.channels];
    out[i] = count > 0 ? static_cast<float>(sums[i] / count) : 0.0f;
  }
}

std::unique_ptr<Encoder> make_gradients_encoder() { return std::make_unique<GradientsEncoder>(); }

}  // namespace goldpan
