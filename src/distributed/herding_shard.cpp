#include <algorithm>
#include <memory>

#include "distributed/herding.hpp"
#include "distributed/steps.hpp"
#include "strategies/greedy_coverage.hpp"
#include "strategies/herding_rules.hpp"

namespace goldpan::distributed {
namespace {

class HerdingShard : public ShardSteps {
 public:
  explicit HerdingShard(const ShardView& shard) : shard_(shard) {}

  void propose(Reader& request, Writer& answer) override {
    const auto ask = request.get<HerdAsk>();
    if (ask == HerdAsk::kLabeled) {
      return answer.put_rows(shard_.pool.embeddings, shard_.pool.labeled);
    }
    if (request.get<std::uint8_t>() != 0) begin(request);
    if (coverage_ == nullptr) throw Error("message", "leaves out what covers this shard");
    switch (ask) {
      case HerdAsk::kGreedy:
        return greedy(request.get<std::uint64_t>(), answer);
      case HerdAsk::kWeigh:
        return weigh(request, answer);
      case HerdAsk::kGains:
        return gains(request, answer);
      default:
        throw Error("message", "asks what herding does not know");
    }
  }

 private:
  /// The kernel, and the labelled rows of all shards.
  void begin(Reader& request) {
    const auto radius = request.get<double>();
    const bool weighed = request.get<std::uint8_t>() != 0;
    const Matrix<float> labeled = get_parts(request);
    check_width(labeled);
    std::vector<float> weights;
    if (weighed) weights = uncertainties(shard_.pool, shard_.workers);
    coverage_ = std::make_unique<ShardCoverage>(shard_.pool, CoverageKernel{.radius = radius},
                                                weights, shard_.workers);
    coverage_->cover(labeled);
  }

  void greedy(std::size_t count, Writer& answer) {
    count = std::min(count, shard_.pool.unlabeled.size());
    Selection own;
    if (count > 0) own = coverage_->pick(count);
    std::vector<std::uint64_t> rows;
    for (const Index row : own.indices) rows.push_back(shard_.first_row + row);
    answer.put_all(rows);
    answer.put_all(own.scores);
    answer.put_rows(shard_.pool.embeddings, own.indices);
  }

  void weigh(Reader& request, Writer& answer) {
    candidates_ = get_parts(request);
    check_width(candidates_);
    const std::vector<std::size_t> sizes = request.get_all<std::size_t>();
    std::size_t sum = 0;
    for (const std::size_t size : sizes) {
      sum += size;
      if (size > candidates_.rows() || sum > candidates_.rows()) {
        throw Error("message", "speaks of more candidates than there are");
      }
    }
    answer.put_all(coverage_->gains(candidates_));
    answer.put_all(coverage_->gains_together(candidates_, sizes));
  }

  void gains(Reader& request, Writer& answer) {
    if (request.get<std::uint8_t>() != 0) candidates_ = get_parts(request);
    check_width(candidates_);
    coverage_->cover(gather(request.get_all<std::uint32_t>()));
    answer.put_all(coverage_->gains(gather(request.get_all<std::uint32_t>())));
  }

  Matrix<float> gather(const std::vector<std::uint32_t>& places) const {
    Matrix<float> rows(places.size(), candidates_.cols());
    for (std::size_t i = 0; i < places.size(); ++i) {
      if (places[i] >= candidates_.rows()) throw Error("message", "names no candidate");
      std::ranges::copy(candidates_.row(places[i]), rows.row(i).begin());
    }
    return rows;
  }

  void check_width(const Matrix<float>& rows) const {
    if (rows.rows() > 0 && !shard_.pool.embeddings.empty() &&
        rows.cols() != shard_.pool.embeddings.cols()) {
      throw Error("message", "is of another width");
    }
  }

  ShardView shard_;
  std::unique_ptr<ShardCoverage> coverage_;
  Matrix<float> candidates_;
};

}  // namespace

std::unique_ptr<ShardSteps> herding_shard(const ShardView& shard) {
  return std::make_unique<HerdingShard>(shard);
}

}  // namespace goldpan::distributed
