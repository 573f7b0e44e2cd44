// SPDX-License-Identifier: Apache-2.0
// The truth that kernels are measured against: the correctly rounded result of an activation's definition, decided in
// stages, each of which knows its own error: f64 lanes, pairs of them, and MPFR at rising precision. Tested by
// reference_test.cc, reference_lanes_test.cc and reference_lines_test.cc.
#ifndef ACTBENCH_KERNELS_ACCURACY_REFERENCE_H_
#define ACTBENCH_KERNELS_ACCURACY_REFERENCE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "kernels/accuracy/big_ball.h"
#include "kernels/accuracy/exact_result.h"
#include "kernels/accuracy/reference_lanes.h"
#include "kernels/activation_info.h"
#include "kernels/dtype.h"
#include "kernels/kernel.h"

namespace actbench {

// f and its derivative with respect to one input.
struct BigResult {
  BigBall value;
  BigBall derivative;
};
// Both, by input number `by`, at `inputs` (x [, gate]), for the parameters in order. At this thread's precision.
using Definition = BigResult (*)(const double* parameters, const BigBall* inputs, size_t by);

// An activation's definition in every number type there is.
struct Definitions {
  Definition big = nullptr;
  const LaneReferenceRow* lanes = nullptr;  // null: everything takes MPFR
};

// The definitions of an activation of AllActivations(), found by its name, for the widest instruction set of this
// processor; of any other activation one that is NaN everywhere.
Definitions DefinitionsOf(const ActivationInfo& activation);

// `x` as MPFR's stage takes it: infinity becomes 2^infinity, so large that results are the limits. Not NaN.
BigBall ReferenceInput(double x, int infinity = BigBall::kInfinityExponent);

inline constexpr size_t kReferenceBlock = 256;

// The exact results of one output of an activation in one dtype. Immutable, so thread-safe.
class Reference {
 public:
  // Of output number `output` (0: y or dx; 1: dgate). `parameters` as ResolveParameters gives them; `input_count`
  // counts x [, gate].
  Reference(const Definitions& definitions, size_t input_count, Direction direction, Dtype dtype,
            std::vector<double> parameters, size_t output = 0);
  Reference(const ActivationInfo& activation, Direction direction, Dtype dtype, std::vector<double> parameters,
            size_t output = 0);

  Dtype dtype() const { return dtype_; }
  // x [, gate] [, dy].
  size_t input_count() const { return input_count_ + (direction_ == Direction::kGradient ? 1 : 0); }

  // Stage 1 of `n` inputs (a multiple of kReferenceStep), as ReferenceFunction; for every input that IsPlain. False,
  // and nothing done, if there is no such stage.
  bool EvaluateF64(const double* const* inputs, size_t n, double* value, double* error) const;
  // Lines that the results follow to 2^-44 of themselves: of y over `n` ranges of x (a multiple of kReferenceStep), and
  // of dx over dy at an x. Nothing where there is none or where the results are exact; none at all with a gate.
  void FindLines(const double* middles, const double* radii, size_t n, std::optional<Line>* lines) const;
  std::optional<Line> FindLineOverUpstream(double x) const;
  // Whether there is one: not in f64, nor with parameters beyond 2^100 or so near to 0.
  bool HasF64Stage() const { return dtype_ != Dtype::kF64 && LaneFunction(false) != nullptr; }
  // Whether the faster stages can serve this input: it is finite, and dy is not 0.
  bool IsPlain(const double* inputs) const;
  // Stage 2 of `n` inputs: nothing where it is not enough.
  void EvaluatePairs(const double* const* inputs, size_t n, std::optional<ExactResult>* results) const;
  // What needs no stage: NaN, and the IEEE product of a dy that is 0 or infinite, or of an f' at an infinite input.
  std::optional<ExactResult> EvaluateSpecial(const double* inputs) const;
  // By the first stage, from `from` on, that knows what the result is and also the error of `got`: of NaN, which needs
  // no more, by default. The last stage always knows, but for an exponent of more than one input that differs from a
  // power of two by less than 2^-16384 of itself.
  ExactResult Evaluate(const double* inputs, double got = std::numeric_limits<double>::quiet_NaN(),
                       Stage from = Stage::kF64) const;
  // The last stage alone. 5 to 100 us.
  ExactResult EvaluateMpfr(const double* inputs, double got = std::numeric_limits<double>::quiet_NaN()) const;
  // Of `n` inputs, so well that the error of `got` is known; `n` is at most kReferenceBlock.
  void Evaluate(const double* const* inputs, const double* got, size_t n, ExactResult* results) const;
  // The result that lies within `error` of `value` at these inputs, if its bits are decided and it is near enough for
  // an error in ulp.
  std::optional<ExactResult> Decide(const double* inputs, double value, double error) const;
  // Whether the error of `got` is known.
  bool KnowsError(double got, const ExactResult& exact) const;

  // f and f', whatever dy is.
  BigResult EvaluateDefinition(const double* inputs) const;

 private:
  ReferenceFunction LaneFunction(bool pair) const;
  // What f, or f', is at an input that is infinite: a limit, which the definition only comes near to.
  struct Limit {
    double high = 0;
    double low = 0;
  };
  Limit FindLimit(double infinity) const;
  // From `start` on, away from 0, a function of one variable is within 2^-40 of its limit, and on which side of it:
  // larger in magnitude (1), or smaller (-1).
  struct Tail {
    double start = std::numeric_limits<double>::infinity();
    int side = 0;
  };
  Tail FindTail(double sign) const;
  // For inputs of one variable with this sign; each found when it is first asked for.
  const Limit& LimitOf(bool negative) const;
  const Tail& TailOf(bool negative) const;
  // Makes the exponent known where f is at a power of two beyond all precision: by the side from which it comes near.
  void SettleExponent(const double* inputs, ExactResult& exact) const;
  bool IsPlainForPairs(const double* inputs) const;
  // value and error of the first stage.
  std::optional<std::array<double, 2>> EvaluateF64One(const double* inputs) const;
  std::optional<ExactResult> DecidePair(double high, double low, double error) const;
  // What `exact` rounds to, if its error leaves no doubt.
  std::optional<ExactResult> DecideBall(const BigBall& exact) const;
  // f or f', whichever the direction is about.
  BigBall EvaluateFunction(const double* inputs) const;
  ExactResult Product(double dy, const Limit& derivative) const;
  ExactResult Rounded(double value) const;  // of an exact value
  uint64_t BitsOf(double value) const;

  Definitions definitions_;
  size_t input_count_;
  Direction direction_;
  Dtype dtype_;
  const DtypeInfo& format_;
  std::vector<double> parameters_;
  size_t output_;
  bool lanes_serve_parameters_;
  struct End {
    std::once_flag has_limit;
    Limit limit;
    std::once_flag has_tail;
    Tail tail;
  };
  std::shared_ptr<std::array<End, 2>> ends_ = std::make_shared<std::array<End, 2>>();  // -infinity and infinity
};

}  // namespace actbench

#endif  // ACTBENCH_KERNELS_ACCURACY_REFERENCE_H_
