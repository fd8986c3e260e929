#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <string>
#include <vector>

#include <goldpan/core/error.hpp>
#include <goldpan/imaging/resize.hpp>

namespace goldpan {
namespace {

constexpr int kChannels = 3;
/// 8 bits of pixel, 2 bits of headroom for weights beyond [0, 1], and 22 bits of fraction fill 32.
constexpr int kFractionBits = 22;
constexpr std::int32_t kHalf = 1 << (kFractionBits - 1);
/// Keys' cubic convolution kernel with a = -0.5.
double cubic(double x) {
  constexpr double kA = -0.5;
  x = std::abs(x);
  if (x < 1.0) return ((kA + 2.0) * x - (kA + 3.0)) * x * x + 1.0;
  if (x < 2.0) return (((x - 5.0) * x + 8.0) * x - 4.0) * kA;
  return 0.0;
}

double triangle(double x) { return std::max(0.0, 1.0 - std::abs(x)); }

double sinc(double x) {
  if (x == 0.0) return 1.0;
  x *= std::numbers::pi;
  return std::sin(x) / x;
}

double lanczos(double x) { return -3.0 <= x && x < 3.0 ? sinc(x) * sinc(x / 3.0) : 0.0; }

/// A filter and how far it reaches to either side.
struct Kernel {
  double (*weight)(double x);
  double support;
};

Kernel kernel_of(ResizeFilter filter) {
  switch (filter) {
    case ResizeFilter::kBilinear:
      return {triangle, 1.0};
    case ResizeFilter::kLanczos:
      return {lanczos, 3.0};
    default:
      return {cubic, 2.0};
  }
}

/// For each output pixel of one axis: the input pixels [begin, begin + count) that it is made of,
/// and their weights.
struct Taps {
  std::vector<int> begin, count;
  std::vector<std::int32_t> weights;  // `most` for each output pixel
  int most = 0;

  const std::int32_t* of(int pixel) const {
    return weights.data() + static_cast<std::size_t>(pixel) * static_cast<std::size_t>(most);
  }
};

/// The taps of output pixels [first, first + length) when `from` pixels become `to`.
Taps make_taps(int from, int to, int first, int length, const Kernel& kernel) {
  const double scale = static_cast<double>(from) / to;
  // A shrinking image needs a wider filter, else fine detail would turn into false patterns.
  const double stretch = std::max(scale, 1.0);
  const double support = kernel.support * stretch;
  // Multiplied with, not divided by: where ratios are simple and pixels smooth, sums lie on the
  // brink between two values, and the last bit of a weight decides.
  const double shrink = 1.0 / stretch;
  Taps taps;
  taps.most = static_cast<int>(std::ceil(support)) * 2 + 1;
  taps.begin.resize(static_cast<std::size_t>(length));
  taps.count.resize(static_cast<std::size_t>(length));
  taps.weights.resize(static_cast<std::size_t>(length) * static_cast<std::size_t>(taps.most));
  std::vector<double> exact(static_cast<std::size_t>(taps.most));
  for (int i = 0; i < length; ++i) {
    const double center = (first + i + 0.5) * scale;
    // Rounded as Pillow rounds: towards zero after half was added.
    // NOLINTBEGIN(bugprone-incorrect-roundings)
    const int begin = std::max(static_cast<int>(center - support + 0.5), 0);
    const int count = std::min(static_cast<int>(center + support + 0.5), from) - begin;
    // NOLINTEND(bugprone-incorrect-roundings)
    double sum = 0.0;
    for (int tap = 0; tap < count; ++tap) {
      const double weight = kernel.weight((begin + tap - center + 0.5) * shrink);
      exact[static_cast<std::size_t>(tap)] = weight;
      sum += weight;
    }
    std::int32_t* const weights =
        taps.weights.data() + static_cast<std::size_t>(i) * static_cast<std::size_t>(taps.most);
    for (int tap = 0; tap < count; ++tap) {
      weights[tap] = static_cast<std::int32_t>(
          std::lround(exact[static_cast<std::size_t>(tap)] / sum * (1 << kFractionBits)));
    }
    taps.begin[static_cast<std::size_t>(i)] = begin;
    taps.count[static_cast<std::size_t>(i)] = count;
  }
  return taps;
}

std::uint8_t to_pixel(std::int32_t sum) {
  return static_cast<std::uint8_t>(std::clamp(sum >> kFractionBits, 0, 255));
}

/// One row of the horizontal pass.
void shrink_row(const std::uint8_t* row, const Taps& taps, std::uint8_t* out) {
  for (std::size_t i = 0; i < taps.begin.size(); ++i, out += kChannels) {
    const std::int32_t* const weights = taps.of(static_cast<int>(i));
    const std::uint8_t* pixel = row + static_cast<std::ptrdiff_t>(taps.begin[i]) * kChannels;
    std::int32_t red = kHalf, green = kHalf, blue = kHalf;
    for (int tap = 0; tap < taps.count[i]; ++tap, pixel += kChannels) {
      red += weights[tap] * pixel[0];
      green += weights[tap] * pixel[1];
      blue += weights[tap] * pixel[2];
    }
    out[0] = to_pixel(red);
    out[1] = to_pixel(green);
    out[2] = to_pixel(blue);
  }
}

/// The part of the resized image (`width` x `height`) that the window shows.
struct Window {
  int left, top, width, height;
};

Image resize_window(const Image& image, int width, int height, const Window& window,
                    const Kernel& kernel) {
  const Taps across = make_taps(image.width, width, window.left, window.width, kernel);
  const Taps down = make_taps(image.height, height, window.top, window.height, kernel);
  const std::size_t row_bytes = static_cast<std::size_t>(window.width) * kChannels;
  const std::size_t image_row_bytes = static_cast<std::size_t>(image.width) * kChannels;

  // Horizontal pass over the rows that the vertical one will read.
  const int first_row = down.begin.front();
  const int rows = down.begin.back() + down.count.back() - first_row;
  std::vector<std::uint8_t> narrow(static_cast<std::size_t>(rows) * row_bytes);
  for (int row = 0; row < rows; ++row) {
    shrink_row(image.pixels.data() + static_cast<std::size_t>(first_row + row) * image_row_bytes,
               across, narrow.data() + static_cast<std::size_t>(row) * row_bytes);
  }

  Image result{window.width, window.height,
               std::vector<std::uint8_t>(static_cast<std::size_t>(window.height) * row_bytes)};
  std::vector<std::int32_t> sums(row_bytes);
  for (int y = 0; y < window.height; ++y) {
    std::ranges::fill(sums, kHalf);
    const std::size_t at = static_cast<std::size_t>(y);
    for (int tap = 0; tap < down.count[at]; ++tap) {
      const std::uint8_t* const row =
          narrow.data() + static_cast<std::size_t>(down.begin[at] - first_row + tap) * row_bytes;
      const std::int32_t weight = down.of(y)[tap];
      for (std::size_t i = 0; i < row_bytes; ++i) sums[i] += weight * row[i];
    }
    std::ranges::transform(
        sums, result.pixels.begin() + static_cast<std::ptrdiff_t>(at * row_bytes), to_pixel);
  }
  return result;
}

void check_image(const Image& image, const char* where) {
  if (image.width <= 0 || image.height <= 0) {
    throw Error(where, "got an image of " + std::to_string(image.width) + " x " +
                           std::to_string(image.height) + " pixels, expected at least one");
  }
  assert(image.pixels.size() == static_cast<std::size_t>(image.width) *
                                    static_cast<std::size_t>(image.height) * kChannels);
}

}  // namespace

Image resize(const Image& image, int width, int height, ResizeFilter filter) {
  check_image(image, "resize");
  if (width <= 0 || height <= 0) {
    throw Error("resize", "got the size " + std::to_string(width) + " x " + std::to_string(height) +
                              ", expected at least one pixel");
  }
  return resize_window(image, width, height, {0, 0, width, height}, kernel_of(filter));
}

Image resize_bicubic(const Image& image, int width, int height) {
  return resize(image, width, height, ResizeFilter::kBicubic);
}

Image resize_and_crop(const Image& image, int shorter_side, int crop, ResizeFilter filter) {
  assert(crop > 0 && crop <= shorter_side);
  check_image(image, "resize_and_crop");
  const auto follow = [&](int longer, int shorter) {
    const std::int64_t length = static_cast<std::int64_t>(shorter_side) * longer / shorter;
    // A ribbon of an image, one pixel high, would ask for billions of pixels.
    if (length > 1'000'000) throw Error("resize_and_crop", "got an image too narrow to scale");
    return static_cast<int>(length);
  };
  const bool wide = image.width > image.height;
  const int width = wide ? follow(image.width, image.height) : shorter_side;
  const int height = wide ? shorter_side : follow(image.height, image.width);
  return resize_window(image, width, height, {(width - crop) / 2, (height - crop) / 2, crop, crop},
                       kernel_of(filter));
}

void normalise(const Image& image, const PixelStatistics& statistics, std::span<float> out) {
  const std::size_t plane =
      static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.height);
  assert(out.size() == plane * kChannels && image.pixels.size() == out.size());
  for (std::size_t channel = 0; channel < kChannels; ++channel) {
    // 256 values are all there are.
    std::array<float, 256> table;
    for (std::size_t value = 0; value < table.size(); ++value) {
      table[value] = (static_cast<float>(value) / 255.0f - statistics.mean[channel]) /
                     statistics.deviation[channel];
    }
    float* const target = out.data() + channel * plane;
    for (std::size_t i = 0; i < plane; ++i) {
      target[i] = table[image.pixels[i * kChannels + channel]];
    }
  }
}

}  // namespace goldpan
