#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <goldpan/core/npy.hpp>
#include <goldpan/core/random.hpp>

#include "expect_error.hpp"
#include "temporary_folder.hpp"

namespace goldpan {
namespace {

std::string with_header(const std::string& dictionary, const std::string& values) {
  std::string header = std::string("\x93NUMPY\x01\x00", 8);
  header += static_cast<char>(dictionary.size() & 0xFF);
  header += static_cast<char>(dictionary.size() >> 8);
  return header + dictionary + values;
}

TEST(Npy, WritesWhatItReads) {
  const TemporaryFolder folder;
  Matrix<float> values(3, 5);
  for (std::size_t i = 0; i < values.size(); ++i) values.data()[i] = static_cast<float>(i);
  write_npy(folder / "x.npy", values);
  const NpyFile file(folder / "x.npy");
  EXPECT_EQ(file.shape(), (std::vector<std::size_t>{3, 5}));
  EXPECT_EQ(file.type(), "f4");
  EXPECT_EQ(file.matrix()(2, 4), 14.0f);
  EXPECT_EQ(npy_header("<f4", {3, 5}).size() % 64, 0u);
}

TEST(Npy, ReadsIntegersOfEveryWidth) {
  const TemporaryFolder folder;
  write_file(folder / "b", npy_header("|u1", {3}) + std::string("\x00\x07\xff", 3));
  EXPECT_EQ(NpyFile(folder / "b").integers(), (std::vector<std::int64_t>{0, 7, 255}));
  const std::int64_t wide[] = {-1, 5};
  write_file(folder / "w", npy_header("<i8", {2}) +
                               std::string(reinterpret_cast<const char*>(wide), sizeof wide));
  EXPECT_EQ(NpyFile(folder / "w").integers(), (std::vector<std::int64_t>{-1, 5}));
  write_file(folder / "u", npy_header("<u8", {1}) + std::string(8, '\xff'));
  expect_error([&] { NpyFile(folder / "u").integers(); }, "entry 0");
}

TEST(Npy, RefusesWhatItCannotRead) {
  const TemporaryFolder folder;
  const auto refuse = [&](const std::string& content, const std::string& message) {
    write_file(folder / "bad.npy", content);
    expect_error([&] { NpyFile(folder / "bad.npy"); }, message);
  };
  refuse("", "not a .npy file");
  refuse("PK\x03\x04 this is an .npz file", "not a .npy file");
  refuse(npy_header("<f4", {3, 5}) + std::string(59, '\0'),
         "needs 60 bytes of values, the file has 59");
  refuse(npy_header("<f4", {3, 5}).substr(0, 40), "ends inside the .npy header");
  refuse(
      with_header("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 2), }", std::string(16, 0)),
      "Fortran");
  refuse(with_header("{'descr': '>f4', 'fortran_order': False, 'shape': (1,), }", "1234"),
         "big-endian");
  refuse(with_header("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", "1234"), "simple");
  refuse(with_header("{'descr': '<c8', 'fortran_order': False, 'shape': (1,), }", "12345678"),
         "'c8'");
  refuse(with_header("{'descr': '<f4', 'fortran_order': False, 'shape': "
                     "(4611686018427387904, 4611686018427387904), }",
                     ""),
         "impossible shape");
  refuse(with_header("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }", ""), "sizes");
  refuse(with_header("{'descr': '<f4', 'fortran_order': False}", ""), "no 'shape'");

  write_file(folder / "cube.npy", npy_header("<f4", {1, 1, 1}) + "1234");
  expect_error([&] { NpyFile(folder / "cube.npy").embeddings(); }, "expected N x D");
}

TEST(Npy, SurvivesDamagedHeaders) {
  const TemporaryFolder folder;
  const std::string good = npy_header("<f4", {2, 3}) + std::string(24, '\0');
  Generator generator(5);
  for (int round = 0; round < 1000; ++round) {
    std::string damaged = good.substr(0, 1 + generator.below(good.size()));
    for (int change = 0; change < 3; ++change) {
      damaged[generator.below(std::min<std::size_t>(damaged.size(), 80))] =
          static_cast<char>(generator.below(256));
    }
    write_file(folder / "damaged.npy", damaged);
    try {
      const NpyFile file(folder / "damaged.npy");
      EXPECT_LE(file.values().size(), damaged.size());
    } catch (const Error&) {
    }
  }
}

}  // namespace
}  // namespace goldpan
