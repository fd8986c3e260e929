#include <algorithm>
#include <cstdint>
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

/// What numpy.save writes for an array of this type, order and axis order: values 0, 1, 2, ... of a
/// 3 x 4 matrix.
template <typename T, typename Make>
std::string saved(const std::string& descr, bool fortran, const Make& make) {
  std::string values;
  for (std::size_t i = 0; i < 12; ++i) {
    const std::size_t number = fortran ? i % 3 * 4 + i / 3 : i;
    const T value = make(number);
    std::string raw(reinterpret_cast<const char*>(&value), sizeof value);
    if (descr[0] == '>') std::ranges::reverse(raw);
    values += raw;
  }
  std::string dictionary = "{'descr': '" + descr +
                           "', 'fortran_order': " + (fortran ? "True" : "False") +
                           ", 'shape': (3, 4), }";
  dictionary.append(54 - (dictionary.size() + 1) % 64 + 64, ' ');
  return with_header(dictionary + "\n", values);
}

TEST(Npy, ConvertsEveryTypeAndOrder) {
  const TemporaryFolder folder;
  const auto expect_counts = [&](const std::string& content, bool converted) {
    write_file(folder / "x.npy", content);
    const NpyFloats floats(folder / "x.npy", 2, "N x C");
    EXPECT_EQ(floats.converted(), converted);
    for (std::size_t i = 0; i < 12; ++i) {
      EXPECT_EQ(floats.matrix().data()[i], static_cast<float>(i)) << i;
      EXPECT_EQ(floats.matrix()(i / 4, i % 4), static_cast<float>(i));
    }
    const NpyEmbeddings embeddings(folder / "x.npy");
    std::vector<float> row(4);
    embeddings.embeddings().copy_rows(2, {row.data(), 1, 4});
    EXPECT_EQ(row, (std::vector<float>{8, 9, 10, 11}));
  };
  const auto half = [](std::size_t i) { return to_half(static_cast<float>(i)).bits; };
  for (const bool fortran : {false, true}) {
    for (const std::string order : {"<", ">"}) {
      const bool as_is = order == "<" && !fortran;
      expect_counts(saved<float>(order + "f4", fortran, [](std::size_t i) { return float(i); }),
                    !as_is);
      expect_counts(saved<double>(order + "f8", fortran, [](std::size_t i) { return double(i); }),
                    true);
      expect_counts(saved<std::int64_t>(order + "i8", fortran, [](std::size_t i) { return i; }),
                    true);
      expect_counts(saved<std::uint16_t>(order + "u2", fortran, [](std::size_t i) { return i; }),
                    true);
      expect_counts(saved<std::uint16_t>(order + "f2", fortran, half), true);
    }
  }
  write_file(folder / "x.npy", saved<std::uint16_t>("<f2", false, half));
  EXPECT_TRUE(NpyEmbeddings(folder / "x.npy").embeddings().is_half());
}

TEST(Npy, ReadsThreeAxesInFortranOrder) {
  const TemporaryFolder folder;
  std::string values;
  for (std::size_t i = 0; i < 24; ++i) {  // value 12 k + 4 n + c at [k, n, c], k changing fastest
    const double value = 12.0 * (i % 2) + 4.0 * (i / 2 % 3) + static_cast<double>(i / 6);
    values.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  write_file(folder / "x.npy",
             with_header("{'descr': '<f8', 'fortran_order': True, 'shape': (2, 3, 4), }", values));
  const NpyFloats floats(folder / "x.npy", 3, "K x N x C");
  for (std::size_t i = 0; i < 24; ++i) EXPECT_EQ(floats.values()[i], static_cast<float>(i));
}

TEST(Npy, SaysWhatCuresAFileThatMustLieInMemory) {
  const TemporaryFolder folder;
  write_file(folder / "x.npy", saved<float>(">f4", true, [](std::size_t i) { return float(i); }));
  const NpyFile file(folder / "x.npy");
  expect_error([&] { file.embeddings(); }, "type f4, big-endian, Fortran order");
  expect_error([&] { file.matrix(); },
               "numpy.save(p, numpy.ascontiguousarray(numpy.load(p), '<f4'))");
}

TEST(Npy, ReadsBigEndianIntegers) {
  const TemporaryFolder folder;
  write_file(folder / "x.npy", npy_header(">i2", {2}) + std::string("\x01\x02\xff\xfe", 4));
  EXPECT_EQ(NpyFile(folder / "x.npy").integers(), (std::vector<std::int64_t>{258, -2}));
}

TEST(Npy, RefusesArraysWithoutValues) {
  const TemporaryFolder folder;
  const auto refuse = [&](std::vector<std::size_t> shape, const std::string& message) {
    write_file(folder / "x.npy", npy_header("<f4", shape));
    expect_error([&] { NpyFloats(folder / "x.npy", 2, "N x C"); }, message);
    expect_error([&] { NpyEmbeddings(folder / "x.npy"); }, message);
  };
  refuse({4294967297, 0}, "has shape (4294967297, 0), which holds no values");
  refuse({0, 4294967297}, "which holds no values");
  refuse({0, 0}, "which holds no values");
  refuse({}, "needs 4 bytes");
  refuse({4}, "needs 16 bytes");
  write_file(folder / "x.npy", npy_header("<f2", {4294967297, 0}));
  expect_error([&] { NpyEmbeddings(folder / "x.npy"); }, "which holds no values");
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
    write_file(folder / "damaged.npy", damaged, Flush::kNo);
    try {
      const NpyFile file(folder / "damaged.npy");
      EXPECT_LE(file.values().size(), damaged.size());
      const NpyFloats floats(folder / "damaged.npy", 2, "N x D");
      EXPECT_LE(floats.values().size(), damaged.size());
    } catch (const Error&) {
    }
  }
}

}  // namespace
}  // namespace goldpan
