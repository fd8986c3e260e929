#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <goldpan/embed/encoder.hpp>

#include "arrays.hpp"

// What an encoder has learned, to and from NumPy arrays by name.

using NamedArrays = std::vector<std::pair<std::string, NewArray<float>>>;
using GivenArrays = std::vector<std::pair<std::string, Array<float, 2>>>;

inline NamedArrays learned_arrays(const goldpan::Encoder& encoder) {
  NamedArrays all;
  for (auto& [key, values] : encoder.learned()) {
    goldpan::Matrix<float> copy = values;
    all.emplace_back(key, to_numpy(std::move(copy)));
  }
  return all;
}

inline void restore_arrays(goldpan::Encoder& encoder, const GivenArrays& learned) {
  std::map<std::string, goldpan::Matrix<float>> all;
  for (const auto& [key, values] : learned) {
    goldpan::Matrix<float> copy(values.shape(0), values.shape(1));
    std::copy_n(values.data(), copy.size(), copy.data());
    all.emplace(key, std::move(copy));
  }
  encoder.restore(all);
}
