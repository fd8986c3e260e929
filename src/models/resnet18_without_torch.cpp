#include <goldpan/models/resnet18.hpp>

#include "vision/without_torch.hpp"

namespace goldpan {

// NOLINTNEXTLINE(performance-unnecessary-value-param): where libtorch is, the images are kept
std::unique_ptr<Classifier> make_resnet18(std::shared_ptr<const ImageSource>, std::size_t,
                                          const Resnet18Options&) {
  refuse_without_torch("make_resnet18");
}

int resnet18_image_size(const ImageSource&, const Resnet18Options&) {
  refuse_without_torch("resnet18_image_size");
}

}  // namespace goldpan
