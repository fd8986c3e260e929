#include <algorithm>
#include <cmath>
#include <limits>
#include <queue>

#include <fmt/format.h>

#include <goldpan/core/error.hpp>
#include <goldpan/strategies/mining.hpp>

#include "kernels/distance.hpp"
#include "strategies/top_by_score.hpp"

namespace goldpan {
namespace {

constexpr std::size_t kBlock = 64;
// Similarities of candidates and targets that mine_by_herding keeps at most: 512 MiB.
constexpr std::size_t kKeptSimilarities = std::size_t{1} << 26;

void check_rows(std::span<const Index> rows, std::size_t size, const char* where) {
  for (const Index row : rows) {
    if (row < size) continue;
    throw Error(where, fmt::format("got row {}, expected rows below {}", row, size));
  }
}

void check_mining(const Pool& pool, std::span<const Index> targets, std::size_t batch,
                  const char* name) {
  if (pool.embeddings.empty()) throw Error("embeddings", "got none, expected them for mining");
  if (targets.empty()) throw Error(name, "got none, expected rows of the slice");
  check_rows(targets, pool.embeddings.rows(), name);
  check_rows(pool.unlabeled, pool.embeddings.rows(), "unlabeled");
  check_rows(pool.labeled, pool.embeddings.rows(), "labeled");
  if (batch > pool.unlabeled.size()) {
    throw Error("batch", fmt::format("got {}, expected at most the {} unlabelled rows", batch,
                                     pool.unlabeled.size()));
  }
  check_finite(pool.embeddings, "embeddings");
}

Matrix<float> gathered(const Embeddings& embeddings, std::span<const Index> rows) {
  Matrix<float> values(rows.size(), embeddings.cols());
  if (!rows.empty()) embeddings.gather_rows(rows, values);
  return values;
}

void normalise_rows(Matrix<float>& values) {
  for (std::size_t i = 0; i < values.rows(); ++i) {
    double square = 0;
    for (const float value : values.row(i)) square += static_cast<double>(value) * value;
    if (square == 0) continue;
    for (float& value : values.row(i)) value = static_cast<float>(value / std::sqrt(square));
  }
}

double nearest_distance(std::span<const float> row, const Matrix<float>& others) {
  float nearest = std::numeric_limits<float>::infinity();
  for (std::size_t i = 0; i < others.rows(); ++i) {
    nearest = std::min(nearest, squared_distance(row.data(), others.row(i).data(), row.size()));
  }
  return std::sqrt(static_cast<double>(nearest));
}

}  // namespace

Selection mine_by_distance(const Pool& pool, std::span<const Index> failures, std::size_t batch,
                           const MineOptions& options, Workers& workers) {
  check_mining(pool, failures, batch, "failures");
  check_rows(options.negatives, pool.embeddings.rows(), "negatives");
  if (batch == 0) return {};
  const Matrix<float> wanted = gathered(pool.embeddings, failures);
  const Matrix<float> unwanted = gathered(pool.embeddings, options.negatives);
  return top_by_score(
      pool.unlabeled, batch, kBlock, options.progress, workers,
      [&](std::span<const Index> rows, std::span<double> scores) {
        const Matrix<float> values = gathered(pool.embeddings, rows);
        for (std::size_t i = 0; i < rows.size(); ++i) {
          const double near = nearest_distance(values.row(i), wanted);
          const double far = unwanted.rows() == 0 ? 0.0 : nearest_distance(values.row(i), unwanted);
          scores[i] = far - near;
        }
      });
}

Selection mine_by_herding(const Pool& pool, std::span<const Index> targets,
                          std::span<const double> weights, std::size_t batch,
                          const MineOptions& options, Workers& workers) {
  check_mining(pool, targets, batch, "targets");
  if (!weights.empty() && weights.size() != targets.size()) {
    throw Error("weights", fmt::format("got {}, expected one for each of {} targets",
                                       weights.size(), targets.size()));
  }
  if (!(options.width > 0)) {
    throw Error("width", fmt::format("got {}, expected more than 0", options.width));
  }
  for (const double weight : weights) {
    if (!(weight >= 0)) throw Error("weights", fmt::format("got {}, expected 0 or more", weight));
  }
  if (batch == 0) return {};
  Matrix<float> slice = gathered(pool.embeddings, targets);
  normalise_rows(slice);
  const double scale = 1 / (options.width * options.width);
  const auto unit_row = [&](Index row) {
    Matrix<float> values = gathered(pool.embeddings, std::span(&row, 1));
    normalise_rows(values);
    return values;
  };
  const auto kernel = [&](std::span<const float> row, std::size_t target) {
    const float square = squared_distance(row.data(), slice.row(target).data(), slice.cols());
    return std::exp(-scale * static_cast<double>(square));
  };
  std::vector<double> reached(targets.size());
  for (const Index row : pool.labeled) {
    const Matrix<float> values = unit_row(row);
    for (std::size_t t = 0; t < reached.size(); ++t) {
      reached[t] = std::max(reached[t], kernel(values.row(0), t));
    }
  }
  // Similarities of a candidate to all targets: kept, where they fit, since a gain is asked for
  // many times.
  const std::size_t candidates = pool.unlabeled.size();
  const bool kept = candidates * targets.size() <= kKeptSimilarities;
  Matrix<double> similarities(kept ? candidates : 1, targets.size());
  const auto fill = [&](std::size_t place, std::span<double> out) {
    const Matrix<float> values = unit_row(pool.unlabeled[place]);
    for (std::size_t t = 0; t < out.size(); ++t) out[t] = kernel(values.row(0), t);
  };
  const auto gain_of = [&](std::span<const double> row) {
    double sum = 0;
    for (std::size_t t = 0; t < reached.size(); ++t) {
      sum += (weights.empty() ? 1.0 : weights[t]) * std::max(0.0, row[t] - reached[t]);
    }
    return sum / static_cast<double>(reached.size());
  };
  const auto similarities_of = [&](std::size_t place) {
    if (!kept) fill(place, similarities.row(0));
    return similarities.row(kept ? place : 0);
  };

  struct Bound {
    double gain;
    std::size_t place;  // among the unlabelled
    std::size_t picks;  // how many had been made when it was computed
    bool operator<(const Bound& other) const {
      return gain != other.gain ? gain < other.gain : place > other.place;
    }
  };
  std::vector<Bound> bounds(candidates);
  workers.for_blocks(candidates, kBlock, [&](std::size_t begin, std::size_t end) {
    std::vector<double> own(kept ? 0 : targets.size());
    for (std::size_t i = begin; i < end; ++i) {
      const std::span<double> row = kept ? similarities.row(i) : std::span(own);
      fill(i, row);
      bounds[i] = {gain_of(row), i, 0};
    }
  });
  std::priority_queue<Bound> heap(bounds.begin(), bounds.end());
  Selection selection;
  while (selection.indices.size() < batch) {
    Bound top = heap.top();
    heap.pop();
    const std::span<const double> row = similarities_of(top.place);
    if (top.picks != selection.indices.size()) {
      // Gains only fall, each term and each rounded sum: an old one is a bound.
      heap.push({gain_of(row), top.place, selection.indices.size()});
      continue;
    }
    selection.indices.push_back(pool.unlabeled[top.place]);
    selection.scores.push_back(top.gain);
    for (std::size_t t = 0; t < reached.size(); ++t) reached[t] = std::max(reached[t], row[t]);
    options.progress.step(selection.indices.size(), batch);
  }
  return selection;
}

Selection mine_by_badge(const Pool& pool, std::span<const bool> admitted, std::size_t batch,
                        Generator& generator, const MineOptions& options, Workers& workers) {
  std::vector<Index> inside, outside;
  for (const Index row : pool.unlabeled) {
    if (row >= admitted.size()) {
      throw Error("admitted",
                  fmt::format("has {} rows, but row {} is unlabelled", admitted.size(), row));
    }
    (admitted[row] ? inside : outside).push_back(row);
  }
  if (batch > pool.unlabeled.size()) {
    throw Error("batch", fmt::format("got {}, expected at most the {} unlabelled rows", batch,
                                     pool.unlabeled.size()));
  }
  StrategyOptions strategy_options;
  strategy_options.progress = options.progress;
  Pool part = pool;
  part.unlabeled = inside;
  const std::size_t first = std::min(batch, inside.size());
  Selection selection = select("badge", part, first, generator, workers, strategy_options);
  if (first == batch) return selection;
  part.unlabeled = outside;
  const Selection rest = select("badge", part, batch - first, generator, workers, strategy_options);
  selection.indices.insert(selection.indices.end(), rest.indices.begin(), rest.indices.end());
  selection.scores.insert(selection.scores.end(), rest.scores.begin(), rest.scores.end());
  selection.notes.push_back(fmt::format(
      "mine_by_badge: the slice's classifier lets {} rows through; {} picks are other rows", first,
      batch - first));
  return selection;
}

}  // namespace goldpan
