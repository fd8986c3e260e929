#include "report/page.hpp"

#include <cstdint>

#include "report/assets.hpp"

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

std::string report_page(const Analysis& analysis, const ReportOptions& options,
                        const std::vector<ReflectionSection>& reflection,
                        std::vector<std::string>& warnings) {
  constexpr std::string_view kPlace = "{{data}}";
  const std::size_t place = kPageTemplate.find(kPlace);
  std::string page(kPageTemplate.substr(0, place));
  page += script_safe(page_data(analysis, options, reflection, warnings));
  page += kPageTemplate.substr(place + kPlace.size());
  return page;
}

}  // namespace goldpan::report
