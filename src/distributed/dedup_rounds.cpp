#include <algorithm>
#include <memory>
#include <optional>

#include "distributed/steps.hpp"
#include "strategies/twin_search.hpp"

// The rows of a pool in their order, shard after shard: one goes on, names the rows it keeps, some
// at a time, and all that come after compare theirs with these meanwhile. So nobody holds more of
// others' rows than one handful, and what is kept is what one machine keeps.
//
// A shard says how many of the rows kept before it it has met. One that was made anew has met none,
// and is given them again, from the shards that hold them: nothing else has to be remembered.
namespace goldpan::distributed {
namespace {

enum class TwinAsk : std::uint8_t {
  kMeet,    // compare your rows with these, which were kept before
  kGoOn,    // your turn: the rows that you keep, from this one on
  kValues,  // the embeddings of these rows
};

class DedupShard : public ShardSteps {
 public:
  explicit DedupShard(const ShardView& shard) : shard_(shard) { begin(); }

  void propose(Reader& request, Writer& answer) override {
    switch (request.get<TwinAsk>()) {
      case TwinAsk::kMeet:
        return meet(request, answer);
      case TwinAsk::kGoOn:
        return go_on(request, answer);
      case TwinAsk::kValues:
        return values(request, answer);
    }
    throw Error("message", "asks what deduplication does not know");
  }

 private:
  void begin() {
    search_ = std::make_unique<TwinSearch>(shard_.pool.embeddings, shard_.first_row,
                                           shard_.options.values.real("cosine"));
    met_ = 0;
  }

  void meet(Reader& request, Writer& answer) {
    const auto first = request.get<std::uint64_t>();
    const std::vector<Index> rows = request.get_all<Index>();
    const std::size_t dims = shard_.pool.embeddings.cols();
    Matrix<float> kept(rows.size(), dims);
    std::size_t filled = 0;
    for (auto parts = request.get<std::uint64_t>(); parts > 0; --parts) {
      const Matrix<float> part = request.get_rows();
      if (part.cols() != dims || part.rows() > rows.size() - filled) {
        throw Error("message", "is of another width");
      }
      std::copy_n(part.data(), part.size(), kept.data() + filled * dims);
      filled += part.rows();
    }
    if (filled != rows.size()) throw Error("message", "is of another width");
    if (first == 0 && met_ > 0) begin();  // from the beginning, whatever was known
    if (first == met_) {
      search_->meet(kept, rows, shard_.workers);
      met_ += rows.size();
    }
    answer.put<std::uint64_t>(met_);
  }

  void go_on(Reader& request, Writer& answer) {
    const auto to_meet = request.get<std::uint64_t>(), skip = request.get<std::uint64_t>(),
               handful = request.get<std::uint64_t>();
    answer.put<std::uint64_t>(met_);
    if (met_ != to_meet) return;
    while (!search_->finished() && search_->kept().size() < skip + handful) {
      search_->step(shard_.workers);
    }
    const std::vector<Index>& kept = search_->kept();
    if (skip > kept.size()) throw Error("message", "goes on after the last row");
    const std::size_t count = std::min<std::size_t>(handful, kept.size() - skip);
    const auto rows = std::span<const Index>(kept).subspan(skip, count);
    std::vector<Index> own(rows.begin(), rows.end());
    for (Index& row : own) row = static_cast<Index>(row - shard_.first_row);
    answer.put_all(rows);
    answer.put_rows(shard_.pool.embeddings, own);
    answer.put<std::uint64_t>(search_->passed());
    const bool finished = search_->finished() && skip + count == kept.size();
    answer.put<std::uint8_t>(finished ? 1 : 0);
    if (!finished) return;
    std::vector<Twin> twins;
    for (std::size_t i = 0; i < search_->kept_row_of().size(); ++i) {
      const auto row = static_cast<Index>(shard_.first_row + i);
      if (search_->kept_row_of()[i] != row) twins.push_back({row, search_->kept_row_of()[i]});
    }
    answer.put_all(twins);
  }

  void values(Reader& request, Writer& answer) {
    std::vector<Index> rows = request.get_all<Index>();
    for (Index& row : rows) {
      if (row - shard_.first_row >= shard_.pool.embeddings.rows()) {
        throw Error("message", "asks for a row of another shard");
      }
      row = static_cast<Index>(row - shard_.first_row);
    }
    answer.put_rows(shard_.pool.embeddings, rows);
  }

  ShardView shard_;
  std::unique_ptr<TwinSearch> search_;
  std::size_t met_ = 0;  // of the rows kept before this shard
};

class DedupMerger : public MergerSteps {
 public:
  explicit DedupMerger(const MergeView& merge)
      : merge_(merge),
        handful_size_(merge.options.values.count("handful")),
        met_(merge.shards.size(), 0) {
    skip_empty();
  }

  bool done() const override { return turn_ == merge_.shards.size(); }
  std::size_t progress() const override { return passed_; }

  void request(std::size_t shard, bool /*fresh*/, Writer& request) const override {
    if (!wanted_.empty()) {
      if (wanted_[shard].empty()) return;
      request.put(TwinAsk::kValues);
      request.put_all(wanted_[shard]);
      return;
    }
    if (shard < turn_ || merge_.shards[shard].rows == 0) return;
    if (shard == turn_ && met_[shard] == start_) {
      if (!may_go_on()) return;
      request.put(TwinAsk::kGoOn);
      request.put<std::uint64_t>(start_);
      request.put<std::uint64_t>(selection.indices.size() - start_);
      request.put<std::uint64_t>(handful_size_);
      return;
    }
    if (handful_rows_.empty() || met_[shard] != handful_first_) return;
    request.put(TwinAsk::kMeet);
    request.put<std::uint64_t>(handful_first_);
    request.put_all(handful_rows_);
    request.put<std::uint64_t>(handful_.size());
    for (const std::string& part : handful_) request.put_bytes(part);
  }

  void merge(std::vector<Reader>& answers) override {
    if (!wanted_.empty()) {
      take_values(answers);
    } else {
      take_steps(answers);
    }
    if (!done()) plan();
  }

  void save(Writer& to) const override {
    to.put_all(selection.indices);
    to.put_all(twins);
    to.put<std::uint64_t>(turn_);
    to.put<std::uint64_t>(start_);
    to.put<std::uint64_t>(passed_);
  }
  void load(Reader& from) override {
    selection.indices = from.get_all<Index>();
    twins = from.get_all<Twin>();
    turn_ = from.get<std::uint64_t>();
    start_ = from.get<std::uint64_t>();
    passed_ = from.get<std::uint64_t>();
    if (!done()) plan();
  }

 private:
  /// Rows kept before this shard, as far as is known.
  std::size_t to_meet(std::size_t shard) const {
    return shard == turn_ ? start_ : selection.indices.size();
  }
  /// The fewest that a shard has met which has not met all.
  std::optional<std::size_t> least_met() const {
    std::optional<std::size_t> least;
    for (std::size_t s = turn_; s < met_.size(); ++s) {
      if (merge_.shards[s].rows == 0 || met_[s] >= to_meet(s)) continue;
      if (!least || met_[s] < *least) least = met_[s];
    }
    return least;
  }
  /// Not while others lag behind by more than the handful that is here.
  bool may_go_on() const {
    const std::optional<std::size_t> least = least_met();
    return !least || (!handful_rows_.empty() && *least == handful_first_ &&
                      handful_first_ + handful_rows_.size() == selection.indices.size());
  }

  void skip_empty() {
    while (turn_ < merge_.shards.size() && merge_.shards[turn_].rows == 0) ++turn_;
  }

  void take_steps(std::vector<Reader>& answers) {
    // Those that met the handful speak of the one that was sent, before the next one takes its
    // place.
    const bool goes_on = met_[turn_] == start_ && may_go_on();
    const std::size_t first = handful_first_;
    for (std::size_t s = turn_; s < answers.size(); ++s) {
      const bool asked_to_meet = !(s == turn_ && met_[s] == start_) && !handful_rows_.empty() &&
                                 met_[s] == first && merge_.shards[s].rows > 0;
      if (asked_to_meet) met_[s] = answers[s].get<std::uint64_t>();
    }
    if (!goes_on) return;
    Reader& answer = answers[turn_];
    met_[turn_] = answer.get<std::uint64_t>();
    if (met_[turn_] != start_) return;  // made anew: it has to meet them all again
    handful_first_ = selection.indices.size();
    handful_rows_ = answer.get_all<Index>();
    handful_ = {answer.get_rows_as_sent()};
    selection.indices.insert(selection.indices.end(), handful_rows_.begin(), handful_rows_.end());
    passed_ = merge_.shards[turn_].first_row + answer.get<std::uint64_t>();
    if (answer.get<std::uint8_t>() == 0) return;
    const std::vector<Twin> own = answer.get_all<Twin>();
    twins.insert(twins.end(), own.begin(), own.end());
    ++turn_;
    skip_empty();
    start_ = selection.indices.size();
  }

  /// What has to be fetched before the next step: rows that were kept and that some shard has to
  /// meet again.
  void plan() {
    const std::optional<std::size_t> least = least_met();
    if (!least || (!handful_rows_.empty() && *least == handful_first_)) return;
    std::size_t end = selection.indices.size();
    for (std::size_t s = turn_; s < met_.size(); ++s) {
      if (merge_.shards[s].rows > 0 && met_[s] == *least) end = std::min(end, to_meet(s));
    }
    end = std::min(end, *least + handful_size_);
    handful_first_ = *least;
    handful_rows_.assign(selection.indices.begin() + static_cast<std::ptrdiff_t>(*least),
                         selection.indices.begin() + static_cast<std::ptrdiff_t>(end));
    wanted_.assign(merge_.shards.size(), {});
    for (const Index row : handful_rows_) wanted_[merge_.shard_of(row)].push_back(row);
  }

  void take_values(std::vector<Reader>& answers) {
    handful_.clear();
    for (std::size_t s = 0; s < answers.size(); ++s) {  // the handful's rows ascend
      if (!wanted_[s].empty()) handful_.push_back(answers[s].get_rows_as_sent());
    }
    wanted_.clear();
  }

  MergeView merge_;
  std::size_t handful_size_;
  std::vector<std::size_t> met_;  // by each shard, of the rows kept before it
  std::size_t turn_ = 0;          // the shard that goes on
  std::size_t start_ = 0;         // rows kept before that one
  std::size_t passed_ = 0;        // rows of the pool that are decided on
  // Kept rows [handful_first_, handful_first_ + handful_rows_.size()), in the coordinator's hand.
  std::size_t handful_first_ = 0;
  std::vector<Index> handful_rows_;
  std::vector<std::string> handful_;        // their embeddings, as their shards sent them
  std::vector<std::vector<Index>> wanted_;  // rows to be fetched; empty: nothing
};

}  // namespace

std::unique_ptr<ShardSteps> dedup_shard(const ShardView& shard) {
  return std::make_unique<DedupShard>(shard);
}
std::unique_ptr<MergerSteps> dedup_merger(const MergeView& merge) {
  return std::make_unique<DedupMerger>(merge);
}

}  // namespace goldpan::distributed
