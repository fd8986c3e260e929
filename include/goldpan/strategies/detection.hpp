#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include <goldpan/core/embeddings.hpp>
#include <goldpan/core/matrix.hpp>
#include <goldpan/core/progress.hpp>
#include <goldpan/core/targets.hpp>
#include <goldpan/core/workers.hpp>
#include <goldpan/strategies/strategy.hpp>

// Which images to label for a detector: scores of images from the boxes that it found, and diverse
// selection on top of them.

namespace goldpan {

/// How unsure a detector is of one box. Each is in [0, ln C] or [0, 1], larger where it is less
/// sure. A box that has probabilities is judged by them (as they stand: a detector's class
/// probabilities may sum to anything), one that has none by its score s alone, as two classes s and
/// 1 - s. Scores outside [0, 1] are taken as the nearer end.
enum class BoxScore {
  kEntropy,          ///< -sum p ln p
  kMargin,           ///< 1 - (p1 - p2)
  kLeastConfidence,  ///< 1 - p1
  kBinaryEntropy,    ///< of the score, whether or not there are probabilities
};

/// What an image's boxes make together. A sum favours crowded images, which cost more to label: see
/// box_correlation.
enum class BoxAggregate { kMax, kMean, kSum, kTopK };

struct ImageScoreOptions {
  BoxScore box = BoxScore::kEntropy;
  BoxAggregate aggregate = BoxAggregate::kMax;
  std::size_t top_k = 5;      ///< kTopK: the mean of this many of the largest, or of all there are
  double least_score = 0.05;  ///< boxes below do not count
  double empty = 0.0;         ///< the score of an image without boxes that count
  /// A factor for the boxes of each category; empty: 1.
  std::vector<double> category_weights;
};

double box_score(const Detection& detection, BoxScore kind);

/// The score of each of N images. Throws Error for a score that is not finite, or a category
/// without a weight.
std::vector<double> image_scores(std::span<const std::vector<Detection>> detections,
                                 const ImageScoreOptions& options, Workers& workers);

/// How many boxes that count an image has.
std::vector<double> expected_boxes(std::span<const std::vector<Detection>> detections,
                                   double least_score);

/// Pearson's correlation of scores and numbers of boxes over these images: near 1, the score does
/// little but count boxes. 0 where either is constant.
double box_correlation(std::span<const double> scores, std::span<const double> boxes,
                       std::span<const Index> images);

/// The rows of the largest scores, ties to the lowest row.
Selection select_by_scores(std::span<const double> scores, std::span<const Index> unlabeled,
                           std::size_t batch);

/// What the diverse strategies look at.
struct DetectionPool {
  std::span<const std::vector<Detection>> detections;  ///< N images
  /// Parallel to detections: each box's row of box_features.
  std::span<const std::vector<Index>> feature_rows;
  Embeddings box_features;           ///< M x D
  std::span<const Index> labeled;    ///< ascending
  std::span<const Index> unlabeled;  ///< ascending
};

struct PpalOptions {
  double least_score = 0.05;
  /// The share of the batch that is kept for the choice of diverse images.
  double candidates = 4.0;
  std::size_t most_boxes = 100;  ///< of an image, by score
  int iterations = 100;          ///< of k-medoids
  /// q_c, the quality of each category in labelled images (class_quality); empty: 0 for all.
  std::vector<double> category_quality;
  Progress progress;
};

/// PPAL's weight of a category of quality q (Yang et al. 2024): 1 + 0.06 ln((e^(1/0.3) - 1)(1 - q)
/// + 1), from 1 where q is 1 to 1.2 where it is 0.
double ppal_difficulty(double quality);

/// PPAL (Yang et al. 2024, "Plug and Play Active Learning for Object Detection"): the images with
/// the largest sums of difficulty x binary entropy over boxes; of the best `candidates` x batch,
/// the medoids of `batch` clusters by image_distances. k-medoids starts with the best image and
/// goes on farthest first. Picks come by falling score, which is their score. Throws Error for
/// missing or unsound features.
Selection ppal(const DetectionPool& pool, std::size_t batch, const PpalOptions& options,
               Workers& workers);

/// PPAL's distances between images: d(i -> j) = sum_k s_k min over l of the same category in j of
/// (1 - cos(f_k, f_l)) / sum_k s_k, where a category that j lacks counts 2; then the mean of d(i ->
/// j) and d(j -> i). An image without boxes has distance 2 to all others and 0 to itself and those
/// like it. n x n, exact, the same for any number of workers. The authors' code also sets the k-th
/// against the k-th box of every pair of images to 0; the formula does not.
Matrix<float> image_distances(const DetectionPool& pool, std::span<const Index> images,
                              double least_score, std::size_t most_boxes, Workers& workers,
                              const Progress& progress = {});

/// `count` medoids by farthest first from `first`, then alternating assignment and update until
/// nothing changes, at most `iterations` times. Ties to the lowest place. Ascending.
std::vector<Index> k_medoids(MatrixView<const float> distances, std::size_t count, Index first,
                             int iterations, Workers& workers);

struct DivProtoOptions {
  double least_score = 0.05;
  double duplicate = 0.5;  ///< boxes of a category this alike are one (ENMS)
  double near = 0.7;       ///< prototypes this alike are the same sight
  Progress progress;
};

/// DivProto with entropy-based suppression (Wu et al. 2022, "Entropy-based Active Learning for
/// Object Detection with Progressive Diversity Constraint"). Of an image: boxes by falling binary
/// entropy, without those whose feature has a cosine above `duplicate` to a kept one of the same
/// category; its score is the sum of the entropies kept, its prototype of a category the mean of
/// their features, weighted by entropy. Images are taken by falling score; one whose every
/// prototype has a cosine above `near` to a chosen one of the same category is passed over. What
/// lacks at the end is filled by the best passed over, and said. The paper's second stage, quotas
/// for minority categories, is not done here.
Selection div_proto(const DetectionPool& pool, std::size_t batch, const DivProtoOptions& options,
                    Workers& workers);

}  // namespace goldpan
