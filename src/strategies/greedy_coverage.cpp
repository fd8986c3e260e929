#include "strategies/greedy_coverage.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <queue>
#include <vector>

#include "kernels/coverage.hpp"
#include "kernels/distance.hpp"
#include "kernels/product.hpp"
#include "kernels/vector_products.hpp"
#include "strategies/unit_rows.hpp"

namespace goldpan {
namespace {

// Rows and columns of one block of products: 1 MiB, which stays in the second-level cache.
constexpr std::size_t kBlock = 512;
static_assert(kBlock % kCoverageLanes == 0);
// Below this squared distance it is computed from differences: a product has lost its digits.
constexpr float kNear = 1.0f / 64;
// Pairs of rows that lists hold together: 8 bytes each, 12 more while they are collected.
constexpr std::size_t kMaxPairs = std::size_t{1} << 24;
// A row that gains on more than one in so many others has no list: walking it would be no cheaper
// than products.
constexpr std::size_t kListShare = 8;
// Rows that are brought up to date together, at most.
constexpr std::size_t kMostTogether = 256;
// Rows from elsewhere whose gains are computed in one go.
constexpr std::size_t kGainRows = 64;
// Rows that tell how many pairs there are.
constexpr std::size_t kSample = 64;

struct Near {
  std::uint32_t place;
  float similarity;
};

struct Pair {
  std::uint32_t owner;
  Near near;
};

/// Unit rows and what products need to become distances.
struct Rows {
  Rows(const Embeddings& embeddings, std::span<const Index> rows, Workers& workers)
      : values(unit_rows(embeddings, rows, workers)), norms(padded_places(rows.size()), 0.0f) {
    if (!rows.empty()) squared_norms(values, std::span(norms).first(rows.size()));
  }
  std::size_t size() const { return values.rows(); }

  Matrix<float> values;
  std::vector<float> norms;  // squared lengths, padded
};

/// Places [begin, end) of some rows.
struct Range {
  std::size_t begin, end;
  std::size_t size() const { return end - begin; }
  std::size_t padded() const { return padded_places(size()); }
};

/// Squared distances of a block of rows to a range of others; out has from.padded() columns.
void squared_distances(MatrixView<const float> rows, const float* norms, const Rows& others,
                       Range to, std::span<float> out) {
  const std::size_t dims = rows.cols(), stride = to.padded();
  strided_product(rows.rows(), to.size(), dims, {rows.data(), dims, 1},
                  {others.values.row(to.begin).data(), 1, dims}, out.data(), stride, 1.0f, 0.0f);
  for (std::size_t r = 0; r < rows.rows(); ++r) {
    const auto row = out.subspan(r * stride, stride);
    std::fill(row.begin() + static_cast<std::ptrdiff_t>(to.size()), row.end(), -1.0f);
    if (!squared_distances_of_products(row, norms[r], others.norms.data() + to.begin, kNear)) {
      continue;
    }
    for (std::size_t j = 0; j < to.size(); ++j) {
      if (row[j] >= kNear) continue;
      row[j] = squared_distance(rows.row(r).data(), others.values.row(to.begin + j).data(), dims);
    }
  }
}

class Coverage {
 public:
  /// Nothing is covered, and gains are not known: cover() and refresh() come before pick().
  Coverage(const Pool& pool, const CoverageKernel& kernel, std::span<const float> weights,
           const Progress& progress, Workers& workers)
      : workers_(workers),
        progress_(progress),
        scale_(kernel.radius > 0 ? static_cast<float>(1.0 / (kernel.radius * kernel.radius)) : 0),
        rows_(pool.embeddings, pool.unlabeled, workers),
        reached_(rows_.norms.size(), 2.0f),
        weights_(rows_.norms.size(), 0.0f),
        gains_(rows_.size(), 0),
        lists_(rows_.size()),
        has_list_(rows_.size(), 0) {
    for (std::size_t place = 0; place < rows_.size(); ++place) {
      weights_[place] = weights.empty() ? 1.0f : weights[place];
      // A row without weight never has a term: covered from the start.
      if (weights_[place] > 0) reached_[place] = 0.0f;
    }
  }

  void cover(const Rows& by) { raise(by, {0, by.size()}, reached_); }

  const std::vector<float>& reached() const { return reached_; }
  void set_reached(std::vector<float> reached) { reached_ = std::move(reached); }

  /// What each of some rows, of wherever, would gain.
  std::vector<std::int64_t> gains_of(const Rows& others) const {
    std::vector<std::int64_t> gains(others.size(), 0);
    workers_.run(blocks(), [&](std::size_t i) {
      const Range to = block(i);
      std::vector<float> values(kGainRows * to.padded());
      for (std::size_t begin = 0; begin < others.size(); begin += kGainRows) {
        const std::size_t end = std::min(others.size(), begin + kGainRows);
        similarities(others.values.view().rows_between(begin, end), others.norms.data() + begin, to,
                     values);
        for (std::size_t r = 0; r < end - begin; ++r) {
          const std::int64_t gain =
              coverage_gain(std::span(values).subspan(r * to.padded(), to.padded()),
                            reached_.data() + to.begin, weights_.data() + to.begin);
          std::atomic_ref(gains[begin + r]).fetch_add(gain, std::memory_order_relaxed);
        }
      }
    });
    return gains;
  }

  /// What rows [range) of `by` would gain together.
  std::int64_t gain_together(const Rows& by, Range range) const {
    std::vector<float> reached = reached_;
    raise(by, range, reached);
    return coverage_gain(reached, reached_.data(), weights_.data());
  }

  Selection pick(std::span<const Index> unlabeled, std::size_t batch, double count) {
    // Gains only fall: the top of the heap is the largest once it is up to date.
    struct Entry {
      std::int64_t gain;
      std::uint32_t place;
      bool operator<(const Entry& other) const {
        return gain != other.gain ? gain < other.gain : place > other.place;
      }
    };
    std::vector<std::uint32_t> seen(rows_.size(), 0);  // picks when its gain was computed
    std::vector<bool> picked(rows_.size(), false);
    std::priority_queue<Entry> heap;
    const auto fill = [&] {
      std::vector<Entry> entries;
      for (std::uint32_t place = 0; place < rows_.size(); ++place) {
        if (!picked[place]) entries.push_back({gains_[place], place});
      }
      heap = std::priority_queue<Entry>(std::less<Entry>(), std::move(entries));
    };
    fill();

    Selection selection;
    std::size_t together = 8, since_refresh = 0;
    std::vector<std::uint32_t> stale;
    while (selection.indices.size() < batch) {
      const auto round = static_cast<std::uint32_t>(selection.indices.size());
      const Entry top = heap.top();
      if (seen[top.place] == round) {
        heap.pop();
        progress_.step(selection.indices.size(), batch);
        selection.indices.push_back(unlabeled[top.place]);
        selection.scores.push_back(static_cast<double>(top.gain) * kCoverageUnit / count);
        picked[top.place] = true;
        cover_by_place(top.place);
        together = 8;
        continue;
      }
      if (has_list_[top.place] != 0) {
        heap.pop();
        seen[top.place] = round;
        heap.push({gain_of_list(top.place), top.place});
        continue;
      }
      // What takes products is brought up to date a block at a time. Should that have cost as much
      // as doing it for all, all are done, each pair once for both of its rows.
      if (since_refresh > rows_.size() / 4) {
        refresh();
        std::fill(seen.begin(), seen.end(), round);
        fill();
        since_refresh = 0;
        continue;
      }
      stale.clear();
      while (stale.size() < together && !heap.empty()) {
        const std::uint32_t place = heap.top().place;
        if (seen[place] == round || has_list_[place] != 0) break;
        stale.push_back(place);
        heap.pop();
      }
      evaluate(stale);
      for (const std::uint32_t place : stale) {
        seen[place] = round;
        heap.push({gains_[place], place});
      }
      since_refresh += stale.size();
      together = std::min(2 * together, kMostTogether);
    }
    return selection;
  }

  /// Gains of all places: each pair's similarity serves both of its rows.
  void refresh() {
    if (rows_.size() == 0) return;
    const bool keep = pairs_fit();
    std::fill(gains_.begin(), gains_.end(), 0);
    std::vector<std::pair<std::uint32_t, std::uint32_t>> tasks;
    for (std::uint32_t i = 0; i < blocks(); ++i) {
      for (std::uint32_t j = i; j < blocks(); ++j) tasks.emplace_back(i, j);
    }
    std::vector<std::vector<Pair>> found(tasks.size());
    std::atomic<std::size_t> done = 0;
    workers_.run(tasks.size(), [&](std::size_t t) {
      const Range own = block(tasks[t].first), to = block(tasks[t].second);
      std::vector<float> values(own.size() * to.padded());
      similarities(rows_.values.view().rows_between(own.begin, own.end),
                   rows_.norms.data() + own.begin, to, values);
      const bool both = own.begin != to.begin;
      keep ? collect(own, to, both, values, found[t]) : add_gains(own, to, both, values);
      ++done;
      if (progress_.stop && progress_.stop()) throw Cancelled();
    });
    if (!keep) return;
    std::vector<std::uint32_t> counts(rows_.size(), 0);
    for (const auto& part : found) {
      for (const Pair& pair : part) ++counts[pair.owner];
    }
    listed_ = 0;
    for (std::size_t place = 0; place < rows_.size(); ++place) {
      lists_[place] = {};
      lists_[place].reserve(counts[place]);
      listed_ += counts[place];
      has_list_[place] = 1;
    }
    for (auto& part : found) {
      for (const Pair& pair : part) {
        const Near& near = pair.near;
        lists_[pair.owner].push_back(near);
        gains_[pair.owner] +=
            coverage_term(near.similarity, reached_[near.place], weights_[near.place]);
      }
      part = {};
    }
  }

 private:
  /// out: rows.rows() x to.padded().
  void similarities(MatrixView<const float> rows, const float* norms, Range to,
                    std::span<float> out) const {
    const std::size_t dims = rows.cols(), stride = to.padded();
    if (scale_ > 0) {
      squared_distances(rows, norms, rows_, to, out);
      gaussian_of_squared_distances(out.first(rows.rows() * stride), scale_);
      return;
    }
    strided_product(rows.rows(), to.size(), dims, {rows.data(), dims, 1},
                    {rows_.values.row(to.begin).data(), 1, dims}, out.data(), stride, 1.0f, 0.0f);
    for (std::size_t r = 0; r < rows.rows(); ++r) {
      std::fill_n(out.data() + r * stride + to.size(), stride - to.size(), 0.0f);
    }
    similarity_of_products(out.first(rows.rows() * stride));
  }

  std::size_t blocks() const { return (rows_.size() + kBlock - 1) / kBlock; }
  Range block(std::size_t i) const {
    return {i * kBlock, std::min(rows_.size(), (i + 1) * kBlock)};
  }

  void raise(const Rows& by, Range range, std::vector<float>& reached) const {
    if (range.size() == 0) return;
    workers_.run(blocks(), [&](std::size_t i) {
      const Range to = block(i);
      std::vector<float> values(kBlock * to.padded());
      for (std::size_t begin = range.begin; begin < range.end; begin += kBlock) {
        const std::size_t end = std::min(range.end, begin + kBlock);
        similarities(by.values.view().rows_between(begin, end), by.norms.data() + begin, to,
                     values);
        for (std::size_t r = 0; r < end - begin; ++r) {
          raise_reached(std::span(values).subspan(r * to.padded(), to.padded()),
                        reached.data() + to.begin);
        }
      }
    });
  }

  void cover_by_place(std::uint32_t own) {
    if (has_list_[own] != 0) {
      for (const Near& near : lists_[own]) {
        reached_[near.place] = std::max(reached_[near.place], near.similarity);
      }
      return;
    }
    workers_.run(blocks(), [&](std::size_t i) {
      const Range to = block(i);
      std::vector<float> values(to.padded());
      similarities(rows_.values.view().rows_between(own, own + 1), &rows_.norms[own], to, values);
      raise_reached(values, reached_.data() + to.begin);
    });
  }

  /// Forgets what has no term left.
  std::int64_t gain_of_list(std::uint32_t own) {
    std::int64_t gain = 0;
    std::vector<Near>& list = lists_[own];
    std::size_t kept = 0;
    for (const Near& near : list) {
      if (!(near.similarity > reached_[near.place])) continue;
      gain += coverage_term(near.similarity, reached_[near.place], weights_[near.place]);
      list[kept++] = near;
    }
    listed_ -= list.size() - kept;
    list.resize(kept);
    return gain;
  }

  void add_gain(std::size_t place, std::int64_t gain) {
    std::atomic_ref(gains_[place]).fetch_add(gain, std::memory_order_relaxed);
  }

  /// Brings the gains of some places up to date, and makes lists where they are short.
  void evaluate(std::span<const std::uint32_t> places) {
    const std::size_t dims = rows_.values.cols();
    Matrix<float> own(places.size(), dims);
    std::vector<float> norms(places.size());
    for (std::size_t i = 0; i < places.size(); ++i) {
      std::copy_n(rows_.values.row(places[i]).data(), dims, own.row(i).data());
      norms[i] = rows_.norms[places[i]];
      gains_[places[i]] = 0;
    }
    const bool keep = listed_ < kMaxPairs;
    std::vector<std::vector<Pair>> found(blocks());
    std::vector<std::uint8_t> has_many(places.size(), 0);
    workers_.run(blocks(), [&](std::size_t b) {
      const Range to = block(b);
      std::vector<float> values(places.size() * to.padded());
      std::vector<std::uint32_t> above(to.padded());
      similarities(own, norms.data(), to, values);
      for (std::size_t i = 0; i < places.size(); ++i) {
        const auto row = std::span<const float>(values).subspan(i * to.padded(), to.padded());
        add_gain(places[i],
                 coverage_gain(row, reached_.data() + to.begin, weights_.data() + to.begin));
        std::atomic_ref many(has_many[i]);
        if (!keep || many.load(std::memory_order_relaxed) != 0) continue;
        const std::size_t count = places_above(row, reached_.data() + to.begin, above.data());
        if (count > std::max<std::size_t>(kCoverageLanes, to.size() / 2)) {
          many.store(1, std::memory_order_relaxed);
          continue;
        }
        for (std::size_t c = 0; c < count; ++c) {
          found[b].push_back({static_cast<std::uint32_t>(i),
                              {static_cast<std::uint32_t>(to.begin + above[c]), row[above[c]]}});
        }
      }
    });
    if (!keep) return;
    std::vector<std::size_t> counts(places.size(), 0);
    for (const auto& part : found) {
      for (const Pair& pair : part) ++counts[pair.owner];
    }
    for (std::size_t i = 0; i < places.size(); ++i) {
      if (has_many[i] != 0 || counts[i] > rows_.size() / kListShare) continue;
      if (listed_ + counts[i] > kMaxPairs) continue;
      has_list_[places[i]] = 1;
      lists_[places[i]].reserve(counts[i]);
      listed_ += counts[i];
    }
    for (const auto& part : found) {
      for (const Pair& pair : part) {
        const std::uint32_t place = places[pair.owner];
        if (has_list_[place] != 0) lists_[place].push_back(pair.near);
      }
    }
  }

  /// Whether the pairs that still have a term would fit, judged from a sample of rows.
  bool pairs_fit() const {
    const std::size_t sample = std::min(kSample, rows_.size());
    std::vector<std::size_t> counts(sample, 0);
    workers_.run(sample, [&](std::size_t i) {
      const std::size_t own = i * rows_.size() / sample;
      std::vector<float> values(kBlock);
      std::vector<std::uint32_t> above(kBlock);
      for (std::size_t b = 0; b < blocks(); ++b) {
        const Range to = block(b);
        similarities(rows_.values.view().rows_between(own, own + 1), &rows_.norms[own], to, values);
        counts[i] += places_above(std::span<const float>(values).first(to.padded()),
                                  reached_.data() + to.begin, above.data());
      }
    });
    std::size_t sum = 0;
    for (const std::size_t count : counts) sum += count;
    const double pairs =
        static_cast<double>(sum) * static_cast<double>(rows_.size()) / static_cast<double>(sample);
    return pairs * 1.25 < static_cast<double>(kMaxPairs);
  }

  void add_gains(Range own, Range to, bool both, std::span<const float> values) {
    std::vector<std::uint32_t> low(to.padded(), 0), high(to.padded(), 0);
    for (std::size_t r = 0; r < own.size(); ++r) {
      const auto row = values.subspan(r * to.padded(), to.padded());
      add_gain(own.begin + r,
               coverage_gain(row, reached_.data() + to.begin, weights_.data() + to.begin));
      if (!both) continue;
      add_coverage_terms(row, reached_[own.begin + r], weights_[own.begin + r], low.data(),
                         high.data());
    }
    if (!both) return;
    for (std::size_t j = 0; j < to.size(); ++j) {
      add_gain(to.begin + j, std::int64_t{low[j]} + (std::int64_t{high[j]} << 15));
    }
  }

  void collect(Range own, Range to, bool both, std::span<const float> values,
               std::vector<Pair>& found) const {
    std::vector<std::uint32_t> above(to.padded());
    for (std::size_t r = 0; r < own.size(); ++r) {
      const auto row = values.subspan(r * to.padded(), to.padded());
      const auto self = static_cast<std::uint32_t>(own.begin + r);
      std::size_t count = places_above(row, reached_.data() + to.begin, above.data());
      for (std::size_t c = 0; c < count; ++c) {
        const auto place = static_cast<std::uint32_t>(to.begin + above[c]);
        found.push_back({self, {place, row[above[c]]}});
      }
      if (!both) continue;
      count = places_above(row, reached_[self], above.data());
      for (std::size_t c = 0; c < count; ++c) {
        if (above[c] >= to.size()) break;  // padding
        const auto place = static_cast<std::uint32_t>(to.begin + above[c]);
        found.push_back({place, {self, row[above[c]]}});
      }
    }
  }

  Workers& workers_;
  const Progress& progress_;
  float scale_;  // 1 / radius^2; 0: cosines
  Rows rows_;
  std::vector<float> reached_, weights_;  // padded
  std::vector<std::int64_t> gains_;
  /// Where a place has a list, it holds all places on which it has a term, and some more.
  std::vector<std::vector<Near>> lists_;
  std::vector<std::uint8_t> has_list_;
  std::size_t listed_ = 0;
};

}  // namespace

Selection cover_greedily(const Pool& pool, std::size_t batch, const CoverageKernel& kernel,
                         std::span<const float> weights, const Progress& progress,
                         Workers& workers) {
  Coverage coverage(pool, kernel, weights, progress, workers);
  if (!pool.labeled.empty()) coverage.cover(Rows(pool.embeddings, pool.labeled, workers));
  coverage.refresh();
  return coverage.pick(pool.unlabeled, batch,
                       static_cast<double>(pool.labeled.size() + pool.unlabeled.size()));
}

struct ShardCoverage::State {
  State(const Pool& of, const CoverageKernel& kernel, std::span<const float> weights, Workers& team)
      : pool(of), workers(team), coverage(of, kernel, weights, progress, team) {}

  Rows rows(MatrixView<const float> values) const {
    std::vector<Index> all(values.rows());
    std::iota(all.begin(), all.end(), Index{0});
    return {values, all, workers};
  }

  Pool pool;
  Workers& workers;
  Progress progress;
  Coverage coverage;
};

ShardCoverage::ShardCoverage(const Pool& pool, const CoverageKernel& kernel,
                             std::span<const float> weights, Workers& workers)
    : state_(std::make_unique<State>(pool, kernel, weights, workers)) {}
ShardCoverage::~ShardCoverage() = default;

void ShardCoverage::cover(MatrixView<const float> rows) {
  if (rows.rows() > 0) state_->coverage.cover(state_->rows(rows));
}

Selection ShardCoverage::pick(std::size_t batch) {
  const std::vector<float> before = state_->coverage.reached();
  state_->coverage.refresh();
  Selection selection = state_->coverage.pick(state_->pool.unlabeled, batch, 1.0);
  state_->coverage.set_reached(before);
  return selection;
}

std::vector<std::int64_t> ShardCoverage::gains(MatrixView<const float> rows) const {
  return state_->coverage.gains_of(state_->rows(rows));
}

std::vector<std::int64_t> ShardCoverage::gains_together(MatrixView<const float> rows,
                                                        std::span<const std::size_t> sizes) const {
  const Rows all = state_->rows(rows);
  std::vector<std::int64_t> gains;
  std::size_t begin = 0;
  for (const std::size_t size : sizes) {
    gains.push_back(state_->coverage.gain_together(all, {begin, begin + size}));
    begin += size;
  }
  return gains;
}

double smallest_distance(const Embeddings& embeddings, std::span<const Index> rows, double floor,
                         Workers& workers) {
  const Rows all(embeddings, rows, workers);
  const auto limit = static_cast<float>(floor * floor);
  const std::size_t blocks = (rows.size() + kBlock - 1) / kBlock;
  std::vector<float> smallest(blocks, std::numeric_limits<float>::infinity());
  workers.run(blocks, [&](std::size_t i) {
    const std::size_t begin = i * kBlock, end = std::min(rows.size(), begin + kBlock);
    for (std::size_t j = i; j < blocks; ++j) {
      const Range to = {j * kBlock, std::min(rows.size(), (j + 1) * kBlock)};
      std::vector<float> values((end - begin) * to.padded());
      squared_distances(all.values.view().rows_between(begin, end), all.norms.data() + begin, all,
                        to, values);
      for (std::size_t r = 0; r < end - begin; ++r) {
        for (std::size_t c = 0; c < to.size(); ++c) {
          const float value = values[r * to.padded() + c];
          if (value > limit) smallest[i] = std::min(smallest[i], value);
        }
      }
    }
  });
  const float least = rows.empty() ? std::numeric_limits<float>::infinity()
                                   : *std::min_element(smallest.begin(), smallest.end());
  return std::isfinite(least) ? std::sqrt(double{least}) : 0.0;
}

}  // namespace goldpan
