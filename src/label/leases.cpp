#include "label/leases.hpp"

namespace goldpan::label {

Leases::Verdict Leases::look(std::size_t item, std::size_t missing, const std::string& who) {
  Verdict verdict;
  const auto found = held_.find(item);
  if (found == held_.end()) return verdict;
  const auto now = Clock::now();
  std::erase_if(found->second, [&](const Lease& lease) { return lease.until < now; });
  std::size_t others = 0;
  for (const Lease& lease : found->second) {
    verdict.mine = verdict.mine || lease.who == who;
    others += lease.who != who;
  }
  verdict.may = verdict.mine || others < missing;
  return verdict;
}

void Leases::take(std::size_t item, const std::string& who) {
  const auto until = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                        std::chrono::duration<double>(seconds_));
  auto& held = held_[item];
  for (Lease& lease : held) {
    if (lease.who == who) {
      lease.until = until;
      return;
    }
  }
  held.push_back({who, until});
}

void Leases::release(std::size_t item, const std::string& who) {
  const auto found = held_.find(item);
  if (found == held_.end()) return;
  std::erase_if(found->second, [&](const Lease& lease) { return lease.who == who; });
  if (found->second.empty()) held_.erase(found);
}

}  // namespace goldpan::label
