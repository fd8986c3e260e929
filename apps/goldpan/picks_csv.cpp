#include "picks_csv.hpp"

#include <cmath>
#include <functional>

#include <fmt/format.h>

#include <goldpan/acquire/candidates.hpp>

std::string caption_of(const goldpan::Pick& pick) {
  const auto reason = goldpan::reason_name(pick.reason);
  if (std::isnan(pick.score)) return std::string(reason);
  return fmt::format("{}, score {:.4g}", reason, pick.score);
}

std::string picks_csv(const std::vector<goldpan::Pick>& picks,
                      const std::vector<std::string>& ids) {
  std::function<std::string(std::size_t)> id_of;
  if (!ids.empty()) id_of = [&](std::size_t pick) { return ids[picks[pick].row]; };
  return goldpan::picks_csv(picks, id_of);
}
