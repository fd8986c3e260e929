#pragma once

#include <cassert>
#include <cstddef>
#include <span>
#include <string>

#include <goldpan/core/matrix.hpp>
#include <goldpan/core/workers.hpp>

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
  /// Rows that can be asked for; 0: not known.
  virtual std::size_t rows() const { return 0; }
  /// Class probabilities of the named pool rows: out[(r * passes() + k) * classes() + c], each
  /// summing to 1 over c. Requires: out.size() == rows.size() * passes() * classes().
  virtual void probabilities(std::span<const Index> rows, std::span<float> out) const = 0;
};

/// Passes that were computed elsewhere: a view of a K x N x C array, row-major, which must outlive
/// it.
class StoredPasses : public StochasticPasses {
 public:
  /// Throws Error unless there are passes x rows x classes values.
  StoredPasses(std::span<const float> values, std::size_t passes, std::size_t rows,
               std::size_t classes);

  std::size_t passes() const override { return passes_; }
  std::size_t classes() const override { return classes_; }
  std::size_t rows() const override { return rows_; }
  /// Class probabilities of one row in one pass.
  std::span<const float> row(std::size_t pass, std::size_t row) const {
    assert(pass < passes_ && row < rows_);
    return values_.subspan((pass * rows_ + row) * classes_, classes_);
  }
  void probabilities(std::span<const Index> rows, std::span<float> out) const override;

 private:
  std::span<const float> values_;
  std::size_t passes_, rows_, classes_;
};

/// What keeps a row from being class probabilities (a NaN, values outside [0, 1], a sum that is off
/// from 1 by more than 0.01, which float16 files of many classes are not), as the end of a sentence
/// about the row; empty if nothing does.
std::string probability_fault(std::span<const float> row);

/// What K x N x C passes were taken to be, where another order of the axes is likelier (more passes
/// than rows: frameworks save N x K x C); else empty.
std::string doubtful_shape(const StochasticPasses& passes);

/// Throws Error naming `where` and the first pass and row that does not hold probabilities.
void check_probabilities(const StoredPasses& passes, const char* where, Workers& workers);

}  // namespace goldpan
