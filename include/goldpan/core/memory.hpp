#pragma once

#include <cstddef>

namespace goldpan {

/// The most memory that this process has had resident at once, in bytes, with the pages of mapped
/// files that it touched. Counted from the start of the program (getrusage also counts what the
/// process was before exec). 0 where the system does not say.
std::size_t peak_resident_bytes();

}  // namespace goldpan
