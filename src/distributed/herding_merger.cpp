#include <algorithm>
#include <numeric>
#include <queue>

#include <fmt/format.h>

#include "distributed/herding.hpp"
#include "distributed/steps.hpp"
#include "kernels/coverage.hpp"
#include "strategies/herding_rules.hpp"

// RandGreeDi (Barbosa et al., ICML 2015): each shard picks a batch by itself; of these picks, the
// candidates, a batch is picked greedily; and the better of that one and the best shard's is taken.
// With rows dealt at random and F evaluated on the whole pool, as it is here, it covers at least
// (1 - 1/e) / 2 of what the best batch does, in expectation. Shards evaluate F on their rows, in
// whole numbers, so that sums do not depend on the cut; only which rows are candidates does.
namespace goldpan::distributed {
namespace {

/// Candidates that are brought up to date together: at first, and at most.
constexpr std::size_t kFewTogether = 16, kManyTogether = 256;

class HerdingMerger : public MergerSteps {
 public:
  explicit HerdingMerger(const MergeView& merge) : merge_(merge) {
    if (merge.labeled == 0) choose_radius();
  }

  bool done() const override { return done_; }

  void request(std::size_t shard, bool fresh, Writer& request) const override {
    if (phase_ == HerdAsk::kLabeled) {
      if (merge_.shards[shard].labeled > 0) request.put(phase_);
      return;
    }
    if (merge_.shards[shard].unlabeled == 0) return;
    const bool begin = fresh || phase_ == HerdAsk::kGreedy;
    request.put(phase_);
    request.put<std::uint8_t>(begin ? 1 : 0);
    if (begin) {
      request.put(radius_.radius);
      request.put<std::uint8_t>(weighed_ ? 1 : 0);
      put_parts(labeled_, request);
    }
    if (phase_ == HerdAsk::kGreedy) {
      request.put<std::uint64_t>(merge_.batch);
    } else if (phase_ == HerdAsk::kWeigh) {
      put_parts(candidates_, request);
      request.put_all(sizes_);
    } else {
      request.put<std::uint8_t>(fresh ? 1 : 0);
      if (fresh) put_parts(candidates_, request);
      request.put_all(std::span(picked_).subspan(fresh ? 0 : told_));
      request.put_all(asked_);
    }
  }

  void merge(std::vector<Reader>& answers) override {
    switch (phase_) {
      case HerdAsk::kLabeled:
        return take_labeled(answers);
      case HerdAsk::kGreedy:
        return take_candidates(answers);
      case HerdAsk::kWeigh:
        return take_weights(answers);
      case HerdAsk::kGains:
        return take_gains(answers);
    }
  }

  void save(Writer& to) const override {
    to.put(phase_);
    if (phase_ != HerdAsk::kGains) return;  // what comes before is begun anew
    to.put(radius_.radius);
    to.put_text(radius_.chosen);
    to.put<std::uint8_t>(weighed_ ? 1 : 0);
    for (const auto* parts : {&labeled_, &candidates_}) {
      to.put<std::uint64_t>(parts->size());
      for (const std::string& part : *parts) to.put_text(part);
    }
    to.put_all(sizes_);
    to.put_all(rows_);
    to.put_all(own_scores_);
    to.put_all(gains_);
    to.put_all(seen_);
    to.put_all(picked_);
    to.put_all(asked_);
    to.put_all(pick_gains_);
    to.put<std::uint64_t>(together_);
    to.put<std::uint64_t>(best_shard_);
    to.put<std::int64_t>(best_shards_gain_);
  }
  void load(Reader& from) override {
    if (from.get<HerdAsk>() != HerdAsk::kGains) return;
    phase_ = HerdAsk::kGains;
    radius_.radius = from.get<double>();
    radius_.chosen = from.get_text();
    weighed_ = from.get<std::uint8_t>() != 0;
    for (auto* parts : {&labeled_, &candidates_}) {
      parts->clear();
      for (auto count = from.get<std::uint64_t>(); count > 0; --count) {
        parts->push_back(from.get_text());
      }
    }
    sizes_ = from.get_all<std::size_t>();
    rows_ = from.get_all<std::uint64_t>();
    own_scores_ = from.get_all<double>();
    gains_ = from.get_all<std::int64_t>();
    seen_ = from.get_all<std::uint32_t>();
    picked_ = from.get_all<std::uint32_t>();
    asked_ = from.get_all<std::uint32_t>();
    pick_gains_ = from.get_all<std::int64_t>();
    together_ = from.get<std::uint64_t>();
    best_shard_ = from.get<std::uint64_t>();
    best_shards_gain_ = from.get<std::int64_t>();
    told_ = picked_.size();
    fill_heap();
  }
  std::size_t progress() const override { return done_ ? merge_.batch : picked_.size(); }

 private:
  struct Entry {
    std::int64_t gain;
    std::uint64_t row;
    std::uint32_t place;
    bool operator<(const Entry& other) const {
      return gain != other.gain ? gain < other.gain : row > other.row;
    }
  };

  void choose_radius() {
    Writer all;
    put_parts(labeled_, all);
    const std::string message = all.take();
    Reader reader(message);
    const Matrix<float> labeled = get_parts(reader);
    std::vector<Index> rows(labeled.rows());
    std::iota(rows.begin(), rows.end(), Index{0});
    const bool by_uncertainty = merge_.info.needs.probabilities;
    radius_ = by_uncertainty ? herding_radius(merge_.options.values, labeled, rows, merge_.workers)
                             : HerdingRadius{merge_.options.values.real("radius"), ""};
    weighed_ = by_uncertainty && merge_.labeled > 0 && merge_.has_probabilities;
    phase_ = HerdAsk::kGreedy;
  }

  void take_labeled(std::vector<Reader>& answers) {
    for (std::size_t s = 0; s < answers.size(); ++s) {
      if (merge_.shards[s].labeled > 0) labeled_.push_back(answers[s].get_rows_as_sent());
    }
    choose_radius();
  }

  void take_candidates(std::vector<Reader>& answers) {
    for (std::size_t s = 0; s < answers.size(); ++s) {
      sizes_.push_back(0);
      if (merge_.shards[s].unlabeled == 0) continue;
      const std::vector<std::uint64_t> rows = answers[s].get_all<std::uint64_t>();
      const std::vector<double> scores = answers[s].get_all<double>();
      if (scores.size() != rows.size()) throw Error("message", "answers another question");
      sizes_.back() = rows.size();
      rows_.insert(rows_.end(), rows.begin(), rows.end());
      own_scores_.insert(own_scores_.end(), scores.begin(), scores.end());
      candidates_.push_back(answers[s].get_rows_as_sent());
    }
    phase_ = HerdAsk::kWeigh;
  }

  void add(const std::vector<std::int64_t>& some, std::vector<std::int64_t>& sum) const {
    if (some.size() != sum.size()) throw Error("message", "answers another question");
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += some[i];
  }

  void take_weights(std::vector<Reader>& answers) {
    gains_.assign(rows_.size(), 0);
    std::vector<std::int64_t> together(sizes_.size(), 0);
    for (std::size_t s = 0; s < answers.size(); ++s) {
      if (merge_.shards[s].unlabeled == 0) continue;
      add(answers[s].get_all<std::int64_t>(), gains_);
      add(answers[s].get_all<std::int64_t>(), together);
    }
    seen_.assign(rows_.size(), 0);
    for (std::size_t s = 0; s < sizes_.size(); ++s) {
      // Those of a shard that has too few rows are no batch.
      if (sizes_[s] == merge_.batch && together[s] > best_shards_gain_) {
        best_shard_ = s;
        best_shards_gain_ = together[s];
      }
    }
    phase_ = HerdAsk::kGains;
    fill_heap();
    pick();
  }

  void take_gains(std::vector<Reader>& answers) {
    std::vector<std::int64_t> sum(asked_.size(), 0);
    for (std::size_t s = 0; s < answers.size(); ++s) {
      if (merge_.shards[s].unlabeled > 0) add(answers[s].get_all<std::int64_t>(), sum);
    }
    told_ = picked_.size();
    for (std::size_t i = 0; i < asked_.size(); ++i) {
      gains_[asked_[i]] = sum[i];
      seen_[asked_[i]] = static_cast<std::uint32_t>(picked_.size());
    }
    fill_heap();
    pick();
  }

  void fill_heap() {
    std::vector<bool> is_picked(rows_.size(), false);
    for (const std::uint32_t place : picked_) is_picked[place] = true;
    std::vector<Entry> entries;
    for (std::uint32_t place = 0; place < rows_.size(); ++place) {
      if (!is_picked[place]) entries.push_back({gains_[place], rows_[place], place});
    }
    heap_ = std::priority_queue<Entry>(std::less<Entry>(), std::move(entries));
  }

  /// Gains only fall: the top of the heap is the largest if it is up to date.
  void pick() {
    if (seen_[heap_.top().place] == picked_.size()) {
      const Entry top = heap_.top();
      heap_.pop();
      picked_.push_back(top.place);
      pick_gains_.push_back(top.gain);
      together_ = kFewTogether;
      if (picked_.size() == merge_.batch) return finish();
    } else {
      together_ = std::min(2 * together_, kManyTogether);
    }
    asked_.clear();
    while (asked_.size() < together_ && !heap_.empty()) {
      asked_.push_back(heap_.top().place);
      heap_.pop();
    }
  }

  void finish() {
    const std::int64_t gain =
        std::accumulate(pick_gains_.begin(), pick_gains_.end(), std::int64_t{0});
    const auto count = static_cast<double>(merge_.labeled + merge_.unlabeled);
    const bool from_all = gain >= best_shards_gain_;
    std::size_t first = 0;
    for (std::size_t s = 0; s < best_shard_ && !from_all; ++s) first += sizes_[s];
    for (std::size_t i = 0; i < merge_.batch; ++i) {
      const std::size_t place = from_all ? picked_[i] : first + i;
      selection.indices.push_back(static_cast<Index>(rows_[place]));
      selection.scores.push_back(from_all
                                     ? static_cast<double>(pick_gains_[i]) * kCoverageUnit / count
                                     : own_scores_[place] / count);
    }
    if (merge_.info.needs.probabilities && !weighed_) {
      selection.notes.push_back(merge_.labeled == 0
                                    ? "uherding: no labels, every row weighs the same"
                                    : "uherding: no probabilities, every row weighs the same");
    }
    if (merge_.info.needs.probabilities) {
      selection.notes.push_back("uherding: radius " + std::to_string(radius_.radius) +
                                radius_.chosen);
    }
    std::size_t asked = 0;
    for (const std::size_t size : sizes_) asked += size > 0 ? 1 : 0;
    if (asked > 1) {
      selection.notes.push_back(fmt::format(
          "{}: approximate (RandGreeDi), picked from the {} picks of {} shards{}; covers at least "
          "(1 - 1/e) / 2 of the best in expectation where rows are dealt to shards at random",
          merge_.info.name, rows_.size(), asked,
          from_all ? "" : fmt::format(", those of shard {} alone, which cover more", best_shard_)));
    }
    done_ = true;
  }

  MergeView merge_;
  HerdAsk phase_ = HerdAsk::kLabeled;
  bool done_ = false;
  HerdingRadius radius_;
  bool weighed_ = false;
  std::vector<std::string> labeled_;     // embeddings, as the shards sent them
  std::vector<std::string> candidates_;  // the same
  std::vector<std::size_t> sizes_;       // candidates of each shard
  std::vector<std::uint64_t> rows_;      // of each candidate
  std::vector<double> own_scores_;       // on its own shard, a sum
  std::vector<std::int64_t> gains_;      // of each candidate, on all shards
  std::vector<std::uint32_t> seen_;      // picks when its gain was computed
  std::priority_queue<Entry> heap_;
  std::vector<std::uint32_t> picked_, asked_;  // candidates
  std::vector<std::int64_t> pick_gains_;
  std::size_t told_ = 0;  // picks that the shards know
  std::size_t together_ = kFewTogether;
  std::size_t best_shard_ = 0;
  std::int64_t best_shards_gain_ = -1;
};

}  // namespace

std::unique_ptr<MergerSteps> herding_merger(const MergeView& merge) {
  return std::make_unique<HerdingMerger>(merge);
}

}  // namespace goldpan::distributed
