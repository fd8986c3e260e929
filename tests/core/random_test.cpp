#include <array>
#include <cmath>
#include <numeric>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include <goldpan/core/random.hpp>

namespace goldpan {
namespace {

using Block = std::array<std::uint32_t, 4>;

Block philox(Block counter, std::array<std::uint32_t, 2> key) {
  Block out;
  philox4x32(counter.data(), key.data(), out.data());
  return out;
}

// The known answers published with Random123 (kat_vectors).
TEST(Philox, MatchesPublishedVectors) {
  EXPECT_EQ(philox({0, 0, 0, 0}, {0, 0}), (Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox({~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}),
            (Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Generator, StreamsDependOnTheNameAndNotOnWhatWasDrawn) {
  Generator fresh(7), used(7);
  for (int i = 0; i < 5; ++i) used.bits32();
  EXPECT_EQ(fresh.stream("badge").stream(3).bits64(), used.stream("badge").stream(3).bits64());

  std::set<std::uint64_t> firsts;
  firsts.insert(Generator(7).bits64());
  firsts.insert(Generator(8).bits64());
  for (const char* name : {"", "a", "b", "ab", "ba"}) firsts.insert(fresh.stream(name).bits64());
  for (std::uint64_t number = 0; number < 100; ++number) {
    firsts.insert(fresh.stream(number).bits64());
    firsts.insert(fresh.stream("a").stream(number).bits64());
  }
  EXPECT_EQ(firsts.size(), 2u + 5u + 200u);
}

TEST(Generator, UniformHasTheRightMoments) {
  Generator generator(1);
  double sum = 0, squares = 0;
  constexpr int kDraws = 200000;
  for (int i = 0; i < kDraws; ++i) {
    const double u = generator.uniform();
    ASSERT_GE(u, 0.0);
    ASSERT_LT(u, 1.0);
    sum += u;
    squares += u * u;
  }
  EXPECT_NEAR(sum / kDraws, 0.5, 5 * std::sqrt(1.0 / 12 / kDraws));
  EXPECT_NEAR(squares / kDraws, 1.0 / 3, 5 * std::sqrt(4.0 / 45 / kDraws));
}

TEST(Generator, BelowIsUnbiased) {
  Generator generator(2);
  constexpr int kBound = 7, kDraws = 70000;
  std::array<int, kBound> counts = {};
  for (int i = 0; i < kDraws; ++i) ++counts[generator.below(kBound)];
  double chi_square = 0;
  for (const int count : counts) {
    chi_square += std::pow(count - kDraws / kBound, 2) / (kDraws / kBound);
  }
  EXPECT_LT(chi_square, 22.46);  // 6 degrees of freedom, p = 0.001
  // A bound just above 2^63 rejects nearly half of the draws.
  const std::uint64_t huge = (std::uint64_t{1} << 63) + 1;
  for (int i = 0; i < 1000; ++i) ASSERT_LT(generator.below(huge), huge);
}

TEST(Generator, NormalAndGumbelHaveTheirMoments) {
  Generator generator(3);
  constexpr int kDraws = 200000;
  double normal_sum = 0, normal_squares = 0, gumbel_sum = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double z = generator.normal();
    normal_sum += z;
    normal_squares += z * z;
    gumbel_sum += generator.gumbel();
  }
  EXPECT_NEAR(normal_sum / kDraws, 0.0, 5 / std::sqrt(kDraws));
  EXPECT_NEAR(normal_squares / kDraws, 1.0, 5 * std::sqrt(2.0 / kDraws));
  EXPECT_NEAR(gumbel_sum / kDraws, 0.57722, 5 * 1.2825 / std::sqrt(kDraws));
}

TEST(Generator, SampleIsWithoutReplacementAndUniform) {
  std::vector<Index> values(10);
  std::iota(values.begin(), values.end(), 100u);
  Generator generator(4);
  std::array<int, 10> counts = {};
  for (int i = 0; i < 20000; ++i) {
    const std::vector<Index> picked = generator.sample(values, 3);
    EXPECT_EQ(std::set<Index>(picked.begin(), picked.end()).size(), 3u);
    for (const Index value : picked) ++counts[value - 100];
  }
  for (const int count : counts) EXPECT_NEAR(count, 6000, 5 * std::sqrt(20000 * 0.3 * 0.7));
  EXPECT_TRUE(generator.sample(values, 0).empty());
  EXPECT_EQ(generator.sample(values, 10).size(), 10u);
}

}  // namespace
}  // namespace goldpan
