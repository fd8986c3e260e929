#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <unordered_map>
#include <vector>

namespace goldpan::label {

/// Which items are on whose screen: so that two people are not asked about the same one. Not safe
/// to call from several threads at once.
class Leases {
 public:
  explicit Leases(double seconds) : seconds_(seconds) {}

  struct Verdict {
    bool may = true;    ///< show it to this person
    bool mine = false;  ///< it was shown to them before
  };
  /// Whether an item that needs `missing` answers more may be shown to `who` now. Leases that have
  /// run out do not count.
  Verdict look(std::size_t item, std::size_t missing, const std::string& who);
  void take(std::size_t item, const std::string& who);
  void release(std::size_t item, const std::string& who);

 private:
  using Clock = std::chrono::steady_clock;
  struct Lease {
    std::string who;
    Clock::time_point until;
  };
  double seconds_;
  std::unordered_map<std::size_t, std::vector<Lease>> held_;
};

}  // namespace goldpan::label
