// SPDX-License-Identifier: Apache-2.0
// The derivative of relu over all inputs. Tested by study_statements_test.cc.
#include <array>
#include <cstdint>

#include "absl/base/casts.h"
#include "absl/strings/str_cat.h"
#include "client/study/curves.h"
#include "client/study/statements.h"

namespace actbench::client {
namespace {

template <class Count>
struct Tally {
  Count positive = 0;
  Count negative = 0;
  Count wrong = 0;  // of these two
  Count nan = 0;
  Count nan_kept = 0;
  Count infinite = 0;
  Count subnormal = 0;

  // By their bits and without a branch, so that several are looked at at once: there are 2^32.
  void Add(float x, float y) {
    constexpr int32_t kInfinity = 0x7f800000;
    constexpr int32_t kLeastNormal = 0x00800000;
    constexpr int32_t kOne = 0x3f800000;
    const auto bits = absl::bit_cast<int32_t>(x);
    const int32_t a = bits & 0x7fffffff;
    const auto result = absl::bit_cast<int32_t>(y);
    const int32_t size = result & 0x7fffffff;
    const Count is_nan = a > kInfinity;
    const Count is_number = 1 - is_nan - (a == 0);
    const Count is_negative = is_number & (bits < 0);
    const Count is_positive = is_number - is_negative;
    positive += is_positive;
    negative += is_negative;
    wrong += (is_positive & (result != kOne)) + (is_negative & (size != 0));
    nan += is_nan;
    nan_kept += is_nan & (size > kInfinity);
    infinite += a == kInfinity;
    subnormal += is_number & (a < kLeastNormal);
  }
  template <class Other>
  void Join(const Tally<Other>& other) {
    positive += other.positive;
    negative += other.negative;
    wrong += other.wrong;
    nan += other.nan;
    nan_kept += other.nan_kept;
    infinite += other.infinite;
    subnormal += other.subnormal;
  }
};

absl::StatusOr<Findings> Measure(Lab& lab) {
  std::array<Tally<int64_t>, 2> tallies;
  const auto on_swept = [&](size_t thread, absl::Span<const float> x, absl::Span<const float> y) {
    Tally<uint32_t> tally;
    for (size_t i = 0; i < x.size(); ++i) tally.Add(x[i], y[i]);
    tallies[thread].Join(tally);
  };
  const absl::StatusOr<int64_t> inputs = lab.Sweep(GradientOf("relu"), on_swept);
  if (!inputs.ok()) return inputs.status();
  const absl::StatusOr<std::vector<double>> zeros = lab.Values(GradientOf("relu"), Dtype::kF32, {0.0, -0.0});
  if (!zeros.ok()) return zeros.status();
  tallies[0].Join(tallies[1]);
  Findings findings;
  const auto add = [&](const char* name, int64_t count) {
    findings.measurements.Add(name, static_cast<double>(count));
  };
  findings.measurements.Add("inputs", static_cast<double>(*inputs));
  add("positive", tallies[0].positive);
  add("negative", tallies[0].negative);
  add("wrong", tallies[0].wrong);
  add("nan", tallies[0].nan);
  add("nan_kept", tallies[0].nan_kept);
  add("infinite", tallies[0].infinite);
  add("subnormal", tallies[0].subnormal);
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
