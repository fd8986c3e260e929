#include <algorithm>

#include <goldpan/core/stochastic_passes.hpp>

namespace goldpan {

void StoredPasses::probabilities(std::span<const Index> rows, std::span<float> out) const {
  assert(out.size() == rows.size() * passes_ * classes_);
  float* to = out.data();
  for (const Index row : rows) {
    for (std::size_t pass = 0; pass < passes_; ++pass, to += classes_) {
      std::copy_n(values_.data() + (pass * rows_ + row) * classes_, classes_, to);
    }
  }
}

}  // namespace goldpan
