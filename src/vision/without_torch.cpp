#include "vision/without_torch.hpp"

#include <goldpan/core/error.hpp>
#include <goldpan/vision/torch_build.hpp>

namespace goldpan {

TorchBuild torch_build() { return {}; }

void check_torch_device(const std::string&, const char* where) { refuse_without_torch(where); }

void refuse_without_torch(const char* where) {
  throw Error(where,
              "needs libtorch, which this build was made without; configure with "
              "-DGOLDPAN_WITH_TORCH=ON");
}

}  // namespace goldpan
