#include "data/scenes/noise.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <vector>

namespace goldpan::scenes {
namespace {

constexpr int kSide = 256;
constexpr int kMask = kSide - 1;

struct Tile {
  std::vector<float> values = std::vector<float>(kSide * kSide);

  Tile() {
    // The same tile in every drive of every seed: drives differ by where they look into it.
    Generator generator = Generator(0x7363656e6573).stream("noise tile");
    float amplitude = 1;
    for (int cells = 4; cells <= 128; cells *= 2, amplitude *= 0.52f) {
      std::vector<float> lattice(static_cast<std::size_t>(cells) * cells);
      for (float& value : lattice) value = static_cast<float>(generator.uniform());
      add_octave(lattice, cells, amplitude);
    }
    equalise();
  }

  void add_octave(const std::vector<float>& lattice, int cells, float amplitude) {
    const int step = kSide / cells;
    for (int y = 0; y < kSide; ++y) {
      for (int x = 0; x < kSide; ++x) {
        const int cx = x / step, cy = y / step;
        const auto fade = [&](int t) {
          const float u = static_cast<float>(t % step) / static_cast<float>(step);
          return u * u * (3 - 2 * u);
        };
        const auto node = [&](int i, int j) {
          return lattice[static_cast<std::size_t>((j % cells) * cells + i % cells)];
        };
        const float u = fade(x), v = fade(y);
        const float upper = node(cx, cy) + (node(cx + 1, cy) - node(cx, cy)) * u;
        const float lower = node(cx, cy + 1) + (node(cx + 1, cy + 1) - node(cx, cy + 1)) * u;
        values[static_cast<std::size_t>(y * kSide + x)] += amplitude * (upper + (lower - upper) * v);
      }
    }
  }

  void equalise() {
    std::vector<int> order(values.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
      return values[static_cast<std::size_t>(a)] < values[static_cast<std::size_t>(b)];
    });
    for (std::size_t rank = 0; rank < order.size(); ++rank) {
      values[static_cast<std::size_t>(order[rank])] =
          static_cast<float>(rank) / static_cast<float>(order.size() - 1);
    }
  }
};

const float* tile() {
  static const Tile kTile;
  return kTile.values.data();
}

}  // namespace

float fractal_noise(float x, float y) {
  const float fx = std::floor(x), fy = std::floor(y);
  const float u = x - fx, v = y - fy;
  const int x0 = static_cast<int>(fx) & kMask, y0 = static_cast<int>(fy) & kMask;
  const int x1 = (x0 + 1) & kMask, y1 = (y0 + 1) & kMask;
  const float* const t = tile();
  const float upper = t[y0 * kSide + x0] + (t[y0 * kSide + x1] - t[y0 * kSide + x0]) * u;
  const float lower = t[y1 * kSide + x0] + (t[y1 * kSide + x1] - t[y1 * kSide + x0]) * u;
  return upper + (lower - upper) * v;
}

float rough_noise(float x, float y) {
  const int i = static_cast<int>(std::floor(x)), j = static_cast<int>(std::floor(y));
  // An odd stride scatters neighbours across the tile, which makes white noise of it.
  return tile()[((j * 101 + i * 37) & kMask) * kSide + ((i * 59 + j * 83) & kMask)];
}

const float* sensor_grain() {
  static const std::vector<float> kTable = [] {
    std::vector<float> table(kGrains);
    Generator generator = Generator(0x7363656e6573).stream("sensor grain");
    for (float& value : table) value = static_cast<float>(generator.normal());
    return table;
  }();
  return kTable.data();
}

}  // namespace goldpan::scenes
