#include <gtest/gtest.h>

#include <goldpan/embed/dinov2.hpp>
#include <goldpan/models/resnet18.hpp>
#include <goldpan/vision/torch_build.hpp>

#include "expect_error.hpp"

namespace goldpan {
namespace {

TEST(WithoutTorch, ErrorsNameTheBuildFlag) {
  EXPECT_FALSE(torch_build().available);
  expect_error([] { make_dinov2_encoder({}); }, "-DGOLDPAN_WITH_TORCH=ON");
  expect_error([] { make_resnet18(nullptr, 3); }, "-DGOLDPAN_WITH_TORCH=ON");
  expect_error([] { check_torch_device("cpu", "--model resnet18"); },
               "[--model resnet18] needs libtorch");
}

}  // namespace
}  // namespace goldpan
