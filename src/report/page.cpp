#include "report/page.hpp"

#include <cstdint>

#include "report/assets.hpp"

namespace goldpan::report {

std::string base64(std::string_view bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t start = 0; start < bytes.size(); start += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - start);
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      group = group << 8 | (i < count ? static_cast<unsigned char>(bytes[start + i]) : 0U);
    }
    for (std::size_t i = 0; i < 4; ++i) {
      text += i <= count ? kDigits[group >> (18 - 6 * i) & 63U] : '=';
    }
  }
  return text;
}

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
