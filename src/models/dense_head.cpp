#include <algorithm>
#include <cmath>
#include <string>

#include <fmt/format.h>

#include <goldpan/core/error.hpp>
#include <goldpan/core/random.hpp>
#include <goldpan/models/dense_head.hpp>

#include "kernels/narrow_product.hpp"
#include "kernels/softmax.hpp"
#include "models/scaled_inputs.hpp"
#include "models/softmax_regression.hpp"

namespace goldpan {
namespace {

constexpr std::size_t kNeighbours = 9;  // of write_window: 3 x 3 cells, then their surroundings
constexpr std::size_t kParts = kNeighbours + 1;
constexpr std::ptrdiff_t kAround = 3;
// Cells of an image that are made boxes at most, before suppression.
constexpr std::size_t kMostCandidates = 150;

/// The cells that the classes are learned from.
struct Sample {
  struct Cell {
    Index image;
    Index cell;
    CellTarget target;
  };
  std::vector<Cell> cells;
  std::vector<float> weights;  // of mean 1
  std::size_t objects = 0;     // cells that show one
};

/// All cells that show an object, and some background of each image, each of which stands for as
/// many as there are for each drawn.
Sample draw_cells(const ImageMaps& maps, std::span<const Index> rows,
                  std::span<const std::vector<Box>> boxes, const DenseHeadOptions& options) {
  Sample sample;
  for (const Index image : rows) {
    const std::vector<CellTarget> targets = assign_cells(boxes[image], maps, image);
    std::vector<Index> background;
    std::size_t objects = 0;
    for (Index cell = 0; cell < targets.size(); ++cell) {
      if (targets[cell].category == CellTarget::kBackground) background.push_back(cell);
      if (targets[cell].category < 0) continue;
      ++objects;
      sample.cells.push_back({image, cell, targets[cell]});
      sample.weights.push_back(1);
    }
    sample.objects += objects;
    const std::size_t wanted = std::min(
        background.size(), std::max(options.least_background, options.background * objects));
    if (wanted == 0) continue;
    // By the image's number: the same cells whenever the image is labelled, by whichever strategy.
    Generator generator = Generator(0).stream("background cells").stream(image);
    std::vector<Index> drawn = generator.sample(background, wanted);
    std::ranges::sort(drawn);
    for (const Index cell : drawn) {
      sample.cells.push_back({image, cell, {}});
      sample.weights.push_back(static_cast<float>(background.size()) / static_cast<float>(wanted));
    }
  }
  double sum = 0;
  for (const float weight : sample.weights) sum += double{weight};
  const double scale = static_cast<double>(sample.weights.size()) / sum;
  for (float& weight : sample.weights) weight = static_cast<float>(double{weight} * scale);
  return sample;
}

class LinearDenseHead : public DenseHead {
 public:
  LinearDenseHead(const ImageMaps& maps, const Sample& sample,
                  std::span<const std::vector<Box>> boxes, std::size_t categories,
                  const DenseHeadOptions& options, Workers& workers)
      : categories_(categories), options_(options) {
    const std::size_t count = sample.cells.size(), dim = window_size(maps);
    Matrix<float> inputs(count, dim);
    workers.for_blocks(count, 512, [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) {
        write_window(maps, sample.cells[i].image, sample.cells[i].cell, inputs.row(i));
      }
    });
    std::vector<Index> all(count);
    for (Index i = 0; i < count; ++i) all[i] = i;
    scales_ = fit_column_scales(inputs, all, InputScaling::kPerColumn, 1.0);
    scales_.apply(inputs);
    fit_classes(maps, sample, inputs, workers);
    fit_offsets(maps, sample, inputs, boxes);
  }

  Matrix<float> cell_logits(const ImageMaps& maps, std::size_t image) const override {
    const std::size_t cells = maps.cells(), classes = categories_ + 1;
    const std::span<const float> map = maps.rows.float_row(image);
    // A window's product is the sum of its cells' own: each cell is multiplied once by the weights
    // of all places that it can have in a window.
    Matrix<float> products(cells, part_weights_.cols());
    multiply_narrow({map.data(), cells, maps.channels}, part_weights_, no_bias_, products);
    Matrix<float> logits(cells, classes);
    const auto width = static_cast<std::ptrdiff_t>(maps.width),
               height = static_cast<std::ptrdiff_t>(maps.height);
    const auto part = [&](std::ptrdiff_t j, std::ptrdiff_t i, std::size_t p) {
      return products.row(static_cast<std::size_t>(j * width + i)).data() + p * classes;
    };
    std::vector<float> window(window_size(maps)), sum(classes);
    for (std::ptrdiff_t y = 0; y < height; ++y) {
      for (std::ptrdiff_t x = 0; x < width; ++x) {
        const auto out = logits.row(static_cast<std::size_t>(y * width + x));
        std::ranges::fill(sum, 0.0f);
        float count = 0;
        for (std::ptrdiff_t j = std::max<std::ptrdiff_t>(0, y - kAround);
             j <= std::min(height - 1, y + kAround); ++j) {
          for (std::ptrdiff_t i = std::max<std::ptrdiff_t>(0, x - kAround);
               i <= std::min(width - 1, x + kAround); ++i, ++count) {
            const float* const from = part(j, i, kNeighbours);
            for (std::size_t c = 0; c < classes; ++c) sum[c] += from[c];
          }
        }
        for (std::size_t c = 0; c < classes; ++c) out[c] = bias_[c] + sum[c] / count;
        std::size_t p = 0;
        for (std::ptrdiff_t j = y - 1; j <= y + 1; ++j) {
          for (std::ptrdiff_t i = x - 1; i <= x + 1; ++i, ++p) {
            if (j < 0 || i < 0 || j >= height || i >= width) continue;
            const float* const from = part(j, i, p);
            for (std::size_t c = 0; c < classes; ++c) out[c] += from[c];
          }
        }
        add_place(maps, static_cast<std::size_t>(y * width + x), out);
      }
    }
    return logits;
  }

  std::vector<Detection> detect(const ImageMaps& maps, std::size_t image,
                                std::vector<Index>* cells) const override {
    Matrix<float> probabilities = cell_logits(maps, image);
    softmax_rows(probabilities);
    std::vector<std::pair<float, Index>> candidates;
    for (Index cell = 0; cell < probabilities.rows(); ++cell) {
      const auto row = probabilities.row(cell).first(categories_);
      const float score = *std::ranges::max_element(row);
      if (double{score} >= options_.least_score) candidates.emplace_back(score, cell);
    }
    std::ranges::sort(candidates, [](const auto& a, const auto& b) {
      return a.first != b.first ? a.first > b.first : a.second < b.second;
    });
    if (candidates.size() > kMostCandidates) candidates.resize(kMostCandidates);
    std::vector<Detection> found;
    std::vector<float> input(offsets_.rows());
    for (const auto& [score, cell] : candidates) {
      const auto row = probabilities.row(cell);
      const auto category =
          static_cast<std::size_t>(std::ranges::max_element(row.first(categories_)) - row.begin());
      offset_inputs(maps, image, cell, category, input);
      std::array<float, 4> offsets = mean_offsets_;
      for (std::size_t d = 0; d < input.size(); ++d) {
        for (std::size_t k = 0; k < 4; ++k) offsets[k] += input[d] * offsets_(d, k);
      }
      Detection detection;
      detection.box = decode_box(offsets, maps, image, cell);
      detection.box.category = static_cast<std::int32_t>(category);
      detection.score = double{score};
      detection.probabilities.assign(row.begin(), row.end());
      found.push_back(std::move(detection));
    }
    std::vector<Detection> kept;
    for (const std::size_t d : suppress(found, options_.overlap, options_.most_boxes)) {
      kept.push_back(std::move(found[d]));
      if (cells != nullptr) cells->push_back(candidates[d].second);
    }
    return kept;
  }

 private:
  /// Softmax regression on the scaled windows; kept as weights of the windows as they are.
  void fit_classes(const ImageMaps& maps, const Sample& sample, const Matrix<float>& inputs,
                   Workers& workers) {
    const std::size_t classes = categories_ + 1, dim = inputs.cols();
    std::vector<std::int32_t> labels;
    for (const Sample::Cell& cell : sample.cells) {
      labels.push_back(cell.target.category >= 0 ? cell.target.category
                                                 : static_cast<std::int32_t>(categories_));
    }
    SoftmaxRegressionOptions options;
    options.weight_decay = options_.weight_decay;
    options.tolerance = 1e-4;
    const SoftmaxRegression model =
        fit_softmax_regression({inputs, labels, sample.weights, classes}, options, workers);
    bias_.assign(model.layer.bias.begin(),
                 model.layer.bias.begin() + static_cast<std::ptrdiff_t>(classes));
    Matrix<float> raw(dim, classes);
    std::vector<double> shift(classes);
    for (std::size_t d = 0; d < dim; ++d) {
      for (std::size_t c = 0; c < classes; ++c) {
        raw(d, c) = scales_.scale[d] * model.layer.weights(d, c);
        shift[c] += double{scales_.mean[d]} * double{raw(d, c)};
      }
    }
    for (std::size_t c = 0; c < classes; ++c) {
      bias_[c] = static_cast<float>(double{bias_[c]} - shift[c]);
    }
    part_weights_ = Matrix<float>(maps.channels, padded_width(kParts * classes));
    for (std::size_t p = 0; p < kParts; ++p) {
      for (std::size_t k = 0; k < maps.channels; ++k) {
        for (std::size_t c = 0; c < classes; ++c) {
          part_weights_(k, p * classes + c) = raw(p * maps.channels + k, c);
        }
      }
    }
    no_bias_.assign(part_weights_.cols(), 0.0f);
    place_weights_ = Matrix<float>(dim - kParts * maps.channels, classes);
    for (std::size_t d = 0; d < place_weights_.rows(); ++d) {
      std::ranges::copy(raw.row(kParts * maps.channels + d), place_weights_.row(d).begin());
    }
  }

  /// Ridge regression on the scaled windows of the cells that show an object and the category.
  void fit_offsets(const ImageMaps& maps, const Sample& sample, const Matrix<float>& inputs,
                   std::span<const std::vector<Box>> boxes) {
    const std::size_t dim = inputs.cols() + categories_;
    Matrix<float> x(sample.objects, dim), y(sample.objects, 4);
    std::array<double, 4> mean{};
    std::size_t row = 0;
    for (std::size_t i = 0; i < sample.cells.size(); ++i) {
      const Sample::Cell& cell = sample.cells[i];
      if (cell.target.category < 0) continue;
      std::ranges::copy(inputs.row(i), x.row(row).begin());
      x(row, inputs.cols() + static_cast<std::size_t>(cell.target.category)) = 1;
      const Box& box = boxes[cell.image][static_cast<std::size_t>(cell.target.box)];
      const std::array<float, 4> offsets = encode_box(box, maps, cell.image, cell.cell);
      for (std::size_t k = 0; k < 4; ++k) {
        y(row, k) = offsets[k];
        mean[k] += double{offsets[k]};
      }
      ++row;
    }
    mean_offsets_ = {};
    offsets_ = Matrix<float>(dim, 4);
    if (row == 0) return;  // nothing to learn from: boxes of a cell
    for (std::size_t k = 0; k < 4; ++k) {
      mean_offsets_[k] = static_cast<float>(mean[k] / static_cast<double>(row));
    }
    for (std::size_t i = 0; i < row; ++i) {
      for (std::size_t k = 0; k < 4; ++k) y(i, k) -= mean_offsets_[k];
    }
    offsets_ = fit_ridge(x, y, options_.ridge);
  }

  void offset_inputs(const ImageMaps& maps, std::size_t image, std::size_t cell,
                     std::size_t category, std::vector<float>& input) const {
    const std::size_t dim = window_size(maps);
    write_window(maps, image, cell, std::span(input).first(dim));
    scales_.apply({input.data(), 1, dim});
    std::fill(input.begin() + static_cast<std::ptrdiff_t>(dim), input.end(), 0.0f);
    input[dim + category] = 1;
  }

  void add_place(const ImageMaps& maps, std::size_t cell, std::span<float> logits) const {
    const auto place = [](std::size_t i, std::size_t size) {
      return (2 * static_cast<float>(i) + 1) / static_cast<float>(size) - 1;
    };
    const float x = place(cell % maps.width, maps.width), y = place(cell / maps.width, maps.height);
    const std::array<float, 4> values = {x, y, x * x, y * y};
    for (std::size_t d = 0; d < values.size(); ++d) {
      for (std::size_t c = 0; c < logits.size(); ++c) logits[c] += values[d] * place_weights_(d, c);
    }
  }

  std::size_t categories_;
  DenseHeadOptions options_;
  ColumnScales scales_;
  Matrix<float> part_weights_, place_weights_;
  std::vector<float> bias_, no_bias_;
  Matrix<float> offsets_;
  std::array<float, 4> mean_offsets_{};
};

}  // namespace

std::shared_ptr<const DenseHead> DenseHead::fit(const ImageMaps& maps, std::span<const Index> rows,
                                                std::span<const std::vector<Box>> boxes,
                                                std::size_t categories,
                                                const DenseHeadOptions& options, Workers& workers) {
  if (rows.empty()) throw Error("dense head", "got no labelled images, expected at least one");
  if (maps.rows.is_half() || maps.rows.cols() != maps.cells() * maps.channels ||
      maps.sizes.size() != maps.rows.rows()) {
    throw Error("dense head",
                fmt::format("got {} rows of {} values and {} sizes, expected float maps of {} x {} "
                            "x {} and a size each",
                            maps.rows.rows(), maps.rows.cols(), maps.sizes.size(), maps.height,
                            maps.width, maps.channels));
  }
  const Sample sample = draw_cells(maps, rows, boxes, options);
  if (sample.cells.empty()) {
    throw Error("dense head", "got images all of whose cells are ignored");
  }
  return std::make_shared<LinearDenseHead>(maps, sample, boxes, categories, options, workers);
}

}  // namespace goldpan
