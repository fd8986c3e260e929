#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <limits>
#include <mutex>
#include <numeric>
#include <string>
#include <vector>

#include "kernels/blas.hpp"
#include "kernels/distance.hpp"
#include "kernels/kmeans.hpp"
#include "kernels/vector_products.hpp"
#include "strategies/rows.hpp"

namespace goldpan {
namespace {

constexpr std::size_t kMaxClusters = 500;
// Clusters of so many members or fewer are dropped: their points are outliers, not types.
constexpr std::size_t kSmall = 5;
constexpr std::size_t kNeighbors = 20;
// Neighbours remembered beyond those, so that a member outlives that many picks near it.
constexpr std::size_t kSpare = 12;
// Rows of one block of distances within a cluster.
constexpr std::size_t kBlock = 512;

struct Cluster {
  std::vector<Index> unlabeled;  // ascending
  std::size_t labeled = 0;
  std::size_t picks = 0;  // to be taken from it

  std::size_t size() const { return labeled + unlabeled.size(); }
};

/// The nearest other members of each member of one cluster, and picks in order of typicality.
class Neighborhood {
 public:
  Neighborhood(const Embeddings& embeddings, std::span<const Index> members,
               std::span<const float> center)
      : embeddings_(embeddings),
        members_(members),
        alive_(members.size(), true),
        length_(std::min(members.size() - 1, kNeighbors + kSpare)),
        lists_(members.size() * length_) {
    find_neighbors(center);
  }

  /// Removes the member with the highest typicality (ties: the lowest row) and returns its place;
  /// `typicality` gets the value.
  std::size_t take(std::size_t remaining, double& typicality) {
    const std::size_t count = std::min(kNeighbors, remaining / 2);
    std::size_t best = 0;
    double smallest = std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < members_.size(); ++i) {
      if (!alive_[i]) continue;
      const double mean = mean_distance(i, count);
      if (mean < smallest) {
        smallest = mean;
        best = i;
      }
    }
    alive_[best] = false;
    // Finite even among duplicates, so that every table can hold it; without neighbours 0.
    typicality =
        count == 0 ? 0.0 : 1.0 / std::max<double>(smallest, std::numeric_limits<float>::min());
    return best;
  }

 private:
  struct Neighbor {
    float squared_distance;
    std::uint32_t member;

    bool operator<(const Neighbor& other) const {
      return squared_distance != other.squared_distance ? squared_distance < other.squared_distance
                                                        : member < other.member;
    }
  };

  std::span<Neighbor> list(std::size_t i) {
    return std::span(lists_).subspan(i * length_, length_);
  }

  double mean_distance(std::size_t i, std::size_t count) {
    if (count == 0) return 0.0;
    double sum = 0;
    std::size_t found = 0;
    for (const Neighbor& neighbor : list(i)) {
      if (!alive_[neighbor.member]) continue;
      sum += std::sqrt(double{neighbor.squared_distance});
      if (++found == count) return sum / static_cast<double>(count);
    }
    refresh(i);  // more picks nearby than spare neighbours
    return mean_distance(i, count);
  }

  /// Finds the nearest members of i among those left.
  void refresh(std::size_t i) {
    std::vector<float> own(embeddings_.cols()), other(embeddings_.cols());
    const auto values = embeddings_.read_rows(members_[i], 1, own.data()).data();
    std::vector<Neighbor> all;
    for (std::size_t j = 0; j < members_.size(); ++j) {
      if (j == i || !alive_[j]) continue;
      const auto row = embeddings_.read_rows(members_[j], 1, other.data()).data();
      all.push_back({squared_distance(values, row, own.size()), static_cast<std::uint32_t>(j)});
    }
    const std::size_t kept = std::min(length_, all.size());
    std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(kept), all.end());
    std::copy_n(all.begin(), kept, list(i).begin());
  }

  /// Products find the candidates; the distances that count are computed from differences, so that
  /// equal rows are at distance 0.
  void find_neighbors(std::span<const float> center) {
    if (length_ == 0) return;
    Matrix<float> rows, columns;
    std::vector<Neighbor> nearest;
    for (std::size_t begin = 0; begin < members_.size(); begin += kBlock) {
      gather(begin, center, rows);
      std::vector<std::vector<Neighbor>> candidates(rows.rows());
      for (std::size_t from = 0; from < members_.size(); from += kBlock) {
        if (from != begin) gather(from, center, columns);
        add_candidates(begin, rows, from, from == begin ? rows : columns, candidates);
      }
      for (std::size_t r = 0; r < rows.rows(); ++r) measure(begin + r, candidates[r]);
    }
  }

  /// The members from `begin` on, relative to the cluster's center: small numbers lose less.
  void gather(std::size_t begin, std::span<const float> center, Matrix<float>& out) {
    const std::size_t count = std::min(kBlock, members_.size() - begin);
    if (out.rows() != count) out = Matrix<float>(count, embeddings_.cols());
    embeddings_.gather_rows(members_.subspan(begin, count), out);
    for (std::size_t r = 0; r < count; ++r) {
      const auto row = out.row(r);
      for (std::size_t d = 0; d < row.size(); ++d) row[d] -= center[d];
    }
  }

  void add_candidates(std::size_t row_begin, const Matrix<float>& rows, std::size_t column_begin,
                      const Matrix<float>& columns,
                      std::vector<std::vector<Neighbor>>& candidates) {
    Matrix<float> dots(rows.rows(), columns.rows());
    multiply_transposed(rows.view(), columns.view(), dots.view());
    std::vector<float> norms(columns.rows());
    squared_norms(columns, norms);
    for (std::size_t r = 0; r < rows.rows(); ++r) {
      std::vector<Neighbor>& kept = candidates[r];
      for (std::size_t c = 0; c < columns.rows(); ++c) {
        if (column_begin + c == row_begin + r) continue;
        // |x - y|^2 - |x|^2: the same order.
        kept.push_back(
            {norms[c] - 2.0f * dots(r, c), static_cast<std::uint32_t>(column_begin + c)});
      }
      if (kept.size() > length_) {
        std::nth_element(kept.begin(), kept.begin() + static_cast<std::ptrdiff_t>(length_),
                         kept.end());
        kept.resize(length_);
      }
    }
  }

  void measure(std::size_t i, std::span<const Neighbor> candidates) {
    std::vector<float> own(embeddings_.cols()), other(embeddings_.cols());
    const auto values = embeddings_.read_rows(members_[i], 1, own.data()).data();
    const auto out = list(i);
    for (std::size_t j = 0; j < candidates.size(); ++j) {
      const std::uint32_t member = candidates[j].member;
      const auto row = embeddings_.read_rows(members_[member], 1, other.data()).data();
      out[j] = {squared_distance(values, row, own.size()), member};
    }
    std::sort(out.begin(), out.end());
  }

  const Embeddings& embeddings_;
  std::span<const Index> members_;
  std::vector<bool> alive_;
  std::size_t length_;
  std::vector<Neighbor> lists_;
};

std::vector<Index> all_rows(const Pool& pool) {
  std::vector<Index> rows;
  rows.reserve(pool.labeled.size() + pool.unlabeled.size());
  std::merge(pool.labeled.begin(), pool.labeled.end(), pool.unlabeled.begin(), pool.unlabeled.end(),
             std::back_inserter(rows));
  return rows;
}

std::vector<Cluster> collect(const Pool& pool, std::span<const Index> rows, const KMeans& found) {
  std::vector<Cluster> clusters(found.centers.rows());
  auto labeled = pool.labeled.begin();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    Cluster& own = clusters[found.assignment[i]];
    if (labeled != pool.labeled.end() && *labeled == rows[i]) {
      ++labeled;
      ++own.labeled;
    } else {
      own.unlabeled.push_back(rows[i]);
    }
  }
  return clusters;
}

/// The numbers of the clusters of more (or, for the leftovers, no more) than kSmall members, fewest
/// labels first, then largest, then lowest.
std::vector<std::size_t> in_order(const std::vector<Cluster>& clusters, bool small) {
  std::vector<std::size_t> order;
  for (std::size_t c = 0; c < clusters.size(); ++c) {
    if ((clusters[c].size() <= kSmall) == small) order.push_back(c);
  }
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    if (clusters[a].labeled != clusters[b].labeled)
      return clusters[a].labeled < clusters[b].labeled;
    return clusters[a].size() > clusters[b].size();
  });
  return order;
}

/// Goes round the clusters until `wanted` picks are handed out; appends the cluster of each.
void deal(std::vector<Cluster>& clusters, std::vector<std::size_t> order, std::size_t wanted,
          std::vector<std::size_t>& dealt) {
  while (dealt.size() < wanted && !order.empty()) {
    std::erase_if(order,
                  [&](std::size_t c) { return clusters[c].picks == clusters[c].unlabeled.size(); });
    for (std::size_t i = 0; i < order.size() && dealt.size() < wanted; ++i) {
      ++clusters[order[i]].picks;
      dealt.push_back(order[i]);
    }
  }
}

Selection select_typiclust(const Pool& pool, std::size_t batch, const StrategyOptions& options,
                           Generator& generator, Workers& workers) {
  const std::vector<Index> rows = all_rows(pool);
  KMeansOptions settings;
  settings.clusters = std::min(pool.labeled.size() + batch, kMaxClusters);
  // Steps are picks: none while the clusters are found, and no end that comes early.
  settings.progress.report = [&](std::size_t, std::size_t) {
    if (options.progress.report) options.progress.report(0, batch);
  };
  settings.progress.stop = options.progress.stop;
  Generator stream = generator.stream("typiclust");
  const KMeans found = kmeans(pool.embeddings, rows, settings, stream, workers);
  std::vector<Cluster> clusters = collect(pool, rows, found);

  std::vector<std::size_t> dealt;  // the cluster of each pick
  deal(clusters, in_order(clusters, false), batch, dealt);
  const std::size_t from_large = dealt.size();
  deal(clusters, in_order(clusters, true), batch, dealt);

  // How many picks a cluster gives is known, so that clusters are worked on side by side.
  std::vector<std::vector<Index>> picks(clusters.size());
  std::vector<std::vector<double>> scores(clusters.size());
  std::mutex progressing;
  std::size_t done = 0;
  workers.run(clusters.size(), [&](std::size_t c) {
    const Cluster& own = clusters[c];
    if (own.picks == 0) return;
    Neighborhood neighborhood(pool.embeddings, own.unlabeled, found.centers.row(c));
    for (std::size_t i = 0; i < own.picks; ++i) {
      double typicality = 0;
      picks[c].push_back(own.unlabeled[neighborhood.take(own.unlabeled.size() - i, typicality)]);
      scores[c].push_back(typicality);
    }
    const std::lock_guard lock(progressing);
    options.progress.step(done += own.picks, batch);
  });

  Selection selection;
  std::vector<std::size_t> next(clusters.size(), 0);
  for (const std::size_t c : dealt) {
    selection.indices.push_back(picks[c][next[c]]);
    selection.scores.push_back(scores[c][next[c]++]);
  }
  if (from_large < batch) {
    selection.notes.push_back("typiclust: no cluster of more than " + std::to_string(kSmall) +
                              " rows has unlabelled ones left: " +
                              std::to_string(batch - from_large) + " picks from smaller clusters");
  }
  return selection;
}

}  // namespace

constinit const StrategyInfo rows::typiclust = {
    .name = "typiclust",
    .label = "TypiClust",
    .summary = "the most typical row of each cluster without labels: for cold starts",
    .paper = "Hacohen et al. 2022",
    .score = "typicality, 1 / mean distance to the nearest neighbours; large is typical",
    .needs = {.embeddings = true},
    .look = {"#56B4E9", "", 6},
    .select = select_typiclust};

}  // namespace goldpan
