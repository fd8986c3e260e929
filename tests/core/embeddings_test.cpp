#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include <goldpan/core/embeddings.hpp>

#include "expect_error.hpp"

namespace goldpan {
namespace {

TEST(Half, KnownValues) {
  EXPECT_EQ(to_float(Half{0x3C00}), 1.0f);
  EXPECT_EQ(to_float(Half{0xC000}), -2.0f);
  EXPECT_EQ(to_float(Half{0x7BFF}), 65504.0f);
  EXPECT_EQ(to_float(Half{0x0001}), 0x1p-24f);
  EXPECT_EQ(to_float(Half{0x7C00}), std::numeric_limits<float>::infinity());
  EXPECT_TRUE(std::isnan(to_float(Half{0x7E00})));
  EXPECT_EQ(to_half(65520.0f).bits, 0x7C00);         // rounds up past the largest half
  EXPECT_EQ(to_half(1.0f + 0x1p-11f).bits, 0x3C00);  // a tie goes to even
  EXPECT_EQ(to_half(1.0f + 3 * 0x1p-11f).bits, 0x3C02);
  EXPECT_TRUE(std::isnan(to_float(to_half(std::nanf("")))));
}

TEST(Half, EveryValueSurvivesARoundTrip) {
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const Half half{static_cast<std::uint16_t>(bits)};
    const float value = to_float(half);
    if (std::isnan(value)) continue;
    ASSERT_EQ(to_half(value).bits, half.bits) << bits;
  }
}

TEST(Embeddings, ReadsEveryHalfAsItIs) {
  Matrix<Half> halves(1, 65536);
  for (std::size_t bits = 0; bits < 65536; ++bits) {
    halves(0, bits).bits = static_cast<std::uint16_t>(bits);
  }
  Matrix<float> floats(1, 65536);
  Embeddings(MatrixView<const Half>(halves.view())).copy_rows(0, floats);
  for (std::size_t bits = 0; bits < 65536; ++bits) {
    const float expected = to_float(halves(0, bits));
    if (std::isnan(expected)) {
      ASSERT_TRUE(std::isnan(floats(0, bits))) << bits;
    } else {
      ASSERT_EQ(floats(0, bits), expected) << bits;
    }
  }
}

TEST(Embeddings, ReadsFloatAndHalfAlike) {
  Matrix<float> values(3, 2);
  std::vector<Half> halves;
  for (std::size_t i = 0; i < 6; ++i) {
    values.data()[i] = static_cast<float>(i) - 2.5f;
    halves.push_back(to_half(values.data()[i]));
  }
  const Embeddings wide = values;
  const Embeddings narrow = MatrixView<const Half>(halves.data(), 3, 2);
  EXPECT_FALSE(wide.is_half());
  EXPECT_TRUE(narrow.is_half());
  for (const Embeddings& embeddings : {wide, narrow}) {
    Matrix<float> out(2, 2);
    embeddings.gather_rows(std::vector<Index>{2, 0}, out);
    EXPECT_EQ(out(0, 0), 1.5f);
    EXPECT_EQ(out(1, 1), -1.5f);
    std::vector<float> buffer(4);
    const auto rows = embeddings.read_rows(1, 2, buffer.data());
    EXPECT_EQ(rows(0, 0), -0.5f);
    EXPECT_EQ(rows(1, 1), 2.5f);
  }
}

TEST(CheckFinite, ManyRowsWithoutValuesTakeNoTime) {
  // Found by the fuzzer: shape (4294967297, 0) in a .npy file of 128 bytes took a minute.
  EXPECT_NO_THROW(check_finite(MatrixView<const float>(nullptr, 1'000'000'000'000, 0), "E.npy"));
}

TEST(Embeddings, NamesTheRowThatIsNotFinite) {
  Matrix<float> values(3, 2);
  EXPECT_NO_THROW(check_finite(values, "E.npy"));
  values(2, 1) = std::nanf("");
  expect_error([&] { check_finite(values, "E.npy"); }, "[E.npy] row 2, column 1 is not finite");
  values(2, 1) = -std::numeric_limits<float>::infinity();
  expect_error([&] { check_finite(values, "E.npy"); }, "row 2");
}

}  // namespace
}  // namespace goldpan
