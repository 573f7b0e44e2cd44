// SPDX-License-Identifier: Apache-2.0
#include "kernels/measure/verdict.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace actbench {
namespace {

// What `count` processes measure of a true ratio, each with its own bias.
std::vector<double> Measured(double ratio, int count = 16, double deviation = 0.004, uint64_t seed = 1) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal(std::log(ratio), deviation);
  std::vector<double> ratios(static_cast<size_t>(count));
  for (double& one : ratios) one = std::exp(normal(random));
  return ratios;
}

PairedRatios Pair(double head) {
  return {.head = Measured(head, 16, 0.004, 1),
          .control = Measured(1, 16, 0.004, 2),
          .injected = Measured(1.048, 16, 0.004, 3),
          .layout = {}};
}

template <class Case>
std::vector<Judgement> Judge(const std::vector<Case>& cases, double threshold) {
  std::vector<Judgement> judgements;
  for (const Case& one : cases) judgements.push_back(Estimate(one, threshold));
  SetVerdicts(absl::MakeSpan(judgements));
  return judgements;
}

Judgement JudgeOne(const PairedRatios& ratios, double threshold = 0.03) {
  return Judge<PairedRatios>({ratios}, threshold)[0];
}

TEST(VerdictTest, SlowerAndFasterAreBeyondTheThreshold) {
  EXPECT_EQ(JudgeOne(Pair(1.05)).verdict, Verdict::kSlower);
  EXPECT_EQ(JudgeOne(Pair(0.95)).verdict, Verdict::kFaster);
  EXPECT_EQ(JudgeOne(Pair(1.05), 0.08).verdict, Verdict::kUntrusted) << "5 % of work is then not to be seen";
}

TEST(VerdictTest, TheSameIsWithinTheThresholdAndNotJustUnclear) {
  const Judgement judgement = JudgeOne(Pair(1.002));
  EXPECT_EQ(judgement.verdict, Verdict::kSame);
  EXPECT_EQ(judgement.reason, "");
  EXPECT_EQ(judgement.threshold, 0.03);
  EXPECT_GT(judgement.detectable, 0.03);
  EXPECT_LT(judgement.detectable, 0.04);
  PairedRatios wide = Pair(1);
  wide.head = Measured(1.02, 16, 0.05);
  wide.injected = Measured(1.2);
  EXPECT_EQ(JudgeOne(wide).verdict, Verdict::kAmbiguous);
  EXPECT_EQ(JudgeOne(wide).reason, "the interval holds both less and more than the threshold of 3.0 %");
}

TEST(VerdictTest, ADifferenceOfACopyFromItsOriginalSpoilsAllElse) {
  PairedRatios ratios = Pair(1.5);
  ratios.control = Measured(1.04);
  EXPECT_EQ(JudgeOne(ratios).verdict, Verdict::kUntrusted);
  EXPECT_EQ(JudgeOne(ratios).reason.substr(0, 47), "a copy of the base kernel differs from it by +3");
  ratios.control = Measured(0.96);
  EXPECT_EQ(JudgeOne(ratios).verdict, Verdict::kUntrusted);
}

TEST(VerdictTest, WhoCannotSeeAddedWorkCannotSayThatAllIsTheSame) {
  PairedRatios ratios = Pair(1);
  ratios.injected = Measured(1.01);
  EXPECT_EQ(JudgeOne(ratios).verdict, Verdict::kUntrusted);
  EXPECT_NE(JudgeOne(ratios).reason.find("was not seen: +0.9 %"), std::string::npos) << JudgeOne(ratios).reason;
  ratios.head = Measured(1.02, 16, 0.05);
  EXPECT_EQ(JudgeOne(ratios).verdict, Verdict::kUntrusted) << "nor that it only cannot tell yet";
  ratios.head = Measured(1.2);
  EXPECT_EQ(JudgeOne(ratios).verdict, Verdict::kSlower) << "what is seen is seen";
}

TEST(VerdictTest, NoisyControlsRaiseTheThreshold) {
  PairedRatios ratios = Pair(1.05);
  ratios.control = Measured(1, 16, 0.03);
  const Judgement judgement = JudgeOne(ratios);
  EXPECT_NEAR(judgement.threshold, 3 * judgement.control->half_width(), 1e-12);
  EXPECT_GT(judgement.threshold, 0.035);
  EXPECT_NE(judgement.verdict, Verdict::kSlower);
}

TEST(VerdictTest, WhatTheOrderOfFunctionsDoesIsNoDifference) {
  PairedRatios ratios = Pair(1.05);
  ratios.layout = Measured(0.93);
  const Judgement judgement = JudgeOne(ratios);
  EXPECT_NEAR(judgement.threshold, 0.07, 0.01);
  EXPECT_EQ(judgement.verdict, Verdict::kSame) << "added work is seen: the kernel's code can be told from itself";
}

TEST(VerdictTest, OfTooFewProcessesNothingIsSaid) {
  PairedRatios few = Pair(1.5);
  few.head.resize(7);
  EXPECT_EQ(JudgeOne(few).verdict, Verdict::kUntrusted);
  EXPECT_EQ(JudgeOne(few).reason, "measured in 7 processes; a difference can be told from chance from 8 on");
  EXPECT_EQ(JudgeOne(few).p_value, 1);
  EXPECT_EQ(JudgeOne(few).detectable, 0);
  few.head.push_back(1.5);
  EXPECT_EQ(JudgeOne(few).verdict, Verdict::kSlower);
}

TEST(VerdictTest, RunsApartNeedEightProcessesEach) {
  for (const auto& [base, head] : {std::pair(1, 1), std::pair(4, 4), std::pair(7, 16), std::pair(16, 7)}) {
    const Judgement judgement = Judge<UnpairedTimes>({{Measured(100, base), Measured(150, head)}}, 0.1)[0];
    EXPECT_EQ(judgement.verdict, Verdict::kUntrusted) << base << " " << head;
    EXPECT_EQ(judgement.reason, absl::StrCat("measured in ", base, " and ", head,
                                             " processes; a difference can be told from chance from 8 of each on"));
    EXPECT_EQ(judgement.detectable, 0) << "nothing could have been seen";
    EXPECT_EQ(judgement.p_value, 1);
  }
  EXPECT_EQ(Judge<UnpairedTimes>({{Measured(100, 8), Measured(150, 8)}}, 0.1)[0].verdict, Verdict::kSlower);
}

// What the rank-sum test cannot: 2 of the 12,870 ways to choose 8 of 16, doubled, are too many for more than 160 cases.
TEST(VerdictTest, OneSlowCaseIsSeenAmongAnyNumber) {
  std::vector<Judgement> judgements(2000, Estimate(UnpairedTimes{Measured(100, 8), Measured(100, 8)}, 0.1));
  judgements[1] = Estimate(UnpairedTimes{Measured(100, 8), Measured(1000, 8)}, 0.1);
  judgements[2] = Estimate(UnpairedTimes{Measured(100, 8), Measured(120, 8)}, 0.1);
  std::vector<double> disturbed = Measured(1000, 8);
  disturbed[3] *= 3;
  judgements[3] = Estimate(UnpairedTimes{Measured(100, 8), disturbed}, 0.1);
  PairedRatios pairs = Pair(1.05);
  pairs.head.resize(8);
  judgements[4] = Estimate(pairs, 0.03);
  SetVerdicts(absl::MakeSpan(judgements));
  EXPECT_EQ(judgements[0].verdict, Verdict::kSame);
  for (const size_t slow : {1, 2, 3, 4}) EXPECT_EQ(judgements[slow].verdict, Verdict::kSlower) << slow;
}

TEST(VerdictTest, WhatMayBeChanceAmongManyCasesIsNotSaidToBeDetectable) {
  // Half widths of some 15 %.
  const Judgement noisy = Estimate(UnpairedTimes{Measured(100, 8, 0.2), Measured(140, 8, 0.2, 2)}, 0.1);
  std::vector<Judgement> one = {noisy};
  SetVerdicts(absl::MakeSpan(one));
  EXPECT_NEAR(one[0].detectable, 0.1 + 1.5 * noisy.ratio.half_width(), 1e-12);
  std::vector<Judgement> many(2000, Estimate(UnpairedTimes{Measured(100, 8), Measured(100, 8)}, 0.1));
  many[0] = noisy;
  SetVerdicts(absl::MakeSpan(many));
  EXPECT_EQ(many[0].verdict, Verdict::kAmbiguous);
  EXPECT_GT(many[0].detectable, one[0].detectable + 0.3);
  // Quiet ones are judged by the threshold, as ever.
  EXPECT_NEAR(many[1].detectable, 0.1 + 1.5 * many[1].ratio.half_width(), 1e-12);
}

TEST(VerdictTest, RunsApartHaveNoControls) {
  const std::vector<UnpairedTimes> cases = {{.base = Measured(100), .head = Measured(120)},
                                            {.base = Measured(100), .head = Measured(100.5)},
                                            {.base = Measured(100), .head = Measured(80)},
                                            {.base = Measured(100), .head = Measured(110)}};
  const std::vector<Judgement> judgements = Judge(cases, 0.1);
  EXPECT_EQ(judgements[0].verdict, Verdict::kSlower);
  EXPECT_EQ(judgements[1].verdict, Verdict::kSame);
  EXPECT_EQ(judgements[2].verdict, Verdict::kFaster);
  EXPECT_EQ(judgements[3].verdict, Verdict::kAmbiguous);
  EXPECT_FALSE(judgements[0].control.has_value());
  SetVerdicts({});
}

}  // namespace
}  // namespace actbench
