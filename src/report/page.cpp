#include "report/page.hpp"

#include "report/assets.hpp"

namespace goldpan::report {

std::string report_page(const Analysis& analysis, const ReportOptions& options,
                        const std::vector<ReflectionSection>& reflection,
                        std::vector<std::string>& warnings) {
  return fill(kPageTemplate, page_data(analysis, options, reflection, warnings));
}

}  // namespace goldpan::report
