#include "kernels/kmeans.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <utility>

#include "kernels/blas.hpp"
#include "kernels/contraction.hpp"
#include "kernels/distance.hpp"
#include "kernels/nearest_center.hpp"
#include "kernels/quantized.hpp"
#include "kernels/vector_products.hpp"

namespace goldpan {
namespace {

// Rows of one product with all centers. Fixed: its rounding must not depend on the threads.
constexpr std::size_t kBlock = 256;
// Rows a cluster among which k-means++ looks for its seeds.
constexpr std::size_t kSeedRows = 4;
// Coordinates that rule out most centers (Contraction): 128 bytes a row. On patch features of
// CIFAR-10 (384-d, 500 clusters) they leave 4 to 8 centers to look at.
constexpr std::size_t kShort = 32;
// From so many dimensions and clusters on, ruling out is cheaper than a full product.
constexpr std::size_t kLong = 3 * kShort, kMany = 64;
// From so many clusters on, quantised rows are cheaper than a full product.
constexpr std::size_t kSome = 16;
// Relative error allowed for in bounds computed from products.
constexpr float kSlack = 1e-5f;
constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// The named rows as float32: the rows themselves where they lie together, else a copy.
MatrixView<const float> read_rows(const Embeddings& points, std::span<const Index> rows,
                                  std::vector<float>& buffer) {
  const std::size_t dims = points.cols();
  if (!points.is_half() && points.is_contiguous() &&
      rows.back() - rows.front() + std::size_t{1} == rows.size()) {
    return points.as_float().rows_between(rows.front(), rows.back() + std::size_t{1});
  }
  buffer.resize(rows.size() * dims);
  const MatrixView<float> copy(buffer.data(), rows.size(), dims);
  points.gather_rows(rows, copy);
  return copy;
}

/// One run of Lloyd's algorithm, from centers that are already there.
class Lloyd {
 public:
  /// Rules centers out by quantised rows or by the contraction, where there is one of them.
  Lloyd(const Embeddings& points, std::span<const Index> rows, const Quantizer* quantizer,
        const Contraction* contraction, KMeans& state, Workers& workers)
      : points_(points),
        rows_(rows),
        quantizer_(quantizer),
        contraction_(contraction),
        state_(state),
        workers_(workers),
        lower_(quantizer ? rows.size() : 0),
        norms_(quantizer ? 0 : rows.size()),
        short_(contraction ? rows.size() : 0, contraction ? contraction->dims() : 0) {
    state_.assignment.assign(rows.size(), 0);
    state_.squared_distances.assign(rows.size(), 0.0f);
    if (quantizer_) return;
    for_row_blocks([&](std::size_t begin, MatrixView<const float> block) {
      const std::size_t end = begin + block.rows();
      if (contraction_) {
        contraction_->apply(block, short_.view().rows_between(begin, end));
        block = short_.view().rows_between(begin, end);
      }
      squared_norms(block, std::span(norms_).subspan(begin, block.rows()));
    });
  }

  void run(int iterations, double tolerance, const Progress& progress) {
    double before = std::numeric_limits<double>::infinity();
    state_.converged = false;
    for (state_.iterations = 1;; ++state_.iterations) {
      assign();
      // Not "before - inertia < tolerance": infinity minus a number is no measure of progress.
      state_.converged = state_.inertia >= before * (1.0 - tolerance);
      if (state_.converged || state_.iterations >= iterations) return;
      before = state_.inertia;
      progress.step(static_cast<std::size_t>(state_.iterations),
                    static_cast<std::size_t>(iterations));
      update();
    }
  }

 private:
  template <typename Body>
  void for_row_blocks(const Body& body) {
    workers_.for_blocks(rows_.size(), kBlock, [&](std::size_t begin, std::size_t end) {
      std::vector<float> buffer;
      body(begin, read_rows(points_, rows_.subspan(begin, end - begin), buffer));
    });
  }

  void assign() {
    if (quantizer_) {
      assign_by_integers();
    } else {
      assign_by_floats();
    }
    state_.inertia =
        std::accumulate(state_.squared_distances.begin(), state_.squared_distances.end(), 0.0);
  }

  /// Looks at all centers only for rows that may have changed theirs (Hamerly 2010): a row keeps a
  /// lower bound of the distance to the nearest center but its own, which falls by no more than the
  /// longest way that a center went.
  void assign_by_integers() {
    const Matrix<float>& centers = state_.centers;
    QuantizedRows quantized(*quantizer_, centers.rows());
    for (std::size_t c = 0; c < centers.rows(); ++c) quantized.set(c, centers.row(c));
    for_row_blocks([&](std::size_t begin, MatrixView<const float> rows) {
      thread_local IntegerRoom room;
      room.block.emplace(*quantizer_);
      room.open.clear();
      for (std::size_t i = 0; i < rows.rows(); ++i) {
        if (!keeps_center(begin + i, rows.row(i))) room.open.push_back(i);
      }
      for (std::size_t i = 0; i < room.open.size(); i += kSketchBlock) {
        const std::size_t count = std::min(kSketchBlock, room.open.size() - i);
        assign_few(begin, std::span(room.open).subspan(i, count), rows, quantized, room);
      }
    });
  }

  struct IntegerRoom {
    std::optional<QuantizedBlock> block;
    std::vector<float> products;
    std::vector<std::uint32_t> pairs;
    std::vector<std::size_t> open;  // rows of the block that may change their center
  };

  float distance_to(std::span<const float> row, std::size_t center) const {
    return squared_distance(row.data(), state_.centers.row(center).data(), row.size());
  }

  /// sqrt of a squared distance, no less than the true distance.
  float reach(float squared) const {
    const std::size_t roundings = points_.cols() / 16 + 64;
    return std::sqrt(squared) * (1 + static_cast<float>(roundings) * 0x1p-24f);
  }

  bool keeps_center(std::size_t i, std::span<const float> row) {
    if (state_.iterations == 1) return false;
    const std::uint32_t own = state_.assignment[i];
    state_.squared_distances[i] = distance_to(row, own);
    lower_[i] = (lower_[i] - (own == moved_most_ ? second_move_ : largest_move_)) * (1 - 0x1p-22f);
    return reach(state_.squared_distances[i]) < lower_[i];
  }

  /// Only centers that may be within the distance to a good center need a look. The center of the
  /// last iteration is good; in the first, the nearest by the products.
  void assign_few(std::size_t begin, std::span<const std::size_t> few, MatrixView<const float> rows,
                  const QuantizedRows& quantized, IntegerRoom& room) {
    const std::size_t clusters = state_.centers.rows();
    QuantizedBlock& block = *room.block;
    for (std::size_t i = 0; i < few.size(); ++i) block.set(i, rows.row(few[i]));
    block.clear_from(few.size());
    std::vector<float>& products = room.products;
    products.resize(clusters * kSketchBlock);
    quantized_products(block, quantized, 0, clusters, products.data());
    float largest[kSketchBlock];
    std::uint32_t which[kSketchBlock] = {};
    if (state_.iterations == 1) {
      std::fill_n(largest, kSketchBlock, -kInfinity);
      largest_products(products.data(), clusters, 0, largest, which);
    }
    float limits[kSketchBlock], distances[kSketchBlock];
    std::uint32_t nearest[kSketchBlock];
    std::fill_n(limits, kSketchBlock, kInfinity);
    for (std::size_t i = 0; i < few.size(); ++i) {
      const bool first = state_.iterations == 1;
      nearest[i] = first ? which[i] : state_.assignment[begin + few[i]];
      distances[i] = first ? distance_to(rows.row(few[i]), nearest[i])
                           : state_.squared_distances[begin + few[i]];
      limits[i] = quantized_limit(block, i, quantized, reach(distances[i]));
    }
    room.pairs.clear();
    products_above(products.data(), clusters, limits, room.pairs);
    for (const std::uint32_t pair : room.pairs) {
      const std::uint32_t i = pair % kSketchBlock, center = pair / kSketchBlock;
      if (center == nearest[i] || products[pair] <= limits[i]) continue;
      const float distance = distance_to(rows.row(few[i]), center);
      if (distance < distances[i] || (distance == distances[i] && center < nearest[i])) {
        distances[i] = distance;
        nearest[i] = center;
        limits[i] = quantized_limit(block, i, quantized, reach(distance));
      }
    }
    for (std::size_t i = 0; i < few.size(); ++i) {
      products[nearest[i] * kSketchBlock + i] = -kInfinity;
    }
    std::fill_n(largest, kSketchBlock, -kInfinity);
    largest_products(products.data(), clusters, 0, largest, which);
    for (std::size_t i = 0; i < few.size(); ++i) {
      state_.assignment[begin + few[i]] = nearest[i];
      state_.squared_distances[begin + few[i]] = distances[i];
      lower_[begin + few[i]] = quantized_distance(block, i, quantized, largest[i]);
    }
  }

  /// The longest ways that centers went since `before`, for the bounds of assign_by_integers.
  void measure_moves(const Matrix<float>& before) {
    largest_move_ = second_move_ = 0;
    for (std::size_t c = 0; c < before.rows(); ++c) {
      const float move = reach(distance_to(before.row(c), c));
      if (move > largest_move_) {
        second_move_ = std::exchange(largest_move_, move);
        moved_most_ = static_cast<std::uint32_t>(c);
      } else {
        second_move_ = std::max(second_move_, move);
      }
    }
  }

  void assign_by_floats() {
    const Matrix<float>& centers = state_.centers;
    Matrix<float> short_centers(contraction_ ? centers.rows() : 0, short_.cols());
    if (contraction_) contraction_->apply(centers, short_centers);
    std::vector<float> center_norms(centers.rows());
    squared_norms(contraction_ ? short_centers : centers, center_norms);
    for_row_blocks([&](std::size_t begin, MatrixView<const float> block) {
      thread_local std::vector<float> values;
      values.resize(block.rows() * centers.rows());
      const MatrixView<float> dots(values.data(), block.rows(), centers.rows());
      if (contraction_) {
        multiply_transposed(short_.view().rows_between(begin, begin + block.rows()),
                            short_centers.view(), dots);
        assign_by_bounds(begin, block, dots, center_norms);
      } else {
        multiply_transposed(block, centers, dots);
        assign_by_products(begin, dots, center_norms);
      }
    });
  }

  void assign_by_products(std::size_t begin, MatrixView<const float> dots,
                          std::span<const float> center_norms) {
    const auto distances = std::span(state_.squared_distances).subspan(begin, dots.rows());
    nearest_centers(dots, center_norms, std::span(state_.assignment).subspan(begin, dots.rows()),
                    distances);
    for (std::size_t i = 0; i < dots.rows(); ++i) {
      distances[i] = std::max(0.0f, distances[i] + norms_[begin + i]);
    }
  }

  /// dots and norms are those of the contraction, whose distances are lower bounds: only centers
  /// whose bound is below the distance to a good center need a look. The center of the last
  /// iteration is good; in the first, the nearest by the bounds.
  void assign_by_bounds(std::size_t begin, MatrixView<const float> block,
                        MatrixView<const float> dots, std::span<const float> center_norms) {
    const Matrix<float>& centers = state_.centers;
    const std::size_t dims = block.cols();
    const auto nearest = std::span(state_.assignment).subspan(begin, block.rows());
    const auto distances = std::span(state_.squared_distances).subspan(begin, block.rows());
    if (state_.iterations == 1) nearest_centers(dots, center_norms, nearest, distances);
    const float largest_norm = *std::max_element(center_norms.begin(), center_norms.end());
    std::vector<std::uint32_t> candidates(centers.rows());
    for (std::size_t i = 0; i < block.rows(); ++i) {
      const float* const point = block.row(i).data();
      const std::uint32_t before = nearest[i];
      const float to_before = squared_distance(point, centers.row(before).data(), dims);
      distances[i] = to_before;
      const float norm = norms_[begin + i];
      const float limit = to_before - norm + kSlack * (norm + largest_norm);
      const std::size_t count = centers_within(dots.row(i), center_norms, limit, candidates);
      for (const std::uint32_t center : std::span(candidates).first(count)) {
        if (center == before) continue;
        const float distance = squared_distance(point, centers.row(center).data(), dims);
        if (distance < distances[i] || (distance == distances[i] && center < nearest[i])) {
          distances[i] = distance;
          nearest[i] = center;
        }
      }
    }
  }

  /// Moves each center to the mean of its rows. Each cluster adds its rows in their order, so the
  /// sums do not depend on the threads.
  void update() {
    Matrix<float>& centers = state_.centers;
    const Matrix<float> before = quantizer_ ? centers : Matrix<float>();
    const std::size_t clusters = centers.rows(), dims = centers.cols();
    std::vector<std::size_t> start(clusters + 1, 0);
    for (const std::uint32_t cluster : state_.assignment) ++start[cluster + 1];
    std::partial_sum(start.begin(), start.end(), start.begin());
    std::vector<Index> members(rows_.size());
    std::vector<std::size_t> next(start.begin(), start.end() - 1);
    for (std::size_t i = 0; i < rows_.size(); ++i) members[next[state_.assignment[i]]++] = rows_[i];

    workers_.run(clusters, [&](std::size_t cluster) {
      const auto own =
          std::span(members).subspan(start[cluster], start[cluster + 1] - start[cluster]);
      if (own.empty()) return;
      std::vector<double> sum(dims, 0.0);
      std::vector<float> copy(points_.is_half() ? dims : 0);
      for (std::size_t i = 0; i < own.size(); ++i) {
        if (i + 1 < own.size()) prefetch(own[i + 1]);
        add_row(points_.read_rows(own[i], 1, copy.data()).row(0), sum);
      }
      for (std::size_t d = 0; d < dims; ++d) {
        centers(cluster, d) = static_cast<float>(sum[d] / static_cast<double>(own.size()));
      }
    });
    refill_empty(start);
    if (quantizer_) measure_moves(before);
  }

  /// The members of a cluster lie apart: the processor cannot guess which is read next.
  void prefetch(Index row) const {
    if (points_.is_half()) return;
#if defined(__GNUC__) || defined(__clang__)
    const float* const values = points_.float_row(row).data();
    for (std::size_t d = 0; d < points_.cols(); d += 16) __builtin_prefetch(values + d);
#endif
  }

  void refill_empty(const std::vector<std::size_t>& start) {
    std::vector<float>& distances = state_.squared_distances;
    for (std::size_t cluster = 0; cluster + 1 < start.size(); ++cluster) {
      if (start[cluster] != start[cluster + 1]) continue;
      const auto farthest = std::max_element(distances.begin(), distances.end());
      if (*farthest == 0.0f) return;  // fewer distinct rows than clusters
      *farthest = 0.0f;
      const auto at = static_cast<std::size_t>(farthest - distances.begin());
      points_.copy_rows(rows_[at], state_.centers.view().rows_between(cluster, cluster + 1));
    }
  }

  const Embeddings& points_;
  std::span<const Index> rows_;
  const Quantizer* quantizer_;
  const Contraction* contraction_;
  KMeans& state_;
  Workers& workers_;
  // Of each row, a lower bound of the distance to any center but its own; and the ways centers
  // went.
  std::vector<float> lower_;
  float largest_move_ = 0, second_move_ = 0;
  std::uint32_t moved_most_ = 0;
  // Of the rows, or of their contractions where there are any.
  std::vector<float> norms_;
  Matrix<float> short_;
};

/// k-means++: each next seed with probability proportional to the squared distance to the nearest
/// so far; the first uniform. Rows that coincide with a seed are drawn only when nothing else is
/// left.
Matrix<float> seed_centers(const Matrix<float>& points, std::size_t clusters, Generator generator,
                           Workers& workers) {
  constexpr std::size_t kRows = 512;
  const std::size_t count = points.rows();
  std::vector<float> nearest(count, std::numeric_limits<float>::infinity());
  Matrix<float> centers(clusters, points.cols());
  std::size_t seed = generator.below(count);
  for (std::size_t k = 0;; ++k) {
    std::copy_n(points.row(seed).data(), points.cols(), centers.row(k).data());
    if (k + 1 == clusters) return centers;
    const float* const center = centers.row(k).data();
    workers.for_blocks(count, kRows, [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) {
        nearest[i] =
            std::min(nearest[i], squared_distance(points.row(i).data(), center, points.cols()));
      }
    });
    const double total = std::accumulate(nearest.begin(), nearest.end(), 0.0);
    if (!(total > 0.0)) {
      seed = generator.below(count);
      continue;
    }
    double left = generator.uniform() * total;
    for (std::size_t i = 0; i < count; ++i) {
      if (nearest[i] == 0.0f) continue;
      seed = i;  // the last row with weight stays, should rounding leave something of `left`
      left -= nearest[i];
      if (left < 0.0) break;
    }
  }
}

Matrix<float> gather(const Embeddings& points, std::span<const Index> rows) {
  Matrix<float> copy(rows.size(), points.cols());
  points.gather_rows(rows, copy);
  return copy;
}

}  // namespace

KMeans kmeans(const Embeddings& points, std::span<const Index> rows, const KMeansOptions& options,
              Generator& generator, Workers& workers) {
  assert(options.clusters > 0);
  KMeans state;
  if (rows.empty()) return state;
  const std::size_t clusters = std::min(options.clusters, rows.size());
  const std::size_t warm = std::min(rows.size(), std::max(options.warm_rows, kSeedRows) * clusters);
  const std::vector<Index> sample = generator.stream("kmeans sample").sample(rows, warm);
  const Matrix<float> sampled = gather(points, sample);

  const std::size_t candidates = std::min(warm, kSeedRows * clusters);
  Matrix<float> seeds(candidates, points.cols());
  std::copy_n(sampled.data(), seeds.size(), seeds.data());
  state.centers = seed_centers(seeds, clusters, generator.stream("kmeans seeds"), workers);

  std::optional<Quantizer> quantizer;
  std::optional<Contraction> contraction;
  if (clusters >= kSome && quantized_pays(points.cols())) {
    quantizer.emplace(seeds.view());
  } else if (points.cols() >= kLong && clusters >= kMany) {
    contraction.emplace(seeds, kShort, generator.stream("kmeans contraction"));
  }
  const Quantizer* const integers = quantizer ? &*quantizer : nullptr;
  const Contraction* const bounds = contraction ? &*contraction : nullptr;
  if (options.warm_rows > 0 && warm < rows.size()) {
    std::vector<Index> all(warm);
    std::iota(all.begin(), all.end(), Index{0});
    Lloyd(sampled, all, integers, bounds, state, workers).run(options.iterations, 1e-3, {});
  }
  Lloyd(points, rows, integers, bounds, state, workers)
      .run(options.iterations, options.tolerance, options.progress);
  return state;
}

KMeans kmeans(const Embeddings& points, const KMeansOptions& options, Generator& generator,
              Workers& workers) {
  std::vector<Index> all(points.rows());
  std::iota(all.begin(), all.end(), Index{0});
  return kmeans(points, all, options, generator, workers);
}

}  // namespace goldpan
