#include "scored_round.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <string>
#include <vector>

#include <goldpan/core/error.hpp>

goldpan::Proposal scored_round(
    std::span<const goldpan::Index> labeled, std::span<const goldpan::Index> unlabeled,
    std::size_t batch, double reserve, std::uint64_t seed, goldpan::Workers& workers,
    const std::function<goldpan::Selection(std::span<const goldpan::Index> labeled,
                                           std::span<const goldpan::Index> unlabeled,
                                           std::size_t count)>& choose) {
  using goldpan::Index;
  if (!(reserve >= 0 && reserve <= 1)) {
    throw goldpan::Error("reserve",
                         "got " + std::to_string(reserve) + ", expected a share from 0 to 1");
  }
  if (batch > unlabeled.size()) {
    throw goldpan::Error("batch", "got " + std::to_string(batch) + ", but only " +
                                      std::to_string(unlabeled.size()) + " rows are unlabelled");
  }
  goldpan::Proposal proposal;
  const auto random = static_cast<std::size_t>(std::llround(reserve * static_cast<double>(batch)));
  if (random > 0) {
    // A round of the reserve alone: drawn where every other reserve is.
    goldpan::Round round;
    round.strategy = "random";
    round.batch = random;
    round.reserve = 1;
    round.stream = [&](const char* purpose) { return goldpan::Generator(seed).stream(purpose); };
    goldpan::Pool pool;
    pool.labeled = labeled;
    pool.unlabeled = unlabeled;
    proposal.picks = goldpan::propose(round, pool, workers).picks;
  }
  std::vector<Index> drawn, known(labeled.begin(), labeled.end()), rest;
  for (const goldpan::Pick& pick : proposal.picks) drawn.push_back(pick.row);
  std::ranges::sort(drawn);
  std::ranges::set_difference(unlabeled, drawn, std::back_inserter(rest));
  known.insert(known.end(), drawn.begin(), drawn.end());
  std::ranges::sort(known);
  if (batch > random) {
    goldpan::Selection selection = choose(known, rest, batch - random);
    for (std::size_t i = 0; i < selection.indices.size(); ++i) {
      proposal.picks.push_back({selection.indices[i], goldpan::Reason::kStrategy,
                                selection.scores[i], std::numeric_limits<double>::quiet_NaN()});
    }
    proposal.notes = std::move(selection.notes);
  }
  return proposal;
}
