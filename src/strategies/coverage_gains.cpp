#include "strategies/coverage_gains.hpp"

#include <algorithm>
#include <atomic>
#include <limits>
#include <numeric>

#include "kernels/coverage.hpp"

namespace goldpan {
namespace {

// Pairs of rows that lists hold together: 8 bytes each, 12 more while they are collected.
constexpr std::size_t kMaxPairs = std::size_t{1} << 24;
// A row that gains on more than one in so many others has no list: walking it would be no cheaper
// than products.
constexpr std::size_t kListShare = 8;
// The same where a list has to be measured pair by pair.
constexpr std::size_t kScreenedShare = 16;
// Places that are measured at a time: columns of a panel of products.
constexpr std::size_t kGroup = 32;
// Rows from elsewhere whose gains are computed in one go.
constexpr std::size_t kGainRows = 64;
// Rows that tell how many pairs there are.
constexpr std::size_t kSample = 64;

}  // namespace

CoverageGains::CoverageGains(const Pool& pool, const CoverageKernel& kernel,
                             std::span<const float> weights, const Progress& progress,
                             Workers& workers)
    : workers_(workers),
      progress_(progress),
      scale_(kernel.radius > 0 ? static_cast<float>(1.0 / (kernel.radius * kernel.radius)) : 0),
      rows_(pool.embeddings, pool.unlabeled, workers),
      reached_(rows_.norms.size(), 2.0f),
      weights_(rows_.norms.size(), 0.0f),
      gains_(rows_.size(), std::numeric_limits<std::int64_t>::max()),
      lists_(rows_.size()),
      kind_(rows_.size(), List::kNone),
      exact_(rows_.size(), 0) {
  for (std::size_t place = 0; place < rows_.size(); ++place) {
    weights_[place] = weights.empty() ? 1.0f : weights[place];
    // A row without weight never has a term: covered from the start.
    if (weights_[place] > 0) reached_[place] = 0.0f;
  }
  if (quantized_pays(rows_.values.cols()) && rows_.size() > 0) {
    screen_.emplace(rows_, scale_, workers);
  }
}

std::size_t CoverageGains::blocks() const { return (rows_.size() + kBlock - 1) / kBlock; }

void CoverageGains::walk(std::size_t place) {
  gains_[place] = gain_of_list(static_cast<std::uint32_t>(place));
  exact_[place] = kind_[place] == List::kMeasured ? 1 : 0;
}

PlaceRange CoverageGains::block(std::size_t i) const {
  return {i * kBlock, std::min(rows_.size(), (i + 1) * kBlock)};
}

void CoverageGains::raise(const UnitRows& by, PlaceRange range, std::vector<float>& reached) const {
  if (range.size() == 0) return;
  workers_.run(blocks(), [&](std::size_t i) {
    const PlaceRange to = block(i);
    std::vector<float> values(kBlock * to.padded());
    for (std::size_t begin = range.begin; begin < range.end; begin += kBlock) {
      const std::size_t end = std::min(range.end, begin + kBlock);
      unit_similarities(by.values.view().rows_between(begin, end), by.norms.data() + begin, rows_,
                        to, scale_, values);
      for (std::size_t r = 0; r < end - begin; ++r) {
        raise_reached(std::span(values).subspan(r * to.padded(), to.padded()),
                      reached.data() + to.begin);
      }
    }
  });
}

void CoverageGains::cover(const UnitRows& by) {
  raise(by, {0, by.size()}, reached_);
  is_covered_ = is_covered_ || by.size() > 0;
}

std::vector<std::int64_t> CoverageGains::gains_of(const UnitRows& others) const {
  std::vector<std::int64_t> gains(others.size(), 0);
  workers_.run(blocks(), [&](std::size_t i) {
    const PlaceRange to = block(i);
    std::vector<float> values(kGainRows * to.padded());
    for (std::size_t begin = 0; begin < others.size(); begin += kGainRows) {
      const std::size_t end = std::min(others.size(), begin + kGainRows);
      unit_similarities(others.values.view().rows_between(begin, end), others.norms.data() + begin,
                        rows_, to, scale_, values);
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

std::int64_t CoverageGains::gain_together(const UnitRows& by, PlaceRange range) const {
  std::vector<float> reached = reached_;
  raise(by, range, reached);
  return coverage_gain(reached, reached_.data(), weights_.data());
}

void CoverageGains::cover(std::uint32_t own) {
  ++covered_;
  if (kind_[own] == List::kMeasured) {
    for (const Near& near : lists_[own]) {
      reached_[near.place] = std::max(reached_[near.place], near.similarity);
    }
    return;
  }
  const UnitRows center(rows_, std::span(&own, 1));
  workers_.run(blocks(), [&](std::size_t i) {
    const PlaceRange to = block(i), column = {0, 1};
    std::vector<float> values(to.size() * column.padded());
    unit_similarities(rows_.values.view().rows_between(to.begin, to.end),
                      rows_.norms.data() + to.begin, center, column, scale_, values);
    for (std::size_t x = 0; x < to.size(); ++x) {
      reached_[to.begin + x] = std::max(reached_[to.begin + x], values[x * column.padded()]);
    }
  });
}

/// Forgets what has no term left.
std::int64_t CoverageGains::gain_of_list(std::uint32_t own) {
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

void CoverageGains::add_gain(std::size_t place, std::int64_t gain) {
  std::atomic_ref(gains_[place]).fetch_add(gain, std::memory_order_relaxed);
}

void CoverageGains::start() {
  // Lists have forgotten what had no term left around what covered before.
  std::fill(gains_.begin(), gains_.end(), std::numeric_limits<std::int64_t>::max());
  std::fill(kind_.begin(), kind_.end(), List::kNone);
  std::fill(exact_.begin(), exact_.end(), std::uint8_t{0});
  for (auto& list : lists_) list = {};
  listed_ = covered_ = next_listing_ = 0;
  if (rows_.size() == 0) return;
  if (!screen_) {
    refresh();
  } else if (is_covered_) {
    if (refresh()) return;
    std::vector<std::uint32_t> all(rows_.size());
    std::iota(all.begin(), all.end(), 0u);
    bound(all);
  } else if (scale_ > 0) {
    // All gains are near each other: bounds would rule nothing out.
    gain_of_all();
  } else {
    bound_of_mean();
  }
}

/// Where nothing is covered, the sum of (1 + cosine) / 2 is a product with the sum of the rows.
void CoverageGains::bound_of_mean() {
  const std::size_t dims = rows_.values.cols();
  std::vector<double> sums(dims, 0.0);
  double total = 0;
  for (std::size_t place = 0; place < rows_.size(); ++place) {
    const auto row = rows_.values.row(place);
    for (std::size_t d = 0; d < dims; ++d) sums[d] += double{weights_[place]} * row[d];
    total += weights_[place];
  }
  // A product of floats is off by D 2^-24 at most, and half of that counts.
  const double slack = total * (static_cast<double>(dims) + 64) * 0x1p-24;
  workers_.for_blocks(rows_.size(), kBlock, [&](std::size_t begin, std::size_t end) {
    for (std::size_t place = begin; place < end; ++place) {
      const auto row = rows_.values.row(place);
      double dot = 0;
      for (std::size_t d = 0; d < dims; ++d) dot += sums[d] * row[d];
      const double bound = (total + dot) / 2 + slack;
      gains_[place] = static_cast<std::int64_t>(bound / kCoverageUnit) + 1;
    }
  });
}

/// Bounds of the gains of some places; gains known before are bounds as well.
void CoverageGains::bound(std::span<const std::uint32_t> places) {
  std::vector<std::int64_t> bounds(places.size());
  screen_->bound_gains(places, reached_, weights_, bounds);
  for (std::size_t i = 0; i < places.size(); ++i) {
    gains_[places[i]] = std::min(gains_[places[i]], bounds[i]);
    exact_[places[i]] = 0;
  }
  if (progress_.stop && progress_.stop()) throw Cancelled();
}

/// Similarities instead of bounds: the gains of some places are exact afterwards.
void CoverageGains::measure(std::span<const std::uint32_t> places) {
  std::vector<std::uint32_t> bare, rest;
  for (const std::uint32_t place : places) {
    if (kind_[place] == List::kNone) bare.push_back(place);
  }
  if (!bare.empty() && covered_ < next_listing_) {
    rest = bare;
  } else if (!bare.empty()) {
    std::vector<std::vector<Near>> lists(bare.size());
    std::vector<std::uint8_t> has_many(bare.size(), 0);
    screen_->list(bare, reached_, rows_.size() / kScreenedShare, lists, has_many);
    for (std::size_t i = 0; i < bare.size(); ++i) {
      if (has_many[i] != 0) {
        rest.push_back(bare[i]);
        continue;
      }
      kind_[bare[i]] = List::kBounds;
      listed_ += lists[i].size();
      lists_[bare[i]] = std::move(lists[i]);
    }
    if (rest.size() == bare.size()) next_listing_ = covered_ + covered_ / 4 + 1;
  }
  workers_.run(places.size(), [&](std::size_t i) {
    if (kind_[places[i]] == List::kBounds) measure_list(places[i]);
  });
  for (const std::uint32_t place : places) {
    if (kind_[place] == List::kNone) continue;
    kind_[place] = List::kMeasured;
    exact_[place] = 1;
    gains_[place] = gain_of_list(place);
    if (std::ranges::find(bare, place) == bare.end() || listed_ <= kMaxPairs) continue;
    // No room to keep it.
    listed_ -= lists_[place].size();
    lists_[place] = {};
    kind_[place] = List::kNone;
  }
  if (!rest.empty()) evaluate(rest);
}

void CoverageGains::measure_list(std::uint32_t own) {
  std::vector<Near>& list = lists_[own];
  std::vector<std::uint32_t> places;
  for (std::size_t begin = 0; begin < list.size(); begin += kBlock) {
    const std::size_t size = std::min(kBlock, list.size() - begin);
    places.clear();
    for (std::size_t i = 0; i < size; ++i) places.push_back(list[begin + i].place);
    const UnitRows others(rows_, places);
    std::vector<float> values(padded_places(size));
    unit_similarities(rows_.values.view().rows_between(own, own + 1), &rows_.norms[own], others,
                      {0, size}, scale_, values);
    for (std::size_t i = 0; i < size; ++i) list[begin + i].similarity = values[i];
  }
}

/// Brings the gains of some places up to date, and makes lists where they are short.
void CoverageGains::evaluate(std::span<const std::uint32_t> places) {
  const UnitRows own(rows_, places);
  for (const std::uint32_t place : places) {
    gains_[place] = 0;
    exact_[place] = 1;
  }
  const bool keep = listed_ < kMaxPairs;
  std::vector<std::vector<Pair>> found(blocks());
  std::vector<std::uint8_t> has_many(places.size(), 0);
  workers_.run(blocks(), [&](std::size_t b) {
    const PlaceRange to = block(b);
    std::vector<float> values(to.size() * kGroup);
    std::vector<std::uint32_t> counts(places.size(), 0);
    std::uint32_t above[kGroup];
    // A few places at a time: they are columns of products with rows that are read once.
    for (std::size_t first = 0; first < places.size(); first += kGroup) {
      const PlaceRange group = {first, std::min(places.size(), first + kGroup)};
      std::uint32_t low[kGroup] = {}, high[kGroup] = {};
      const std::size_t stride = group.padded();
      unit_similarities(rows_.values.view().rows_between(to.begin, to.end),
                        rows_.norms.data() + to.begin, own, group, scale_, values);
      for (std::size_t x = 0; x < to.size(); ++x) {
        const std::size_t at = to.begin + x;
        const auto row = std::span<const float>(values).subspan(x * stride, stride);
        add_coverage_terms(row, reached_[at], weights_[at], low, high);
        if (!keep) continue;
        const std::size_t some = places_above(row, reached_[at], above);
        for (std::size_t k = 0; k < some && above[k] < group.size(); ++k) {
          const std::size_t i = first + above[k];
          if (++counts[i] > to.size() / 2 + kCoverageLanes) continue;
          found[b].push_back(
              {static_cast<std::uint32_t>(i), {static_cast<std::uint32_t>(at), row[above[k]]}});
        }
      }
      for (std::size_t i = 0; i < group.size(); ++i) {
        add_gain(places[first + i], std::int64_t{low[i]} + (std::int64_t{high[i]} << 15));
      }
    }
    for (std::size_t i = 0; i < places.size(); ++i) {
      if (counts[i] <= to.size() / 2 + kCoverageLanes) continue;
      std::atomic_ref(has_many[i]).store(1, std::memory_order_relaxed);
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
    kind_[places[i]] = List::kMeasured;
    lists_[places[i]].reserve(counts[i]);
    listed_ += counts[i];
  }
  for (const auto& part : found) {
    for (const Pair& pair : part) {
      const std::uint32_t place = places[pair.owner];
      if (kind_[place] != List::kNone) lists_[place].push_back(pair.near);
    }
  }
}

/// Whether the pairs that still have a term would fit, judged from a sample of rows.
bool CoverageGains::pairs_fit() const {
  const std::size_t sample = std::min(kSample, rows_.size());
  std::vector<std::uint32_t> places(sample);
  for (std::size_t i = 0; i < sample; ++i) {
    places[i] = static_cast<std::uint32_t>(i * rows_.size() / sample);
  }
  std::vector<std::size_t> counts(sample, 0);
  if (screen_) {
    std::vector<std::vector<Near>> lists(sample);
    std::vector<std::uint8_t> has_many(sample, 0);
    screen_->list(places, reached_, rows_.size() / kScreenedShare, lists, has_many);
    for (std::size_t i = 0; i < sample; ++i) {
      counts[i] = has_many[i] != 0 ? rows_.size() : lists[i].size();
    }
  } else {
    workers_.run(sample, [&](std::size_t i) {
      const std::size_t own = places[i];
      std::vector<float> values(kBlock);
      std::vector<std::uint32_t> above(kBlock);
      for (std::size_t b = 0; b < blocks(); ++b) {
        const PlaceRange to = block(b);
        unit_similarities(rows_.values.view().rows_between(own, own + 1), &rows_.norms[own], rows_,
                          to, scale_, values);
        counts[i] += places_above(std::span<const float>(values).first(to.padded()),
                                  reached_.data() + to.begin, above.data());
      }
    });
  }
  std::size_t sum = 0;
  for (const std::size_t count : counts) sum += count;
  const double pairs =
      static_cast<double>(sum) * static_cast<double>(rows_.size()) / static_cast<double>(sample);
  return pairs * 1.25 < static_cast<double>(kMaxPairs);
}

/// Brings all gains up to date, with lists if those fit; where they do not and there is a screen,
/// nothing is done, and false returned.
bool CoverageGains::refresh() {
  const bool fits = pairs_fit();
  if (screen_ && fits) {
    list_all();
  } else if (!screen_) {
    fits ? measure_all() : gain_of_all();
  }
  return fits || !screen_;
}

void CoverageGains::list_all() {
  std::vector<std::uint32_t> all(rows_.size());
  std::iota(all.begin(), all.end(), 0u);
  std::vector<std::uint8_t> has_many(rows_.size(), 0);
  screen_->list(all, reached_, rows_.size(), lists_, has_many);
  listed_ = 0;
  for (std::uint32_t place = 0; place < rows_.size(); ++place) {
    listed_ += lists_[place].size();
    kind_[place] = List::kBounds;
    gains_[place] = gain_of_list(place);
    exact_[place] = 0;
  }
}

}  // namespace goldpan
