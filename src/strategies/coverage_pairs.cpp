// Gains and lists of all places at once, from products of floats: each pair serves both of its
// rows.
#include <algorithm>
#include <atomic>
#include <utility>

#include "kernels/coverage.hpp"
#include "strategies/coverage_gains.hpp"

namespace goldpan {

/// Calls use(own, to, both, values) for blocks of similarities that make up each pair once; both:
/// the pairs stand for those the other way round as well.
template <typename Use>
void CoverageGains::for_pairs(const Use& use) {
  std::vector<std::pair<std::uint32_t, std::uint32_t>> tasks;
  for (std::uint32_t i = 0; i < blocks(); ++i) {
    for (std::uint32_t j = i; j < blocks(); ++j) tasks.emplace_back(i, j);
  }
  workers_.run(tasks.size(), [&](std::size_t t) {
    const PlaceRange own = block(tasks[t].first), to = block(tasks[t].second);
    std::vector<float> values(own.size() * to.padded());
    unit_similarities(rows_.values.view().rows_between(own.begin, own.end),
                      rows_.norms.data() + own.begin, rows_, to, scale_, values);
    use(own, to, own.begin != to.begin, values);
    if (progress_.stop && progress_.stop()) throw Cancelled();
  });
}

void CoverageGains::gain_of_all() {
  std::fill(gains_.begin(), gains_.end(), 0);
  std::fill(exact_.begin(), exact_.end(), 1);
  for_pairs([&](PlaceRange own, PlaceRange to, bool both, std::span<const float> values) {
    add_gains(own, to, both, values);
  });
}

void CoverageGains::measure_all() {
  std::fill(gains_.begin(), gains_.end(), 0);
  std::fill(exact_.begin(), exact_.end(), 1);
  std::vector<std::vector<Pair>> found(blocks() * blocks());
  for_pairs([&](PlaceRange own, PlaceRange to, bool both, std::span<const float> values) {
    collect(own, to, both, values, found[own.begin / kBlock * blocks() + to.begin / kBlock]);
  });
  std::vector<std::uint32_t> counts(rows_.size(), 0);
  for (const auto& part : found) {
    for (const Pair& pair : part) ++counts[pair.owner];
  }
  listed_ = 0;
  for (std::size_t place = 0; place < rows_.size(); ++place) {
    lists_[place] = {};
    lists_[place].reserve(counts[place]);
    listed_ += counts[place];
    kind_[place] = List::kMeasured;
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

void CoverageGains::add_gains(PlaceRange own, PlaceRange to, bool both,
                              std::span<const float> values) {
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

void CoverageGains::collect(PlaceRange own, PlaceRange to, bool both, std::span<const float> values,
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

}  // namespace goldpan
