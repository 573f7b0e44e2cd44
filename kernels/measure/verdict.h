// SPDX-License-Identifier: Apache-2.0
// Whether one kernel is slower than another: the rules of the gate. docs/gate.md explains them, tests/gate_study.sh
// measures how often they are wrong. Tested by verdict_test.cc.
#ifndef ACTBENCH_KERNELS_MEASURE_VERDICT_H_
#define ACTBENCH_KERNELS_MEASURE_VERDICT_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/types/span.h"
#include "kernels/measure/ratio.h"
#include "kernels/measure/student.h"

namespace actbench {

enum class Verdict : uint8_t {
  kSame,       // no difference that matters
  kFaster,     // beyond the threshold and chance
  kSlower,     // so, too
  kAmbiguous,  // it cannot be told yet
  kUntrusted,  // a control failed, or there are too few processes
};
// Whether more processes would hardly change it.
constexpr bool IsDecided(Verdict verdict) { return verdict != Verdict::kAmbiguous && verdict != Verdict::kUntrusted; }
inline constexpr std::array<std::string_view, 5> kVerdictNames = {"same", "faster", "slower", "ambiguous", "untrusted"};

// A comparison by pairs as it is usually made: so many processes first, so many more while it is not decided, and so
// many at most; and the smallest difference that matters.
inline constexpr int kFirstProcesses = 16;
inline constexpr int kMoreProcesses = 8;
inline constexpr int kMostProcesses = 64;
// Of fewer, of each run where they are measured apart, no verdict is given: rank tests can hardly tell the largest
// difference from chance, and Student's takes processes that fall into two groups for certainty (docs/method.md).
inline constexpr int kFewestProcesses = 8;
inline constexpr double kPairedThreshold = 0.03;

// Of one case, measured by pairs: the time by that of the base kernel in each process. Missing controls are empty.
struct PairedRatios {
  std::vector<double> head;
  std::vector<double> control;   // the base kernel itself, or a copy of it
  std::vector<double> injected;  // the base kernel with InjectedWork of its elements
  std::vector<double> layout;    // the base kernel built with its functions elsewhere in lines and pages
};

// The times of one case, measured by one run after the other.
struct UnpairedTimes {
  std::vector<double> base;
  std::vector<double> head;
};

struct Judgement {
  RatioEstimate ratio;
  std::optional<RatioEstimate> control;
  std::optional<RatioEstimate> injected;
  std::optional<RatioEstimate> layout;
  // How likely such a difference is by chance: the smaller p value of a rank test, which no outlier disturbs, and of
  // Student's, which is not bounded by the number of processes; doubled, as there are two to choose from.
  double p_value = 1;
  double q_value = 1;             // with the number of cases taken into account
  double least_rank_p_value = 1;  // that so many processes allow
  MeanEstimate mean;              // for Student's test
  std::string lacking;            // why nothing can be said of it; empty if something can
  // The relative difference that counts here: what was asked for, or more where the controls say that less cannot be
  // told from nothing.
  double threshold = 0;
  // The relative slowdown that would most likely have been found; 0 where none would have been.
  double detectable = 0;
  bool sees_injected = true;  // whether `injected`, if there is one, lies beyond what the control leaves open
  Verdict verdict = Verdict::kAmbiguous;
  std::string reason;  // why it is ambiguous or untrusted
};

// The work of the control that has to be found slower, for a threshold: 1.05 for 0.03.
double InjectedWork(double threshold);

// All but the q value, what is detectable and the verdict, which depend on the other cases. Each has at least one
// ratio, or time of both. Takes some 40 ms.
Judgement Estimate(const PairedRatios& ratios, double threshold);
Judgement Estimate(const UnpairedTimes& times, double threshold);

// The rest, of all cases that are looked at together.
void SetVerdicts(absl::Span<Judgement> judgements);

}  // namespace actbench

#endif  // ACTBENCH_KERNELS_MEASURE_VERDICT_H_
