#include "report/template.hpp"

#include <cmath>

namespace goldpan::report {

std::string script_safe(const Json& data) {
  std::string text;
  for (const char character : data.dump(-1, ' ', false, Json::error_handler_t::replace)) {
    if (character == '<') {
      text += "\\u003c";
    } else {
      text += character;
    }
  }
  return text;
}

std::string fill(std::string_view page_template, const Json& data) {
  constexpr std::string_view kPlace = "{{data}}";
  const std::size_t place = page_template.find(kPlace);
  std::string page(page_template.substr(0, place));
  page += script_safe(data);
  page += page_template.substr(place + kPlace.size());
  return page;
}

Json number(double value, double precision) {
  if (!std::isfinite(value)) return nullptr;
  return std::round(value * precision) / precision;
}

}  // namespace goldpan::report
