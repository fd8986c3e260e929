#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <limits>
#include <numeric>
#include <queue>
#include <string>
#include <vector>

#include <goldpan/core/error.hpp>

#include "kernels/kmeans.hpp"
#include "strategies/near_rows.hpp"
#include "strategies/rows.hpp"
#include "strategies/unit_rows.hpp"

namespace goldpan {
namespace {

// Pseudo-labels where nothing says how many classes there are.
constexpr std::size_t kDefaultClasses = 10;

/// The graph x -> y, |x - y| < radius (each row covers itself), over places. The relation is
/// symmetric, so the rows that x covers are the rows that cover x.
class CoverGraph {
 public:
  CoverGraph(const NearRows& near, float squared_radius, std::size_t max_edges, Workers& workers)
      : near_(near), limit_(squared_radius), workers_(workers), degrees_(near.size()) {
    const std::size_t blocks = (near.size() + NearRows::kBlock - 1) / NearRows::kBlock;
    lists_.resize(blocks);
    // In waves, so that the lists can be given up before they fill the memory. How many blocks a
    // wave has does not depend on the workers, nor does what is kept.
    constexpr std::size_t kWave = 64;
    std::size_t edges = 0;
    for (std::size_t begin = 0; begin < blocks; begin += kWave) {
      const std::size_t count = std::min(kWave, blocks - begin);
      workers.run(count, [&](std::size_t task) { find_block(begin + task); });
      for (std::size_t b = begin; b < begin + count; ++b) edges += lists_[b].places.size();
      if (stored_ && edges > max_edges) {
        stored_ = false;
        for (List& list : lists_) list = {};
      }
    }
  }

  bool stored() const { return stored_; }
  /// How many rows each row covers.
  const std::vector<std::uint32_t>& degrees() const { return degrees_; }

  /// Calls visit(i, neighbours) for each of the places, in their order.
  template <typename Visit>
  void for_each_neighborhood(std::span<const std::uint32_t> places, const Visit& visit) {
    if (stored_) {
      for (std::size_t i = 0; i < places.size(); ++i) visit(i, neighbors(places[i]));
      return;
    }
    // A wave at a time: what it finds is held until it has been visited.
    constexpr std::size_t kWave = 16, kRows = 16;
    for (std::size_t begin = 0; begin < places.size(); begin += kWave * kRows) {
      const auto wave = places.subspan(begin, std::min(kWave * kRows, places.size() - begin));
      std::vector<std::vector<std::uint32_t>> found(wave.size());
      workers_.for_blocks(wave.size(), kRows, [&](std::size_t first, std::size_t last) {
        near_.for_each_within(
            wave.subspan(first, last - first), limit_,
            [&](std::size_t i, std::uint32_t place) { found[first + i].push_back(place); });
      });
      for (std::size_t i = 0; i < wave.size(); ++i) {
        visit(begin + i, std::span<const std::uint32_t>(found[i]));
      }
    }
  }

 private:
  /// Neighbours of one block's rows, one row's after the other's.
  struct List {
    std::vector<std::uint32_t> places;
    std::vector<std::uint32_t> starts;
  };

  void find_block(std::size_t block) {
    const std::size_t begin = block * NearRows::kBlock;
    const std::size_t count = std::min(NearRows::kBlock, near_.size() - begin);
    std::vector<std::uint32_t> places(count);
    std::iota(places.begin(), places.end(), static_cast<std::uint32_t>(begin));
    if (!stored_) {
      near_.for_each_within(places, limit_,
                            [&](std::size_t i, std::uint32_t) { ++degrees_[begin + i]; });
      return;
    }
    std::vector<std::vector<std::uint32_t>> found(count);
    near_.for_each_within(places, limit_,
                          [&](std::size_t i, std::uint32_t place) { found[i].push_back(place); });
    List& list = lists_[block];
    list.starts.push_back(0);
    for (std::size_t i = 0; i < count; ++i) {
      degrees_[begin + i] = static_cast<std::uint32_t>(found[i].size());
      list.places.insert(list.places.end(), found[i].begin(), found[i].end());
      list.starts.push_back(static_cast<std::uint32_t>(list.places.size()));
    }
    list.places.shrink_to_fit();
  }

  std::span<const std::uint32_t> neighbors(std::uint32_t place) const {
    const List& list = lists_[place / NearRows::kBlock];
    const std::size_t i = place % NearRows::kBlock;
    return std::span(list.places).subspan(list.starts[i], list.starts[i + 1] - list.starts[i]);
  }

  const NearRows& near_;
  float limit_;
  Workers& workers_;
  bool stored_ = true;
  std::vector<std::uint32_t> degrees_;
  std::vector<List> lists_;
};

/// Covers rows one after the other; degrees count the uncovered rows that each row would cover.
class Cover {
 public:
  explicit Cover(CoverGraph& graph)
      : graph_(graph), degrees_(graph.degrees()), covered_(degrees_.size(), false) {}

  std::uint32_t degree(std::uint32_t place) const { return degrees_[place]; }
  std::size_t covered() const { return count_; }

  /// Covers what the given rows cover: every edge into it goes. All edges go once.
  void add(std::span<const std::uint32_t> places) {
    std::vector<std::uint32_t> fresh;
    graph_.for_each_neighborhood(places, [&](std::size_t, std::span<const std::uint32_t> found) {
      for (const std::uint32_t place : found) {
        if (covered_[place]) continue;
        covered_[place] = true;
        fresh.push_back(place);
      }
    });
    count_ += fresh.size();
    graph_.for_each_neighborhood(fresh, [&](std::size_t, std::span<const std::uint32_t> found) {
      for (const std::uint32_t place : found) --degrees_[place];
    });
  }

 private:
  CoverGraph& graph_;
  std::vector<std::uint32_t> degrees_;
  std::vector<bool> covered_;
  std::size_t count_ = 0;
};

/// Rows of the pool, labelled or not, in the order of their pseudo-labels.
struct Places {
  std::vector<Index> rows;
  std::vector<std::size_t> starts;  // of each pseudo-label, and the end
};

Places by_pseudo_label(const Pool& pool, std::vector<Index> rows, std::size_t classes,
                       const Generator& generator, Workers& workers) {
  KMeansOptions settings;
  settings.clusters = classes;
  Generator stream = generator;
  const KMeans found = kmeans(pool.embeddings, rows, settings, stream, workers);
  Places places;
  places.starts.assign(found.centers.rows() + 1, 0);
  for (const std::uint32_t label : found.assignment) ++places.starts[label + 1];
  std::partial_sum(places.starts.begin(), places.starts.end(), places.starts.begin());
  places.rows.resize(rows.size());
  std::vector<std::size_t> next(places.starts.begin(), places.starts.end() - 1);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    places.rows[next[found.assignment[i]]++] = rows[i];
  }
  return places;
}

/// The largest radius whose balls are pure for a share `purity` of the rows, squared. The ball of a
/// row is pure as long as the radius does not exceed the distance to the nearest row of another
/// pseudo-label: so no search, but an order statistic of those distances.
float largest_pure_radius(const NearRows& near, const Places& places, double purity,
                          Workers& workers) {
  struct Task {
    std::size_t begin, end, label;
  };
  std::vector<Task> tasks;
  for (std::size_t label = 0; label + 1 < places.starts.size(); ++label) {
    for (std::size_t begin = places.starts[label]; begin < places.starts[label + 1];
         begin += NearRows::kBlock) {
      tasks.push_back({begin, std::min(begin + NearRows::kBlock, places.starts[label + 1]), label});
    }
  }
  std::vector<float> nearest(near.size(), std::numeric_limits<float>::infinity());
  workers.run(tasks.size(), [&](std::size_t i) {
    const Task& task = tasks[i];
    const auto own = std::span(nearest).subspan(task.begin, task.end - task.begin);
    near.lower_nearest(task.begin, own, 0, places.starts[task.label]);
    near.lower_nearest(task.begin, own, places.starts[task.label + 1], near.size());
  });
  // So many balls may be impure; the epsilon keeps 0.05 * 100 from being 4.
  const auto impure = static_cast<std::size_t>(
      (1.0 - purity) * static_cast<double>(near.size()) * (1.0 + 1e-12) + 1e-12);
  const std::size_t rank = std::min(impure, near.size() - 1);
  std::nth_element(nearest.begin(), nearest.begin() + static_cast<std::ptrdiff_t>(rank),
                   nearest.end());
  return nearest[rank];
}

std::string percent(std::size_t part, std::size_t whole) {
  const double tenths = std::round(1000.0 * static_cast<double>(part) / static_cast<double>(whole));
  const auto digits = std::to_string(static_cast<long>(tenths));
  return (digits.size() == 1 ? "0" : digits.substr(0, digits.size() - 1)) + "." + digits.back();
}

Selection cover(const Pool& pool, std::size_t batch, const StrategyOptions& options,
                Generator& generator, Workers& workers) {
  const double radius = options.values.real("prob_cover_radius");
  const Generator stream = generator.stream("prob_cover");
  std::vector<Index> rows;
  std::merge(pool.labeled.begin(), pool.labeled.end(), pool.unlabeled.begin(), pool.unlabeled.end(),
             std::back_inserter(rows));
  std::size_t classes = options.values.count("prob_cover_classes");
  if (classes == 0)
    classes = pool.probabilities.empty() ? kDefaultClasses : pool.probabilities.cols();
  classes = std::max<std::size_t>(2, classes);

  const bool search = radius == 0.0;
  Places places;
  if (search) {
    places = by_pseudo_label(pool, std::move(rows), classes, stream, workers);
  } else {
    places.rows = std::move(rows);
  }
  const NearRows near(pool.embeddings, places.rows, stream, workers, options.progress);
  const float limit =
      search ? largest_pure_radius(near, places, options.values.real("prob_cover_purity"), workers)
             : static_cast<float>(radius * radius);
  CoverGraph graph(near, limit, options.values.count("prob_cover_max_edges"), workers);
  Cover covered(graph);

  std::vector<std::uint32_t> of_labeled, candidates;
  for (std::uint32_t place = 0; place < places.rows.size(); ++place) {
    const bool is_labeled =
        std::binary_search(pool.labeled.begin(), pool.labeled.end(), places.rows[place]);
    (is_labeled ? of_labeled : candidates).push_back(place);
  }
  covered.add(of_labeled);

  // Degrees only fall: the top of the heap is the largest once its entry is up to date.
  struct Entry {
    std::uint32_t degree;
    Index row;
    std::uint32_t place;
    bool operator<(const Entry& other) const {
      return degree != other.degree ? degree < other.degree : row > other.row;
    }
  };
  std::vector<Entry> entries;
  for (const std::uint32_t place : candidates) {
    entries.push_back({covered.degree(place), places.rows[place], place});
  }
  std::priority_queue<Entry> heap(std::less<Entry>(), std::move(entries));

  // Rows that no ball but their own covers tie, and ties go to the lowest row: in files that are
  // sorted by class, class by class. The searched radius is too small for them to say anything, so
  // the rest is drawn (docs/decisions/0224); a radius that was asked for is taken at its word.
  const std::uint32_t least = search ? 2 : 1;
  Selection selection;
  while (selection.indices.size() < batch) {
    Entry top = heap.top();
    const std::uint32_t degree = covered.degree(top.place);
    if (degree < least && top.degree == degree) break;
    heap.pop();
    if (degree != top.degree) {
      top.degree = degree;
      heap.push(top);
      continue;
    }
    options.progress.step(selection.indices.size(), batch);
    selection.indices.push_back(top.row);
    selection.scores.push_back(degree);
    covered.add({&top.place, 1});
  }

  selection.notes.push_back("prob_cover: radius " + std::to_string(std::sqrt(limit)) + " covers " +
                            percent(covered.covered(), places.rows.size()) + " % of the pool");
  const std::size_t covering = selection.indices.size();
  if (covering < batch) {
    std::vector<Index> left = selection.indices, rest;
    std::sort(left.begin(), left.end());
    std::set_difference(pool.unlabeled.begin(), pool.unlabeled.end(), left.begin(), left.end(),
                        std::back_inserter(rest));
    for (const Index row : stream.stream("fill").sample(rest, batch - covering)) {
      selection.indices.push_back(row);
      selection.scores.push_back(0.0);
    }
    const bool all_covered = covered.covered() == places.rows.size();
    selection.notes.push_back(
        std::string("prob_cover: ") +
        (all_covered || !search ? "nothing left to cover: " : "no ball covers another row: ") +
        std::to_string(batch - covering) + " picks at random");
  }
  return selection;
}

Selection select_prob_cover(const Pool& pool, std::size_t batch, const StrategyOptions& options,
                            Generator& generator, Workers& workers) {
  if (!options.values.flag("unit_length")) return cover(pool, batch, options, generator, workers);
  // One radius for all means little where lengths differ: the balls of short rows, which lie near
  // the middle, hold many, and those of long rows none (docs/decisions/0222-cold-starts.md).
  std::vector<Index> all(pool.embeddings.rows());
  std::iota(all.begin(), all.end(), Index{0});
  const Matrix<float> unit = unit_rows(pool.embeddings, all, workers);
  Pool own = pool;
  own.embeddings = unit;
  return cover(own, batch, options, generator, workers);
}

}  // namespace

constexpr OptionInfo kProbCoverOptions[] = {
    {.name = "unit_length",
     .type = OptionType::kFlag,
     .standard = "true",
     .help = "bring embeddings to length 1 first, as the authors' are"},
    {.name = "prob_cover_radius",
     .standard = "0",
     .help =
         "radius of a ball; 0: the largest at which a share prob_cover_purity of the balls holds "
         "one pseudo-label only"},
    {.name = "prob_cover_purity",
     .standard = "0.95",
     .help = "share of the balls that are to hold one pseudo-label only",
     .most = 1},
    {.name = "prob_cover_classes",
     .type = OptionType::kCount,
     .standard = "0",
     .help =
         "pseudo-labels are this many clusters; 0: as many as the probabilities have classes, 10 "
         "without probabilities"},
    {.name = "prob_cover_max_edges",
     .type = OptionType::kCount,
     .standard = "16777216",
     .help =
         "edges kept in memory at most, 4 bytes each; beyond, neighbours are searched for again "
         "whenever they are needed: the same picks, later"}};

constinit const StrategyInfo rows::prob_cover = {
    .name = "prob_cover",
    .label = "ProbCover",
    .summary = "covers most of the pool by balls of one radius: for cold starts",
    .paper = "Yehuda et al. 2022",
    .score = "rows that the ball newly covers; large covers more",
    .cost = CostLaw::kPoolBatch,
    .needs = {.embeddings = true},
    .options = kProbCoverOptions,
    .look = {"#8C6BB1", "6 2", 8},
    .select = select_prob_cover};

}  // namespace goldpan
