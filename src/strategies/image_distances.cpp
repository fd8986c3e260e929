#include <algorithm>
#include <array>
#include <memory>
#include <mutex>

#include <goldpan/strategies/detection.hpp>

#include "kernels/product.hpp"
#include "strategies/box_features.hpp"

namespace goldpan {
namespace {

// Images of one tile. Fixed, so that tiles are the same for any number of threads; the products of
// two tiles of 100 boxes an image fit into the second cache and some.
constexpr std::size_t kTile = 16;
constexpr double kNothingAlike = 2.0;

/// The boxes of one category in one image: consecutive rows of a tile's features.
struct Run {
  std::size_t place = 0;  // of the image in its tile
  std::size_t begin = 0, end = 0;
  double score_sum = 0;
};

/// One category's runs in a tile: consecutive rows as well.
struct Group {
  std::int32_t category = 0;
  std::size_t begin = 0, end = 0;
  std::vector<Run> runs;
};

/// The boxes of kTile images, by category, then image, then falling score.
struct Tile {
  Matrix<float> features;  // unit rows
  std::vector<double> scores;
  std::vector<Group> groups;  // by ascending category
  std::array<double, kTile> totals = {};
  std::size_t images = 0;
};

Tile make_tile(const DetectionPool& pool, std::span<const Index> images, double least_score,
               std::size_t most_boxes) {
  struct Placed {
    ComparedBox box;
    std::size_t place;
  };
  Tile tile;
  tile.images = images.size();
  std::vector<Placed> boxes;
  for (std::size_t place = 0; place < images.size(); ++place) {
    for (const ComparedBox& box : compared_boxes(pool, images[place], least_score, most_boxes)) {
      boxes.push_back({box, place});
    }
  }
  std::ranges::stable_sort(boxes, [](const Placed& a, const Placed& b) {
    return a.box.category != b.box.category ? a.box.category < b.box.category : a.place < b.place;
  });
  tile.features = Matrix<float>(boxes.size(), pool.box_features.cols());
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    const auto& [box, place] = boxes[i];
    unit_feature(pool, box.feature, tile.features.row(i));
    tile.scores.push_back(box.score);
    if (tile.groups.empty() || tile.groups.back().category != box.category) {
      tile.groups.push_back({box.category, i, i, {}});
    }
    Group& group = tile.groups.back();
    if (group.runs.empty() || group.runs.back().place != place) {
      group.runs.push_back({place, i, i, 0});
    }
    ++group.end;
    ++group.runs.back().end;
    group.runs.back().score_sum += box.score;
  }
  // Summed by category as the sums of what two images share are: equal sums cancel exactly.
  for (const Group& group : tile.groups) {
    for (const Run& run : group.runs) tile.totals[run.place] += run.score_sum;
  }
  return tile;
}

/// What two tiles share: for each pair of images the scores' sums times distances, and of the
/// scores alone, in both directions.
class TilePair {
 public:
  TilePair(const Tile& a, const Tile& b, std::vector<float>& dots) : a_(a), b_(b), dots_(dots) {
    std::size_t i = 0, j = 0;
    while (i < a.groups.size() && j < b.groups.size()) {
      if (a.groups[i].category < b.groups[j].category) {
        ++i;
      } else if (b.groups[j].category < a.groups[i].category) {
        ++j;
      } else {
        compare(a.groups[i++], b.groups[j++]);
      }
    }
  }

  double distance(std::size_t place_a, std::size_t place_b) const {
    return (directed(sums_ab_, shared_ab_, a_.totals[place_a], place_a, place_b,
                     b_.totals[place_b]) +
            directed(sums_ba_, shared_ba_, b_.totals[place_b], place_a, place_b,
                     a_.totals[place_a])) /
           2;
  }

 private:
  using Sums = std::array<double, kTile * kTile>;

  static double directed(const Sums& sums, const Sums& shared, double total, std::size_t place_a,
                         std::size_t place_b, double other_total) {
    if (total <= 0) return other_total <= 0 ? 0.0 : kNothingAlike;
    const std::size_t at = place_a * kTile + place_b;
    return (sums[at] + kNothingAlike * (total - shared[at])) / total;
  }

  void compare(const Group& a, const Group& b) {
    const std::size_t rows = a.end - a.begin, cols = b.end - b.begin, dims = a_.features.cols();
    dots_.resize(rows * cols);
    strided_product(rows, cols, dims, {a_.features.row(a.begin).data(), dims, 1},
                    {b_.features.row(b.begin).data(), 1, dims}, dots_.data(), cols, 1.0f, 0.0f);
    for (const Run& run_a : a.runs) {
      for (const Run& run_b : b.runs) {
        const std::size_t at = run_a.place * kTile + run_b.place;
        double sum_a = 0, sum_b = 0;
        nearest_.assign(run_b.end - run_b.begin, -2.0f);
        for (std::size_t k = run_a.begin; k < run_a.end; ++k) {
          const float* const row = dots_.data() + (k - a.begin) * cols + (run_b.begin - b.begin);
          float nearest = -2.0f;
          for (std::size_t l = 0; l < nearest_.size(); ++l) {
            nearest = std::max(nearest, row[l]);
            nearest_[l] = std::max(nearest_[l], row[l]);
          }
          sum_a += a_.scores[k] * (1.0 - static_cast<double>(nearest));
        }
        for (std::size_t l = 0; l < nearest_.size(); ++l) {
          sum_b += b_.scores[run_b.begin + l] * (1.0 - static_cast<double>(nearest_[l]));
        }
        sums_ab_[at] += sum_a;
        sums_ba_[at] += sum_b;
        shared_ab_[at] += run_a.score_sum;
        shared_ba_[at] += run_b.score_sum;
      }
    }
  }

  const Tile& a_;
  const Tile& b_;
  std::vector<float>& dots_;
  std::vector<float> nearest_;
  Sums sums_ab_ = {}, sums_ba_ = {}, shared_ab_ = {}, shared_ba_ = {};
};

}  // namespace

Matrix<float> image_distances(const DetectionPool& pool, std::span<const Index> images,
                              double least_score, std::size_t most_boxes, Workers& workers,
                              const Progress& progress) {
  std::vector<Tile> tiles((images.size() + kTile - 1) / kTile);
  workers.run(tiles.size(), [&](std::size_t t) {
    const std::size_t begin = t * kTile;
    tiles[t] = make_tile(pool, images.subspan(begin, std::min(kTile, images.size() - begin)),
                         least_score, most_boxes);
  });
  Matrix<float> distances(images.size(), images.size());
  std::mutex mutex;
  std::size_t done = 0;
  // Task t does row t of tiles and its mirror image from the end: all tasks are alike in length.
  const std::size_t tasks = (tiles.size() + 1) / 2;
  workers.run(tasks, [&](std::size_t task) {
    std::vector<float> dots;
    const auto do_row = [&](std::size_t row) {
      for (std::size_t col = row; col < tiles.size(); ++col) {
        const auto pair = std::make_unique<TilePair>(tiles[row], tiles[col], dots);
        for (std::size_t a = 0; a < tiles[row].images; ++a) {
          for (std::size_t b = 0; b < tiles[col].images; ++b) {
            const std::size_t i = row * kTile + a, j = col * kTile + b;
            if (i >= j) continue;
            const auto distance = static_cast<float>(pair->distance(a, b));
            distances(i, j) = distances(j, i) = distance;
          }
        }
      }
    };
    do_row(task);
    if (tiles.size() - 1 - task != task) do_row(tiles.size() - 1 - task);
    const std::scoped_lock lock(mutex);
    progress.step(++done, tasks);
  });
  return distances;
}

}  // namespace goldpan
