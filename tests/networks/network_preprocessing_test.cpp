#include <string>

#include <gtest/gtest.h>

#include <goldpan/core/files.hpp>
#include <goldpan/embed/network_encoder.hpp>

#include "expect_error.hpp"
#include "temporary_folder.hpp"

namespace goldpan {
namespace {

class PreprocessingTest : public testing::Test {
 protected:
  NetworkPreprocessing read(const std::string& text) {
    write_file(folder / "net.onnx.toml", text);
    return read_preprocessing(folder / "net.onnx.toml");
  }
  void refused(const std::string& text, const std::string& message) {
    expect_error([&] { read(text); }, message);
  }
  TemporaryFolder folder;
};

TEST_F(PreprocessingTest, ReadsEveryKey) {
  const NetworkPreprocessing p = read(
      "size = [96, 160]\nresize = \"stretch\"\nfilter = \"lanczos\"\nchannels = \"bgr\"\n"
      "range = 255\nmean = [1, 2.5, 3]\nstd = [4, 5, 6]\nlayout = \"nhwc\"\n"
      "outputs = [\"a\", \"b\"]\npooling = \"first\"\nmap = \"m\"\nreduced_decoding = false\n");
  EXPECT_EQ(p.height, 96);
  EXPECT_EQ(p.width, 160);
  EXPECT_EQ(p.resize, NetworkPreprocessing::Resize::kStretch);
  EXPECT_EQ(p.filter, ResizeFilter::kLanczos);
  EXPECT_TRUE(p.bgr);
  EXPECT_EQ(p.range, 255);
  EXPECT_EQ(p.statistics.mean[1], 2.5f);
  EXPECT_EQ(p.statistics.deviation[2], 6);
  EXPECT_EQ(p.layout, NetworkPreprocessing::Layout::kNhwc);
  EXPECT_EQ(p.outputs, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(p.pooling, NetworkPreprocessing::Pooling::kFirst);
  EXPECT_EQ(p.map, "m");
  EXPECT_FALSE(p.reduced_decoding);
}

TEST_F(PreprocessingTest, TheExampleOfTheMessageIsItselfAFile) {
  try {
    read_preprocessing(folder / "missing.onnx.toml");
    FAIL() << "expected an Error";
  } catch (const Error& error) {
    const std::string text = error.what();
    const NetworkPreprocessing p = read(text.substr(text.find('\n')));
    EXPECT_EQ(p.height, 224);
    EXPECT_EQ(p.shorter_side, 256);
    EXPECT_EQ(p.map, "last_map");
  }
}

TEST_F(PreprocessingTest, ErrorsNameFileAndLine) {
  refused("size = 1 2\n", "net.onnx.toml:1] ");
  refused("size = 12\nsise = 3\n", "net.onnx.toml:2] got the key 'sise', expected channels, ");
  refused("size = -3\n", "net.onnx.toml:1] size is not a whole number from 1 to 16384");
  refused("size = [1, 2, 3]\n", "size is not a number or [height, width]");
  refused("filter = \"nearest\"\n",
          "got filter = \"nearest\", expected bilinear, bicubic, lanczos");
  refused("range = 2\n", "range is not 1 or 255");
  refused("mean = [1, 2]\n", "mean is not a list of three numbers");
  refused("std = [1, 0, 1]\n", "std is not three numbers above 0");
  refused("outputs = 3\n", "outputs is not a name or a list of names");
  refused("resize = \"stretch\"\nshorter_side = 256\n", "which resize = \"stretch\" does not use");
}

}  // namespace
}  // namespace goldpan
