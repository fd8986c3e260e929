#include <goldpan/embed/dinov2.hpp>

#include "vision/without_torch.hpp"

namespace goldpan {

std::unique_ptr<Encoder> make_dinov2_encoder(const Dinov2Options&) {
  refuse_without_torch("make_dinov2_encoder");
}

}  // namespace goldpan
