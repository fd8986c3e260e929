#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include <goldpan/core/embeddings.hpp>
#include <goldpan/core/random.hpp>
#include <goldpan/core/workers.hpp>
#include <goldpan/models/linear_head.hpp>

namespace goldpan {

/// Heads on the same embeddings that are trained once for each set of labels, whoever asks: at the
/// first budget all strategies that start at random hold the same labels, and at 100 % all do.
///
/// A softmax regression is a function of its rows, labels and weights, in whatever order they come
/// (see make_head). So a head out of the cache is bit for bit the one that training would give, and
/// no result depends on who asked first, on threads, or on what a resumed run remembers. Heads with
/// a hidden layer draw random numbers: they are trained every time.
///
/// May be used by several threads at once; those that ask for a set that is being trained wait for
/// it. So that none waits for itself, such threads have teams of workers of their own, or all are
/// tasks of one team.
class FitCache {
 public:
  /// Heads of make_head(embeddings, classes, options); the embeddings must outlive the cache and
  /// its heads. At most `capacity` sets are remembered, those asked for last (a head of D columns
  /// takes about 4 D^2 bytes, at most 4 MiB). Throws Error as make_head does.
  FitCache(const Embeddings& embeddings, std::size_t classes, const HeadOptions& options,
           std::size_t capacity = 32);
  ~FitCache();
  FitCache(const FitCache&) = delete;
  FitCache& operator=(const FitCache&) = delete;

  /// A head fitted as by Classifier::fit, whose errors it throws. `generator` is for heads that
  /// draw random numbers.
  std::unique_ptr<Head> fit(std::span<const Index> rows, std::span<const std::int32_t> labels,
                            std::span<const float> weights, const Generator& generator,
                            Workers& workers);

  /// How many heads were trained, and how many were already there.
  struct Counts {
    std::size_t trained = 0;
    std::size_t reused = 0;
  };
  Counts counts() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace goldpan
