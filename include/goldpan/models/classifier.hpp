#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include <goldpan/core/embeddings.hpp>
#include <goldpan/core/matrix.hpp>
#include <goldpan/core/random.hpp>
#include <goldpan/core/stochastic_passes.hpp>
#include <goldpan/core/workers.hpp>

namespace goldpan {

/// A model that the experiment trains afresh each round, bound to its items (embeddings or images)
/// when made. Items are named by row.
class Classifier {
 public:
  virtual ~Classifier() = default;

  virtual std::size_t classes() const = 0;

  /// Trains from scratch. `labels[i]` in [0, classes()) belongs to `rows[i]`; `weights` (empty: all
  /// 1) scale each example's loss. Classes without an example are allowed. Same arguments, same
  /// model, for any number of threads. Throws Error if rows is empty or a label is out of range.
  virtual void fit(std::span<const Index> rows, std::span<const std::int32_t> labels,
                   std::span<const float> weights, Generator generator, Workers& workers) = 0;

  /// Uncalibrated logits: out is rows.size() x classes(). Requires: fitted.
  virtual void logits(std::span<const Index> rows, MatrixView<float> out,
                      Workers& workers) const = 0;

  /// Width of the penultimate features h, or 0 where h is the embedding itself (a linear head).
  virtual std::size_t feature_dim() const = 0;
  /// Penultimate features: out is rows.size() x feature_dim(). Requires: fitted, feature_dim() > 0.
  virtual void features(std::span<const Index> rows, MatrixView<float> out,
                        Workers& workers) const = 0;

  /// `passes` Monte Carlo dropout predictions with logits divided by `temperature`, lazily
  /// evaluated on this model, which must outlive them and not be fitted again. A dropout mask
  /// belongs to a pass, not to a sample (METHODS.md, BALD).
  virtual std::unique_ptr<StochasticPasses> stochastic_passes(std::size_t passes, float temperature,
                                                              Generator generator) const = 0;
};

}  // namespace goldpan
