#include <algorithm>

#include "distributed/best_rows.hpp"
#include "strategies/rows.hpp"

namespace goldpan::distributed {

void put_best_rows(const ShardView& shard, const StrategyInfo& strategy, std::size_t count,
                   Writer& answer) {
  Selection best;
  count = std::min(count, shard.pool.unlabeled.size());
  Generator unused(0);  // scores are not drawn
  if (count > 0) {
    best = select_by(strategy, shard.pool, count, shard.options, unused, shard.workers);
  }
  std::vector<ScoredRow> rows;
  for (std::size_t i = 0; i < best.indices.size(); ++i) {
    rows.push_back({best.scores[i], shard.first_row + best.indices[i]});
  }
  answer.put_all(rows);
  answer.put<std::uint64_t>(best.notes.size());
  for (const std::string& note : best.notes) answer.put_text(note);
}

std::vector<ScoredRow> merge_best_rows(Best first, std::vector<Reader>& answers, std::size_t count,
                                       std::vector<std::string>& notes) {
  std::vector<ScoredRow> rows;
  for (Reader& answer : answers) {
    const std::vector<ScoredRow> some = answer.get_all<ScoredRow>();
    rows.insert(rows.end(), some.begin(), some.end());
    for (auto left = answer.get<std::uint64_t>(); left > 0; --left) {
      std::string note = answer.get_text();
      if (std::ranges::find(notes, note) == notes.end()) notes.push_back(std::move(note));
    }
  }
  std::ranges::sort(rows, [&](const ScoredRow& a, const ScoredRow& b) {
    if (a.score != b.score) return (a.score < b.score) == (first == Best::kSmallest);
    return a.row < b.row;
  });
  rows.resize(std::min(count, rows.size()));
  return rows;
}

namespace {

class ScoresShard : public ShardSteps {
 public:
  explicit ScoresShard(const ShardView& shard) : shard_(shard) {}
  void propose(Reader& request, Writer& answer) override {
    put_best_rows(shard_, shard_.info, request.get<std::uint64_t>(), answer);
  }

 private:
  ShardView shard_;
};

class ScoresMerger : public MergerSteps {
 public:
  ScoresMerger(const MergeView& merge, Best first) : merge_(merge), first_(first) {}

  bool done() const override { return done_; }
  void request(std::size_t /*shard*/, bool /*fresh*/, Writer& request) const override {
    request.put<std::uint64_t>(merge_.batch);
  }
  void merge(std::vector<Reader>& answers) override {
    for (const ScoredRow& best : merge_best_rows(first_, answers, merge_.batch, selection.notes)) {
      selection.indices.push_back(static_cast<Index>(best.row));
      selection.scores.push_back(best.score);
    }
    done_ = true;
  }

 private:
  MergeView merge_;
  Best first_;
  bool done_ = false;
};

}  // namespace

std::unique_ptr<ShardSteps> scores_shard(const ShardView& shard) {
  return std::make_unique<ScoresShard>(shard);
}
std::unique_ptr<MergerSteps> scores_merger(const MergeView& merge) {
  return std::make_unique<ScoresMerger>(merge, Best::kLargest);
}
std::unique_ptr<MergerSteps> smallest_scores_merger(const MergeView& merge) {
  return std::make_unique<ScoresMerger>(merge, Best::kSmallest);
}

}  // namespace goldpan::distributed
