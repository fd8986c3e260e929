#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <goldpan/core/matrix.hpp>

namespace goldpan {

/// A counter-based random generator: Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers:
/// as easy as 1, 2, 3"), with our own distributions, since the standard library's differ between
/// implementations.
///
/// Equal keys give equal streams on every machine. Independent streams are derived by name, not by
/// drawing: `Generator(seed).stream("badge").stream(round)` is the same whatever else was drawn, in
/// any order, on any number of threads.
class Generator {
 public:
  explicit Generator(std::uint64_t seed);

  /// The child stream of this name. Depends on this generator's key alone, not on what was drawn
  /// from it.
  Generator stream(std::string_view name) const;
  Generator stream(std::uint64_t number) const;

  /// 32 and 64 uniform bits.
  std::uint32_t bits32();
  std::uint64_t bits64();
  /// Uniform in [0, 1), a multiple of 2^-53.
  double uniform();
  /// Uniform in {0, ..., bound - 1}, without bias (Lemire 2019). Requires: bound > 0.
  std::uint64_t below(std::uint64_t bound);
  /// Standard normal (Box and Muller 1958).
  double normal();
  /// Standard Gumbel: -ln(-ln u).
  double gumbel();

  /// Permutes in place (Fisher-Yates).
  template <typename T>
  void shuffle(std::span<T> values) {
    for (std::size_t i = values.size(); i > 1; --i) std::swap(values[i - 1], values[below(i)]);
  }
  /// `count` of the values, uniform without replacement, in random order. Requires: count <=
  /// values.size().
  std::vector<Index> sample(std::span<const Index> values, std::size_t count);

 private:
  struct Key {
    std::uint64_t value;
  };
  explicit Generator(Key key) : key_(key.value) {}
  void refill();

  std::uint64_t key_;
  std::uint64_t counter_ = 0;
  std::uint32_t block_[4] = {};
  int used_ = 4;
};

/// One Philox4x32-10 block: the bijection behind Generator, exposed for its published test vectors.
void philox4x32(const std::uint32_t counter[4], const std::uint32_t key[2], std::uint32_t out[4]);

}  // namespace goldpan
