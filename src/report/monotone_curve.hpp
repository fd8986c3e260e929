#pragma once

#include <span>
#include <vector>

namespace goldpan::report {

/// Isotonic regression: the ascending sequence closest to `values` in least squares, by pooling
/// adjacent violators.
std::vector<double> ascending_fit(std::span<const double> values);

/// A learning curve made monotone: accuracy as a function of the labels bought. Points that fall
/// are pooled (ascending_fit), then joined over ln(labels) by the piecewise cubic of Fritsch &
/// Butland (1984; "PCHIP"), which never overshoots its points. More labels never count as worse,
/// and a dip is averaged with its neighbour instead of being taken for a peak before it.
class MonotoneCurve {
 public:
  /// Requires: as many labels as accuracies, at least one; labels ascending and positive.
  MonotoneCurve(std::span<const double> labels, std::span<const double> accuracies);

  /// Accuracy at a number of labels; constant beyond the ends.
  double accuracy(double labels) const;
  /// The fewest labels with at least this accuracy; the first point's labels if that is enough
  /// already, NaN if the curve never gets there.
  double labels_for(double accuracy) const;

 private:
  double at(std::size_t interval, double x) const;

  std::vector<double> x_;      // ln(labels)
  std::vector<double> y_;      // pooled accuracies
  std::vector<double> slope_;  // dy/dx
};

}  // namespace goldpan::report
