#include <algorithm>
#include <cmath>
#include <optional>
#include <queue>
#include <unordered_map>

#include "distributed/far_rows.hpp"
#include "distributed/steps.hpp"
#include "kernels/distance.hpp"
#include "strategies/closest_to_mean.hpp"

// Farthest-first by rounds. Each shard names its farthest rows; no other row of it is farther than
// the last of them, nor ever will be, since distances only fall. So among all that were named, the
// farthest is the next pick of one machine as long as it does not come after any shard's last.
// Names are cheap, embeddings are dear: only those of the rows that may be picked are fetched.
namespace goldpan::distributed {
namespace {

/// Rows whose embeddings the coordinator holds at most, beside the centers; and at least.
constexpr std::size_t kMostCandidates = 16384;
constexpr std::size_t kFewestCandidates = 512;

class KCenterMerger : public MergerSteps {
 public:
  explicit KCenterMerger(const MergeView& merge)
      : merge_(merge),
        phase_(merge.labeled > 0 ? FarAsk::kLabeled : FarAsk::kPrepareMean),
        wanted_(merge.shards.size()) {}

  bool done() const override { return selection.indices.size() == merge_.batch; }

  void request(std::size_t shard, bool fresh, Writer& request) const override {
    switch (phase_) {
      case FarAsk::kLabeled:
        if (merge_.shards[shard].labeled > 0) request.put(phase_);
        return;
      case FarAsk::kPrepareMean:
        request.put(phase_);
        request.put<std::uint64_t>(unlabeled_before(shard));
        return;
      case FarAsk::kFoldMean:
        if (shard != folding_) return;
        request.put(phase_);
        request.put<std::uint64_t>(unlabeled_before(shard));
        request.put_all(total_);
        request.put_all(open_);
        return;
      case FarAsk::kClosest:
        request.put(phase_);
        request.put_all(mean_);
        return;
      case FarAsk::kFarthest:
        if (merge_.shards[shard].unlabeled == 0) return;
        request.put(phase_);
        put_centers(fresh ? 0 : known_, center_count(), request);
        request.put<std::uint64_t>(names());
        return;
      case FarAsk::kValues:
        if (wanted_[shard].empty()) return;
        request.put(phase_);
        request.put<std::uint8_t>(fresh ? 1 : 0);
        if (fresh) put_centers(0, known_, request);  // the next question goes on from these
        request.put_all(wanted_[shard]);
        return;
    }
  }

  void merge(std::vector<Reader>& answers) override {
    switch (phase_) {
      case FarAsk::kLabeled:
        for (std::size_t s = 0; s < answers.size(); ++s) {
          if (merge_.shards[s].labeled > 0) add_centers(answers[s].get_rows());
        }
        phase_ = FarAsk::kFarthest;
        return;
      case FarAsk::kPrepareMean:
        phase_ = FarAsk::kFoldMean;
        return;
      case FarAsk::kFoldMean:
        return fold(answers[folding_]);
      case FarAsk::kClosest:
        return take_closest(answers);
      case FarAsk::kFarthest:
        return take_names(answers);
      case FarAsk::kValues:
        return take_values(answers);
    }
  }

  /// Between rounds nothing but the centers and the picks is needed.
  void save(Writer& to) const override {
    if (phase_ != FarAsk::kFarthest && phase_ != FarAsk::kValues) return;
    to.put_matrix({centers_.data(), center_count(), dims_}, half_);
    to.put<std::uint8_t>(half_ ? 1 : 0);
    to.put_all(selection.indices);
    to.put_all(selection.scores);
    to.put<std::uint64_t>(room_);
  }
  void load(Reader& from) override {
    add_centers(from.get_rows());
    half_ = from.get<std::uint8_t>() != 0;
    selection.indices = from.get_all<Index>();
    selection.scores = from.get_all<double>();
    room_ = from.get<std::uint64_t>();
    phase_ = FarAsk::kFarthest;
    known_ = 0;
  }

 private:
  struct Candidate {
    FarRow far;
    std::size_t place = 0;  // of its embedding
    std::size_t known = 0;  // centers that `far` knows of
  };

  std::size_t center_count() const { return dims_ == 0 ? 0 : centers_.size() / dims_; }

  std::uint64_t unlabeled_before(std::size_t shard) const {
    std::uint64_t before = 0;
    for (std::size_t s = 0; s < shard; ++s) before += merge_.shards[s].unlabeled;
    return before;
  }

  void add_centers(const Matrix<float>& rows) {
    dims_ = rows.cols();
    centers_.insert(centers_.end(), rows.data(), rows.data() + rows.size());
    half_ = half_ && std::all_of(rows.data(), rows.data() + rows.size(), is_half);
  }
  static bool is_half(float value) { return to_float(to_half(value)) == value; }

  /// Names a shard: enough of all together to fill the room, and some more, for shards differ.
  std::size_t names() const { return 3 * room_ / (2 * merge_.shards.size()) + 32; }

  /// Centers [first, last), with the picks among them.
  void put_centers(std::size_t first, std::size_t last, Writer& request) const {
    request.put<std::uint64_t>(first);
    request.put<std::uint64_t>(merge_.labeled + merge_.batch);
    request.put_matrix({centers_.data() + first * dims_, last - first, dims_}, half_);
    std::vector<std::uint64_t> picks;
    for (std::size_t center = std::max(first, merge_.labeled); center < last; ++center) {
      picks.push_back(selection.indices[center - merge_.labeled]);
    }
    request.put_all(picks);
  }

  void fold(Reader& answer) {
    total_ = answer.get_all<double>();
    open_ = answer.get_all<double>();
    if (++folding_ < merge_.shards.size()) return;
    for (std::size_t d = 0; d < total_.size(); ++d) {
      mean_.push_back(
          static_cast<float>((total_[d] + open_[d]) / static_cast<double>(merge_.unlabeled)));
    }
    phase_ = FarAsk::kClosest;
  }

  void take_closest(std::vector<Reader>& answers) {
    std::optional<FarRow> closest;
    Matrix<float> values;
    for (Reader& answer : answers) {
      const std::vector<FarRow> found = answer.get_all<FarRow>();
      if (found.empty()) continue;
      Matrix<float> row = answer.get_rows();
      // Shards come in the order of their rows: of equals, the first stays.
      if (closest && !(found[0].squared < closest->squared)) continue;
      closest = found[0];
      values = std::move(row);
    }
    pick(*closest, values.row(0));
    phase_ = FarAsk::kFarthest;
  }

  void pick(const FarRow& far, std::span<const float> values) {
    Matrix<float> row(1, values.size());
    std::ranges::copy(values, row.data());
    add_centers(row);
    selection.indices.push_back(static_cast<Index>(far.row));
    selection.scores.push_back(std::sqrt(static_cast<double>(far.squared)));
  }

  void take_names(std::vector<Reader>& answers) {
    known_ = center_count();
    std::vector<FarRow> named;
    std::optional<FarRow> last;  // no row that was not named comes before it
    const auto bound_by = [&](const FarRow& far) {
      if (!last || far.before(*last)) last = far;
    };
    for (std::size_t s = 0; s < answers.size(); ++s) {
      if (merge_.shards[s].unlabeled == 0) continue;
      const std::vector<FarRow> far = answers[s].get_all<FarRow>();
      if (far.size() == names()) bound_by(far.back());
      named.insert(named.end(), far.begin(), far.end());
    }
    if (named.empty()) throw Error("message", "names no row though picks are missing");
    std::ranges::sort(named, [](const FarRow& a, const FarRow& b) { return a.before(b); });
    if (named.size() > room_) {
      bound_by(named[room_ - 1]);
      named.resize(room_);
    }
    if (last) std::erase_if(named, [&](const FarRow& far) { return last->before(far); });
    bound_ = last;

    // Embeddings that are here from the last round are kept.
    std::unordered_map<std::uint64_t, std::size_t> held;
    for (const Candidate& candidate : candidates_) held[candidate.far.row] = candidate.place;
    Matrix<float> values(named.size(), dims_);
    candidates_.clear();
    for (auto& wanted : wanted_) wanted.clear();
    wanted_places_.assign(merge_.shards.size(), {});
    bool fetch = false;
    for (std::size_t i = 0; i < named.size(); ++i) {
      candidates_.push_back({named[i], i, known_});
      if (const auto found = held.find(named[i].row); found != held.end()) {
        std::ranges::copy(values_.row(found->second), values.row(i).begin());
        continue;
      }
      const std::size_t shard = merge_.shard_of(named[i].row);
      wanted_[shard].push_back(named[i].row);
      wanted_places_[shard].push_back(i);
      fetch = true;
    }
    values_ = std::move(values);
    phase_ = FarAsk::kValues;
    if (!fetch) emit();
  }

  void take_values(std::vector<Reader>& answers) {
    for (std::size_t s = 0; s < answers.size(); ++s) {
      if (wanted_[s].empty()) continue;
      const Matrix<float> rows = answers[s].get_rows();
      if (rows.rows() != wanted_[s].size() || rows.cols() != dims_) {
        throw Error("message", "answers another question");
      }
      for (std::size_t i = 0; i < rows.rows(); ++i) {
        std::ranges::copy(rows.row(i), values_.row(wanted_places_[s][i]).begin());
      }
    }
    emit();
  }

  /// Picks among the candidates, lazily as one machine does: an old distance is an upper bound.
  void emit() {
    const auto after = [&](std::size_t a, std::size_t b) {
      return candidates_[b].far.before(candidates_[a].far);
    };
    std::vector<std::size_t> all(candidates_.size());
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
    std::priority_queue<std::size_t, std::vector<std::size_t>, decltype(after)> queue(
        after, std::move(all));
    const std::size_t before = selection.indices.size();
    std::vector<bool> picked(candidates_.size(), false);
    while (!queue.empty() && !done()) {
      const std::size_t top = queue.top();
      Candidate& candidate = candidates_[top];
      if (bound_ && bound_->before(candidate.far)) break;
      queue.pop();
      if (candidate.known < center_count()) {
        for (; candidate.known < center_count(); ++candidate.known) {
          const float squared = squared_distance(values_.row(candidate.place).data(),
                                                 centers_.data() + candidate.known * dims_, dims_);
          candidate.far.squared = std::min(candidate.far.squared, squared);
        }
        queue.push(top);
        continue;
      }
      pick(candidate.far, values_.row(candidate.place));
      picked[top] = true;
    }
    std::vector<Candidate> rest;
    for (std::size_t i = 0; i < candidates_.size(); ++i) {
      if (!picked[i]) rest.push_back(candidates_[i]);
    }
    candidates_ = std::move(rest);
    // Where a round brings few picks for the rows it looks at, the next looks at more.
    const std::size_t round_picks = selection.indices.size() - before;
    if (round_picks * 4 < room_) room_ = std::min(2 * room_, kMostCandidates);
    phase_ = FarAsk::kFarthest;
  }

  MergeView merge_;
  FarAsk phase_;
  // While there are no centers: the sum of all unlabelled rows, shard by shard.
  std::size_t folding_ = 0;
  std::vector<double> total_, open_;
  std::vector<float> mean_;

  std::size_t dims_ = 0;
  std::vector<float> centers_;  // the labelled rows, then the picks
  bool half_ = true;            // so far all their values are float16
  std::size_t known_ = 0;       // centers that all shards know
  std::size_t room_ = kFewestCandidates;
  std::optional<FarRow> bound_;
  std::vector<Candidate> candidates_;
  Matrix<float> values_;                                 // their embeddings
  std::vector<std::vector<std::uint64_t>> wanted_;       // rows to be fetched from each shard
  std::vector<std::vector<std::size_t>> wanted_places_;  // and where they go
};

}  // namespace

std::unique_ptr<MergerSteps> k_center_merger(const MergeView& merge) {
  return std::make_unique<KCenterMerger>(merge);
}

}  // namespace goldpan::distributed
