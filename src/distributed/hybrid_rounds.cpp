#include <algorithm>
#include <cmath>

#include "distributed/best_rows.hpp"
#include "distributed/steps.hpp"
#include "strategies/farthest_first.hpp"
#include "strategies/rows.hpp"

// The hybrid's shortlist is small: it is merged as scores are, its embeddings and those of the
// labelled rows are fetched, and the coordinator picks as one machine does.
namespace goldpan::distributed {
namespace {

enum class HybridAsk : std::uint8_t { kShortlist, kEmbeddings };

class HybridShard : public ShardSteps {
 public:
  explicit HybridShard(const ShardView& shard) : shard_(shard) {
    if (shard.pool.probabilities.empty() && !shard.pool.unlabeled.empty()) {
      throw Error("probabilities",
                  "got none: without them hybrid starts cold, which needs "
                  "the whole pool in one place");
    }
  }

  void propose(Reader& request, Writer& answer) override {
    if (request.get<HybridAsk>() == HybridAsk::kShortlist) {
      put_best_rows(shard_, rows::entropy, request.get<std::uint64_t>(), answer);
      return;
    }
    std::vector<Index> rows;
    for (const std::uint64_t row : request.get_all<std::uint64_t>()) {
      if (row - shard_.first_row >= shard_.pool.embeddings.rows()) {
        throw Error("message", "asks for a row of another shard");
      }
      rows.push_back(static_cast<Index>(row - shard_.first_row));
    }
    answer.put_rows(shard_.pool.embeddings, shard_.pool.labeled);
    answer.put_rows(shard_.pool.embeddings, rows);
  }

 private:
  ShardView shard_;
};

class HybridMerger : public MergerSteps {
 public:
  explicit HybridMerger(const MergeView& merge) : merge_(merge) {
    const double wanted =
        std::ceil(merge.options.values.real("shortlist_factor") * static_cast<double>(merge.batch));
    size_ = std::clamp(static_cast<std::size_t>(std::min(wanted, 0x1p52)), merge.batch,
                       merge.unlabeled);
  }

  bool done() const override { return done_; }

  void request(std::size_t shard, bool /*fresh*/, Writer& request) const override {
    if (ask_ == HybridAsk::kShortlist) {
      request.put(ask_);
      request.put<std::uint64_t>(size_);
    } else if (!wanted_[shard].empty() || merge_.shards[shard].labeled > 0) {
      request.put(ask_);
      request.put_all(wanted_[shard]);
    }
  }

  void merge(std::vector<Reader>& answers) override {
    if (ask_ == HybridAsk::kShortlist) {
      std::vector<std::string> none;
      for (const ScoredRow& best : merge_best_rows(Best::kLargest, answers, size_, none)) {
        shortlist_.push_back(best.row);
      }
      std::ranges::sort(shortlist_);
      wanted_.resize(answers.size());
      for (const std::uint64_t row : shortlist_) wanted_[merge_.shard_of(row)].push_back(row);
      ask_ = HybridAsk::kEmbeddings;
      return;
    }
    // One matrix: the labelled rows of all shards, then the shortlist, each ascending.
    std::vector<float> labeled, listed;
    std::size_t cols = 0;
    for (std::size_t s = 0; s < answers.size(); ++s) {
      if (wanted_[s].empty() && merge_.shards[s].labeled == 0) continue;
      const Matrix<float> own_labeled = answers[s].get_rows(), own_listed = answers[s].get_rows();
      if (own_labeled.rows() != merge_.shards[s].labeled ||
          own_listed.rows() != wanted_[s].size()) {
        throw Error("message", "answers another question");
      }
      labeled.insert(labeled.end(), own_labeled.data(), own_labeled.data() + own_labeled.size());
      listed.insert(listed.end(), own_listed.data(), own_listed.data() + own_listed.size());
      cols = own_listed.cols();
    }
    std::vector<Index> centers(merge_.labeled), candidates(shortlist_.size());
    for (std::size_t i = 0; i < centers.size(); ++i) centers[i] = static_cast<Index>(i);
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      candidates[i] = static_cast<Index>(centers.size() + i);
    }
    labeled.insert(labeled.end(), listed.begin(), listed.end());
    const MatrixView<const float> rows(labeled.data(), labeled.size() / cols, cols);
    selection = farthest_first(rows, candidates, centers, merge_.batch, merge_.workers, {});
    for (Index& index : selection.indices) {
      index = static_cast<Index>(shortlist_[index - centers.size()]);
    }
    done_ = true;
  }

 private:
  MergeView merge_;
  std::size_t size_ = 0;
  HybridAsk ask_ = HybridAsk::kShortlist;
  std::vector<std::uint64_t> shortlist_;            // ascending
  std::vector<std::vector<std::uint64_t>> wanted_;  // of it, those of each shard
  bool done_ = false;
};

}  // namespace

std::unique_ptr<ShardSteps> hybrid_shard(const ShardView& shard) {
  return std::make_unique<HybridShard>(shard);
}
std::unique_ptr<MergerSteps> hybrid_merger(const MergeView& merge) {
  return std::make_unique<HybridMerger>(merge);
}

}  // namespace goldpan::distributed
