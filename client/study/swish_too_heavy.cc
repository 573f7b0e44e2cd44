// SPDX-License-Identifier: Apache-2.0
// What swish costs beside hard_swish and relu. Tested by study_statements_test.cc.
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/study/speed.h"
#include "client/study/statements.h"

namespace actbench::client {
namespace {

absl::StatusOr<Findings> Measure(Lab& lab) {
  Findings findings;
  const absl::StatusOr<Timings> timings = TimeKernels(lab, {"swish", "hard_swish", "relu"});
  if (!timings.ok()) return timings.status();
  AddTimes(*timings, "swish", "hard_swish", findings.measurements);
  findings.figures.push_back(CostFigure(timings->all));
  return findings;
}

Conclusion Judge(const Measurements& m) {
  const Ratios ratios = RatiosOf(m);
  Conclusion conclusion;
  conclusion.verdict = JudgeRatios(ratios);
  conclusion.because = absl::StrCat("swish takes ", RangeText(ratios), " times as long as hard_swish");
  conclusion.text = absl::StrCat(
      RatiosText(m, "swish", "hard_swish"),
      " A phone was not measured: nearest to a device without wide vectors is scalar code, an element at a time.");
  return conclusion;
}

}  // namespace

const Statement& SwishTooHeavy() {
  static constexpr Statement kStatement = {
      "swish_too_heavy", "Swish is too heavy for devices; hard swish is what they can afford.",
      "The time of an element of swish, of hard_swish and, for comparison, of relu by instruction set and by the "
      "memory that inputs and outputs lie in, from the benchmark lab, on this machine: all kernels in turn, in one to "
      "three rounds, a fresh process each. What a device can afford is not measured: looked at is whether swish costs "
      "much more. Confirmed if it takes 1.25 times as long as hard_swish or longer in all rounds with each instruction "
      "set in L1 and L2, where computation takes the time; refuted if it takes less than that in all of them; depends "
      "otherwise. L3 and memory are told beside it.",
      Measure, Judge};
  return kStatement;
}

}  // namespace actbench::client
