#include <gtest/gtest.h>

#include <goldpan/core/files.hpp>
#include <goldpan/embed/encoder_table.hpp>
#include <goldpan/embed/network_encoder.hpp>
#include <goldpan/networks/network.hpp>

#include "expect_error.hpp"
#include "temporary_folder.hpp"

namespace goldpan {
namespace {

TEST(WithoutOpenVino, ErrorsNameTheBuildOption) {
  EXPECT_FALSE(networks_build().available);
  const TemporaryFolder folder;
  write_file(folder / "net.onnx", "anything");
  expect_error([&] { make_network_encoder(folder / "net.onnx"); }, "-DGOLDPAN_WITH_OPENVINO=ON");
  expect_error(
      [&] {
        Network({folder / "net.onnx", {1, 3, 8, 8}, {}});
      },
      "net.onnx] needs OpenVINO");
  EncoderOptions options;
  options.name = "lite0";
  expect_error([&] { make_named_encoder(options); }, "--encoder lite0] needs OpenVINO");
  for (const EncoderInfo& row : encoder_table()) {
    EXPECT_EQ(row.missing.empty(), row.name == "patches") << row.name;
  }
}

}  // namespace
}  // namespace goldpan
