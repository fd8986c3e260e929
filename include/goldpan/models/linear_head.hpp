#pragma once

#include <memory>

#include <goldpan/core/embeddings.hpp>
#include <goldpan/models/classifier.hpp>

namespace goldpan {

struct HeadOptions {
  /// 0: softmax regression. H > 0: one hidden layer of H rectified linear units in between.
  std::size_t hidden = 0;
  /// Share of the head's inputs dropped in training and in stochastic passes.
  float dropout = 0.1f;
  /// L2 penalty: the loss is the mean cross-entropy plus weight_decay / (2 n) |W|^2, scikit-learn's
  /// 1/C.
  float weight_decay = 1.0f;
};

/// A head on frozen embeddings (N x D), which must outlive it.
std::unique_ptr<Classifier> make_head(const Embeddings& embeddings, std::size_t classes,
                                      const HeadOptions& options = {});

}  // namespace goldpan
