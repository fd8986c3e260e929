#include <algorithm>
#include <cmath>
#include <numeric>

#include <goldpan/core/error.hpp>
#include <goldpan/models/dense_head.hpp>

#include "kernels/blas.hpp"
#include "kernels/positive_definite.hpp"

namespace goldpan {
namespace {

constexpr std::ptrdiff_t kNear = 1;    // 3 x 3
constexpr std::ptrdiff_t kAround = 3;  // 7 x 7
constexpr std::size_t kPlace = 4;
constexpr float kMostLogSize = 6;  // e^6 cells: beyond any picture

struct Cell {
  double width, height;  // pixels
};
Cell cell_of(const ImageMaps& maps, std::size_t image) {
  const auto [width, height] = maps.sizes[image];
  return {double{width} / static_cast<double>(maps.width),
          double{height} / static_cast<double>(maps.height)};
}

/// Cells whose centres lie in [from, to) pixels along a side of `count` cells of `size`.
std::pair<std::size_t, std::size_t> centres_between(double from, double to, double size,
                                                    std::size_t count) {
  const auto clip = [&](double at) {
    return static_cast<std::size_t>(
        std::clamp(std::ceil(at / size - 0.5), 0.0, static_cast<double>(count)));
  };
  const std::size_t begin = clip(from);
  return {begin, std::max(begin, clip(to))};
}

std::size_t cell_at(double at, double size, std::size_t count) {
  return static_cast<std::size_t>(
      std::clamp(std::floor(at / size), 0.0, static_cast<double>(count) - 1));
}

double overlap_of(const Box& a, const Box& b) {
  const double width = std::min(a.right(), b.right()) - std::max(a.x, b.x);
  const double height = std::min(a.bottom(), b.bottom()) - std::max(a.y, b.y);
  if (width <= 0 || height <= 0) return 0;
  const double both = width * height;
  return both / (a.width * a.height + b.width * b.height - both);
}

}  // namespace

std::vector<CellTarget> assign_cells(std::span<const Box> boxes, const ImageMaps& maps,
                                     std::size_t image) {
  std::vector<CellTarget> targets(maps.cells());
  const Cell cell = cell_of(maps, image);
  const auto mark = [&](double left, double top, double right, double bottom, CellTarget target) {
    const auto [x0, x1] = centres_between(left, right, cell.width, maps.width);
    const auto [y0, y1] = centres_between(top, bottom, cell.height, maps.height);
    for (std::size_t y = y0; y < y1; ++y) {
      for (std::size_t x = x0; x < x1; ++x) targets[y * maps.width + x] = target;
    }
  };
  std::vector<std::size_t> order(boxes.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, std::ranges::greater(),
                           [&](std::size_t b) { return boxes[b].width * boxes[b].height; });
  for (const std::size_t b : order) {
    const Box& box = boxes[b];
    mark(box.x, box.y, box.right(), box.bottom(), {CellTarget::kIgnored, -1});
  }
  for (const std::size_t b : order) {
    const Box& box = boxes[b];
    if (box.crowd || box.ignore) continue;
    const CellTarget target{box.category, static_cast<std::int32_t>(b)};
    const double x = box.x + box.width / 2, y = box.y + box.height / 2;
    mark(x - box.width / 4, y - box.height / 4, x + box.width / 4, y + box.height / 4, target);
    targets[cell_at(y, cell.height, maps.height) * maps.width +
            cell_at(x, cell.width, maps.width)] = target;
  }
  return targets;
}

std::size_t window_size(const ImageMaps& maps) { return 10 * maps.channels + kPlace; }

void write_window(const ImageMaps& maps, std::size_t image, std::size_t cell,
                  std::span<float> out) {
  const std::span<const float> map = maps.rows.float_row(image);
  const auto width = static_cast<std::ptrdiff_t>(maps.width),
             height = static_cast<std::ptrdiff_t>(maps.height);
  const std::size_t channels = maps.channels;
  const std::ptrdiff_t x = static_cast<std::ptrdiff_t>(cell % maps.width),
                       y = static_cast<std::ptrdiff_t>(cell / maps.width);
  const auto at = [&](std::ptrdiff_t j, std::ptrdiff_t i) {
    return map.data() + static_cast<std::size_t>(j * width + i) * channels;
  };
  float* to = out.data();
  for (std::ptrdiff_t j = y - kNear; j <= y + kNear; ++j) {
    for (std::ptrdiff_t i = x - kNear; i <= x + kNear; ++i, to += channels) {
      if (j < 0 || i < 0 || j >= height || i >= width) {
        std::fill_n(to, channels, 0.0f);
      } else {
        std::copy_n(at(j, i), channels, to);
      }
    }
  }
  std::fill_n(to, channels, 0.0f);
  std::size_t count = 0;
  for (std::ptrdiff_t j = std::max<std::ptrdiff_t>(0, y - kAround);
       j <= std::min(height - 1, y + kAround); ++j) {
    for (std::ptrdiff_t i = std::max<std::ptrdiff_t>(0, x - kAround);
         i <= std::min(width - 1, x + kAround); ++i, ++count) {
      for (std::size_t c = 0; c < channels; ++c) to[c] += at(j, i)[c];
    }
  }
  for (std::size_t c = 0; c < channels; ++c) to[c] /= static_cast<float>(count);
  to += channels;
  const auto place = [](std::ptrdiff_t i, std::ptrdiff_t size) {
    return (2 * static_cast<float>(i) + 1) / static_cast<float>(size) - 1;
  };
  const float px = place(x, width), py = place(y, height);
  to[0] = px;
  to[1] = py;
  to[2] = px * px;
  to[3] = py * py;
}

std::array<float, 4> encode_box(const Box& box, const ImageMaps& maps, std::size_t image,
                                std::size_t cell) {
  const Cell size = cell_of(maps, image);
  const std::size_t column = cell % maps.width, row = cell / maps.width;
  const double x = static_cast<double>(column) + 0.5, y = static_cast<double>(row) + 0.5;
  // A box of no width has a logarithm too: half a pixel at least.
  return {static_cast<float>((box.x + box.width / 2) / size.width - x),
          static_cast<float>((box.y + box.height / 2) / size.height - y),
          static_cast<float>(std::log(std::max(0.5, box.width) / size.width)),
          static_cast<float>(std::log(std::max(0.5, box.height) / size.height))};
}

Box decode_box(std::span<const float> offsets, const ImageMaps& maps, std::size_t image,
               std::size_t cell) {
  const Cell size = cell_of(maps, image);
  const auto [picture_width, picture_height] = maps.sizes[image];
  const auto length = [](float log_size, double cell_size) {
    return std::exp(double{std::clamp(log_size, -kMostLogSize, kMostLogSize)}) * cell_size;
  };
  const double width = length(offsets[2], size.width), height = length(offsets[3], size.height);
  const std::size_t column = cell % maps.width, row = cell / maps.width;
  const double x = (static_cast<double>(column) + 0.5 + double{offsets[0]}) * size.width;
  const double y = (static_cast<double>(row) + 0.5 + double{offsets[1]}) * size.height;
  // What lies beyond the picture's edge shows nothing.
  const double left = std::clamp(x - width / 2, 0.0, double{picture_width}),
               right = std::clamp(x + width / 2, 0.0, double{picture_width}),
               top = std::clamp(y - height / 2, 0.0, double{picture_height}),
               bottom = std::clamp(y + height / 2, 0.0, double{picture_height});
  Box box;
  box.x = left;
  box.y = top;
  box.width = right - left;
  box.height = bottom - top;
  return box;
}

Matrix<float> fit_ridge(MatrixView<const float> inputs, MatrixView<const float> targets,
                        double ridge) {
  constexpr std::size_t kBlock = 2048;
  const std::size_t dim = inputs.cols(), outputs = targets.cols();
  // The normal equations: sums of blocks in float, of all of them in double.
  Matrix<double> square(dim, dim), cross(dim, outputs);
  Matrix<float> block_square(dim, dim), block_cross(dim, outputs);
  for (std::size_t begin = 0; begin < inputs.rows(); begin += kBlock) {
    const std::size_t end = std::min(begin + kBlock, inputs.rows());
    const auto x = inputs.rows_between(begin, end);
    multiply_left_transposed(x, x, block_square);
    multiply_left_transposed(x, targets.rows_between(begin, end), block_cross);
    for (std::size_t i = 0; i < square.size(); ++i) {
      square.data()[i] += double{block_square.data()[i]};
    }
    for (std::size_t i = 0; i < cross.size(); ++i) {
      cross.data()[i] += double{block_cross.data()[i]};
    }
  }
  for (std::size_t i = 0; i < dim; ++i) square(i, i) += ridge;
  if (!invert_positive_definite(square)) {
    throw Error("ridge", "got inputs whose squares cannot be inverted, expected a larger penalty");
  }
  Matrix<float> weights(dim, outputs);
  for (std::size_t i = 0; i < dim; ++i) {
    for (std::size_t k = 0; k < outputs; ++k) {
      double sum = 0;
      for (std::size_t j = 0; j < dim; ++j) sum += square(i, j) * cross(j, k);
      weights(i, k) = static_cast<float>(sum);
    }
  }
  return weights;
}

std::vector<std::size_t> suppress(std::span<const Detection> detections, double overlap,
                                  std::size_t most) {
  std::vector<std::size_t> order(detections.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, std::ranges::greater(),
                           [&](std::size_t d) { return detections[d].score; });
  std::vector<std::size_t> kept;
  for (const std::size_t d : order) {
    if (kept.size() == most) break;
    const bool covered = std::ranges::any_of(kept, [&](std::size_t k) {
      return detections[k].box.category == detections[d].box.category &&
             overlap_of(detections[k].box, detections[d].box) > overlap;
    });
    if (!covered) kept.push_back(d);
  }
  return kept;
}

Matrix<float> image_distributions(std::span<const std::vector<Detection>> detections,
                                  std::size_t categories, double least_score) {
  Matrix<float> rows(detections.size(), categories + 1);
  for (std::size_t i = 0; i < detections.size(); ++i) {
    std::vector<double> sum(categories + 1);
    double count = 0;
    for (const Detection& detection : detections[i]) {
      if (detection.score < least_score) continue;
      ++count;
      const std::vector<float>& p = detection.probabilities;
      if (p.size() == sum.size()) {
        for (std::size_t c = 0; c < sum.size(); ++c) sum[c] += double{p[c]};
        continue;
      }
      const double score = std::clamp(detection.score, 0.0, 1.0);
      sum[static_cast<std::size_t>(detection.box.category)] += score;
      sum[categories] += 1 - score;
    }
    if (count == 0) sum[categories] = count = 1;
    for (std::size_t c = 0; c < sum.size(); ++c) {
      rows(i, c) = static_cast<float>(sum[c] / count);
    }
  }
  return rows;
}

}  // namespace goldpan
