#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include <goldpan/core/matrix.hpp>
#include <goldpan/core/safetensors.hpp>
#include <goldpan/embed/dinov2.hpp>

#include "embed/dinov2_weights.hpp"

namespace goldpan {

/// The vision transformer on libtorch. Safe to call from several threads at once.
class Dinov2Network {
 public:
  /// Requires: size is a positive multiple of 14, the device is there, `precision` is not kAuto.
  Dinov2Network(const SafetensorsFile& weights, const Dinov2Architecture& architecture, int size,
                const std::string& device, Precision precision);
  ~Dinov2Network();

  /// Class tokens (out.rows() x dim) of out.rows() normalised images, three planes each.
  void forward(const float* planes, MatrixView<float> out) const;

 private:
  struct State;
  std::unique_ptr<const State> state_;
};

}  // namespace goldpan
