#include <algorithm>
#include <unordered_map>

#include "distributed/steps.hpp"

// The draws of one machine without its list of all rows: positions are drawn among the unlabelled
// rows of all shards, and each shard says which rows stand there.
namespace goldpan::distributed {
namespace {

class RandomShard : public ShardSteps {
 public:
  explicit RandomShard(const ShardView& shard) : shard_(shard) {}

  void propose(Reader& request, Writer& answer) override {
    std::vector<std::uint64_t> rows = request.get_all<std::uint64_t>();
    for (std::uint64_t& place : rows) {
      if (place >= shard_.pool.unlabeled.size()) {
        throw Error("message", "asks for a place beyond the last unlabelled row");
      }
      place = shard_.first_row + shard_.pool.unlabeled[place];
    }
    answer.put_all(rows);
  }

 private:
  ShardView shard_;
};

class RandomMerger : public MergerSteps {
 public:
  explicit RandomMerger(const MergeView& merge) : merge_(merge), places_(merge.shards.size()) {
    // Generator::sample, which swaps within the list of all rows, with a list of the swaps alone.
    Generator generator = merge.generator;
    std::unordered_map<std::uint64_t, std::uint64_t> swapped;
    const auto at = [&](std::uint64_t place) {
      const auto found = swapped.find(place);
      return found == swapped.end() ? place : found->second;
    };
    for (std::uint64_t i = 0; i < merge.batch; ++i) {
      const std::uint64_t j = i + generator.below(merge.unlabeled - i);
      const std::uint64_t drawn = at(j);
      swapped[j] = at(i);
      std::size_t shard = 0;
      std::uint64_t place = drawn;
      while (place >= merge.shards[shard].unlabeled) place -= merge.shards[shard++].unlabeled;
      order_.push_back({shard, places_[shard].size()});
      places_[shard].push_back(place);
    }
  }

  bool done() const override { return done_; }

  void request(std::size_t shard, bool /*fresh*/, Writer& request) const override {
    if (!places_[shard].empty()) request.put_all(places_[shard]);
  }

  void merge(std::vector<Reader>& answers) override {
    std::vector<std::vector<std::uint64_t>> rows(answers.size());
    for (std::size_t s = 0; s < answers.size(); ++s) {
      if (!places_[s].empty()) rows[s] = answers[s].get_all<std::uint64_t>();
      if (rows[s].size() != places_[s].size()) throw Error("message", "answers another question");
    }
    for (const auto& [shard, i] : order_) {
      selection.indices.push_back(static_cast<Index>(rows[shard][i]));
    }
    selection.scores.assign(merge_.batch, 0.0);
    done_ = true;
  }

 private:
  struct Drawn {
    std::size_t shard, i;
  };
  MergeView merge_;
  std::vector<std::vector<std::uint64_t>> places_;  // asked of each shard
  std::vector<Drawn> order_;
  bool done_ = false;
};

}  // namespace

std::unique_ptr<ShardSteps> random_shard(const ShardView& shard) {
  return std::make_unique<RandomShard>(shard);
}
std::unique_ptr<MergerSteps> random_merger(const MergeView& merge) {
  return std::make_unique<RandomMerger>(merge);
}

}  // namespace goldpan::distributed
