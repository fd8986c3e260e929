// What stands in for the networks where the build has no libtorch.

#include <goldpan/core/error.hpp>
#include <goldpan/embed/dinov2.hpp>
#include <goldpan/models/resnet18.hpp>
#include <goldpan/vision/torch_build.hpp>

namespace goldpan {
namespace {

[[noreturn]] void refuse(const char* where) {
  throw Error(where,
              "needs libtorch, which this build of goldpan::vision was made without; "
              "configure with -DGOLDPAN_WITH_TORCH=ON");
}

}  // namespace

TorchBuild torch_build() { return {}; }

std::unique_ptr<Encoder> make_dinov2_encoder(const Dinov2Options&) {
  refuse("make_dinov2_encoder");
}

std::unique_ptr<Classifier> make_resnet18(std::shared_ptr<const ImageSource>, std::size_t,
                                          const Resnet18Options&) {
  refuse("make_resnet18");
}

}  // namespace goldpan
