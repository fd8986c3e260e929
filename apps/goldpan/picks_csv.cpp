#include "picks_csv.hpp"

#include <cmath>

#include <fmt/format.h>

#include <goldpan/core/csv.hpp>
#include <goldpan/core/utf8.hpp>

std::string csv_number(double value) {
  return std::isnan(value) ? std::string() : fmt::format("{}", value);
}

std::string picks_csv(const std::vector<goldpan::Pick>& picks,
                      const std::vector<std::string>& ids) {
  std::string csv = "rank,index,id,score,reason,inclusion_probability\n";
  std::size_t rank = 0;
  for (const goldpan::Pick& pick : picks) {
    csv += fmt::format("{},{},{},{},{},{}\n", rank++, pick.row,
                       ids.empty() ? fmt::format("{}", pick.row)
                                   : goldpan::csv_text(goldpan::as_utf8(ids[pick.row])),
                       csv_number(pick.score), goldpan::reason_name(pick.reason),
                       csv_number(pick.inclusion_probability));
  }
  return csv;
}
