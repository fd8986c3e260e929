#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

#include <goldpan/core/random.hpp>
#include <goldpan/core/workers.hpp>
#include <goldpan/strategies/strategy.hpp>

namespace goldpan::bench {

/// Passes that cost nothing but a copy: what is measured is the strategy alone.
class CopiedPasses : public StochasticPasses {
 public:
  CopiedPasses(const Matrix<float>& probabilities, std::size_t passes)
      : probabilities_(probabilities), passes_(passes) {}
  std::size_t passes() const override { return passes_; }
  std::size_t classes() const override { return probabilities_.cols(); }
  void probabilities(std::span<const Index> rows, std::span<float> out) const override {
    float* next = out.data();
    for (const Index row : rows) {
      for (std::size_t k = 0; k < passes_; ++k) {
        const auto p = probabilities_.row((row + 131 * k) % probabilities_.rows());
        next = std::copy(p.begin(), p.end(), next);
      }
    }
  }

 private:
  const Matrix<float>& probabilities_;
  std::size_t passes_;
};

/// A pool of the size that this project's numbers are quoted for: N x 384 embeddings in classes'
/// clusters with a falling spectrum, as features of images have, and probabilities over C classes.
struct MadePool {
  MadePool(std::size_t rows, std::size_t dims, std::size_t class_count, std::size_t labels)
      : embeddings(rows, dims), probabilities(rows, class_count), passes(probabilities, 20) {
    const Generator root(1);
    Generator of_centers = root.stream("centers");
    Matrix<float> centers(50 * class_count, dims);
    std::vector<float> scale(dims);
    for (std::size_t d = 0; d < dims; ++d)
      scale[d] = 1.0f / std::sqrt(1.0f + static_cast<float>(d) / 8);
    for (std::size_t i = 0; i < centers.rows(); ++i) {
      for (std::size_t d = 0; d < dims; ++d) {
        centers(i, d) = scale[d] * static_cast<float>(of_centers.normal());
      }
    }
    Workers workers;
    workers.for_blocks(rows, 256, [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) {
        Generator generator = root.stream("row").stream(i);
        const auto center = centers.row(generator.below(centers.rows()));
        for (std::size_t d = 0; d < dims; ++d) {
          embeddings(i, d) = center[d] + scale[d] * static_cast<float>(generator.normal());
        }
        double sum = 0;
        for (float& p : probabilities.row(i)) {
          p = static_cast<float>(std::exp(2 * generator.normal()));
          sum += p;
        }
        for (float& p : probabilities.row(i)) p = static_cast<float>(p / sum);
      }
    });
    for (std::size_t i = 0; i < rows; ++i) {
      // Labels spread evenly over the pool.
      const bool is_labeled = i * labels / rows != (i + 1) * labels / rows;
      (is_labeled ? labeled : unlabeled).push_back(static_cast<Index>(i));
    }
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

  Matrix<float> embeddings, probabilities;
  CopiedPasses passes;
  std::vector<Index> labeled, unlabeled;
};

}  // namespace goldpan::bench
