#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <simdjson.h>

#include <goldpan/core/error.hpp>
#include <goldpan/core/targets.hpp>

#include "core/json_records.hpp"

namespace goldpan::exchange {

static_assert(JsonRecords::kPadding >= simdjson::SIMDJSON_PADDING);

/// Calls visit(key, value) for each field of a record. What simdjson finds wrong becomes an Error
/// at the record's place; so does an Error of `visit` as it is.
template <typename Visit>
void for_fields(simdjson::ondemand::parser& parser, const JsonRecords::Record& record,
                const std::string& path, const char* what, const Visit& visit) {
  try {
    simdjson::ondemand::document document = parser.iterate(simdjson::padded_string_view(
        record.text.data(), record.text.size(), record.text.size() + JsonRecords::kPadding));
    for (auto field : document.get_object()) {
      const std::string_view key = field.unescaped_key();
      simdjson::ondemand::value value = field.value();
      visit(key, value);
    }
  } catch (const simdjson::simdjson_error& error) {
    throw Error(fmt::format("{}, {}record {}, byte {}", path,
                            record.list.empty() ? "" : fmt::format("{}, ", record.list),
                            record.number, record.offset),
                fmt::format("is not {}: {}", what, error.what()));
  }
}

/// The place of a record, for messages.
inline std::string place_of(const std::string& path, const char* list, std::size_t record,
                            std::size_t offset) {
  return fmt::format("{}, {}record {}, byte {}", path, list, record, offset);
}

/// [x, y, width, height].
inline void read_bbox(simdjson::ondemand::value value, Box& box) {
  double* const sides[] = {&box.x, &box.y, &box.width, &box.height};
  std::size_t count = 0;
  for (auto number : value.get_array()) {
    const double side = number.get_double();
    if (count < 4) *sides[count] = side;
    ++count;
  }
  if (count != 4) throw simdjson::simdjson_error(simdjson::NUMBER_ERROR);
}

/// true, false, 0 or 1: tools write all of them.
inline bool read_flag(simdjson::ondemand::value value) {
  if (value.is_null()) return false;
  bool flag = false;
  if (value.get_bool().get(flag) == simdjson::SUCCESS) return flag;
  return value.get_double().value() != 0;
}

}  // namespace goldpan::exchange
