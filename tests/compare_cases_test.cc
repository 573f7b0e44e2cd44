// SPDX-License-Identifier: Apache-2.0
#include "client/compare_cases.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "client/compare_accuracy.h"
#include "tests/handmade_comparison.h"
#include "tests/server_fixture.h"

namespace actbench::client {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

v1::Kernel KernelOf(const std::string& provider, const std::string& tier, const std::string& isa) {
  v1::Kernel kernel;
  SetKernel(kernel, provider, tier, isa);
  return kernel;
}

TEST(CounterpartTest, ItIsTheKernelOfTheSameTierAndIsa) {
  const std::vector<std::string> isas = {"scalar", "sse4", "avx2", "avx512"};
  const std::vector<v1::Kernel> kernels = {KernelOf("head", "exact", "avx2"), KernelOf("head", "fast", "avx512"),
                                           KernelOf("head", "fast", "avx2"),  KernelOf("lib", "native", "scalar"),
                                           KernelOf("lib", "native", "avx2"), KernelOf("lib", "native", "avx512")};
  const auto name = [&](const v1::Kernel& kernel, const std::string& provider) {
    const std::optional<v1::Kernel> found = Counterpart(kernel, provider, kernels, isas);
    return found.has_value() ? found->name().substr(std::string("sigmoid/forward/f32/").size()) : "none";
  };
  EXPECT_EQ(name(KernelOf("base", "fast", "avx2"), "head"), "head/fast/avx2");
  EXPECT_EQ(name(KernelOf("base", "fast", "sse4"), "head"), "none") << "for another ISA it would be another kernel";
  EXPECT_EQ(name(KernelOf("base", "fast", "avx2"), "lib"), "lib/native/avx2");
  EXPECT_EQ(name(KernelOf("base", "fast", "sse4"), "lib"), "lib/native/avx512");
  EXPECT_EQ(name(KernelOf("other", "native", "sse4"), "lib"), "lib/native/avx512");
  EXPECT_EQ(name(KernelOf("lib", "native", "avx2"), "head"), "head/fast/avx2");
  EXPECT_EQ(name(KernelOf("lib", "native", "scalar"), "head"), "head/fast/avx512");
  EXPECT_EQ(name(KernelOf("base", "fast", "avx2"), "nobody"), "none");
  v1::Kernel gradient = KernelOf("base", "fast", "avx2");
  gradient.set_direction(v1::DIRECTION_GRADIENT);
  EXPECT_EQ(name(gradient, "head"), "none");
}

TEST(AccuracyPlanTest, AllInputsAreMeasuredWhereTheyAreFew) {
  v1::Kernel kernel = KernelOf("base", "fast", "avx2");
  const auto plan = [&](int inputs, AccuracyInputsChoice choice = AccuracyInputsChoice::kExhaustive) {
    const v1::InputPlan made = AccuracyPlan(kernel, inputs, choice);
    if (!made.has_exhaustive()) return made.has_sampled() ? "sampled" : "none";
    return made.exhaustive().unit_upstream() ? "exhaustive, dy = 1" : "exhaustive";
  };
  EXPECT_STREQ(plan(1), "exhaustive");
  EXPECT_STREQ(plan(2), "sampled");
  EXPECT_STREQ(plan(1, AccuracyInputsChoice::kSampled), "sampled");
  kernel.set_direction(v1::DIRECTION_GRADIENT);
  EXPECT_STREQ(plan(1), "exhaustive, dy = 1");
  kernel.set_dtype(v1::DTYPE_F64);
  EXPECT_STREQ(plan(1), "sampled");
}

class PairKernelsTest : public testing::Test {
 protected:
  PairKernelsTest() : server_(StartServer()), client_(server_->InProcessChannel()) {
    const absl::StatusOr<v1::GetServerInfoResponse> info = client_.GetServerInfo();
    if (info.ok()) isas_ = {info->machine().isas().begin(), info->machine().isas().end()};
  }

  static KernelFlags Named(const std::vector<std::string>& names) {
    KernelFlags flags;
    flags.names = names;
    return flags;
  }
  // "base head" of each pair, then "name: why" of what is skipped.
  std::vector<std::string> Pairs(const KernelFlags& flags, const std::string& base, const std::string& head) {
    const absl::StatusOr<PairedKernels> paired = PairKernels(client_, flags, base, head);
    EXPECT_TRUE(paired.ok()) << paired.status();
    std::vector<std::string> texts;
    if (!paired.ok()) return texts;
    for (const KernelPair& pair : paired->pairs) texts.push_back(pair.base.name() + " " + pair.head.name());
    for (const v1::SpeedComparison& skipped : paired->skipped) {
      EXPECT_EQ(skipped.outcome(), v1::OUTCOME_SKIPPED);
      texts.push_back(skipped.name() + ": " + skipped.message());
    }
    return texts;
  }
  std::string Error(const KernelFlags& flags) {
    return std::string(PairKernels(client_, flags, "actbench", "libm").status().message());
  }

  std::unique_ptr<Server> server_;
  Client client_;
  std::vector<std::string> isas_;  // narrowest first
};

TEST_F(PairKernelsTest, AnActivationsWidestFastKernelIsPaired) {
  EXPECT_THAT(Pairs(Named({"tanh"}), "actbench", "libm"),
              ElementsAre("tanh/forward/f32/actbench/fast/" + isas_.back() + " tanh/forward/f32/libm/native/scalar"));
  EXPECT_THAT(Pairs(Named({"tanh"}), "libm", "actbench"),
              ElementsAre("tanh/forward/f32/libm/native/scalar tanh/forward/f32/actbench/fast/scalar",
                          "tanh/forward/f32/actbench/fast/" + isas_.back() + ": only HEAD (actbench) has it"));
}

TEST_F(PairKernelsTest, ACaseIsAKernelsNameWithoutItsProvider) {
  EXPECT_THAT(
      Pairs(Named({"tanh/gradient/bf16/exact/scalar", "torch:SiLU", "silu/forward/f32"}), "actbench", "actbench"),
      ElementsAre(
          "tanh/gradient/bf16/actbench/exact/scalar tanh/gradient/bf16/actbench/exact/scalar",
          "silu/forward/f32/actbench/fast/" + isas_.back() + " silu/forward/f32/actbench/fast/" + isas_.back()));
}

TEST_F(PairKernelsTest, WithoutNamesThereAreTenCases) {
  EXPECT_EQ(Pairs({}, "actbench", "actbench").size(), 10U);
  const std::vector<std::string> none = Pairs({}, "base", "head");
  ASSERT_EQ(none.size(), 10U);
  EXPECT_EQ(none[0], "sigmoid/forward/f32: neither BASE nor HEAD has it");
}

TEST_F(PairKernelsTest, AMistakeIsTold) {
  EXPECT_THAT(Error(Named({"sigmoit"})), HasSubstr("did you mean \"sigmoid\""));
  EXPECT_THAT(Error(Named({"tanh/forward"})), HasSubstr("ACTIVATION/DIRECTION/DTYPE[/TIER[/ISA]]"));
  EXPECT_THAT(Error(Named({"tanh/forward/f32/actbench/fast/scalar"})), HasSubstr("without its provider"));
  EXPECT_THAT(Error(Named({"tanh/sideways/f32"})), HasSubstr("sideways"));
  EXPECT_THAT(Error(Named({"tanh/forward/f32/fast/avx9000"})), HasSubstr("avx9000"));
}

TEST_F(PairKernelsTest, EachPairIsTimedUnderAllConditions) {
  const absl::StatusOr<PairedKernels> paired = PairKernels(client_, Named({"tanh"}), "actbench", "libm");
  ASSERT_TRUE(paired.ok()) << paired.status();
  KernelPair pair = paired->pairs[0];
  pair.control = pair.base;
  pair.control->set_provider("control");
  BenchmarkInputFlags inputs;
  inputs.size = "100,200";
  const absl::StatusOr<std::vector<v1::PairedCase>> cases = MakePairedCases(client_, {&pair, 1}, {}, inputs);
  ASSERT_TRUE(cases.ok()) << cases.status();
  ASSERT_EQ(cases->size(), 2U);
  EXPECT_EQ((*cases)[1].base().elements(), 200);
  EXPECT_EQ((*cases)[1].base().selector().provider(), "actbench");
  EXPECT_EQ((*cases)[1].head().provider(), "libm");
  EXPECT_EQ((*cases)[1].head().tier(), "native");
  EXPECT_EQ((*cases)[1].control().provider(), "control");
  EXPECT_FALSE((*cases)[1].has_layout());
}

TEST_F(PairKernelsTest, BothErrorsAreMeasuredOnceForAllRowsOfAPair) {
  const absl::StatusOr<PairedKernels> paired =
      PairKernels(client_, Named({"tanh/forward/f16"}), "actbench", "actbench");
  ASSERT_TRUE(paired.ok()) << paired.status();
  const KernelPair& pair = paired->pairs[0];
  std::vector<ComparisonRow> rows = {MakeRow(v1::VERDICT_SAME, 1), MakeRow(v1::VERDICT_SAME, 1), MakeFailedRow()};
  ProgressBar bar;
  const absl::Status measured = MeasureAccuracies(client_, std::vector<const KernelPair*>(3, &pair), {},
                                                  AccuracyInputsChoice::kExhaustive, bar, rows);
  ASSERT_TRUE(measured.ok()) << measured;
  EXPECT_EQ(rows[0].speed.base_accuracy().checked(), 65536);
  EXPECT_EQ(rows[0].speed.base_accuracy().mode(), "exhaustive");
  EXPECT_EQ(rows[0].differing, 0);
  EXPECT_EQ(JudgeAccuracy(rows[1]).verdict, AccuracyVerdict::kSameBits);
  EXPECT_EQ(JudgeAccuracy(rows[2]).verdict, AccuracyVerdict::kUnknown) << "it was not timed";
  // What cannot be measured says so.
  KernelPair wrong = pair;
  wrong.head.set_tier("native");
  rows.resize(1);
  ASSERT_TRUE(
      MeasureAccuracies(client_, std::vector<const KernelPair*>{&wrong}, {}, AccuracyInputsChoice::kSampled, bar, rows)
          .ok());
  EXPECT_THAT(rows[0].accuracy_failure, HasSubstr("native"));
  EXPECT_EQ(JudgeAccuracy(rows[0]).verdict, AccuracyVerdict::kFailed);
}

}  // namespace
}  // namespace actbench::client
