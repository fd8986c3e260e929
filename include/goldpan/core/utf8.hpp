#pragma once

#include <string>
#include <string_view>

namespace goldpan {

/// The text with U+FFFD for each byte that is not part of a well-formed UTF-8 sequence (RFC 3629:
/// no overlong forms, no surrogates, nothing beyond U+10FFFF): names of folders may be any bytes,
/// what we write is UTF-8.
std::string as_utf8(std::string_view text);

}  // namespace goldpan
