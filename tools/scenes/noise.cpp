#include "scenes/noise.hpp"

#include <algorithm>
#include <numeric>

namespace goldpan::scenes {
namespace {

Generator table_generator() { return Generator(0x7363656e6573); }

/// Adds value noise of `cells` x `cells` random values, smoothly interpolated, to a periodic tile.
void add_octave(std::vector<float>& tile, int side, int cells, float amplitude,
                Generator& generator) {
  std::vector<float> lattice(static_cast<std::size_t>(cells) * cells);
  for (float& value : lattice) value = static_cast<float>(generator.uniform());
  const int step = side / cells;
  const auto fade = [&](int t) {
    return smoothstep(0, 1, static_cast<float>(t % step) / static_cast<float>(step));
  };
  const auto node = [&](int i, int j) {
    return lattice[static_cast<std::size_t>((j % cells) * cells + i % cells)];
  };
  for (int y = 0; y < side; ++y) {
    for (int x = 0; x < side; ++x) {
      const int i = x / step, j = y / step;
      const float upper = mix(node(i, j), node(i + 1, j), fade(x));
      const float lower = mix(node(i, j + 1), node(i + 1, j + 1), fade(x));
      tile[static_cast<std::size_t>(y * side + x)] += amplitude * mix(upper, lower, fade(y));
    }
  }
}

/// Replaces values by their ranks, scaled to [0, 1].
void equalise(std::vector<float>& values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  for (std::size_t rank = 0; rank < order.size(); ++rank) {
    values[order[rank]] = static_cast<float>(rank) / static_cast<float>(order.size() - 1);
  }
}

}  // namespace

Noise::Noise() : fractal_(static_cast<std::size_t>(kSide) * kSide), rough_(64 * 64) {
  Generator octaves = table_generator().stream("fractal"),
            white = table_generator().stream("rough");
  float amplitude = 1;
  for (int cells = 4; cells <= 128; cells *= 2, amplitude *= 0.52f)
    add_octave(fractal_, kSide, cells, amplitude, octaves);
  equalise(fractal_);
  for (float& value : rough_) value = static_cast<float>(white.uniform());
}

const Noise& Noise::get() {
  static const Noise kNoise;
  return kNoise;
}

const std::vector<float>& sensor_grain() {
  static const std::vector<float> kTable = [] {
    std::vector<float> table(kGrains);
    Generator generator = table_generator().stream("grain");
    for (float& value : table) value = static_cast<float>(generator.normal());
    return table;
  }();
  return kTable;
}

}  // namespace goldpan::scenes
