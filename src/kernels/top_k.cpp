#include "kernels/top_k.hpp"

#include <algorithm>
#include <cassert>
#include <limits>

namespace goldpan {
namespace {

bool better(const TopK::Entry& a, const TopK::Entry& b) {
  return a.score != b.score ? a.score > b.score : a.row < b.row;
}

// Room beyond k, so that the kept rows are cut back once in many additions.
constexpr std::size_t kSlack = 4096;

}  // namespace

TopK::TopK(std::size_t k)
    : k_(k), capacity_(2 * k + kSlack), threshold_(-std::numeric_limits<double>::infinity()) {}

void TopK::add(std::span<const Index> rows, std::span<const double> scores) {
  assert(rows.size() == scores.size());
  if (k_ == 0) return;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (full_ && !(scores[i] > threshold_)) continue;
    kept_.push_back({scores[i], rows[i]});
    if (kept_.size() == capacity_) shrink();
  }
}

void TopK::shrink() {
  std::nth_element(kept_.begin(), kept_.begin() + static_cast<std::ptrdiff_t>(k_ - 1), kept_.end(),
                   better);
  kept_.resize(k_);
  threshold_ = kept_.back().score;
  full_ = true;
}

std::vector<TopK::Entry> TopK::take() {
  if (kept_.size() > k_) shrink();
  std::sort(kept_.begin(), kept_.end(), better);
  full_ = false;
  return std::move(kept_);
}

}  // namespace goldpan
