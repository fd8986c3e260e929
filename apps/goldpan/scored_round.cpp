#include "scored_round.hpp"

goldpan::Proposal scored_round(
    std::span<const goldpan::Index> labeled, std::span<const goldpan::Index> unlabeled,
    std::size_t batch, double reserve, std::uint64_t seed, goldpan::Workers& workers,
    const std::function<goldpan::Selection(std::span<const goldpan::Index> labeled,
                                           std::span<const goldpan::Index> unlabeled,
                                           std::size_t count)>& choose) {
  goldpan::Round round;
  round.batch = batch;
  round.reserve = reserve;
  round.stream = [&](const char* purpose) { return goldpan::Generator(seed).stream(purpose); };
  round.choose = [&](const goldpan::Pool& pool, std::size_t count) {
    return count == 0 ? goldpan::Selection() : choose(pool.labeled, pool.unlabeled, count);
  };
  goldpan::Pool pool;
  pool.labeled = labeled;
  pool.unlabeled = unlabeled;
  return goldpan::propose(round, pool, workers);
}
