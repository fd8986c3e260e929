#include <cmath>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <goldpan/embed/dinov2.hpp>
#include <goldpan/vision/torch_build.hpp>

#include "expect_error.hpp"
#include "temporary_folder.hpp"
#include "vision/tiny_dinov2.hpp"

namespace goldpan {
namespace {

std::unique_ptr<Encoder> open_encoder(const std::filesystem::path& weights, int size) {
  Dinov2Options options;
  options.weights = weights;
  options.size = size;
  return make_dinov2_encoder(options);
}

/// Some components of an embedding, and the sum of all absolute values.
struct Golden {
  int width, height, number, size;
  float at0, at1, at2, at63, at64, at127, sum;
};

// Made with Dinov2Model of transformers 5.23.0 (torch 2.15.0, float32) from the same weights and
// pixels, behind PIL's resize as Pillow 12.3 does it. Pillow 13 shrinks portraits by the vertical
// pass first, which moves the fourth row by 1e-3 (docs/decisions/0083).
constexpr Golden kGolden[] = {
    {60, 50, 0, 28, 0.871837f, 0.552024f, -0.896174f, 0.055993f, 0.248878f, -1.15235f, 102.64968f},
    {60, 50, 0, 42, 0.403636f, 0.547512f, -0.725103f, 0.042813f, 0.224989f, -1.006459f, 101.67559f},
    {60, 50, 0, 70, 0.185055f, 0.567093f, -0.633463f, 0.043145f, 0.203933f, -0.746241f, 101.32199f},
    {40, 90, 1, 28, 1.094021f, 0.019316f, -0.629259f, 0.910742f, 0.245333f, -0.53077f, 101.73139f},
    {40, 90, 1, 42, 1.660825f, 0.179674f, -0.672266f, 0.668765f, 0.13574f, -0.407244f, 102.12881f},
    {40, 50, 2, 70, 1.635926f, 0.263837f, -0.733786f, 0.343283f, -0.383368f, -0.880959f,
     101.67641f},
};

TEST(Dinov2, AgreesWithTheReferenceImplementation) {
  const TemporaryFolder folder;
  TinyDinov2().save(folder / "tiny.safetensors");
  Workers workers(2);
  for (const Golden& golden : kGolden) {
    SCOPED_TRACE("image " + std::to_string(golden.number) + ", size " +
                 std::to_string(golden.size));
    const auto encoder = open_encoder(folder / "tiny.safetensors", golden.size);
    ASSERT_EQ(encoder->dim(), 128u);
    Matrix<float> out(1, 128);
    const Image image = waves(golden.width, golden.height, golden.number);
    encoder->encode(std::span(&image, 1), out, workers);
    constexpr float kTolerance = 2e-5f;
    EXPECT_NEAR(out(0, 0), golden.at0, kTolerance);
    EXPECT_NEAR(out(0, 1), golden.at1, kTolerance);
    EXPECT_NEAR(out(0, 2), golden.at2, kTolerance);
    EXPECT_NEAR(out(0, 63), golden.at63, kTolerance);
    EXPECT_NEAR(out(0, 64), golden.at64, kTolerance);
    EXPECT_NEAR(out(0, 127), golden.at127, kTolerance);
    double sum = 0;
    for (const float value : out.row(0)) sum += std::fabs(value);
    EXPECT_NEAR(sum, golden.sum, 128 * kTolerance);
  }
}

TEST(Dinov2, RowsDependOnTheirImageAlone) {
  const TemporaryFolder folder;
  TinyDinov2().save(folder / "tiny.safetensors");
  const auto encoder = open_encoder(folder / "tiny.safetensors", 56);
  std::vector<Image> images;
  for (int i = 0; i < 7; ++i) images.push_back(waves(50 + 9 * i, 80 - 5 * i, i));
  Workers one(1), four(4);
  Matrix<float> together(7, 128), threaded(7, 128), alone(1, 128);
  encoder->encode(images, together, one);
  encoder->encode(images, threaded, four);
  for (std::size_t i = 0; i < images.size(); ++i) {
    encoder->encode(std::span(images).subspan(i, 1), alone, one);
    for (std::size_t d = 0; d < 128; ++d) {
      ASSERT_EQ(together(i, d), threaded(i, d));
      ASSERT_EQ(together(i, d), alone(0, d));
    }
  }
  encoder->encode({}, MatrixView<float>(nullptr, 0, 128), four);
}

TEST(Dinov2, DescribesWhatTheEmbeddingsDependOn) {
  const TemporaryFolder folder;
  TinyDinov2 tiny;
  tiny.save(folder / "a.safetensors");
  tiny.at("layernorm.bias").values[5] += 1;
  tiny.save(folder / "b.safetensors");
  const auto describe = [&](const char* name, int size, bool reduced) {
    Dinov2Options options;
    options.weights = folder / name;
    options.size = size;
    options.reduced_decoding = reduced;
    return make_dinov2_encoder(options)->description();
  };
  const std::string description = describe("a.safetensors", 28, true);
  EXPECT_EQ(description, describe("a.safetensors", 28, true));
  EXPECT_NE(description, describe("b.safetensors", 28, true));
  EXPECT_NE(description, describe("a.safetensors", 42, true));
  EXPECT_NE(description, describe("a.safetensors", 28, false));
  EXPECT_THAT(description, testing::HasSubstr("\"precision\":\"float32\""));

  const auto encoder = open_encoder(folder / "a.safetensors", 224);
  EXPECT_EQ(encoder->name(), "dinov2_128x2");
  EXPECT_EQ(encoder->min_side(), 512);
}

TEST(Dinov2, RefusesOtherArchitectures) {
  const TemporaryFolder folder;
  const auto refuse = [&](auto change, const std::string& message) {
    TinyDinov2 tiny;
    change(tiny);
    tiny.save(folder / "x.safetensors");
    expect_error([&] { open_encoder(folder / "x.safetensors", 28); }, message);
  };
  const auto reshape = [](const std::string& name, std::vector<std::size_t> shape) {
    return [=](TinyDinov2& tiny) {
      TinyDinov2::Tensor& tensor = tiny.at(name);
      tensor.shape = shape;
      std::size_t count = 1;
      for (const std::size_t length : shape) count *= length;
      tensor.values.resize(count);
    };
  };
  const auto erase = [](const std::string& name) {
    return [=](TinyDinov2& tiny) { tiny.erase(name); };
  };
  const auto add = [](const std::string& name) {
    return [=](TinyDinov2& tiny) { tiny.tensors.push_back({name, {1}, {0.0f}}); };
  };
  refuse(erase("embeddings.cls_token"), "x.safetensors, tensor embeddings.cls_token] is missing");
  refuse(erase("encoder.layer.1.attention.attention.key.bias"),
         "tensor encoder.layer.1.attention.attention.key.bias] is missing, expected shape [128]");
  refuse(erase("layernorm.weight"), "tensor layernorm.weight] is missing");
  refuse(erase("encoder.layer.0.norm1.weight"), "tensor encoder.layer.0.norm1.weight] is missing");
  refuse(erase("encoder.layer.1.norm1.weight"), "another architecture");
  refuse(add("embeddings.register_tokens"),
         "tensor embeddings.register_tokens] belongs to another architecture");
  refuse(add("encoder.layer.0.mlp.weights_in.bias"), "mlp.weights_in.bias] belongs to another");
  refuse(reshape("embeddings.cls_token", {1, 1, 100}), "has 100 dimensions");
  refuse(reshape("embeddings.position_embeddings", {1, 9, 128}), "has 9 positions");
  refuse(reshape("embeddings.patch_embeddings.projection.weight", {128, 3, 16, 16}),
         "projection.weight] has shape [128, 3, 16, 16], expected [128, 3, 14, 14]");
  refuse(reshape("encoder.layer.1.mlp.fc2.weight", {128, 255}),
         "fc2.weight] has shape [128, 255], expected [128, 256]");
  // What does not belong to the network may be there: a head that someone trained, say.
  TinyDinov2 tiny;
  add("classifier.weight")(tiny);
  tiny.save(folder / "head.safetensors");
  EXPECT_EQ(open_encoder(folder / "head.safetensors", 28)->dim(), 128u);
}

TEST(Dinov2, RefusesOptionsThatCannotBe) {
  const TemporaryFolder folder;
  TinyDinov2().save(folder / "tiny.safetensors");
  const auto refuse = [&](auto change, const std::string& message) {
    Dinov2Options options;
    options.weights = folder / "tiny.safetensors";
    change(options);
    expect_error([&] { make_dinov2_encoder(options); }, message);
  };
  refuse([](Dinov2Options& o) { o.size = 225; }, "got size 225, expected a multiple of 14");
  refuse([](Dinov2Options& o) { o.size = -14; }, "got size -14");
  refuse([](Dinov2Options& o) { o.batch = 0; }, "got batch 0");
  refuse([](Dinov2Options& o) { o.device = "gpu"; }, "got device 'gpu'");
  refuse([](Dinov2Options& o) { o.device = "cuda:x"; }, "got device 'cuda:x'");
  refuse([](Dinov2Options& o) { o.precision = Precision::kFloat16; }, "float16 on the CPU");
  refuse([&](Dinov2Options& o) { o.weights = folder / "none.safetensors"; }, "none.safetensors");
  const TorchBuild build = torch_build();
  EXPECT_TRUE(build.available);
  EXPECT_FALSE(build.version.empty());
  if (!build.cuda) {
    refuse([](Dinov2Options& o) { o.device = "cuda"; },
           "device cuda needs a libtorch with CUDA, but this build is linked to libtorch " +
               build.version + " for CPUs");
  } else if (build.gpus == 0) {
    refuse([](Dinov2Options& o) { o.device = "cuda"; }, "finds 0 CUDA devices");
  }
}

TEST(Dinov2, RunsOnCuda) {
  if (torch_build().gpus == 0) GTEST_SKIP() << "no CUDA device here";
  const TemporaryFolder folder;
  TinyDinov2().save(folder / "tiny.safetensors");
  Workers workers(2);
  std::vector<Image> images;
  for (int i = 0; i < 5; ++i) images.push_back(waves(50 + 9 * i, 80 - 5 * i, i));
  Matrix<float> expected(5, 128), found(5, 128), alone(1, 128);
  open_encoder(folder / "tiny.safetensors", 56)->encode(images, expected, workers);
  for (const Precision precision :
       {Precision::kFloat32, Precision::kFloat16, Precision::kBFloat16}) {
    Dinov2Options options;
    options.weights = folder / "tiny.safetensors";
    options.size = 56;
    options.device = "cuda";
    options.batch = 3;
    options.precision = precision;
    const auto encoder = make_dinov2_encoder(options);
    encoder->encode(images, found, workers);
    encoder->encode(std::span(images).subspan(4, 1), alone, workers);
    const float tolerance = precision == Precision::kFloat32   ? 5e-3f
                            : precision == Precision::kFloat16 ? 2e-2f
                                                               : 1e-1f;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      ASSERT_NEAR(found.data()[i], expected.data()[i], tolerance);
    }
    for (std::size_t d = 0; d < 128; ++d) EXPECT_NEAR(alone(0, d), found(4, d), 1e-6f);
  }
}

}  // namespace
}  // namespace goldpan
