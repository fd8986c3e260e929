#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <goldpan/core/files.hpp>
#include <goldpan/core/random.hpp>
#include <goldpan/core/safetensors.hpp>

#include "expect_error.hpp"
#include "temporary_folder.hpp"

namespace goldpan {
namespace {

std::string file_with(const std::string& header, const std::string& values) {
  const std::uint64_t length = header.size();
  std::string content(8, '\0');
  std::memcpy(content.data(), &length, 8);
  return content + header + values;
}

template <typename T>
StoredTensor tensor(const std::string& name, const std::string& type,
                    std::vector<std::size_t> shape, const std::vector<T>& values) {
  return {name, type, std::move(shape), std::as_bytes(std::span(values))};
}

TEST(Safetensors, ReadsWhatItWrites) {
  const TemporaryFolder folder;
  const std::vector<float> weight = {1.5f, -2, 3, 4, 5, 6};
  const std::vector<std::uint16_t> halves = {0x3C00, 0xC000}, brains = {0x3F80, 0xC000};
  const std::vector<std::int64_t> steps = {7};
  const StoredTensor tensors[] = {
      tensor("z.weight", "F32", {2, 3}, weight), tensor("half", "F16", {2}, halves),
      tensor("brain", "BF16", {2, 1}, brains), tensor("steps", "I64", {}, steps),
      tensor("nothing", "F32", {0, 4}, std::vector<float>())};
  write_safetensors(folder / "x.safetensors", tensors, {{"format", "pt"}});

  const SafetensorsFile file(folder / "x.safetensors");
  ASSERT_EQ(file.tensors().size(), 5u);
  EXPECT_EQ(file.tensors()[0].name, "brain");  // by name, not by place
  EXPECT_EQ(file.metadata().at("format"), "pt");
  EXPECT_EQ(file.floats(file.at("z.weight", {2, 3})), weight);
  EXPECT_EQ(file.floats(file.at("half", {2})), (std::vector<float>{1, -2}));
  EXPECT_EQ(file.floats(file.at("brain", {2, 1})), (std::vector<float>{1, -2}));
  EXPECT_EQ(file.floats(file.at("nothing", {0, 4})).size(), 0u);
  EXPECT_EQ(file.find("missing"), nullptr);
  expect_error([&] { file.at("missing", {2}); }, "x.safetensors, tensor missing] is missing");
  expect_error([&] { file.at("half", {3}); }, "has shape [2], expected [3]");
  expect_error([&] { file.floats(*file.find("steps")); }, "tensor steps] has type I64");
}

TEST(Safetensors, ReadsWhatOthersWrite) {
  // The bytes that Python's safetensors 0.8.0 writes for {"a": float32 [[1, 2]]}.
  const TemporaryFolder folder;
  const std::string header =
      R"({"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}}  )";
  write_file(folder / "x", file_with(header, std::string("\0\0\x80\x3f\0\0\0\x40", 8)));
  const SafetensorsFile file(folder / "x");
  EXPECT_EQ(file.floats(file.at("a", {1, 2})), (std::vector<float>{1, 2}));
}

TEST(Safetensors, RefusesToWriteNonsense) {
  const TemporaryFolder folder;
  const std::vector<float> two = {1, 2};
  const auto write = [&](std::vector<StoredTensor> tensors) {
    write_safetensors(folder / "x", tensors);
  };
  expect_error(
      [&] {
        write({tensor("a", "F32", {2}, two), tensor("a", "F32", {2}, two)});
      },
      "tensor a] comes twice");
  expect_error([&] { write({tensor("a", "F32", {3}, two)}); }, "has 8 bytes, expected 12");
  expect_error([&] { write({tensor("a", "F99", {2}, two)}); }, "unknown type 'F99'");
}

TEST(Safetensors, RefusesWhatItCannotTrust) {
  const TemporaryFolder folder;
  const auto refuse = [&](const std::string& content, const std::string& message) {
    write_file(folder / "bad.safetensors", content);
    expect_error([&] { SafetensorsFile(folder / "bad.safetensors"); }, message);
  };
  const auto refuse_header = [&](const std::string& header, const std::string& message) {
    refuse(file_with(header, std::string(8, '\0')), message);
  };
  refuse("", "is not a safetensors file");
  refuse("<!DOCTYPE html><title>404</title>", "is not a safetensors file");
  refuse(file_with(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", "1234"),
         "tensor a] the file is truncated: the tensor ends at byte 8 of the values, of which there "
         "are 4");
  std::string lying = file_with("{}", "");
  lying[6] = 1;  // a header of 2^48 bytes
  refuse(lying, "claims a header of 281474976710658 bytes, which the file of 10 bytes cannot hold");
  refuse_header(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]})", "is not JSON");
  refuse_header(R"({"a":5})", "tensor a] is not described");
  refuse_header(R"({"a":{"shape":[2],"data_offsets":[0,8]}})", "has no 'dtype'");
  refuse_header(R"({"a":{"dtype":"F4","shape":[2],"data_offsets":[0,8]}})", "unknown type 'F4'");
  refuse_header(R"({"a":{"dtype":"F32","data_offsets":[0,8]}})", "no list 'shape'");
  refuse_header(R"({"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}})", "list of sizes");
  refuse_header(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}})", "a begin and an end");
  refuse_header(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0]}})", "a begin and an end");
  refuse_header(R"({"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}})",
                "takes 8 bytes by its offsets, but 12 by its shape [3] of F32");
  refuse_header(R"({"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}})",
                "impossible shape [4294967296, 4294967296]");
  refuse_header(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
                R"("b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})",
                "tensor b] overlaps");
  refuse_header(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})", "leaves a hole");
  refuse_header(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})",
                "has 4 bytes behind the last tensor");
  refuse_header(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
                R"("a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})",
                "twice");
  refuse_header(R"({"__metadata__":{"a":1}})", "__metadata__");
}

// Damaged files either open, with every tensor inside of the file, or are refused with an Error.
TEST(Safetensors, SurvivesDamage) {
  const TemporaryFolder folder;
  const std::vector<float> two = {1, 2}, six = {1, 2, 3, 4, 5, 6};
  const StoredTensor tensors[] = {tensor("a", "F32", {2}, two), tensor("b", "F32", {2, 3}, six)};
  write_safetensors(folder / "good", tensors, {{"k", "v"}});
  const std::string good = read_text(folder / "good");
  Generator generator(6);
  const std::string letters = "{}[]\",:0123456789-eF ";
  int opened = 0;
  for (int round = 0; round < 3000; ++round) {
    std::string damaged = good;
    if (generator.below(4) == 0) damaged.resize(generator.below(good.size()));
    for (int change = 0; change < 2 && !damaged.empty(); ++change) {
      damaged[generator.below(damaged.size())] = generator.below(2) == 0
                                                     ? letters[generator.below(letters.size())]
                                                     : static_cast<char>(generator.below(256));
    }
    // Not write_file, which would wait for the disk each time.
    std::ofstream(folder / "damaged", std::ios::binary) << damaged;
    try {
      const SafetensorsFile file(folder / "damaged");
      ++opened;
      for (const StoredTensor& found : file.tensors()) {
        EXPECT_LE(found.bytes.size(), damaged.size());
        if (found.type == "F32") {
          EXPECT_EQ(file.floats(found).size() * 4, found.bytes.size());
        }
      }
    } catch (const Error&) {
    }
  }
  EXPECT_GT(opened, 0);  // damage to values alone goes unseen
}

}  // namespace
}  // namespace goldpan
