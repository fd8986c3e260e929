#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include <goldpan/core/embeddings.hpp>
#include <goldpan/core/targets.hpp>
#include <goldpan/core/workers.hpp>
#include <goldpan/models/learner.hpp>

// A detector that trains in seconds: linear functions on frozen feature maps. docs/detection.md
// says what it is for; its steps are declared here one by one, so that each can be held against a
// slow reference.

namespace goldpan {

/// Feature maps of N images, and the pictures that their boxes are stated in. Owns nothing.
struct ImageMaps {
  Embeddings rows;  ///< N x (height x width x channels), cell by cell, row by row
  std::size_t height = 0, width = 0, channels = 0;
  /// N widths and heights in pixels of the boxes' coordinates.
  std::span<const std::pair<float, float>> sizes;

  std::size_t cells() const { return height * width; }
};

struct DenseHeadOptions {
  /// Background cells drawn for each cell that shows an object, and at least so many an image.
  std::size_t background = 3, least_background = 8;
  /// L2 penalties: of the classes as in HeadOptions, of the offsets on inputs scaled to a mean
  /// squared norm of 1.
  double weight_decay = 0.1, ridge = 1.0;
  /// Cells whose best category is less probable give no box.
  double least_score = 0.002;
  /// Boxes of a category that overlap a better one this much are dropped.
  double overlap = 0.5;
  /// Boxes an image, the best.
  std::size_t most_boxes = 100;
};

// --- the steps ---

/// What a cell of an image is to learn.
struct CellTarget {
  static constexpr std::int32_t kBackground = -1;
  static constexpr std::int32_t kIgnored = -2;  ///< near an object, or of a crowd: neither
  std::int32_t category = kBackground;
  std::int32_t box = -1;  ///< index of the box that the cell shows
};

/// Gives each cell its target, row by row. A box is shown by the cell that its centre lies in and
/// by the cells whose centres lie in its inner half (as in FCOS, Tian et al. 2019); larger boxes go
/// first, so that a smaller one in front takes its cell from them. The other cells whose centres a
/// box covers are ignored, and all that a crowd or an ignored box covers.
std::vector<CellTarget> assign_cells(std::span<const Box> boxes, const ImageMaps& maps,
                                     std::size_t image);

/// Inputs of a cell: the 3 x 3 cells around it (zeros beyond the edge), the mean of the 7 x 7
/// around it, and its place (x, y and their squares, from -1 to 1).
std::size_t window_size(const ImageMaps& maps);
void write_window(const ImageMaps& maps, std::size_t image, std::size_t cell, std::span<float> out);

/// Offsets of a box from a cell: its centre's distance in cells, and ln of its size in cells.
std::array<float, 4> encode_box(const Box& box, const ImageMaps& maps, std::size_t image,
                                std::size_t cell);
Box decode_box(std::span<const float> offsets, const ImageMaps& maps, std::size_t image,
               std::size_t cell);

/// W (D x K) that minimises |X W - Y|^2 / n + ridge / n |W|^2 for X of n x D and Y of n x K.
Matrix<float> fit_ridge(MatrixView<const float> inputs, MatrixView<const float> targets,
                        double ridge);

/// Places in `detections` of those that stay: by falling score (then by place), without those of a
/// category whose intersection over union with a kept one of it is above `overlap`; at most `most`.
std::vector<std::size_t> suppress(std::span<const Detection> detections, double overlap,
                                  std::size_t most);

/// Trained on some images of the maps. Detections carry probabilities of the categories and, last,
/// of the background.
class DenseHead {
 public:
  /// Trains from scratch: classes of cells by softmax regression, offsets by ridge regression. The
  /// same rows and boxes give the same head: background cells are drawn by the image's number
  /// alone, and stand for all of them by their weights, so that probabilities are those of any cell
  /// of an image. Throws Error for no rows, or where a map is not finite. Requires: ascending rows.
  static std::shared_ptr<const DenseHead> fit(const ImageMaps& maps, std::span<const Index> rows,
                                              std::span<const std::vector<Box>> boxes,
                                              std::size_t categories,
                                              const DenseHeadOptions& options, Workers& workers);

  /// Logits of all cells of an image: cells() x (categories + 1), the background last.
  virtual Matrix<float> cell_logits(const ImageMaps& maps, std::size_t image) const = 0;
  /// The boxes found, by falling score, and the cell that each came from. On the calling thread.
  virtual std::vector<Detection> detect(const ImageMaps& maps, std::size_t image,
                                        std::vector<Index>* cells = nullptr) const = 0;
  virtual ~DenseHead() = default;
};

/// The mean distribution of an image's boxes of at least this score over categories and background
/// (1 - score where a box has no probabilities): one row an image, sums of 1; an image without
/// boxes is all background.
Matrix<float> image_distributions(std::span<const std::vector<Detection>> detections,
                                  std::size_t categories, double least_score);

/// Detection by a dense head. Heads are trained once for each set of rows, whichever learner asks.
/// Signals: detections; the features of each box, its cell of the map; as probabilities
/// image_distributions of them. Throws Error for maps and sizes that do not fit.
std::function<std::unique_ptr<Learner>()> dense_learners(const ImageMaps& maps,
                                                         std::size_t categories,
                                                         const DenseHeadOptions& options,
                                                         double least_score);

}  // namespace goldpan
