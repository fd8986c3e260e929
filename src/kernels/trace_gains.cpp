#include "kernels/trace_gains.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/trace_gains.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#ifndef GOLDPAN_KERNELS_TRACE_GAINS_ONCE
#define GOLDPAN_KERNELS_TRACE_GAINS_ONCE
namespace goldpan {
namespace {

/// What the kernels see of a block.
struct Lanes {
  std::size_t classes, width;
  const float* p;
  float* s;
  float* t;
};

// Keeps quotients of probabilities finite; products with the zeros that they belong to vanish.
constexpr float kTiny = 1e-37f;

std::size_t triangle(std::size_t i, std::size_t j) { return i * (i + 1) / 2 + j; }

}  // namespace
}  // namespace goldpan
#endif

HWY_BEFORE_NAMESPACE();
namespace goldpan {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Never more lanes than the padding of a block.
using D = hn::CappedTag<float, kTraceLanes>;
using V = hn::Vec<D>;

/// Scratch matrices of one group of lanes: entry (i, j) is one vector.
class Scratch {
 public:
  Scratch(std::size_t rows, std::size_t cols) : cols_(cols), values_(rows * cols * kTraceLanes) {}
  HWY_INLINE V load(std::size_t i, std::size_t j) const {
    return hn::LoadU(D(), values_.data() + (i * cols_ + j) * kTraceLanes);
  }
  HWY_INLINE void store(std::size_t i, std::size_t j, V value) {
    hn::StoreU(value, D(), values_.data() + (i * cols_ + j) * kTraceLanes);
  }

 private:
  std::size_t cols_;
  std::vector<float> values_;
};

/// The factor L of each lane: L_ii = diagonal_i and L_ki = -below_i p_k for k > i.
class Factor {
 public:
  explicit Factor(std::size_t classes) : order_(classes - 1), values_(3, classes) {}

  HWY_INLINE void set(const Lanes& lanes, std::size_t lane) {
    const D d;
    V rest = hn::LoadU(d, lanes.p + order_ * lanes.width + lane);  // sum of the p_k with k > i
    for (std::size_t i = order_; i-- > 0;) {
      const V p = hn::LoadU(d, lanes.p + i * lanes.width + lane);
      const V share = hn::Div(p, hn::Max(hn::Add(rest, p), hn::Set(d, kTiny)));
      values_.store(0, i, hn::Sqrt(hn::Mul(share, rest)));
      values_.store(1, i, hn::Sqrt(hn::Div(share, hn::Max(rest, hn::Set(d, kTiny)))));
      values_.store(2, i, p);
      rest = hn::Add(rest, p);
    }
  }

  /// Column j of out = L^T in, where in(i) gives entry (i, j).
  template <class In>
  HWY_INLINE void multiply(const In& in, std::size_t j, Scratch& out) const {
    V sum = hn::Zero(D());  // sum of p_k in(k) with k > i
    for (std::size_t i = order_; i-- > 0;) {
      const V value = in(i);
      out.store(i, j, hn::NegMulAdd(values_.load(1, i), sum, hn::Mul(values_.load(0, i), value)));
      sum = hn::MulAdd(values_.load(2, i), value, sum);
    }
  }

 private:
  std::size_t order_;
  Scratch values_;
};

void enter_triangle(const Factor& factor, float* triangles, std::size_t width, std::size_t lane,
                    std::size_t order, Scratch& half, Scratch& full) {
  const auto at = [&](std::size_t i, std::size_t j) {
    return triangles + triangle(std::max(i, j), std::min(i, j)) * width + lane;
  };
  for (std::size_t j = 0; j < order; ++j) {
    factor.multiply([&](std::size_t i) { return hn::LoadU(D(), at(i, j)); }, j, half);
  }
  for (std::size_t j = 0; j < order; ++j) {  // L^T (L^T K)^T
    factor.multiply([&](std::size_t i) { return half.load(j, i); }, j, full);
  }
  for (std::size_t i = 0; i < order; ++i) {
    for (std::size_t j = 0; j <= i; ++j) hn::StoreU(full.load(i, j), D(), at(i, j));
  }
}

void enter(const Lanes& lanes) {
  const std::size_t order = lanes.classes - 1;
  Factor factor(lanes.classes);
  Scratch half(order, order), full(order, order);
  for (std::size_t lane = 0; lane < lanes.width; lane += hn::Lanes(D())) {
    factor.set(lanes, lane);
    enter_triangle(factor, lanes.s, lanes.width, lane, order, half, full);
    enter_triangle(factor, lanes.t, lanes.width, lane, order, half, full);
  }
}

/// Sum over k of a(i, k) times row k of a matrix that all lanes share.
HWY_INLINE V dot_shared(const Scratch& a, std::size_t i, const float* column, std::size_t order) {
  const D d;
  V sum = hn::Zero(d);
  for (std::size_t k = 0; k < order; ++k) {
    sum = hn::MulAdd(a.load(i, k), hn::Set(d, column[k * order]), sum);
  }
  return sum;
}

void update_lanes(const Lanes& lanes, const float* products, const float* gain,
                  const float* pick_middle) {
  const D d;
  const std::size_t order = lanes.classes - 1, width = lanes.width;
  Factor factor(lanes.classes);
  Scratch a(order, order), p(order, order), q(order, order);
  for (std::size_t lane = 0; lane < width; lane += hn::Lanes(d)) {
    factor.set(lanes, lane);
    for (std::size_t j = 0; j < order; ++j) {
      const float* const first = products + j * width + lane;
      const float* const second = first + order * order * width;
      const std::size_t step = order * width;
      factor.multiply([&](std::size_t i) { return hn::LoadU(d, first + i * step); }, j, a);
      factor.multiply([&](std::size_t i) { return hn::LoadU(d, second + i * step); }, j, q);
    }
    for (std::size_t i = 0; i < order; ++i) {
      for (std::size_t j = 0; j < order; ++j) p.store(i, j, dot_shared(a, i, gain + j, order));
      for (std::size_t j = 0; j < order; ++j) {
        const V half = hn::Mul(hn::Set(d, 0.5f), dot_shared(p, i, pick_middle + j, order));
        q.store(i, j, hn::Sub(q.load(i, j), half));
      }
    }
    for (std::size_t i = 0; i < order; ++i) {
      for (std::size_t j = 0; j <= i; ++j) {
        float* const s = lanes.s + triangle(i, j) * width + lane;
        float* const t = lanes.t + triangle(i, j) * width + lane;
        V s_ij = hn::LoadU(d, s), t_ij = hn::LoadU(d, t);
        for (std::size_t k = 0; k < order; ++k) {
          s_ij = hn::NegMulAdd(p.load(i, k), a.load(j, k), s_ij);
          t_ij = hn::NegMulAdd(p.load(i, k), q.load(j, k), t_ij);
          t_ij = hn::NegMulAdd(q.load(i, k), p.load(j, k), t_ij);
        }
        hn::StoreU(s_ij, d, s);
        hn::StoreU(t_ij, d, t);
      }
    }
  }
}

void gains_of_lanes(const Lanes& lanes, float sign, float* out) {
  const D d;
  const std::size_t order = lanes.classes - 1, width = lanes.width;
  const V signs = hn::Set(d, sign), one = hn::Set(d, 1.0f);
  Scratch inverse(order, order);  // of the Cholesky factor of I + sign S, lower
  Scratch chol(order, order);
  for (std::size_t lane = 0; lane < width; lane += hn::Lanes(d)) {
    for (std::size_t j = 0; j < order; ++j) {
      V reciprocal = one;
      for (std::size_t i = j; i < order; ++i) {
        V sum = hn::Mul(signs, hn::LoadU(d, lanes.s + triangle(i, j) * width + lane));
        if (i == j) sum = hn::Add(sum, one);
        for (std::size_t k = 0; k < j; ++k) {
          sum = hn::NegMulAdd(chol.load(i, k), chol.load(j, k), sum);
        }
        if (i == j) {
          // Positive but for rounding, where a removed row leaves next to nothing.
          reciprocal = hn::Div(one, hn::Sqrt(hn::Max(sum, hn::Set(d, 1e-6f))));
          inverse.store(j, j, reciprocal);
        } else {
          chol.store(i, j, hn::Mul(sum, reciprocal));
        }
      }
    }
    for (std::size_t j = 0; j < order; ++j) {
      for (std::size_t i = j + 1; i < order; ++i) {
        V sum = hn::Zero(d);
        for (std::size_t k = j; k < i; ++k) {
          sum = hn::MulAdd(chol.load(i, k), inverse.load(k, j), sum);
        }
        inverse.store(i, j, hn::Neg(hn::Mul(sum, inverse.load(i, i))));
      }
    }
    V trace = hn::Zero(d);
    for (std::size_t i = 0; i < order; ++i) {
      for (std::size_t j = 0; j <= i; ++j) {
        V entry = hn::Zero(d);
        for (std::size_t k = i; k < order; ++k) {
          entry = hn::MulAdd(inverse.load(k, i), inverse.load(k, j), entry);
        }
        if (i != j) entry = hn::Add(entry, entry);
        trace = hn::MulAdd(entry, hn::LoadU(d, lanes.t + triangle(i, j) * width + lane), trace);
      }
    }
    hn::StoreU(trace, d, out + lane);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace goldpan
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace goldpan {

HWY_EXPORT(enter);
HWY_EXPORT(update_lanes);
HWY_EXPORT(gains_of_lanes);

TraceBlock::TraceBlock(std::size_t classes, std::size_t candidates)
    : classes_(classes),
      width_((candidates + kTraceLanes - 1) / kTraceLanes * kTraceLanes),
      p_(classes * width_),
      s_(pairs() * width_),
      t_(pairs() * width_) {
  assert(classes > 1 && candidates > 0);
}

void TraceBlock::copy(std::size_t to, const TraceBlock& other, std::size_t from) {
  assert(classes_ == other.classes_);
  for (std::size_t c = 0; c < classes_; ++c) {
    p_[c * width_ + to] = other.p_[c * other.width_ + from];
  }
  for (std::size_t pair = 0; pair < pairs(); ++pair) {
    s_[pair * width_ + to] = other.s_[pair * other.width_ + from];
    t_[pair * width_ + to] = other.t_[pair * other.width_ + from];
  }
}

void TraceBlock::enter_basis() {
  HWY_DYNAMIC_DISPATCH(enter)({classes_, width_, p_.data(), s_.data(), t_.data()});
}

void TraceBlock::update(MatrixView<const float> products, const Matrix<float>& gain,
                        const Matrix<float>& pick_middle) {
  assert(products.rows() == 2 * order() * order() && products.cols() == width_);
  HWY_DYNAMIC_DISPATCH(update_lanes)
  ({classes_, width_, p_.data(), s_.data(), t_.data()}, products.data(), gain.data(),
   pick_middle.data());
}

void TraceBlock::gains(float sign, std::span<float> out) const {
  assert(out.size() == width_);
  // The kernel reads s and t only.
  const Lanes lanes{classes_, width_, p_.data(), const_cast<float*>(s_.data()),
                    const_cast<float*>(t_.data())};
  HWY_DYNAMIC_DISPATCH(gains_of_lanes)(lanes, sign, out.data());
}

Matrix<float> multinomial_factor(std::span<const float> probabilities) {
  const std::size_t order = probabilities.size() - 1;
  Matrix<float> factor(order, order);
  float rest = probabilities[order];
  for (std::size_t i = order; i-- > 0;) {
    const float p = probabilities[i];
    const float share = p / std::max(rest + p, kTiny);
    const float below = std::sqrt(share / std::max(rest, kTiny));
    factor(i, i) = std::sqrt(share * rest);
    for (std::size_t k = i + 1; k < order; ++k) factor(k, i) = -below * probabilities[k];
    rest += p;
  }
  return factor;
}

}  // namespace goldpan
#endif  // HWY_ONCE
