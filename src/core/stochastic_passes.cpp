#include <algorithm>
#include <cmath>

#include <goldpan/core/error.hpp>
#include <goldpan/core/stochastic_passes.hpp>

namespace goldpan {

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
