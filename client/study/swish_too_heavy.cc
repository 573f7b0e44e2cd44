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
  const absl::StatusOr<std::vector<Timing>> timings = TimeKernels(lab, {"swish", "hard_swish", "relu"});
  if (!timings.ok()) return timings.status();
  AddTimes(*timings, "swish", "hard_swish", findings.measurements);
  findings.figures.push_back(CostFigure(*timings));
  return findings;
}

Conclusion Judge(const Measurements& m) {
  const Ratios ratios = RatiosOf(m);
  Conclusion conclusion;
  conclusion.verdict = ratios.cheaper == 0              ? Verdict::kRefuted
                       : ratios.cheaper == ratios.count ? Verdict::kConfirmed
                                                        : Verdict::kDepends;
  conclusion.because =
      absl::StrCat("swish takes ", NumberText(ratios.least), " (", ratios.least_at, ") to ",
                   NumberText(ratios.greatest), " (", ratios.greatest_at, ") times as long as hard_swish");
  conclusion.text = absl::StrCat(
      "An element of swish takes ", NumberText(ratios.least), " times as long as one of hard_swish (", ratios.least_at,
      ") to ", NumberText(ratios.greatest), " times (", ratios.greatest_at, "). ", RatiosText(ratios),
      " A phone was not measured: nearest to a device without wide vectors is scalar code, an element at a time.");
  return conclusion;
}

}  // namespace

const Statement& SwishTooHeavy() {
  static constexpr Statement kStatement = {
      "swish_too_heavy", "Swish is too heavy for devices; hard swish is what they can afford.",
      "The time of an element of swish, of hard_swish and, for comparison, of relu by instruction set and by the "
      "memory that inputs and outputs lie in, from the benchmark lab (two or three fresh processes each), on this "
      "machine. Confirmed if swish takes 1.25 times as long as hard_swish or longer everywhere, refuted if nowhere.",
      Measure, Judge};
  return kStatement;
}

}  // namespace actbench::client
