#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace goldpan::report {

/// Text in the manner of RFC 4180 with LF line ends: fields that hold a comma, a quote or a line
/// end are quoted. Numbers have a point, whatever the locale; NaN is an empty field.
class CsvTable {
 public:
  /// The header line, with its commas.
  explicit CsvTable(std::string_view header);

  CsvTable& text(std::string_view value);
  CsvTable& integer(std::uint64_t value);
  /// With a fixed number of decimals; never "-0.00".
  CsvTable& number(double value, int decimals);
  /// With four significant digits, for p-values: "0.01234", "1.2e-07".
  CsvTable& p_value(double value);
  /// The shortest text that reads back as the same number: "0.05", "1".
  CsvTable& exact(double value);
  CsvTable& empty();
  void end_row();

  const std::string& str() const { return text_; }

 private:
  CsvTable& field(std::string_view value);

  std::string text_;
  bool row_started_ = false;
};

/// A number with a fixed number of decimals, without a sign on zero; "" for what is not finite.
std::string fixed(double value, int decimals);
/// The same with its sign, always: "+0.52", "-1.10", "0.00".
std::string signed_fixed(double value, int decimals);

}  // namespace goldpan::report
