#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include <goldpan/core/error.hpp>
#include <goldpan/core/stochastic_passes.hpp>

namespace goldpan {

StoredPasses::StoredPasses(std::span<const float> values, std::size_t passes, std::size_t rows,
                           std::size_t classes)
    : values_(values), passes_(passes), rows_(rows), classes_(classes) {
  std::size_t expected = passes;
  const bool overflows = __builtin_mul_overflow(expected, rows, &expected) ||
                         __builtin_mul_overflow(expected, classes, &expected);
  if (overflows || values.size() != expected) {
    throw Error("stochastic passes",
                fmt::format("got {} values, expected {} passes x {} rows x {} classes",
                            values.size(), passes, rows, classes));
  }
}

std::string doubtful_shape(const StochasticPasses& passes) {
  if (passes.rows() == 0 || passes.passes() <= passes.rows()) return {};
  return fmt::format(
      "stochastic passes: read as {} passes over {} rows of {} classes (K x N x C); if the array "
      "is "
      "N x K x C, swap its first two axes",
      passes.passes(), passes.rows(), passes.classes());
}

void StoredPasses::probabilities(std::span<const Index> rows, std::span<float> out) const {
  assert(out.size() == rows.size() * passes_ * classes_);
  float* to = out.data();
  for (const Index row : rows) {
    for (std::size_t pass = 0; pass < passes_; ++pass, to += classes_) {
      std::ranges::copy(this->row(pass, row), to);
    }
  }
}

std::string probability_fault(std::span<const float> row) {
  constexpr double kTolerance = 1e-2;
  double sum = 0;
  bool in_range = true;
  for (const float value : row) {
    in_range &= value >= 0.0f && value <= 1.0f + static_cast<float>(kTolerance);
    sum += value;
  }
  if (in_range && std::abs(sum - 1.0) <= kTolerance) return {};
  return "holds " +
         (in_range ? "values that sum to " + std::to_string(sum)
                   : std::string("a NaN, a negative value or one above 1")) +
         ", expected probabilities that sum to 1";
}

void check_probabilities(const StoredPasses& passes, const char* where, Workers& workers) {
  constexpr std::size_t kRowsPerTask = 4096;
  workers.for_blocks(passes.passes() * passes.rows(), kRowsPerTask,
                     [&](std::size_t begin, std::size_t end) {
                       for (std::size_t i = begin; i < end; ++i) {
                         const std::size_t pass = i / passes.rows(), row = i % passes.rows();
                         const std::string fault = probability_fault(passes.row(pass, row));
                         if (!fault.empty()) {
                           throw Error(where, "pass " + std::to_string(pass) + ", row " +
                                                  std::to_string(row) + " " + fault);
                         }
                       }
                     });
}

}  // namespace goldpan
