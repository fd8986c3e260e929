#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include <goldpan/core/embeddings.hpp>
#include <goldpan/core/matrix.hpp>
#include <goldpan/models/classifier.hpp>

namespace goldpan {

/// How a head scales its inputs, from the rows it is trained on. All columns are centred.
enum class InputScaling : std::uint8_t {
  /// kPerColumn where the standard deviations of the columns span a factor of 100 between their 5 %
  /// and 95 % quantiles, so that they cannot be in one unit; else kCommon.
  kAuto,
  /// One factor for all columns: how much a column varies says how much it matters, as in the
  /// principal components of an encoder. No column counts for less than 1/32 or more than 32 times
  /// the median one.
  kCommon,
  /// Every column to the same standard deviation.
  kPerColumn,
};

struct HeadOptions {
  /// 0: softmax regression. H > 0: one hidden layer of H rectified linear units in between.
  std::size_t hidden = 0;
  /// Share of what is dropped at random in training and in stochastic passes: for softmax
  /// regression the principal components of its inputs (beyond 1,024 columns the columns), and in
  /// training only its expected cost to second order (Wager, Wang and Liang 2013); for a hidden
  /// layer the columns of its inputs and its units.
  float dropout = 0.05f;
  /// L2 penalty: the loss is the mean cross-entropy plus weight_decay / (2 n) |W|^2, scikit-learn's
  /// 1/C, for inputs scaled to a mean squared norm of 1. In other words, the standard deviation
  /// of a logit is 1 / sqrt(weight_decay) before any label is seen, whatever the dimension.
  float weight_decay = 0.03f;
  InputScaling scaling = InputScaling::kAuto;
};

/// What a head has learned, as matrices by name: enough to store it and to make it again with
/// head_from. The names are the head's own.
using HeadState = std::map<std::string, Matrix<float>>;

/// A classifier on embeddings that can be carried over to other embeddings: rows are those of the
/// embeddings that it is bound to.
class Head : public Classifier {
 public:
  /// This head, as it is trained now, on other embeddings of as many columns, which must outlive
  /// the result. A row of equal values gets equal logits, features and passes, bit for bit. Nothing
  /// is copied, and a later fit() of one leaves the other as it is. Throws Error if the columns
  /// differ. Requires: fitted.
  virtual std::unique_ptr<Head> on(const Embeddings& embeddings) const = 0;
  /// Requires: fitted.
  virtual HeadState state() const = 0;
};

/// A head on frozen embeddings (N x D), which must outlive it.
///
/// Columns that do not vary in the rows a head is trained on are left out. Example weights are
/// scaled to a mean of 1, so that they change the balance between examples, not between data and
/// penalty. The softmax regression is trained to convergence on a convex loss and draws no random
/// numbers in fit: the same rows with the same labels give the same model, in whatever order they
/// come. Classes without an example get the small probability of half an example.
///
/// Throws Error if the embeddings are empty or an option is out of range; its fit also throws if a
/// weight is negative or not finite, if all are 0, or if a row of the embeddings is not finite.
std::unique_ptr<Head> make_head(const Embeddings& embeddings, std::size_t classes,
                                const HeadOptions& options = {});

/// The head whose state() this is, bound to these embeddings; classes and options as they were
/// given to make_head. Throws Error if the state does not fit them.
std::unique_ptr<Head> head_from(const HeadState& state, const Embeddings& embeddings,
                                std::size_t classes, const HeadOptions& options = {});

}  // namespace goldpan
