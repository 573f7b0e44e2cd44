// SPDX-License-Identifier: Apache-2.0
// The derivative of relu over all inputs. Tested by study_statements_test.cc.
#include <array>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "client/study/curves.h"
#include "client/study/statements.h"

namespace actbench::client {
namespace {

struct Tally {
  int64_t positive = 0;
  int64_t negative = 0;
  int64_t wrong = 0;  // of these two
  int64_t nan = 0;
  int64_t nan_kept = 0;
  int64_t infinite = 0;
  int64_t subnormal = 0;

  void Add(float x, float y) {
    if (std::isnan(x)) {
      ++nan;
      nan_kept += std::isnan(y) ? 1 : 0;
      return;
    }
    infinite += std::isinf(x) ? 1 : 0;
    subnormal += std::fpclassify(x) == FP_SUBNORMAL ? 1 : 0;
    if (x > 0) {
      ++positive;
      wrong += y == 1 ? 0 : 1;
    } else if (x < 0) {
      ++negative;
      wrong += y == 0 ? 0 : 1;
    }
  }
};

absl::StatusOr<Findings> Measure(Lab& lab) {
  std::array<Tally, 2> tallies;
  const auto on_swept = [&](size_t thread, absl::Span<const float> x, absl::Span<const float> y) {
    Tally tally = tallies[thread];
    for (size_t i = 0; i < x.size(); ++i) tally.Add(x[i], y[i]);
    tallies[thread] = tally;
  };
  const absl::StatusOr<int64_t> inputs = lab.Sweep(GradientOf("relu"), on_swept);
  if (!inputs.ok()) return inputs.status();
  const absl::StatusOr<std::vector<double>> zeros = lab.Values(GradientOf("relu"), Dtype::kF32, {0.0, -0.0});
  if (!zeros.ok()) return zeros.status();
  Findings findings;
  const auto add = [&](const char* name, int64_t Tally::*count) {
    findings.measurements.Add(name, static_cast<double>(tallies[0].*count + tallies[1].*count));
  };
  findings.measurements.Add("inputs", static_cast<double>(*inputs));
  add("positive", &Tally::positive);
  add("negative", &Tally::negative);
  add("wrong", &Tally::wrong);
  add("nan", &Tally::nan);
  add("nan_kept", &Tally::nan_kept);
  add("infinite", &Tally::infinite);
  add("subnormal", &Tally::subnormal);
  findings.measurements.Add("at_0", (*zeros)[0]);
  findings.measurements.Add("at_-0", (*zeros)[1]);
  std::vector<Curve> curves = WithGradient("relu");
  curves.push_back({"sigmoid'", GradientOf("sigmoid"), ColorOf("sigmoid"), /*dashed=*/true});
  const absl::StatusOr<Chart> chart = CurvesChart(lab, "relu and derivatives", curves, -4, 4);
  if (!chart.ok()) return chart.status();
  findings.figures.push_back({"relu, its derivative, dashed, and that of sigmoid beside it.", {*chart}});
  return findings;
}

Conclusion Judge(const Measurements& m) {
  const double inputs = m["positive"] + m["negative"];
  // Rounding cannot excuse any: 0 and 1 are exact.
  constexpr double kFew = 0.001;  // of all: then it is said of almost every x
  Conclusion conclusion;
  conclusion.verdict = m["wrong"] == 0              ? Verdict::kConfirmed
                       : m["wrong"] < kFew * inputs ? Verdict::kCorrected
                                                    : Verdict::kRefuted;
  conclusion.because = absl::StrCat(NumberText(m["wrong"]), " of ", NumberText(inputs),
                                    " inputs other than 0 differ; at 0 it is ", NumberText(m["at_0"]));
  conclusion.text = absl::StrCat(
      "At ", NumberText(m["positive"]), " positive and ", NumberText(m["negative"]),
      " negative inputs the derivative was looked at, among them ", NumberText(m["infinite"]), " infinities and ",
      NumberText(m["subnormal"]), " subnormal numbers: ", m["wrong"] == 0 ? "none" : NumberText(m["wrong"]),
      m["wrong"] == 1 || m["wrong"] == 0 ? " differs" : " differ",
      " from what is said. At 0, of which the statement says nothing, as the derivative does not exist there, the "
      "kernel has ",
      NumberText(m["at_0"]), "; ", NumberText(m["nan_kept"]), " of ", NumberText(m["nan"]), " NaNs stay NaN.");
  return conclusion;
}

}  // namespace

const Statement& ReluGradient() {
  static constexpr Statement kStatement = {
      "relu_gradient", "ReLU's gradient is 1 for x > 0 and 0 for x < 0.",
      "The derivative is evaluated at every bit pattern of f32 with an upstream gradient of 1, and compared with 1 and "
      "0 without tolerance. Confirmed if none differs, corrected if fewer than one of 1,000 do.",
      Measure, Judge};
  return kStatement;
}

}  // namespace actbench::client
