#include <goldpan/core/web_text.hpp>
#include <goldpan/report/picks_page.hpp>

#include "report/assets.hpp"
#include "report/template.hpp"

namespace goldpan {

std::string picks_page(std::span<const PickPicture> picks) {
  report::Json data = report::Json::array();
  for (const PickPicture& pick : picks) {
    data.push_back({{"id", pick.id},
                    {"caption", pick.caption},
                    {"jpeg", base64(pick.jpeg)},
                    {"width", pick.width},
                    {"height", pick.height}});
  }
  return report::fill(report::kPicksTemplate, data);
}

}  // namespace goldpan
