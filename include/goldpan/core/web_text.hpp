#pragma once

#include <string>
#include <string_view>

namespace goldpan {

/// Text made safe between tags of HTML and inside double-quoted attributes.
std::string escape_html(std::string_view text);

/// Bytes in base 64 (RFC 4648, with padding).
std::string base64(std::string_view bytes);

}  // namespace goldpan
