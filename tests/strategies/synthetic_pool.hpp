#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <goldpan/core/random.hpp>
#include <goldpan/strategies/strategy.hpp>

namespace goldpan {

/// Stochastic passes that lie in memory: values[(row * passes + k) * classes + c].
class OwnedPasses : public StochasticPasses {
 public:
  OwnedPasses(std::vector<float> values, std::size_t passes, std::size_t classes)
      : values_(std::move(values)), passes_(passes), classes_(classes) {}
  std::size_t passes() const override { return passes_; }
  std::size_t classes() const override { return classes_; }
  void probabilities(std::span<const Index> rows, std::span<float> out) const override {
    const std::size_t size = passes_ * classes_;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      for (std::size_t j = 0; j < size; ++j) out[i * size + j] = values_[rows[i] * size + j];
    }
  }

 private:
  std::vector<float> values_;
  std::size_t passes_;
  std::size_t classes_;
};

/// A small pool that owns what a Pool looks at: clusters of embeddings, and probabilities and
/// passes of a random linear model on them. Change the members, then ask for view().
struct SyntheticPool {
  SyntheticPool(std::size_t rows, std::size_t dims, std::size_t classes, std::size_t labels,
                std::uint64_t seed = 0, std::size_t pass_count = 5)
      : embeddings(rows, dims), probabilities(rows, classes), passes({}, pass_count, classes) {
    Generator generator(seed);
    Matrix<float> centers(classes, dims);
    for (std::size_t i = 0; i < centers.size(); ++i) {
      centers.data()[i] = static_cast<float>(3 * generator.normal());
    }
    for (std::size_t i = 0; i < rows; ++i) {
      const std::size_t center = generator.below(classes);
      for (std::size_t d = 0; d < dims; ++d) {
        embeddings(i, d) = centers(center, d) + static_cast<float>(generator.normal());
      }
      fill_probabilities(probabilities.row(i), generator);
    }
    std::vector<float> stored(rows * pass_count * classes);
    for (std::size_t i = 0; i < rows * pass_count; ++i) {
      fill_probabilities(std::span(stored).subspan(i * classes, classes), generator);
    }
    passes = OwnedPasses(std::move(stored), pass_count, classes);

    std::vector<Index> all(rows);
    for (std::size_t i = 0; i < rows; ++i) all[i] = static_cast<Index>(i);
    std::vector<bool> is_labeled(rows, false);
    for (const Index row : generator.sample(all, labels)) is_labeled[row] = true;
    for (const Index row : all) (is_labeled[row] ? labeled : unlabeled).push_back(row);
  }

  Pool view() const {
    Pool pool;
    pool.embeddings = embeddings;
    pool.probabilities = probabilities.view();
    pool.passes = &passes;
    pool.labeled = labeled;
    pool.unlabeled = unlabeled;
    return pool;
  }

  Matrix<float> embeddings;
  Matrix<float> probabilities;
  OwnedPasses passes;
  std::vector<Index> labeled;
  std::vector<Index> unlabeled;

 private:
  static void fill_probabilities(std::span<float> out, Generator& generator) {
    double sum = 0;
    for (float& p : out) {
      p = static_cast<float>(std::exp(2 * generator.normal()));
      sum += p;
    }
    for (float& p : out) p = static_cast<float>(p / sum);
  }
};

}  // namespace goldpan
