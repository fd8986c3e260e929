#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <goldpan/core/files.hpp>
#include <goldpan/embed/encoder_table.hpp>
#include <goldpan/embed/network_encoder.hpp>
#include <goldpan/networks/network.hpp>

#include "embed/made_images.hpp"
#include "expect_error.hpp"
#include "networks/tiny_network.hpp"
#include "temporary_folder.hpp"

namespace goldpan {
namespace {

constexpr const char* kToml =
    "size = 12\nresize = \"stretch\"\nrange = 255\nmean = [10, 20, 30]\nstd = [2, 4, 8]\n"
    "outputs = [\"features\"]\nmap = \"map\"\n";

class NetworkEncoderTest : public testing::Test {
 protected:
  std::filesystem::path write(const TinyNetwork& network, const std::string& toml = kToml,
                              const std::string& name = "tiny.xml") {
    network.write(folder / name);
    write_file(folder / (name + ".toml"), toml);
    return folder / name;
  }

  /// The network's channels at a place of an image of the network's own size, by hand.
  static std::array<double, 2> by_hand(const TinyNetwork& network, const Image& image,
                                       std::size_t place) {
    const std::array<double, 3> mean = {10, 20, 30}, deviation = {2, 4, 8};
    std::array<double, 2> out = {0, 0};
    for (std::size_t k = 0; k < 2; ++k) {
      for (std::size_t c = 0; c < 3; ++c) {
        out[k] += static_cast<double>(network.weights[3 * k + c]) *
                  (image.pixels[3 * place + c] - mean[c]) / deviation[c];
      }
    }
    return out;
  }

  TemporaryFolder folder;
  MadeImages images{9, 12, 12};
  Workers workers{2};
};

TEST_F(NetworkEncoderTest, FeaturesAndMapsAreThoseWorkedOutByHand) {
  const TinyNetwork network;
  const auto encoder = make_network_encoder(write(network));
  ASSERT_EQ(encoder->dim(), 2u);
  ASSERT_TRUE(encoder->map_shape());
  EXPECT_EQ(encoder->map_shape()->height, 12u);
  EXPECT_EQ(encoder->map_shape()->channels, 2u);
  EXPECT_FALSE(encoder->learns());
  const std::vector<Image> batch = {images.load(0, 0), images.load(1, 0)};
  Matrix<float> rows(2, 2);
  encoder->encode(batch, rows, workers);
  std::vector<float> maps(2 * 12 * 12 * 2);
  encoder->encode_maps(batch, maps, workers);
  for (std::size_t i = 0; i < batch.size(); ++i) {
    std::array<double, 2> mean = {0, 0};
    for (std::size_t place = 0; place < 144; ++place) {
      const auto expected = by_hand(network, batch[i], place);
      for (std::size_t k = 0; k < 2; ++k) {
        EXPECT_NEAR(maps[(i * 144 + place) * 2 + k], expected[k], 1e-4);
        mean[k] += expected[k] / 144;
      }
    }
    for (std::size_t k = 0; k < 2; ++k) EXPECT_NEAR(rows(i, k), mean[k], 1e-4);
  }
}

TEST_F(NetworkEncoderTest, PoolingAMapGivesWhatTheNetworksOwnMeanGives) {
  const auto with = [&](const std::string& pooling) {
    return make_network_encoder(
        write({},
              "size = 12\nresize = \"stretch\"\nrange = 255\nmean = [10, 20, 30]\n"
              "std = [2, 4, 8]\noutputs = [\"map\", \"features\"]\npooling = \"" +
                  pooling + "\"\n"));
  };
  const std::vector<Image> batch = {images.load(3, 0)};
  const auto mean = with("mean");
  ASSERT_EQ(mean->dim(), 4u);
  Matrix<float> rows(1, 4);
  mean->encode(batch, rows, workers);
  EXPECT_NEAR(rows(0, 0), rows(0, 2), 1e-4);
  EXPECT_NEAR(rows(0, 1), rows(0, 3), 1e-4);
  const auto largest = with("max");
  largest->encode(batch, rows, workers);
  double expected = -1e9;
  for (std::size_t place = 0; place < 144; ++place) {
    expected = std::max(expected, by_hand({}, batch[0], place)[1]);
  }
  EXPECT_NEAR(rows(0, 1), expected, 1e-4);
  EXPECT_EQ(with("flatten")->dim(), 2u * 144 + 2);
}

TEST_F(NetworkEncoderTest, RowsAreTheSameBitsForAnyThreadsAndBatches) {
  const auto encoder = make_network_encoder(write({}));
  std::vector<Image> batch;
  for (std::size_t i = 0; i < images.size(); ++i) batch.push_back(images.load(i, 0));
  Matrix<float> together(batch.size(), 2), alone(batch.size(), 2);
  encoder->encode(batch, together, workers);
  for (const int threads : {1, 3}) {
    Workers others(threads);
    for (std::size_t begin = 0; begin < batch.size(); begin += 2) {
      const std::size_t count = std::min<std::size_t>(2, batch.size() - begin);
      encoder->encode(std::span(batch).subspan(begin, count),
                      alone.view().rows_between(begin, begin + count), others);
    }
    EXPECT_EQ(std::memcmp(alone.data(), together.data(), together.size() * sizeof(float)), 0);
  }
}

TEST_F(NetworkEncoderTest, BgrSwapsChannelsAndNothingElse) {
  std::string toml = kToml;
  const auto rgb = make_network_encoder(write({}, toml));
  const auto bgr = make_network_encoder(write({}, toml + "channels = \"bgr\"\n", "bgr.xml"));
  Image image = images.load(2, 0), swapped = image;
  for (std::size_t i = 0; i < image.pixels.size(); i += 3) {
    std::swap(swapped.pixels[i], swapped.pixels[i + 2]);
  }
  Matrix<float> a(1, 2), b(1, 2);
  rgb->encode({&image, 1}, a, workers);
  bgr->encode({&swapped, 1}, b, workers);
  EXPECT_EQ(a(0, 0), b(0, 0));
  EXPECT_EQ(a(0, 1), b(0, 1));
}

TEST_F(NetworkEncoderTest, DescriptionChangesWithTheWeights) {
  const auto before = make_network_encoder(write({}));
  TinyNetwork other;
  other.weights[0] = 1.5f;
  EXPECT_NE(before->description(), make_network_encoder(write(other))->description());
  EXPECT_EQ(before->description(), make_network_encoder(write({}))->description());
}

TEST_F(NetworkEncoderTest, ErrorsNameTheFileAndWhatIsWrong) {
  const auto open = [&](const std::string& name) {
    return [=, this] { make_network_encoder(folder / name); };
  };
  expect_error(open("nowhere.onnx"), "nowhere.onnx] no such network file");
  write_file(folder / "text.onnx", "<!DOCTYPE html><html>404</html>");
  expect_error(open("text.onnx"), "text.onnx] is not a network that OpenVINO reads");

  write({});
  const std::string whole = read_text(folder / "tiny.xml");
  write_file(folder / "cut.xml", whole.substr(0, whole.size() / 2));
  expect_error(open("cut.xml"), "cut.xml] is not a network");
  write({}, kToml, "short.xml");
  write_file(folder / "short.bin", "weights");
  expect_error(open("short.xml"), "short.xml] ");

  TinyNetwork().write(folder / "bare.xml");
  expect_error(open("bare.xml"), "bare.xml.toml] is not there");
  expect_error(open("bare.xml"), "size = 224");  // a full example

  write({}, "resize = \"stretch\"\noutputs = [\"features\"]\n");
  expect_error(open("tiny.xml"), "takes images of any size (1 x 3 x ? x ?), expected a line such");
  write({}, "size = 12\n");
  expect_error(open("tiny.xml"), "has 2 outputs, name the one that is meant (outputs): ");
  write({}, "size = 12\noutputs = \"fetures\"\n");
  expect_error(open("tiny.xml"), "has no output 'fetures', it has ");
  write({}, "size = 12\noutputs = \"features\"\nlayout = \"nhwc\"\n");
  expect_error(open("tiny.xml"), "tiny.xml] takes an input of 1 x 3 x ? x ?, not of [1,12,12,3]");
  write({"1,3,12,12"}, "outputs = \"features\"\nlayout = \"nhwc\"\n");
  expect_error(open("tiny.xml"), "expected 3 channels; is its layout nchw");
}

TEST_F(NetworkEncoderTest, TheSizeOfAStaticNetworkNeedsNoLine) {
  const auto encoder = make_network_encoder(write({"1,3,16,20"},
                                                  "resize = \"stretch\"\noutputs = \"map\"\n"
                                                  "pooling = \"flatten\"\n"));
  EXPECT_EQ(encoder->dim(), 16u * 20 * 2);
}

TEST_F(NetworkEncoderTest, ANetworkThatGivesNanIsNamedWithTheImage) {
  TinyNetwork network;
  network.weights[1] = std::numeric_limits<float>::quiet_NaN();
  const auto encoder = make_network_encoder(write(network));
  EmbedOptions options;
  options.cache_folder = folder / "cache";
  expect_error([&] { embed_images(*encoder, images, "data", {}, options, workers); },
               "[image 0] got nan in dimension 0 of its embedding by network");
}

TEST_F(NetworkEncoderTest, TheTableMakesAnyFileAndAutoTakesWhatLiesThere) {
  EncoderOptions options;
  options.name = "network:" + write({}).string();
  EXPECT_EQ(make_named_encoder(options)->dim(), 2u);
  options.dim = 1;
  EXPECT_EQ(make_named_encoder(options)->dim(), 1u);
  options.dim = 3;
  expect_error([&] { make_named_encoder(options); }, "--dim] got 3, expected at most 2");

  std::string said;
  EncoderOptions automatic;
  automatic.search_path = {folder.path()};
  automatic.say = [&](const std::string& message) { said = message; };
  EXPECT_EQ(make_named_encoder(automatic)->name(), "patches");
  EXPECT_NE(said.find("patches, since there is no data/dinov2-small/model.safetensors"),
            std::string::npos);
  // An export of DINOv2 whose preprocessing the table knows, by the name of its output.
  std::filesystem::create_directories(folder / "lite0");
  TinyNetwork().write(folder / "lite0/lite0.xml");
  automatic.name = "lite0";
  automatic.weights = folder / "lite0/lite0.xml";
  write_file(folder / "lite0/lite0.xml.toml", kToml);
  automatic.dim = 2;
  EXPECT_EQ(make_named_encoder(automatic)->name(), "lite0");
  automatic.name = "clip_vitb32";
  std::filesystem::remove(folder / "lite0/lite0.xml.toml");
  expect_error([&] { make_named_encoder(automatic); },
               "has none of the outputs image_embeds, pooler_output, last_hidden_state");
}

}  // namespace
}  // namespace goldpan
