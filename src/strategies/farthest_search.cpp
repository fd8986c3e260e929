#include "strategies/farthest_search.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <memory>
#include <optional>
#include <queue>
#include <utility>
#include <vector>

#include "kernels/aligned.hpp"
#include "kernels/blas.hpp"
#include "kernels/distance.hpp"
#include "kernels/sketch.hpp"
#include "strategies/farthest_blocks.hpp"
#include "strategies/row_bounds.hpp"
#include "strategies/sketched_rows.hpp"

namespace goldpan {
namespace {

using namespace farthest;

/// Leading directions of the sketches: with the residual, 32 floats a row to find a near center
/// for everyone, 64 to rule out all others for those who matter.
constexpr std::size_t kCoarse = 31;
constexpr std::size_t kFine = 63;
/// Memory for the sketches of blocks: so many bytes a candidate, and so many for all.
constexpr std::size_t kSketchBytesEach = 128;
constexpr std::size_t kSketchBytes = std::size_t{24} << 20;
/// Candidates read and sketched by one task; a multiple of kSketchBlock.
constexpr std::size_t kReadRows = 512;
/// Centers compared at once: their products with a block stay in the second-level cache.
constexpr std::size_t kCenterChunk = 1024;
/// The same where the products take so little time that they had better stay in the first level.
constexpr std::size_t kQuickChunk = 128;
/// So many outstanding centers make it worth finding the nearest by sketch before all others.
constexpr std::size_t kManyCenters = 48;
/// Blocks brought up to date side by side, and the work, in centers, from which that pays.
constexpr std::size_t kTeam = 32;
constexpr std::size_t kTeamWork = 256;
/// What sketching a block costs, in centers.
constexpr std::size_t kSketchWork = 400;
/// The sketches let pass more than one pair in so many: full products are then cheaper than single
/// distances.
constexpr std::size_t kDensePairs = 8;

constexpr float kTaken = -1.0f;  // nearer than any distance: a pick is never picked again
/// Squares below this may have lost digits to underflow: such pairs are all measured.
constexpr float kTiny = 1e-30f;
constexpr float kEpsilon = 0x1p-24f;

}  // namespace

/// Lazy farthest-first. The distance of a candidate to its nearest center only falls as centers are
/// added, so an old distance is an upper bound. Candidates lie in blocks of 64, sorted by their
/// first bounds; the block with the largest bound is brought up to date until the largest is no
/// longer a bound but a distance. A center need not be measured where the sketches prove that it is
/// not nearer. What is measured is measured by squared_distance alone, so that picks and scores are
/// those of the plain algorithm, to the last bit.
class FarthestSearch::Search {
 public:
  Search(const Embeddings& embeddings, std::span<const Index> candidates, std::size_t capacity,
         Workers& workers)
      : embeddings_(embeddings),
        candidates_(candidates),
        workers_(workers),
        dims_(embeddings.cols()),
        fine_(embeddings, candidates, kFine, capacity),
        centers_(capacity, dims_),
        center_squares_(capacity),
        nearest_(candidates.size(), kInfinity),
        relative_error_(static_cast<float>(dims_ / 16 + 64) * kEpsilon) {
    if (!fine_.quantized()) coarse_.emplace(Sketch(fine_.sketch(), kCoarse), capacity);
  }

  void add_centers(MatrixView<const float> rows) {
    const std::size_t begin = count_, end = begin + rows.rows();
    const MatrixView<float> to = centers_.view().rows_between(begin, end);
    std::copy_n(rows.data(), rows.size(), to.data());
    measure_centers(begin, end);
    for (std::size_t first = begin; first < end; first += kReadRows) {
      const auto part = to.rows_between(first - begin, std::min(end, first + kReadRows) - begin);
      fine_.add(first, part);
      if (blocks_.empty() && coarse_) coarse_->add(first, part);
    }
  }

  void take(std::size_t candidate) { nearest_[candidate] = kTaken; }

  Far take_farthest() {
    begin();
    Block& block = pop_farthest();
    const Far far{block.bound, block.best};
    add_center_of(block);
    take(block.best);
    find_best(block);
    queue_.push(&block);
    return far;
  }

  std::vector<Far> farthest(std::size_t count) {
    begin();
    const auto farther = [](const Far& a, const Far& b) {
      return a.squared != b.squared ? a.squared > b.squared : a.candidate < b.candidate;
    };
    // A heap of the best so far, the worst of them on top.
    std::priority_queue<Far, std::vector<Far>, decltype(farther)> best(farther);
    std::vector<Block*> ready;
    while (!queue_.empty() && count > 0) {
      // No candidate of the blocks that are left comes before the first of them.
      const Far next{queue_.top()->bound, queue_.top()->best};
      if (best.size() == count && !farther(next, best.top())) break;
      Block& block = pop_farthest();
      ready.push_back(&block);
      for (std::size_t i = block.begin; i < block.begin + block.size; ++i) {
        const Far far{nearest_[order_[i]], order_[i]};
        if (far.squared == kTaken || (best.size() == count && !farther(far, best.top()))) continue;
        best.push(far);
        if (best.size() > count) best.pop();
      }
    }
    for (Block* const block : ready) queue_.push(block);
    std::vector<Far> found(best.size());
    for (std::size_t i = found.size(); i-- > 0; best.pop()) found[i] = best.top();
    return found;
  }

 private:
  void begin() {
    if (!blocks_.empty()) return;
    bound_all();
    make_blocks();
  }

  const float* row_of(std::size_t candidate, std::vector<float>& buffer) const {
    if (embeddings_.is_half()) buffer.resize(dims_);
    return embeddings_.read_rows(candidates_[candidate], 1, buffer.data()).data();
  }

  float measure(const float* row, std::size_t center) const {
    return squared_distance(row, centers_.row(center).data(), dims_);
  }

  void measure_centers(std::size_t begin, std::size_t end) {
    const std::vector<float> zeros(dims_);
    for (std::size_t i = begin; i < end; ++i) {
      center_squares_[i] = squared_distance(centers_.row(i).data(), zeros.data(), dims_);
    }
    count_ = end;
  }

  /// Adds the farthest candidate of an up-to-date block, whose bounds are at hand there.
  void add_center_of(const Block& block) {
    const std::size_t center = count_;
    embeddings_.gather_rows(candidates_.subspan(block.best, 1),
                            centers_.view().rows_between(center, center + 1));
    measure_centers(center, center + 1);
    if (!block.bounds) {
      fine_.add(center, centers_.view().rows_between(center, center + 1));
      return;
    }
    std::size_t i = 0;
    while (order_[block.begin + i] != block.best) ++i;
    fine_.add(center, *block.bounds, i);
  }

  /// A first bound for every candidate: the distance to the center that is nearest by the bounds.
  void bound_all() {
    workers_.for_blocks(candidates_.size(), kReadRows, [&](std::size_t begin, std::size_t end) {
      std::unique_ptr<Scratch> scratch = scratch_.take();
      scratch->rows.assign(candidates_.begin() + static_cast<std::ptrdiff_t>(begin),
                           candidates_.begin() + static_cast<std::ptrdiff_t>(end));
      scratch->values.resize(scratch->rows.size() * dims_);
      const MatrixView<float> values(scratch->values.data(), scratch->rows.size(), dims_);
      embeddings_.gather_rows(scratch->rows, values);
      if (coarse_) project(values, *scratch);
      for (std::size_t first = begin; first < end; first += kSketchBlock) {
        const std::size_t last = std::min(end, first + kSketchBlock);
        bound_block(first, last, begin, values.rows_between(first - begin, last - begin), *scratch);
      }
      scratch_.give_back(std::move(scratch));
    });
  }

  /// Coarse sketches of `rows` into scratch.sketches.
  void project(MatrixView<float> rows, Scratch& scratch) const {
    const Sketch& sketch = coarse_->sketch;
    scratch.sketches.resize(rows.rows() * sketch.size());
    scratch.slack.resize(rows.rows());
    sketch.project(rows, {scratch.sketches.data(), rows.rows(), sketch.size()}, scratch.slack);
  }

  float* products_of(Scratch& scratch) const {
    if (!scratch.products) {
      scratch.products = aligned_array<float>(kCenterChunk * kSketchBlock);
    }
    return scratch.products.get();
  }

  void bound_block(std::size_t begin, std::size_t end, std::size_t first_read,
                   MatrixView<float> rows, Scratch& scratch) {
    float largest[kSketchBlock];
    std::uint32_t which[kSketchBlock] = {};
    std::fill_n(largest, kSketchBlock, -kInfinity);
    float* const products = products_of(scratch);
    const auto for_chunks = [&](std::size_t chunk, const auto& multiply) {
      for (std::size_t c = 0; c < count_; c += chunk) {
        const std::size_t last = std::min(count_, c + chunk);
        multiply(c, last);
        largest_products(products, last - c, static_cast<std::uint32_t>(c), largest, which);
      }
    };
    if (coarse_) {
      const std::size_t size = coarse_->sketch.size();
      if (!scratch.block) scratch.block = aligned_array<float>(size * kSketchBlock);
      transpose_sketches({scratch.sketches.data() + (begin - first_read) * size, end - begin, size},
                         scratch.block.get());
      for_chunks(kCenterChunk, [&](std::size_t c, std::size_t last) {
        sketch_products(scratch.block.get(), size, coarse_->between(c, last), products);
      });
    } else {
      const std::unique_ptr<BlockBounds> bounds = fine_.block(rows);
      for_chunks(kQuickChunk, [&](std::size_t c, std::size_t last) {
        fine_.products(*bounds, c, last, products);
      });
    }
    for (std::size_t i = begin; i < end; ++i) {
      if (nearest_[i] == kTaken) continue;
      nearest_[i] = measure(row_of(i, scratch.row), which[i - begin]);
    }
  }

  void make_blocks() {
    order_.resize(candidates_.size());
    for (std::size_t i = 0; i < order_.size(); ++i) order_[i] = static_cast<Index>(i);
    std::ranges::sort(order_, [&](Index a, Index b) {
      return nearest_[a] != nearest_[b] ? nearest_[a] > nearest_[b] : a < b;
    });
    blocks_.resize((order_.size() + kSketchBlock - 1) / kSketchBlock);
    std::vector<Block*> pointers;
    for (std::size_t b = 0; b < blocks_.size(); ++b) {
      blocks_[b].begin = b * kSketchBlock;
      blocks_[b].size = std::min(kSketchBlock, order_.size() - blocks_[b].begin);
      find_best(blocks_[b]);
      pointers.push_back(&blocks_[b]);
    }
    queue_ = Queue(Nearer(), std::move(pointers));
  }

  void find_best(Block& block) const {
    block.best = order_[block.begin];
    block.bound = nearest_[block.best];
    for (std::size_t i = block.begin + 1; i < block.begin + block.size; ++i) {
      const Index candidate = order_[i];
      const float nearest = nearest_[candidate];
      if (nearest > block.bound || (nearest == block.bound && candidate < block.best)) {
        block.best = candidate;
        block.bound = nearest;
      }
    }
  }

  std::size_t work_of(const Block& block) const {
    return count_ - block.known + (block.bounds ? 0 : kSketchWork);
  }

  Block* pop() {
    Block* const block = queue_.top();
    queue_.pop();
    return block;
  }

  /// Takes the block with the farthest candidate of all off the queue.
  Block& pop_farthest() {
    while (true) {
      Block* const top = pop();
      if (top->known == count_) return *top;
      forget_sketches_if_many();
      if (work_of(*top) < kTeamWork) {
        update(*top);
        queue_.push(top);
        continue;
      }
      // Those next in line are likely to be asked for soon. Whether or not they are, no pick
      // depends on who was brought up to date.
      std::vector<Block*> team = {top};
      while (team.size() < kTeam && !queue_.empty() && work_of(*queue_.top()) >= kTeamWork) {
        team.push_back(pop());
      }
      workers_.run(team.size(), [&](std::size_t i) { update(*team[i]); });
      for (Block* const block : team) queue_.push(block);
    }
  }

  /// Keeps memory bounded: sketches are cheap to make again for those who still matter.
  void forget_sketches_if_many() {
    const std::size_t limit = kSketchBytesEach * candidates_.size() + kSketchBytes;
    if (sketched_blocks_ * fine_.block_bytes() < limit) return;
    for (Block& block : blocks_) block.bounds.reset();
    sketched_blocks_ = 0;
  }

  void make_bounds(Block& block, Scratch& scratch) {
    ++sketched_blocks_;
    scratch.rows.clear();
    for (std::size_t i = 0; i < block.size; ++i) {
      scratch.rows.push_back(candidates_[order_[block.begin + i]]);
    }
    scratch.values.resize(block.size * dims_);
    const MatrixView<float> values(scratch.values.data(), block.size, dims_);
    embeddings_.gather_rows(scratch.rows, values);
    block.bounds = fine_.block(values);
  }

  /// What a sketch product must exceed for its center to be possibly nearer than the nearest known.
  float limit_of(const Block& block, std::size_t i) const {
    if (i >= block.size) return kInfinity;
    const float nearest = nearest_[order_[block.begin + i]];
    if (nearest == kTaken) return kInfinity;
    return fine_.limit(*block.bounds, i, std::sqrt(nearest) * (1 + relative_error_));
  }

  /// Brings the candidates of a block up to date with every center.
  void update(Block& block) {
    std::unique_ptr<Scratch> scratch = scratch_.take();
    if (!block.bounds) make_bounds(block, *scratch);
    float limits[kSketchBlock];
    for (std::size_t i = 0; i < kSketchBlock; ++i) limits[i] = limit_of(block, i);
    for (std::size_t c = block.known; c < count_; c += kCenterChunk) {
      update_with(block, c, std::min(count_, c + kCenterChunk), limits, *scratch);
    }
    block.known = count_;
    find_best(block);
    scratch_.give_back(std::move(scratch));
  }

  /// Measures candidate `i` of the block against a center.
  void measure_one(const Block& block, std::size_t i, const float* row, std::size_t center,
                   float* limits) {
    float& nearest = nearest_[order_[block.begin + i]];
    const float squared = measure(row, center);
    if (squared < nearest) {
      nearest = squared;
      limits[i] = limit_of(block, i);
    }
  }

  void update_with(const Block& block, std::size_t first, std::size_t last, float* limits,
                   Scratch& scratch) {
    const std::size_t count = last - first;
    float* const products = products_of(scratch);
    fine_.products(*block.bounds, first, last, products);
    if (count >= kManyCenters) {
      // The nearest by sketch is near: measured first, it rules out most of the others.
      float largest[kSketchBlock];
      std::uint32_t which[kSketchBlock] = {};
      std::fill_n(largest, kSketchBlock, -kInfinity);
      largest_products(products, count, 0, largest, which);
      for (std::size_t i = 0; i < block.size; ++i) {
        if (largest[i] <= limits[i]) continue;
        measure_one(block, i, row_of(order_[block.begin + i], scratch.row), first + which[i],
                    limits);
      }
    }
    scratch.pairs.clear();
    products_above(products, count, limits, scratch.pairs);
    if (scratch.pairs.empty()) return;
    scratch.sort_by_lane();
    if (scratch.pairs.size() * kDensePairs > count * kSketchBlock && count >= kManyCenters) {
      drop_by_full_products(block, first, count, scratch);
    }
    const float* row = nullptr;
    std::size_t row_lane = kSketchBlock;
    for (const std::uint32_t pair : scratch.sorted) {
      const std::size_t lane = pair % kSketchBlock;
      if (products[pair] <= limits[lane]) continue;  // ruled out since
      if (lane != row_lane) row = row_of(order_[block.begin + lane], scratch.row);
      row_lane = lane;
      measure_one(block, lane, row, first + pair / kSketchBlock, limits);
    }
  }

  /// Where the sketches rule out too little: one product of the rows themselves, whose rounding
  /// errors are bounded, leaves only the pairs that may be nearer.
  void drop_by_full_products(const Block& block, std::size_t first, std::size_t count,
                             Scratch& scratch) const {
    scratch.rows.clear();
    for (std::size_t i = 0; i < block.size; ++i) {
      scratch.rows.push_back(candidates_[order_[block.begin + i]]);
    }
    scratch.values.resize(block.size * dims_);
    scratch.dense.resize(block.size * count);
    const MatrixView<float> rows(scratch.values.data(), block.size, dims_);
    embeddings_.gather_rows(scratch.rows, rows);
    multiply_transposed(rows, centers_.view().rows_between(first, first + count),
                        {scratch.dense.data(), block.size, count});
    const std::vector<float> zeros(dims_);
    float squares[kSketchBlock];
    for (std::size_t i = 0; i < block.size; ++i) {
      squares[i] = squared_distance(rows.row(i).data(), zeros.data(), dims_);
    }
    // A product of D terms is off by at most D eps |x| |c| <= D eps (|x|^2 + |c|^2) / 2.
    const float error = static_cast<float>(dims_ + 64) * 2 * kEpsilon;
    std::erase_if(scratch.sorted, [&](std::uint32_t pair) {
      const std::size_t i = pair % kSketchBlock, c = pair / kSketchBlock;
      const float sum = squares[i] + center_squares_[first + c];
      const float least = sum * (1 - error) - 2 * scratch.dense[i * count + c] - kTiny;
      return least > nearest_[order_[block.begin + i]] * (1 + relative_error_);
    });
  }

  using Queue = std::priority_queue<Block*, std::vector<Block*>, Nearer>;

  const Embeddings& embeddings_;
  std::span<const Index> candidates_;
  Workers& workers_;
  std::size_t dims_;
  CenterBounds fine_;
  std::optional<CenterSketches> coarse_;  // where the fine ones are dear
  Matrix<float> centers_;                 // those so far, in order
  std::vector<float> center_squares_;     // |center|^2
  std::size_t count_ = 0;                 // of centers
  std::vector<float> nearest_;  // squared distances to the nearest center, or bounds of them
  float relative_error_;        // of squared_distance, generously
  std::vector<Index> order_;    // candidates by their first bounds, farthest first
  std::vector<Block> blocks_;
  Queue queue_;
  std::atomic<std::size_t> sketched_blocks_ = 0;
  ScratchPool scratch_;
};

FarthestSearch::FarthestSearch(const Embeddings& embeddings, std::span<const Index> candidates,
                               std::size_t capacity, Workers& workers)
    : search_(std::make_unique<Search>(embeddings, candidates, capacity, workers)) {}

FarthestSearch::~FarthestSearch() = default;

void FarthestSearch::add_centers(MatrixView<const float> rows) { search_->add_centers(rows); }
void FarthestSearch::take(std::size_t candidate) { search_->take(candidate); }
FarthestSearch::Far FarthestSearch::take_farthest() { return search_->take_farthest(); }
std::vector<FarthestSearch::Far> FarthestSearch::farthest(std::size_t count) {
  return search_->farthest(count);
}

}  // namespace goldpan
