#include <cassert>
#include <cmath>
#include <numbers>

#include <goldpan/core/random.hpp>

namespace goldpan {
namespace {

/// SplitMix64's finaliser (Steele et al. 2014): a bijection that spreads every input bit.
std::uint64_t mix(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15u;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

// 128 bits hold the product of two 64-bit numbers; a compiler extension that GCC and Clang share.
__extension__ typedef unsigned __int128 Uint128;

// Tags keep the three ways to make a key from colliding: stream(1) is not stream("\x01").
constexpr std::uint64_t kSeedTag = 0x736565640000ull;
constexpr std::uint64_t kNameTag = 0x6e616d650000ull;
constexpr std::uint64_t kNumberTag = 0x6e756d620000ull;

}  // namespace

void philox4x32(const std::uint32_t counter[4], const std::uint32_t key[2], std::uint32_t out[4]) {
  constexpr std::uint32_t kMultiplier0 = 0xD2511F53, kMultiplier1 = 0xCD9E8D57;
  constexpr std::uint32_t kWeyl0 = 0x9E3779B9, kWeyl1 = 0xBB67AE85;
  std::uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
  std::uint32_t k0 = key[0], k1 = key[1];
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t p0 = std::uint64_t{kMultiplier0} * c0;
    const std::uint64_t p1 = std::uint64_t{kMultiplier1} * c2;
    c0 = static_cast<std::uint32_t>(p1 >> 32) ^ c1 ^ k0;
    c1 = static_cast<std::uint32_t>(p1);
    c2 = static_cast<std::uint32_t>(p0 >> 32) ^ c3 ^ k1;
    c3 = static_cast<std::uint32_t>(p0);
    k0 += kWeyl0;
    k1 += kWeyl1;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

Generator::Generator(std::uint64_t seed) : key_(mix(mix(seed) ^ kSeedTag)) {}

Generator Generator::stream(std::string_view name) const {
  std::uint64_t key = mix(key_ ^ kNameTag ^ name.size());
  for (const char c : name) key = mix(key ^ static_cast<std::uint8_t>(c));
  return Generator(Key{key});
}

Generator Generator::stream(std::uint64_t number) const {
  return Generator(Key{mix(mix(key_ ^ kNumberTag) ^ number)});
}

void Generator::refill() {
  const std::uint32_t counter[4] = {static_cast<std::uint32_t>(counter_),
                                    static_cast<std::uint32_t>(counter_ >> 32), 0, 0};
  const std::uint32_t key[2] = {static_cast<std::uint32_t>(key_),
                                static_cast<std::uint32_t>(key_ >> 32)};
  philox4x32(counter, key, block_);
  ++counter_;
  used_ = 0;
}

std::uint32_t Generator::bits32() {
  if (used_ == 4) refill();
  return block_[used_++];
}

std::uint64_t Generator::bits64() {
  const std::uint64_t low = bits32();
  return low | std::uint64_t{bits32()} << 32;
}

double Generator::uniform() { return static_cast<double>(bits64() >> 11) * 0x1p-53; }

std::uint64_t Generator::below(std::uint64_t bound) {
  assert(bound > 0);
  Uint128 product = static_cast<Uint128>(bits64()) * bound;
  if (static_cast<std::uint64_t>(product) < bound) {
    const std::uint64_t threshold = (0 - bound) % bound;
    while (static_cast<std::uint64_t>(product) < threshold) {
      product = static_cast<Uint128>(bits64()) * bound;
    }
  }
  return static_cast<std::uint64_t>(product >> 64);
}

double Generator::normal() {
  // 1 - uniform() lies in (0, 1], where the logarithm is finite.
  const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
  return radius * std::cos(2.0 * std::numbers::pi * uniform());
}

double Generator::gumbel() {
  // The outer logarithm needs an argument in (0, 1), open on both sides.
  double u = uniform();
  while (u == 0.0) u = uniform();
  return -std::log(-std::log(u));
}

std::vector<Index> Generator::sample(std::span<const Index> values, std::size_t count) {
  assert(count <= values.size());
  std::vector<Index> rest(values.begin(), values.end());
  for (std::size_t i = 0; i < count; ++i) std::swap(rest[i], rest[i + below(rest.size() - i)]);
  rest.resize(count);
  return rest;
}

}  // namespace goldpan
