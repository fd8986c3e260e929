#include "label/agreement.hpp"

#include <algorithm>
#include <limits>

namespace goldpan::label {

double cohen_kappa(std::span<const std::pair<std::int32_t, std::int32_t>> pairs) {
  if (pairs.empty()) return std::numeric_limits<double>::quiet_NaN();
  const auto count = static_cast<double>(pairs.size());
  std::map<std::int32_t, double> left, right;
  double agreed = 0;
  for (const auto& [a, b] : pairs) {
    ++left[a];
    ++right[b];
    agreed += a == b;
  }
  double expected = 0;
  for (const auto& [label, number] : left) {
    const auto other = right.find(label);
    if (other != right.end()) expected += number * other->second / (count * count);
  }
  const double observed = agreed / count;
  if (expected >= 1) return 1;
  return (observed - expected) / (1 - expected);
}

double krippendorff_alpha(std::span<const Votes> items) {
  // Coincidences: within an item of m labels, each ordered pair counts 1 / (m - 1).
  std::map<std::int32_t, double> totals;
  double all = 0, disagreed = 0;
  for (const Votes& votes : items) {
    if (votes.size() < 2) continue;
    const auto m = static_cast<double>(votes.size());
    std::map<std::int32_t, double> counts;
    for (const auto& [who, label] : votes) ++counts[label];
    all += m;
    double same = 0;
    for (const auto& [label, number] : counts) {
      totals[label] += number;
      same += number * (number - 1);
    }
    disagreed += (m * (m - 1) - same) / (m - 1);
  }
  if (all == 0) return std::numeric_limits<double>::quiet_NaN();
  double same = 0;
  for (const auto& [label, number] : totals) same += number * (number - 1);
  const double expected = (all * (all - 1) - same) / (all - 1);
  return expected <= 0 ? 1 : 1 - disagreed / expected;
}

Agreement agreement_of(const std::vector<std::pair<std::size_t, Votes>>& shared) {
  Agreement agreement;
  agreement.items = shared.size();
  std::vector<Votes> votes;
  std::map<std::pair<std::string, std::string>, std::vector<std::pair<std::int32_t, std::int32_t>>>
      pairs;
  for (const auto& [item, given] : shared) {
    votes.push_back(given);
    bool same = true;
    for (auto a = given.begin(); a != given.end(); ++a) {
      same = same && a->second == given.begin()->second;
      for (auto b = std::next(a); b != given.end(); ++b) {
        pairs[{a->first, b->first}].emplace_back(a->second, b->second);
      }
    }
    if (!same) agreement.disagreements.push_back({item, {given.begin(), given.end()}});
  }
  agreement.krippendorff = krippendorff_alpha(votes);
  for (const auto& [people, given] : pairs) {
    const auto agreed = std::count_if(given.begin(), given.end(),
                                      [](const auto& pair) { return pair.first == pair.second; });
    agreement.pairs.push_back({people.first, people.second, given.size(),
                               static_cast<double>(agreed) / static_cast<double>(given.size()),
                               cohen_kappa(given)});
  }
  return agreement;
}

}  // namespace goldpan::label
