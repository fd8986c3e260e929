#include "kernels/distance.hpp"

#include <cmath>
#include <cstdint>
#include <vector>

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <goldpan/core/random.hpp>

#include "reference/distance.hpp"

namespace goldpan {
namespace {

std::vector<float> normals(std::size_t count, Generator& generator) {
  std::vector<float> values(count);
  for (float& value : values) value = static_cast<float>(generator.normal());
  return values;
}

TEST(Distance, IsTheDefinitionToTheLastBit) {
  Generator generator(3);
  for (std::size_t dims = 0; dims <= 130; ++dims) {
    // Exact lengths: the address sanitizer sees a read beyond them.
    const auto a = normals(dims, generator), b = normals(dims, generator);
    EXPECT_EQ(squared_distance(a.data(), b.data(), dims),
              reference::squared_distance(a.data(), b.data(), dims))
        << dims;
  }
}

/// Each instruction set that this processor has, for as long as the object lives.
class InstructionSets {
 public:
  ~InstructionSets() {
    hwy::SetSupportedTargetsForTest(0);
    hwy::GetChosenTarget().DeInit();
  }
  void use(std::int64_t target) {
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().DeInit();
  }
};

TEST(Distance, IsTheSameOnEveryInstructionSetWithFusedMultiplyAdd) {
  Generator generator(5);
  const auto a = normals(77, generator), b = normals(77, generator);
  const float expected = reference::squared_distance(a.data(), b.data(), 77);
  InstructionSets sets;
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    sets.use(target);
    const float found = squared_distance(a.data(), b.data(), 77);
    if (target <= HWY_AVX2) {
      EXPECT_EQ(found, expected) << hwy::TargetName(target);
    } else {
      EXPECT_NEAR(found, expected, 1e-6 * expected) << hwy::TargetName(target);
    }
  }
}

TEST(Distance, IsCloseToTheTruth) {
  Generator generator(4);
  const auto a = normals(1000, generator), b = normals(1000, generator);
  const double truth = reference::squared_distance_double(a.data(), b.data(), 1000);
  EXPECT_NEAR(squared_distance(a.data(), b.data(), 1000), truth, 1e-6 * truth);
}

}  // namespace
}  // namespace goldpan
