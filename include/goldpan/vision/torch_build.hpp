#pragma once

#include <string>

namespace goldpan {

/// What goldpan::vision was built with and finds on this machine.
struct TorchBuild {
  /// Built with libtorch (GOLDPAN_WITH_TORCH). Without it every factory of goldpan::vision throws.
  bool available = false;
  /// libtorch's version, "1.13.1"; empty without libtorch.
  std::string version;
  /// libtorch's own build has CUDA.
  bool cuda = false;
  /// Graphics processors that can be used now.
  int gpus = 0;
};
TorchBuild torch_build();

/// Throws Error, naming `where`, unless goldpan::vision was built with libtorch and `device` is
/// "cpu", "cuda" or "cuda:N" and can be used now.
void check_torch_device(const std::string& device, const char* where);

}  // namespace goldpan
