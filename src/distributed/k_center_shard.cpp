#include <algorithm>
#include <memory>

#include "distributed/far_rows.hpp"
#include "distributed/steps.hpp"
#include "kernels/distance.hpp"
#include "strategies/closest_to_mean.hpp"
#include "strategies/farthest_search.hpp"

namespace goldpan::distributed {
namespace {

class KCenterShard : public ShardSteps {
 public:
  explicit KCenterShard(const ShardView& shard) : shard_(shard), rows_(shard_.pool.unlabeled) {}

  void propose(Reader& request, Writer& answer) override {
    switch (request.get<FarAsk>()) {
      case FarAsk::kLabeled:
        return answer.put_rows(shard_.pool.embeddings, shard_.pool.labeled);
      case FarAsk::kPrepareMean:
        return prepare_mean(request.get<std::uint64_t>());
      case FarAsk::kFoldMean:
        return fold_mean(request, answer);
      case FarAsk::kClosest:
        return closest(request, answer);
      case FarAsk::kFarthest:
        return farthest(request, answer);
      case FarAsk::kValues:
        return values(request, answer);
    }
    throw Error("message", "asks what k_center does not know");
  }

 private:
  void add_row(std::size_t place, std::span<double> sum) const {
    thread_local std::vector<float> buffer;
    buffer.resize(shard_.pool.embeddings.cols());
    const auto row = shard_.pool.embeddings.read_rows(rows_[place], 1, buffer.data()).row(0);
    for (std::size_t d = 0; d < row.size(); ++d) sum[d] += row[d];
  }

  /// Sums the blocks that begin in this shard, `before` rows into the pool; the last may go on in
  /// the next.
  void prepare_mean(std::size_t before) {
    first_begin_ = std::min(rows_.size(), (kMeanBlock - before % kMeanBlock) % kMeanBlock);
    const std::size_t count = rows_.size() - first_begin_;
    sums_ = Matrix<double>((count + kMeanBlock - 1) / kMeanBlock, shard_.pool.embeddings.cols());
    shard_.workers.for_blocks(count, kMeanBlock, [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) {
        add_row(first_begin_ + i, sums_.row(begin / kMeanBlock));
      }
    });
    prepared_ = true;
  }

  /// The sums of one machine, in its order: blocks that are complete to the total, the open one
  /// beside it.
  void fold_mean(Reader& request, Writer& answer) {
    const auto before = request.get<std::uint64_t>();
    std::vector<double> total = request.get_all<double>(), open = request.get_all<double>();
    const std::size_t dims = shard_.pool.embeddings.cols();
    if (rows_.empty()) return put_sums(total, open, answer);
    if (!prepared_) prepare_mean(before);  // a proposer made anew
    total.resize(dims);
    open.resize(dims);
    const auto close = [&] {
      for (std::size_t d = 0; d < dims; ++d) total[d] += open[d];
      std::ranges::fill(open, 0.0);
    };
    for (std::size_t i = 0; i < first_begin_; ++i) add_row(i, open);
    if (first_begin_ > 0 && (before + first_begin_) % kMeanBlock == 0) close();
    for (std::size_t block = 0; block < sums_.rows(); ++block) {
      std::ranges::copy(sums_.row(block), open.begin());
      if (first_begin_ + (block + 1) * kMeanBlock <= rows_.size()) close();
    }
    put_sums(total, open, answer);
  }

  static void put_sums(const std::vector<double>& total, const std::vector<double>& open,
                       Writer& answer) {
    answer.put_all(total);
    answer.put_all(open);
  }

  void closest(Reader& request, Writer& answer) {
    const std::vector<float> point = request.get_all<float>();
    if (rows_.empty()) return answer.put_all(std::vector<FarRow>());
    check_width(point.size());
    const ClosestToMean found = closest_to(shard_.pool.embeddings, rows_, point, shard_.workers);
    const Index row = rows_[found.candidate];
    answer.put_all(std::vector<FarRow>{{found.squared, shard_.first_row + row}});
    answer.put_rows(shard_.pool.embeddings, {&row, 1});
  }

  /// Adds the centers, of which a shard that was made anew gets all.
  void learn(Reader& request) {
    const auto first_center = request.get<std::uint64_t>(), capacity = request.get<std::uint64_t>();
    const Matrix<float> centers = request.get_rows();
    const std::vector<std::uint64_t> picks = request.get_all<std::uint64_t>();
    if (rows_.empty()) return;
    check_width(centers.cols());
    if (first_center == 0) {
      search_ =
          std::make_unique<FarthestSearch>(shard_.pool.embeddings, rows_, capacity, shard_.workers);
      known_ = 0;
    }
    if (search_ == nullptr || first_center != known_ || centers.rows() > capacity - known_) {
      throw Error("message", "leaves out centers that this shard does not know");
    }
    search_->add_centers(centers);
    known_ += centers.rows();
    for (const std::uint64_t pick : picks) {
      if (pick < shard_.first_row) continue;
      const auto found = std::ranges::lower_bound(rows_, pick - shard_.first_row);
      if (found == rows_.end() || *found != pick - shard_.first_row) continue;
      search_->take(static_cast<std::size_t>(found - rows_.begin()));
    }
  }

  void farthest(Reader& request, Writer& answer) {
    learn(request);
    const auto count = request.get<std::uint64_t>();
    std::vector<FarRow> far;
    if (rows_.empty()) return answer.put_all(far);
    for (const auto& [squared, candidate] : search_->farthest(count)) {
      far.push_back({squared, shard_.first_row + rows_[candidate]});
    }
    answer.put_all(far);
  }

  void values(Reader& request, Writer& answer) {
    if (request.get<std::uint8_t>() != 0) learn(request);
    std::vector<Index> rows;
    for (const std::uint64_t row : request.get_all<std::uint64_t>()) {
      if (row - shard_.first_row >= shard_.pool.embeddings.rows()) {
        throw Error("message", "asks for a row of another shard");
      }
      rows.push_back(static_cast<Index>(row - shard_.first_row));
    }
    answer.put_rows(shard_.pool.embeddings, rows);
  }

  void check_width(std::size_t cols) const {
    if (cols != shard_.pool.embeddings.cols()) throw Error("message", "is of another width");
  }

  ShardView shard_;
  std::span<const Index> rows_;  // the unlabelled
  bool prepared_ = false;
  std::size_t first_begin_ = 0;  // of the first block of the mean that begins here
  Matrix<double> sums_;
  std::unique_ptr<FarthestSearch> search_;
  std::size_t known_ = 0;  // centers
};

}  // namespace

std::unique_ptr<ShardSteps> k_center_shard(const ShardView& shard) {
  return std::make_unique<KCenterShard>(shard);
}

}  // namespace goldpan::distributed
