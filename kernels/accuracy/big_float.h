// SPDX-License-Identifier: Apache-2.0
// A multi-precision number with plain operators, over MPFR. Tested by reference_test.cc.
#ifndef ACTBENCH_KERNELS_ACCURACY_BIG_FLOAT_H_
#define ACTBENCH_KERNELS_ACCURACY_BIG_FLOAT_H_

#include <mpfr.h>

#include <string_view>
#include <utility>

namespace actbench {

// A value semantics wrapper of mpfr_t: every operation rounds to nearest at this thread's precision, with MPFR's
// default exponent range of about 2^(+-2^30).
class BigFloat {
 public:
  // Sets the precision in bits of this thread's numbers made from now on, for as long as it lives.
  class PrecisionScope {
   public:
    explicit PrecisionScope(int bits) : previous_(std::exchange(thread_.precision, bits)) {}
    ~PrecisionScope() { thread_.precision = previous_; }
    PrecisionScope(const PrecisionScope&) = delete;
    PrecisionScope& operator=(const PrecisionScope&) = delete;

   private:
    mpfr_prec_t previous_;
  };

  static long precision() { return static_cast<long>(thread_.precision); }

  BigFloat() : BigFloat(0.0) {}
  // Exact where the precision is at least 53 bits. Implicit, so that formulas mix with constants.
  BigFloat(double value) {  // NOLINT(google-explicit-constructor)
    mpfr_init2(value_, thread_.precision);
    mpfr_set_d(value_, value, MPFR_RNDN);
  }
  // REQUIRES: `text` is a decimal number.
  static BigFloat FromDecimal(std::string_view text);
  static BigFloat Pi() {
    BigFloat result;
    mpfr_const_pi(result.value_, MPFR_RNDN);
    return result;
  }
  BigFloat(const BigFloat& other) {
    mpfr_init2(value_, mpfr_get_prec(other.value_));
    mpfr_set(value_, other.value_, MPFR_RNDN);
  }
  BigFloat(BigFloat&& other) noexcept : BigFloat() { mpfr_swap(value_, other.value_); }
  BigFloat& operator=(BigFloat other) noexcept {
    mpfr_swap(value_, other.value_);
    return *this;
  }
  ~BigFloat() { mpfr_clear(value_); }

  double ToDouble() const { return mpfr_get_d(value_, MPFR_RNDN); }
  mpfr_srcptr get() const { return value_; }

  friend BigFloat operator-(const BigFloat& a) { return Apply(mpfr_neg, a); }
  friend BigFloat operator+(const BigFloat& a, const BigFloat& b) { return Apply(mpfr_add, a, b); }
  friend BigFloat operator-(const BigFloat& a, const BigFloat& b) { return Apply(mpfr_sub, a, b); }
  friend BigFloat operator*(const BigFloat& a, const BigFloat& b) { return Apply(mpfr_mul, a, b); }
  friend BigFloat operator/(const BigFloat& a, const BigFloat& b) { return Apply(mpfr_div, a, b); }
  friend bool operator==(const BigFloat& a, const BigFloat& b) { return mpfr_equal_p(a.value_, b.value_) != 0; }
  friend bool operator<(const BigFloat& a, const BigFloat& b) { return mpfr_less_p(a.value_, b.value_) != 0; }
  friend bool operator>(const BigFloat& a, const BigFloat& b) { return b < a; }
  friend bool operator<=(const BigFloat& a, const BigFloat& b) { return mpfr_lessequal_p(a.value_, b.value_) != 0; }
  friend bool operator>=(const BigFloat& a, const BigFloat& b) { return b <= a; }

  friend BigFloat exp(const BigFloat& a) { return Apply(mpfr_exp, a); }
  friend BigFloat expm1(const BigFloat& a) { return Apply(mpfr_expm1, a); }
  friend BigFloat log1p(const BigFloat& a) { return Apply(mpfr_log1p, a); }
  friend BigFloat sqrt(const BigFloat& a) { return Apply(mpfr_sqrt, a); }
  friend BigFloat erfc(const BigFloat& a) { return Apply(mpfr_erfc, a); }
  friend BigFloat tanh(const BigFloat& a) { return Apply(mpfr_tanh, a); }
  friend BigFloat abs(const BigFloat& a) { return Apply(mpfr_abs, a); }
  // a - b and a + b, rounded away from a: other numbers than a unless b is 0. REQUIRES: b >= 0.
  friend BigFloat LowerBound(const BigFloat& a, const BigFloat& b) { return Apply<MPFR_RNDD>(mpfr_sub, a, b); }
  friend BigFloat UpperBound(const BigFloat& a, const BigFloat& b) { return Apply<MPFR_RNDU>(mpfr_add, a, b); }
  friend BigFloat RoundToInteger(const BigFloat& a) { return Apply(mpfr_rint, a); }
  friend bool signbit(const BigFloat& a) { return mpfr_signbit(a.value_) != 0; }
  // floor(log2(abs(a))). REQUIRES: a is not 0.
  friend long ilogb(const BigFloat& a) { return static_cast<long>(mpfr_get_exp(a.value_)) - 1; }
  friend BigFloat scalbln(const BigFloat& a, long exponent) {
    BigFloat result;
    mpfr_mul_2si(result.value_, a.value_, exponent, MPFR_RNDN);
    return result;
  }

 private:
  template <mpfr_rnd_t kRounding = MPFR_RNDN, class Function, class... Operand>
  static BigFloat Apply(Function function, const Operand&... operand) {
    BigFloat result;
    function(result.value_, operand.value_..., kRounding);
    return result;
  }

  struct ThreadState {
    // MPFR keeps constants and memory for each thread, which would stay when the thread ends.
    ~ThreadState() { mpfr_free_cache(); }
    mpfr_prec_t precision;
  };
  inline static thread_local ThreadState thread_ = {.precision = 192};
  mpfr_t value_;
};

}  // namespace actbench

#endif  // ACTBENCH_KERNELS_ACCURACY_BIG_FLOAT_H_
