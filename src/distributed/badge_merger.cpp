#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "distributed/gradients.hpp"
#include "distributed/steps.hpp"

// BADGE's rejection sampling as one machine does it (strategies/badge.cpp), number for number. Each
// shard holds its rows' bounds; the coordinator holds the sums of all blocks of 512 bounds (16 MB
// for 10^9 rows), on which it draws the blocks, and is told the bounds within those that it drew. A
// block that lies in two shards is summed here, from its bounds, so that every sum is that of one
// machine to the last bit, and with it every draw.
namespace goldpan::distributed {
namespace {

class BadgeMerger : public MergerSteps {
 public:
  explicit BadgeMerger(const MergeView& merge)
      : merge_(merge), generator_(merge.generator), centers_(0, 0, 0) {
    std::uint64_t begin = 0;
    for (const Census& shard : merge.shards) {
      shards_.push_back({begin, begin + shard.unlabeled, merge.unlabeled});
      begin += shard.unlabeled;
    }
    block_sums_.resize((merge.unlabeled + kRowBlock - 1) / kRowBlock);
  }

  bool done() const override { return selection.indices.size() == merge_.batch; }

  void request(std::size_t shard, bool fresh, Writer& request) const override {
    const Positions& at = shards_[shard];
    if (at.begin == at.end) return;
    Writer question;
    switch (ask_) {
      case GradientAsk::kLongest:
        break;
      case GradientAsk::kRefresh:
        put_gradients(centers_, refreshed_, refresh_to_, question);
        question.put_all(std::span(lowered_).subspan(told_));
        break;
      case GradientAsk::kBounds: {
        const std::vector<std::uint64_t> blocks = blocks_in(shard);
        if (blocks.empty()) return;
        question.put_all(blocks);
        break;
      }
      case GradientAsk::kGradients: {
        const std::vector<std::uint64_t> positions = positions_in(shard);
        if (positions.empty()) return;
        question.put_all(positions);
        break;
      }
      case GradientAsk::kLeft:
        question.put<std::uint64_t>(merge_.batch - selection.indices.size());
        question.put_all(picked_);
        break;
    }
    request.put(ask_);
    request.put(at);
    request.put<std::uint8_t>(fresh ? 1 : 0);
    if (fresh) {
      put_gradients(centers_, 0, refreshed_, request);
      request.put_all(std::span(lowered_).first(told_));
    }
    request.put_bytes(question.take());
  }

  void merge(std::vector<Reader>& answers) override {
    switch (ask_) {
      case GradientAsk::kLongest:
        return take_longest(answers);
      case GradientAsk::kRefresh:
        return take_sums(answers);
      case GradientAsk::kBounds:
        return take_bounds(answers);
      case GradientAsk::kGradients:
        return take_candidates(answers);
      case GradientAsk::kLeft:
        return take_left(answers);
    }
  }

  /// A handful that is half drawn is drawn again.
  void save(Writer& to) const override {
    if (centers_.count == 0) return;
    put_gradients(centers_, 0, centers_.count, to);
    to.put_all(lowered_);
    to.put_all(picked_);
    to.put_all(selection.indices);
    to.put_all(selection.scores);
    to.put<std::uint64_t>(refreshed_);
    to.put<std::uint64_t>(ask_ == GradientAsk::kRefresh ? refresh_to_ : refreshed_);
    to.put<std::uint64_t>(draws_);
    to.put<std::uint64_t>(drawn_);
    to.put<std::uint64_t>(fruitless_);
  }
  void load(Reader& from) override {
    centers_ = get_gradients(from);
    reserve_centers();
    lowered_ = from.get_all<LoweredBound>();
    picked_ = from.get_all<std::uint64_t>();
    selection.indices = from.get_all<Index>();
    selection.scores = from.get_all<double>();
    refreshed_ = from.get<std::uint64_t>();
    refresh_to_ = from.get<std::uint64_t>();
    draws_ = from.get<std::uint64_t>();
    drawn_ = from.get<std::uint64_t>();
    fruitless_ = from.get<std::uint64_t>();
    for (std::uint64_t i = 0; i < drawn_; ++i) generator_.uniform();
    told_ = 0;  // all shards are made anew, and are told everything
    ask_ = GradientAsk::kRefresh;
  }

 private:
  std::vector<std::uint64_t> blocks_in(std::size_t shard) const {
    std::vector<std::uint64_t> blocks;
    for (const auto& [block, bounds] : drawn_blocks_) {
      if (shards_[shard].begin_of(block) < shards_[shard].end_of(block)) blocks.push_back(block);
    }
    return blocks;
  }

  /// Positions drawn that lie in this shard, each once.
  std::vector<std::uint64_t> positions_in(std::size_t shard) const {
    std::vector<std::uint64_t> positions;
    for (const std::size_t position : handful_.positions) {
      if (position >= shards_[shard].begin && position < shards_[shard].end) {
        positions.push_back(position);
      }
    }
    std::ranges::sort(positions);
    positions.erase(std::unique(positions.begin(), positions.end()), positions.end());
    return positions;
  }

  /// Room for all picks: they are appended one by one.
  void reserve_centers() {
    GradientRows roomy(merge_.batch, centers_.features.cols(), centers_.residuals.cols());
    for (std::size_t i = 0; i < centers_.count; ++i) append_gradient(centers_, i, roomy);
    centers_ = std::move(roomy);
  }

  void add(std::uint64_t position, std::uint64_t row, double squared, const GradientRows& from,
           std::size_t i) {
    append_gradient(from, i, centers_);
    picked_.push_back(position);
    selection.indices.push_back(static_cast<Index>(row));
    selection.scores.push_back(std::sqrt(squared));
  }

  void take_longest(std::vector<Reader>& answers) {
    std::optional<GradientRows> longest;
    std::uint64_t position = 0, row = 0;
    for (std::size_t s = 0; s < answers.size(); ++s) {
      if (shards_[s].begin == shards_[s].end) continue;
      const std::vector<std::uint64_t> positions = answers[s].get_all<std::uint64_t>();
      const std::vector<std::uint64_t> rows = answers[s].get_all<std::uint64_t>();
      GradientRows found = get_gradients(answers[s]);
      if (positions.size() != 1 || rows.size() != 1 || found.count != 1) {
        throw Error("message", "answers another question");
      }
      // Shards come in the order of their rows: of equals, the first stays.
      if (longest && !(found.squared_norms[0] > longest->squared_norms[0])) continue;
      longest = std::move(found);
      position = positions[0];
      row = rows[0];
    }
    centers_ = GradientRows(0, longest->features.cols(), longest->residuals.cols());
    reserve_centers();
    add(position, row, longest->squared_norms[0], *longest, 0);
    lowered_.push_back({position, 0.0f});
    ask_for_refresh();
  }

  void ask_for_refresh() {
    refresh_to_ = centers_.count;
    ask_ = GradientAsk::kRefresh;
  }

  void take_sums(std::vector<Reader>& answers) {
    std::map<std::uint64_t, std::vector<float>> cut;  // blocks that lie in several shards
    for (std::size_t s = 0; s < answers.size(); ++s) {
      const Positions& at = shards_[s];
      if (at.begin == at.end) continue;
      const std::vector<double> sums = answers[s].get_all<double>();
      const std::vector<float> head = answers[s].get_all<float>();
      const std::vector<float> tail = answers[s].get_all<float>();
      if (sums.size() != at.last_whole() - at.first_whole()) {
        throw Error("message", "answers another question");
      }
      std::ranges::copy(sums, block_sums_.begin() + static_cast<std::ptrdiff_t>(at.first_whole()));
      const auto add_part = [&](std::uint64_t block, const std::vector<float>& part) {
        if (!part.empty()) cut[block].insert(cut[block].end(), part.begin(), part.end());
      };
      add_part(at.begin / kRowBlock, head);
      add_part((at.end - 1) / kRowBlock, tail);
    }
    for (const auto& [block, bounds] : cut) block_sums_[block] = sum_bounds(bounds);
    refreshed_ = refresh_to_;
    told_ = lowered_.size();
    sum_all();
    go_on();
  }

  void sum_all() {
    total_ = 0;
    for (const double sum : block_sums_) total_ += sum;
  }

  /// The next handful, or the end.
  void go_on() {
    if (done()) return;
    if (!(total_ > 0) || fruitless_ == kMostFruitless) {
      ask_ = GradientAsk::kLeft;
      return;
    }
    handful_ = {};
    drawn_blocks_.clear();
    places_.clear();
    Generator draws = generator_;  // drawn for good when the handful is resolved
    for (std::size_t i = 0; i < draws_; ++i) {
      double target = draws.uniform() * total_;
      handful_.lots.push_back(draws.uniform());
      std::size_t block = block_at(block_sums_, target);
      const bool lost = !(block_sums_[block] > 0);
      if (lost) {  // rounding carried the target past the last positive bound of all: the first
        block = 0;
        while (!(block_sums_[block] > 0)) ++block;
        target = 0;
      }
      places_.push_back({block, target});
      drawn_blocks_[block];
    }
    ask_ = GradientAsk::kBounds;
  }

  void take_bounds(std::vector<Reader>& answers) {
    for (std::size_t s = 0; s < answers.size(); ++s) {
      for (const std::uint64_t block : blocks_in(s)) {
        const std::vector<float> part = answers[s].get_all<float>();
        std::vector<float>& bounds = drawn_blocks_[block];
        bounds.insert(bounds.end(), part.begin(), part.end());
      }
    }
    for (auto& [block, bounds] : drawn_blocks_) {
      if (bounds.size() != std::min(kRowBlock, merge_.unlabeled - block * kRowBlock)) {
        throw Error("message", "answers another question");
      }
    }
    for (std::size_t i = told_; i < lowered_.size(); ++i) {  // what the shards do not know yet
      const auto found = drawn_blocks_.find(lowered_[i].position / kRowBlock);
      if (found == drawn_blocks_.end()) continue;
      float& bound = found->second[lowered_[i].position % kRowBlock];
      bound = std::min(bound, lowered_[i].bound);
    }
    for (const auto& [block, target] : places_) {
      const std::vector<float>& bounds = drawn_blocks_[block];
      const std::optional<std::size_t> place = place_at(bounds, target);
      if (!place) throw Error("message", "has bounds that do not add up to their sum");
      handful_.positions.push_back(block * kRowBlock + *place);
      handful_.bounds.push_back(bounds[*place]);
    }
    ask_ = GradientAsk::kGradients;
  }

  void take_candidates(std::vector<Reader>& answers) {
    GradientRows candidates(draws_, centers_.features.cols(), centers_.residuals.cols());
    candidates.count = draws_;
    std::vector<std::uint64_t> rows(draws_);
    for (std::size_t s = 0; s < answers.size(); ++s) {
      if (positions_in(s).empty()) continue;
      const std::vector<std::uint64_t> positions = answers[s].get_all<std::uint64_t>();
      const std::vector<std::uint64_t> numbers = answers[s].get_all<std::uint64_t>();
      const GradientRows found = get_gradients(answers[s]);
      if (positions != positions_in(s) || numbers.size() != positions.size() ||
          found.count != positions.size()) {
        throw Error("message", "answers another question");
      }
      for (std::size_t i = 0; i < draws_; ++i) {
        const auto at = std::ranges::lower_bound(positions, handful_.positions[i]);
        if (at == positions.end() || *at != handful_.positions[i]) continue;
        const auto from = static_cast<std::size_t>(at - positions.begin());
        std::ranges::copy(found.features.row(from), candidates.features.row(i).begin());
        std::ranges::copy(found.residuals.row(from), candidates.residuals.row(i).begin());
        candidates.squared_norms[i] = found.squared_norms[from];
        rows[i] = numbers[from];
      }
    }
    const double acceptance =
        resolve(handful_, candidates, centers_, refreshed_, merge_.batch - selection.indices.size(),
                merge_.workers, [&](std::size_t i) {
                  add(handful_.positions[i], rows[i], handful_.weights[i], candidates, i);
                });
    for (std::size_t i = 0; i < 2 * draws_; ++i) generator_.uniform();
    drawn_ += 2 * draws_;
    for (std::size_t i = 0; i < draws_; ++i) {
      const std::size_t position = handful_.positions[i];
      float& bound = drawn_blocks_[position / kRowBlock][position % kRowBlock];
      bound = std::min(bound, handful_.weights[i]);
      lowered_.push_back({position, bound});
      block_sums_[position / kRowBlock] = sum_bounds(drawn_blocks_[position / kRowBlock]);
    }
    sum_all();
    draws_ = std::min(2 * draws_, kMostDraws);
    fruitless_ = acceptance > 0 || refreshed_ < centers_.count ? 0 : fruitless_ + 1;
    const std::size_t left = merge_.batch - selection.indices.size();
    if (worth_a_refresh(acceptance, centers_.count - refreshed_, left, merge_.unlabeled)) {
      ask_for_refresh();
    } else {
      go_on();
    }
  }

  /// All weights are 0: the longest gradients left, then the lowest rows.
  void take_left(std::vector<Reader>& answers) {
    struct Left {
      float norm;
      std::uint64_t row;
    };
    std::vector<Left> left;
    for (std::size_t s = 0; s < answers.size(); ++s) {
      if (shards_[s].begin == shards_[s].end) continue;
      const std::vector<float> norms = answers[s].get_all<float>();
      const std::vector<std::uint64_t> rows = answers[s].get_all<std::uint64_t>();
      if (rows.size() != norms.size()) throw Error("message", "answers another question");
      for (std::size_t i = 0; i < rows.size(); ++i) left.push_back({norms[i], rows[i]});
    }
    std::ranges::sort(left, [](const Left& a, const Left& b) {
      return a.norm != b.norm ? a.norm > b.norm : a.row < b.row;
    });
    const std::size_t missing = merge_.batch - selection.indices.size();
    if (left.size() < missing) throw Error("message", "names too few rows");
    for (std::size_t i = 0; i < missing; ++i) {
      selection.indices.push_back(static_cast<Index>(left[i].row));
      selection.scores.push_back(0.0);
    }
    selection.notes.push_back("no gradient differs from those picked: the last " +
                              std::to_string(missing) + " picks are the longest left");
  }

  struct Place {
    std::uint64_t block;
    double target;
  };

  MergeView merge_;
  Generator generator_;
  std::vector<Positions> shards_;
  GradientAsk ask_ = GradientAsk::kLongest;

  GradientRows centers_;               // the picks, in order
  std::vector<std::uint64_t> picked_;  // their positions
  std::size_t refreshed_ = 0;          // every bound knows of the first so many picks
  std::size_t refresh_to_ = 0;
  std::vector<LoweredBound> lowered_;  // by draws, in order
  std::size_t told_ = 0;               // of them, those that the shards know
  std::vector<double> block_sums_;
  double total_ = 0;

  std::size_t draws_ = kFirstDraws;
  std::uint64_t drawn_ = 0;    // numbers drawn
  std::size_t fruitless_ = 0;  // handfuls in vain, the last ones
  std::vector<Place> places_;
  std::map<std::uint64_t, std::vector<float>> drawn_blocks_;  // and their bounds
  Handful handful_;
};

}  // namespace

std::unique_ptr<MergerSteps> badge_merger(const MergeView& merge) {
  return std::make_unique<BadgeMerger>(merge);
}

}  // namespace goldpan::distributed
