#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <goldpan/strategies/strategy.hpp>

#include "strategies/coverage_rows.hpp"
#include "strategies/coverage_screen.hpp"
#include "strategies/greedy_coverage.hpp"

namespace goldpan {

/// What every unlabelled row would add to a coverage function, exactly or as an upper bound, while
/// rows are labelled one by one. Rows are named by their places in pool.unlabeled.
///
/// A gain is exact from products of floats, or a bound from products of bytes (CoverageScreen). A
/// row that gains on few others keeps them in a list, so that later gains cost a walk along it. All
/// gains are whole numbers of kCoverageUnit and do not depend on which way they were computed.
class CoverageGains {
 public:
  /// Nothing is covered, and gains are not known: cover() and start() come first.
  CoverageGains(const Pool& pool, const CoverageKernel& kernel, std::span<const float> weights,
                const Progress& progress, Workers& workers);

  std::size_t size() const { return rows_.size(); }

  void cover(const UnitRows& by);
  /// First gains of all places, or bounds of them, around what covers by now.
  void start();
  const std::vector<float>& reached() const { return reached_; }
  /// Gains are not known then, until start().
  void set_reached(std::vector<float> reached) { reached_ = std::move(reached); }
  /// What each of some rows, of wherever, would gain, and what rows [range) of `by` would together.
  std::vector<std::int64_t> gains_of(const UnitRows& others) const;
  std::int64_t gain_together(const UnitRows& by, PlaceRange range) const;

  /// As last computed. Gains only fall: an old one is a bound.
  std::int64_t gain(std::size_t place) const { return gains_[place]; }
  /// Whether it was that of the similarities, not a bound.
  bool is_exact(std::size_t place) const { return exact_[place] != 0; }
  bool has_list(std::size_t place) const { return kind_[place] != List::kNone; }
  /// Whether bounds are to be had that are cheaper than gains.
  bool has_bounds() const { return screen_.has_value(); }

  /// Brings the gain of a place with a list up to date.
  void walk(std::size_t place);
  /// Bounds of the gains of some places; gains known before are bounds as well.
  void bound(std::span<const std::uint32_t> places);
  /// Similarities instead of bounds: the gains of some places are exact afterwards.
  void measure(std::span<const std::uint32_t> places);
  /// Brings the gains of some places up to date, and makes lists where they are short.
  void evaluate(std::span<const std::uint32_t> places);
  /// Brings all gains up to date, with lists if those fit; where they do not and there is a screen,
  /// nothing is done, and false returned.
  bool refresh();
  /// The place is labelled from now on. Requires: its gain is exact and up to date.
  void cover(std::uint32_t own);

 private:
  /// Rows and columns of one block of products: 1 MiB, which stays in the second-level cache.
  static constexpr std::size_t kBlock = 512;
  static_assert(kBlock % kCoverageLanes == 0);

  struct Pair {
    std::uint32_t owner;
    Near near;
  };
  /// What is known of the places on which a row has a term.
  enum class List : std::uint8_t {
    kNone,
    kBounds,    ///< all of them and some more, with bounds of the similarities
    kMeasured,  ///< all of them and some more, with similarities
  };

  std::size_t blocks() const;
  PlaceRange block(std::size_t i) const;
  void raise(const UnitRows& by, PlaceRange range, std::vector<float>& reached) const;
  std::int64_t gain_of_list(std::uint32_t own);
  void add_gain(std::size_t place, std::int64_t gain);
  void bound_of_mean();
  void measure_list(std::uint32_t own);
  bool pairs_fit() const;
  void list_all();
  template <typename Use>
  void for_pairs(const Use& use);
  void gain_of_all();
  void measure_all();
  void add_gains(PlaceRange own, PlaceRange to, bool both, std::span<const float> values);
  void collect(PlaceRange own, PlaceRange to, bool both, std::span<const float> values,
               std::vector<Pair>& found) const;

  Workers& workers_;
  const Progress& progress_;
  float scale_;  // 1 / radius^2; 0: cosines
  UnitRows rows_;
  std::vector<float> reached_, weights_;  // padded
  std::vector<std::int64_t> gains_;
  std::vector<std::vector<Near>> lists_;
  std::vector<List> kind_;
  std::vector<std::uint8_t> exact_;
  std::optional<CoverageScreen> screen_;
  bool is_covered_ = false;       // by anything but places
  std::size_t listed_ = 0;        // pairs in lists
  std::size_t covered_ = 0;       // calls of cover
  std::size_t next_listing_ = 0;  // calls from which lists may be short enough
};

}  // namespace goldpan
