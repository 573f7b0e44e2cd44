// SPDX-License-Identifier: Apache-2.0
#include "client/comparison.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "tests/handmade_comparison.h"

namespace actbench::client {
namespace {

using testing::ElementsAre;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

ComparisonRow WithErrors(double base_ulp, double head_ulp, int64_t base_misrounded = 100,
                         int64_t head_misrounded = 100) {
  ComparisonRow row = MakeRow(v1::VERDICT_SAME, 1);
  SetErrors(row, base_ulp, head_ulp, base_misrounded, head_misrounded);
  return row;
}

AccuracyVerdict VerdictOf(const ComparisonRow& row) { return JudgeAccuracy(row).verdict; }

TEST(AccuracyJudgementTest, ALargerErrorIsWorse) {
  const AccuracyJudgement judgement = JudgeAccuracy(WithErrors(1.62, 1.8));
  EXPECT_EQ(judgement.verdict, AccuracyVerdict::kWorse);
  EXPECT_THAT(judgement.reasons, ElementsAre("max ulp 1.6200 -> 1.8000"));
  EXPECT_EQ(VerdictOf(WithErrors(1.8, 1.62)), AccuracyVerdict::kNotWorse);
  EXPECT_EQ(VerdictOf(WithErrors(1.8, 1.8)), AccuracyVerdict::kNotWorse);
  EXPECT_THAT(JudgeAccuracy(WithErrors(1.5, kInfinity)).reasons, ElementsAre("max ulp 1.5000 -> inf"));
  EXPECT_EQ(VerdictOf(WithErrors(kInfinity, kInfinity)), AccuracyVerdict::kNotWorse);
}

TEST(AccuracyJudgementTest, AnErrorThatIsALittleLargerIsShownWithAllDigits) {
  EXPECT_THAT(JudgeAccuracy(WithErrors(1.50001, 1.50002)).reasons, ElementsAre("max ulp 1.50001 -> 1.50002"));
}

TEST(AccuracyJudgementTest, MoreMisroundedResultsAreWorse) {
  EXPECT_THAT(JudgeAccuracy(WithErrors(1.5, 1.25, 1000, 1001)).reasons, ElementsAre("misrounded 1,000 -> 1,001"));
  EXPECT_THAT(JudgeAccuracy(WithErrors(1.5, 1.75, 0, 1)).reasons,
              ElementsAre("max ulp 1.5000 -> 1.7500", "misrounded 0 -> 1"));
  EXPECT_EQ(VerdictOf(WithErrors(1.5, 1.5, 1001, 1000)), AccuracyVerdict::kNotWorse);
}

TEST(AccuracyJudgementTest, OtherBitsAreWorseOnlyOfExactKernels) {
  ComparisonRow row = MakeRow(v1::VERDICT_SAME, 1, "exact");
  SetErrors(row, 0.5, 0.5);
  EXPECT_THAT(JudgeAccuracy(row).reasons, ElementsAre("output bits changed"));
  row.differing = 1234;
  EXPECT_THAT(JudgeAccuracy(row).reasons, ElementsAre("bits of 1,234 outputs changed"));
  row.speed.mutable_head()->set_tier("native");
  EXPECT_EQ(VerdictOf(row), AccuracyVerdict::kNotWorse);
  SetErrors(row, 0.5, 0.5, 100, 100, row.speed.base_accuracy().output_hash());
  row.differing.reset();
  EXPECT_EQ(VerdictOf(row), AccuracyVerdict::kSameBits);
}

TEST(AccuracyJudgementTest, AtOtherInputsOnlyAnErrorBeyondTheMaximumIsWorse) {
  // A sample of head shows what base has nowhere.
  ComparisonRow row = WithErrors(1.5, 1.75, 100, 1000000);
  row.speed.mutable_head_accuracy()->set_mode("sampled");
  row.speed.mutable_head_accuracy()->set_checked(1000000);
  EXPECT_THAT(JudgeAccuracy(row).reasons, ElementsAre("max ulp 1.5000 -> >=1.7500"));
  // A sample of base shows only that its error is at least so large.
  row = WithErrors(1.5, 1.75, 100, 1000000);
  row.speed.mutable_base_accuracy()->set_mode("sampled");
  row.speed.mutable_base_accuracy()->set_checked(1000000);
  EXPECT_EQ(VerdictOf(row), AccuracyVerdict::kUnknown);
  // As where dy was only 1.
  row = WithErrors(1.5, 1.75);
  row.speed.mutable_base_accuracy()->set_mode("exhaustive_unit_upstream");
  EXPECT_EQ(VerdictOf(row), AccuracyVerdict::kUnknown);
  // Other samples are other inputs.
  row = WithErrors(1.5, 1.75);
  for (auto* accuracy : {row.speed.mutable_base_accuracy(), row.speed.mutable_head_accuracy()}) {
    accuracy->set_mode("sampled");
  }
  EXPECT_EQ(VerdictOf(row), AccuracyVerdict::kWorse);
  row.speed.mutable_head_accuracy()->set_checked(5);
  EXPECT_EQ(VerdictOf(row), AccuracyVerdict::kUnknown);
  // Of old runs it is not known how many they were, and there is nothing but the largest error.
  row = WithErrors(1.5, 1.75, 0, 1);
  for (auto* accuracy : {row.speed.mutable_base_accuracy(), row.speed.mutable_head_accuracy()}) {
    accuracy->set_mode("sampled");
    accuracy->set_checked(0);
  }
  EXPECT_THAT(JudgeAccuracy(row).reasons, ElementsAre("max ulp >=1.5000 -> >=1.7500"));
}

TEST(AccuracyJudgementTest, WhatIsNotKnownIsNotWorse) {
  ComparisonRow row = MakeRow(v1::VERDICT_SAME, 1);
  EXPECT_EQ(VerdictOf(row), AccuracyVerdict::kUnknown);
  SetError(*row.speed.mutable_head_accuracy(), 5, 5, "1");
  EXPECT_EQ(VerdictOf(row), AccuracyVerdict::kUnknown);
  row.accuracy_failure = "no room";
  EXPECT_EQ(VerdictOf(row), AccuracyVerdict::kFailed);
}

TEST(ComparisonTest, ARowIsNamedByItsKernelsWithoutTheirProviders) {
  ComparisonRow row = MakeRow(v1::VERDICT_SAME, 1);
  EXPECT_EQ(KernelText(row), "sigmoid/forward/f32/fast/avx2");
  EXPECT_EQ(FullName(row), "sigmoid/forward/f32/fast/avx2/n:65536/dist:normal/cache:hot");
  SetKernel(*row.speed.mutable_head(), "onednn", "native", "avx512");
  EXPECT_EQ(KernelText(row), "sigmoid/forward/f32/fast/avx2:native/avx512");
  SetKernel(*row.speed.mutable_base(), "onednn", "native", "avx512");
  EXPECT_EQ(KernelText(row), "sigmoid/forward/f32/onednn/native/avx512");  // of both, as runs may have several
  SetKernel(*row.speed.mutable_base(), "actbench", "fast", "avx2");
  SetKernel(*row.speed.mutable_head(), "actbench", "fast", "avx2");
  EXPECT_EQ(KernelText(row), "sigmoid/forward/f32/fast/avx2");
  row.speed.clear_base();
  row.speed.clear_head();
  EXPECT_EQ(KernelText(row), "sigmoid/forward/f32/fast/avx2");  // of the name of what only one run has
  EXPECT_EQ(KernelText(MakeSkippedRow()), "sigmoid/forward/f32/fast/sse4");
  EXPECT_EQ(FullName(MakeSkippedRow()), "sigmoid/forward/f32/fast/sse4");
  row.speed.set_name("sigmoid/forward/f32");
  EXPECT_EQ(FullName(row), "sigmoid/forward/f32");
}

TEST(ComparisonTest, AVerdictWithoutTimesIsAnError) {
  ComparisonRow row = MakeRow(v1::VERDICT_SAME, 1);
  EXPECT_EQ(SpeedOf(row), SpeedVerdict::kSame);
  row.speed.set_head_ns(0);
  EXPECT_EQ(SpeedOf(row), SpeedVerdict::kError);
  EXPECT_EQ(ReasonText(row), "the server gave neither a verdict nor a reason");
  row = MakeRow(v1::VERDICT_UNSPECIFIED, 1);
  EXPECT_EQ(SpeedOf(row), SpeedVerdict::kError);
  row = MakeRow(v1::VERDICT_SAME, std::numeric_limits<double>::quiet_NaN());
  EXPECT_EQ(SpeedOf(row), SpeedVerdict::kError);
}

TEST(ComparisonTest, PatternsMatchTheNameWithOrWithoutConditions) {
  const ComparisonRow row = MakeRow(v1::VERDICT_SLOWER, 1.05);
  const auto matches = [&](const std::string& pattern) { return MatchesAny(row, {&pattern, 1}); };
  EXPECT_TRUE(matches("sigmoid/forward/f32/fast/avx2"));
  EXPECT_TRUE(matches("sigmoid/*"));
  EXPECT_TRUE(matches("*/cache:hot"));
  EXPECT_FALSE(matches("sigmoid"));
  EXPECT_FALSE(matches("tanh/*"));
  EXPECT_FALSE(MatchesAny(row, {}));
}

TEST(JudgeTest, NothingWorseIsStatus0) {
  const Judgement judgement =
      Judge(std::vector<ComparisonRow>{MakeRow(v1::VERDICT_SAME, 1), MakeRow(v1::VERDICT_FASTER, 0.9),
                                       MakeRow(v1::VERDICT_AMBIGUOUS, 1.03), MakeSkippedRow()});
  EXPECT_EQ(judgement.exit_status, kSuccess);
  EXPECT_EQ(judgement.text,
            "no regression: 1 the same, 1 faster, 1 ambiguous, 1 skipped; could have seen 4.1 % or more");
}

TEST(JudgeTest, SlowerOrLessAccurateIsStatus1AndComesFirst) {
  ComparisonRow worse = MakeRow(v1::VERDICT_UNTRUSTED, 1);
  SetErrors(worse, 1.5, 1.75);
  const std::vector<ComparisonRow> rows = {MakeRow(v1::VERDICT_SLOWER, 1.05), worse, MakeFailedRow()};
  const Judgement judgement = Judge(rows);
  EXPECT_EQ(judgement.verdict, OverallVerdict::kRegression);
  EXPECT_EQ(judgement.exit_status, kAnswerIsNo);
  EXPECT_EQ(judgement.text,
            "REGRESSION: 1 slower, 1 less accurate; 1 failed; 1 cannot be trusted; could have seen 4.1 % or more");
  EXPECT_EQ(Judge({&rows[1], 1}).exit_status, kAnswerIsNo);
  EXPECT_TRUE(IsRegression(rows[0]));
  EXPECT_TRUE(IsRegression(rows[1]));
  EXPECT_FALSE(IsRegression(rows[2]));
}

TEST(JudgeTest, WhatIsAcceptedIsNoRegression) {
  ComparisonRow row = MakeRow(v1::VERDICT_SLOWER, 1.05);
  SetErrors(row, 1.5, 1.75);
  row.accepted = true;
  EXPECT_FALSE(IsRegression(row));
  EXPECT_EQ(Judge({&row, 1}).exit_status, kSuccess);
  EXPECT_EQ(Judge({&row, 1}).text, "no regression: 1 worse as accepted; could have seen 4.1 % or more");
}

TEST(JudgeTest, WhatWentWrongIsStatus2) {
  std::vector<ComparisonRow> rows = {MakeRow(v1::VERDICT_SAME, 1), MakeRow(v1::VERDICT_UNTRUSTED, 1), MakeFailedRow()};
  EXPECT_EQ(Judge(rows).exit_status, kFailure);
  rows.pop_back();
  rows[0].accuracy_failure = "no room";
  EXPECT_EQ(Judge(rows).exit_status, kFailure);
  EXPECT_EQ(Judge(rows).text,
            "ERROR: 1 accuracy not measured; 1 cannot be trusted; 1 the same; could have seen 4.1 % or more");
}

TEST(JudgeTest, NothingComparedIsStatus2) {
  EXPECT_EQ(Judge({}).exit_status, kFailure);
  EXPECT_EQ(Judge({}).text, "ERROR: nothing was compared");
  const ComparisonRow skipped = MakeSkippedRow();
  EXPECT_EQ(Judge({&skipped, 1}).exit_status, kFailure);
  EXPECT_EQ(Judge({&skipped, 1}).text, "ERROR: nothing was compared; 1 skipped");
}

TEST(JudgeTest, WhatCannotBeTrustedIsStatus3) {
  std::vector<ComparisonRow> rows = {MakeRow(v1::VERDICT_SAME, 1), MakeRow(v1::VERDICT_UNTRUSTED, 1)};
  rows[1].speed.set_detectable(0.5);
  EXPECT_EQ(Judge(rows).exit_status, kUntrusted);
  EXPECT_EQ(Judge(rows).text, "UNTRUSTED: 1 cannot be trusted; 1 the same; could have seen 4.1 % or more");
}

TEST(JudgeTest, TheLeastCertainCaseSaysWhatCouldBeSeen) {
  std::vector<ComparisonRow> rows = {MakeRow(v1::VERDICT_SAME, 1), MakeRow(v1::VERDICT_SAME, 1)};
  rows[1].speed.set_detectable(0.0512);
  EXPECT_EQ(Judge(rows).text, "no regression: 2 the same; could have seen 5.2 % or more");
  for (ComparisonRow& row : rows) row.speed.set_detectable(0);
  EXPECT_EQ(Judge(rows).text, "no regression: 2 the same");
}

}  // namespace
}  // namespace actbench::client
