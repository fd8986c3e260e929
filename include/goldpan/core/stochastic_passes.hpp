#pragma once

#include <cstddef>
#include <span>

#include <goldpan/core/matrix.hpp>

namespace goldpan {

/// K stochastic predictions of a model (Monte Carlo dropout or an ensemble) for every row of a
/// pool, given out a block of rows at a time, so that N x K x C values need never exist at once.
/// Safe to call from several threads at once; a row's values do not depend on the block it is asked
/// in.
class StochasticPasses {
 public:
  virtual ~StochasticPasses() = default;
  virtual std::size_t passes() const = 0;
  virtual std::size_t classes() const = 0;
  /// Class probabilities of the named pool rows: out[(r * passes() + k) * classes() + c], each
  /// summing to 1 over c. Requires: out.size() == rows.size() * passes() * classes().
  virtual void probabilities(std::span<const Index> rows, std::span<float> out) const = 0;
};

}  // namespace goldpan
