#pragma once

namespace goldpan {

/// What a factory does in a build without libtorch: throws Error naming the build flag.
[[noreturn]] void refuse_without_torch(const char* where);

}  // namespace goldpan
