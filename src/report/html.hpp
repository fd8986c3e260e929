#pragma once

#include <string>
#include <string_view>

namespace goldpan::report {

/// Text made safe between tags and inside double-quoted attributes, for pages that are small enough
/// to be written whole (evaluation_page.cpp).
std::string escaped(std::string_view text);

}  // namespace goldpan::report
