#include "report/csv.hpp"

#include <cmath>

#include <fmt/format.h>

#include <goldpan/core/csv.hpp>
#include <goldpan/core/utf8.hpp>

namespace goldpan::report {

CsvTable::CsvTable(std::string_view header) {
  text_ = header;
  text_ += '\n';
}

CsvTable& CsvTable::field(std::string_view value) {
  if (row_started_) text_ += ',';
  row_started_ = true;
  text_ += value;
  return *this;
}

CsvTable& CsvTable::text(std::string_view value) { return field(csv_text(as_utf8(value))); }

CsvTable& CsvTable::integer(std::uint64_t value) { return field(fmt::format("{}", value)); }

CsvTable& CsvTable::number(double value, int decimals) { return field(fixed(value, decimals)); }

CsvTable& CsvTable::p_value(double value) {
  return field(std::isfinite(value) ? fmt::format("{:.4g}", value) : "");
}

CsvTable& CsvTable::exact(double value) {
  return field(std::isfinite(value) ? fmt::format("{}", value) : "");
}

CsvTable& CsvTable::empty() { return field(""); }

void CsvTable::end_row() {
  text_ += '\n';
  row_started_ = false;
}

std::string fixed(double value, int decimals) {
  if (!std::isfinite(value)) return "";
  std::string text = fmt::format("{:.{}f}", value, decimals);
  if (text[0] == '-' && text.find_first_not_of("-0.") == std::string::npos) text.erase(0, 1);
  return text;
}

std::string signed_fixed(double value, int decimals) {
  const std::string text = fixed(value, decimals);
  const bool positive =
      !text.empty() && text[0] != '-' && text.find_first_not_of("0.") != std::string::npos;
  return positive ? "+" + text : text;
}

}  // namespace goldpan::report
