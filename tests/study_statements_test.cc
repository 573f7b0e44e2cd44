// SPDX-License-Identifier: Apache-2.0
// Each statement's verdict, from numbers that are made up. What measures them is looked at by study_lab_test.cc and
// study_command_test.py.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <set>

#include "absl/strings/str_cat.h"
#include "client/study/quantizer.h"
#include "client/study/speed.h"
#include "client/study/statements.h"

namespace actbench::client {
namespace {

using testing::HasSubstr;
using testing::Not;

Verdict VerdictOf(const Statement& statement, const Measurements& measurements) {
  const Conclusion conclusion = statement.judge(measurements);
  EXPECT_FALSE(conclusion.because.empty());
  EXPECT_EQ(conclusion.because.find('\n'), std::string::npos);
  EXPECT_FALSE(conclusion.text.empty());
  return conclusion.verdict;
}

TEST(StatementsTest, EachHasANameOfItsOwnAndSaysWhatItIs) {
  std::set<std::string> names;
  for (const Statement* statement : AllStatements()) {
    EXPECT_TRUE(names.insert(statement->name).second) << statement->name;
    EXPECT_GT(std::string(statement->statement).size(), 20) << statement->name;
    EXPECT_THAT(statement->method, HasSubstr("onfirmed")) << statement->name << " has to say what decides";
  }
  EXPECT_EQ(names.size(), 12);
}

TEST(StatementsTest, AreFoundByName) {
  EXPECT_EQ(FindStatements({})->size(), AllStatements().size());
  EXPECT_EQ(FindStatements({"all"})->size(), AllStatements().size());
  const auto two = FindStatements({"swish_beta", "relu_gradient", "swish_beta"});
  ASSERT_TRUE(two.ok());
  EXPECT_EQ(*two, (std::vector<const Statement*>{&ReluGradient(), &SwishBeta()}));
  const auto none = FindStatements({"relu_gradient", "relu_gradiant"});
  EXPECT_EQ(none.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(none.status().message()), HasSubstr("\"relu_gradiant\"; there are sigmoid_vanishes, "));
}

TEST(StatementsTest, SigmoidVanishesUnlessItsDerivativeIsLarge) {
  const auto verdict = [](double largest, double nan = 0) {
    return VerdictOf(SigmoidVanishes(),
                     {{"nan.f32", nan}, {"largest.f32", largest}, {"largest_over_16_layers", std::pow(largest, 16)}});
  };
  EXPECT_EQ(verdict(0.25), Verdict::kConfirmed);
  EXPECT_EQ(verdict(0.5), Verdict::kCorrected);
  EXPECT_EQ(verdict(1), Verdict::kRefuted);
  EXPECT_EQ(verdict(0.25, 1), Verdict::kRefuted) << "a kernel that gives NaN";
  EXPECT_EQ(verdict(0), Verdict::kRefuted) << "one that gives nothing else tells nothing";
}

TEST(StatementsTest, ShallowLayersStallAtTheDepthsWhereTrainingDoesNotMoveThem) {
  const auto verdict = [](double at_4, double at_16) {
    return VerdictOf(ShallowLayersStall(),
                     {{"first_layer_change.sigmoid.depth_4", at_4}, {"first_layer_change.sigmoid.depth_16", at_16}});
  };
  EXPECT_EQ(verdict(1e-3, 1e-9), Verdict::kConfirmed);
  EXPECT_EQ(verdict(0.02, 1e-9), Verdict::kDepends);
  EXPECT_EQ(verdict(0.02, 0.01), Verdict::kRefuted);
}

TEST(StatementsTest, ReluGradientIsExactOrNot) {
  const auto verdict = [](double wrong) {
    return VerdictOf(ReluGradient(), {{"positive", 1e6}, {"negative", 1e6}, {"wrong", wrong}});
  };
  EXPECT_EQ(verdict(0), Verdict::kConfirmed);
  EXPECT_EQ(verdict(1), Verdict::kCorrected);
  EXPECT_EQ(verdict(1e5), Verdict::kRefuted);
}

// Of one depth: how accurate relu and sigmoid are, and how many of five seeds learn.
void AddTraining(int depth, double relu, double sigmoid, double relu_seeds, double sigmoid_seeds, double margin,
                 Measurements& measurements) {
  measurements.Add(absl::StrCat("gain.depth_", depth), relu - sigmoid);
  measurements.Add(absl::StrCat("gain_margin.depth_", depth), margin);
  for (const auto& [activation, accuracy, seeds] :
       {std::tuple("relu", relu, relu_seeds), std::tuple("sigmoid", sigmoid, sigmoid_seeds)}) {
    const std::string end = absl::StrCat(".", activation, ".depth_", depth);
    measurements.Add("accuracy" + end, accuracy);
    measurements.Add("worst" + end, accuracy - 0.005);
    measurements.Add("best" + end, accuracy + 0.005);
    measurements.Add("trained_seeds" + end, seeds);
    measurements.Add("seeds" + end, 5);
  }
}

TEST(StatementsTest, ReluTrainsBetterWhereItDoesAndMoreStablyWhereMoreSeedsLearn) {
  const auto verdict = [](double relu_4, double relu_16, double seeds_16, double margin = 0.007) {
    Measurements measurements;
    AddTraining(4, relu_4, 0.95, 5, 5, margin, measurements);
    AddTraining(16, relu_16, 0.5, seeds_16, 2, margin, measurements);
    return VerdictOf(ReluTrainsBetter(), measurements);
  };
  EXPECT_EQ(verdict(0.97, 0.97, 5), Verdict::kConfirmed);
  EXPECT_EQ(verdict(0.97, 0.97, 1), Verdict::kCorrected) << "better, but fewer seeds learn";
  EXPECT_EQ(verdict(0.951, 0.97, 5), Verdict::kDepends) << "no better at depth 4";
  EXPECT_EQ(verdict(0.90, 0.45, 5), Verdict::kRefuted);
  EXPECT_EQ(verdict(0.97, 0.97, 5, 0.6), Verdict::kDepends) << "too few seeds prove nothing";
  EXPECT_EQ(verdict(0.951, 0.501, 5, 0.001), Verdict::kRefuted) << "as good as the same at both";
}

TEST(StatementsTest, ReluTrainsBetterSaysWhichRatesAreAtAnEnd) {
  Measurements measurements = {
      {"rate_at_end.relu.depth_16", 1}, {"learning_rate.relu.depth_16", 0.001}, {"rate_at_end.relu.depth_4", 0}};
  EXPECT_THAT(ReluTrainsBetter().judge(measurements).text, HasSubstr("was chosen for relu at depth 16 (0.001): "));
  EXPECT_THAT(ReluTrainsBetter().judge({}).text, Not(HasSubstr("was chosen for")));
}

TEST(StatementsTest, ReluZerosAreLikeDropoutIfTheyDoNotDependOnTheImageAndNarrowTheGap) {
  const auto verdict = [](double share, double same_4, double same_16, double narrower) {
    Measurements measurements;
    for (const auto& [depth, same] : {std::pair(4, same_4), std::pair(16, same_16)}) {
      const std::string end = absl::StrCat(".depth_", depth);
      measurements.Add("zeros" + end, share);
      measurements.Add("differ_same_digit" + end, same);
      measurements.Add("differ_other_digit" + end, 0.4);
      measurements.Add("gap_narrower" + end, narrower);
      measurements.Add("gap_narrower_margin" + end, 0.01);
    }
    return VerdictOf(ReluZeros(), measurements);
  };
  EXPECT_EQ(verdict(0.5, 0.4, 0.4, 0.02), Verdict::kConfirmed);
  EXPECT_EQ(verdict(0.5, 0.2, 0.2, 0), Verdict::kCorrected) << "sparse, and nothing else";
  EXPECT_EQ(verdict(0.5, 0.2, 0.4, 0), Verdict::kDepends);
  EXPECT_EQ(verdict(0.5, 0.4, 0.4, -0.02), Verdict::kDepends) << "independent, but the gap is wider";
  EXPECT_EQ(verdict(0.5, 0.2, 0.2, 0.02), Verdict::kDepends) << "a narrower gap, but of zeros that depend";
  EXPECT_EQ(verdict(0.01, 0.4, 0.4, 0.02), Verdict::kRefuted);
}

TEST(StatementsTest, ReluZerosAreToldAsTheyAre) {
  const auto text = [](double same) {
    Measurements measurements;
    for (const char* end : {".depth_4", ".depth_16"}) {
      measurements.Add(absl::StrCat("differ_same_digit", end), same);
      measurements.Add(absl::StrCat("differ_other_digit", end), 0.4);
    }
    return ReluZeros().judge(measurements).text;
  };
  EXPECT_THAT(text(0.2), HasSubstr("and tell what is in it"));
  EXPECT_THAT(text(0.4), Not(HasSubstr("and tell what is in it")));
}

// What is measured of relu6 in one format, beside relu, and nothing in others.
struct InFormat {
  const char* name = "i8";
  double accuracy = 0.9;  // of relu6
  double lead = 0;        // of relu6
  double margin = 0.001;  // of all formats
};

Verdict Relu6Verdict(std::array<double, 3> gains, const InFormat& in = {}) {
  Measurements measurements;
  const char* const conditions[] = {"clean", "outliers", "outlier_scales"};
  for (size_t i = 0; i < gains.size(); ++i) {
    for (const NarrowFormat& format : NarrowFormats()) {
      const bool is_it = format.name == in.name;
      const std::string end = absl::StrCat(".", format.name, ".", conditions[i]);
      measurements.Add("gain" + end, is_it ? gains[i] : 0);
      measurements.Add("gain_margin" + end, in.margin);
      measurements.Add("lead" + end, is_it ? in.lead : 0);
      measurements.Add("lead_margin" + end, 0.001);
      for (const char* activation : {"relu", "relu6"}) {
        measurements.Add(absl::StrCat("accuracy.", format.name, ".", activation, ".", conditions[i]), in.accuracy);
      }
    }
  }
  return VerdictOf(Relu6LowPrecision(), measurements);
}

TEST(StatementsTest, Relu6IsMoreRobustIfItLosesLessUnderEachCondition) {
  EXPECT_EQ(Relu6Verdict({0.02, 0.02, 0.05}), Verdict::kConfirmed);
  EXPECT_EQ(Relu6Verdict({0.02, 0.02, 0.05}, {.name = "i4"}), Verdict::kDepends) << "of fewer than 8 bits";
  EXPECT_EQ(Relu6Verdict({0, 0.02, 0.05}), Verdict::kDepends);
  EXPECT_EQ(Relu6Verdict({0.02, -0.02, 0.05}), Verdict::kDepends);
  EXPECT_EQ(Relu6Verdict({0.001, 0, 0}), Verdict::kRefuted) << "one image of 360 is nothing";
  EXPECT_EQ(Relu6Verdict({-0.02, 0, 0}), Verdict::kRefuted);
}

TEST(StatementsTest, Relu6IsNotMoreRobustWhereItOnlyHadLessToLose) {
  EXPECT_EQ(Relu6Verdict({0.02, 0.02, 0.05}, {.accuracy = 0.11}), Verdict::kRefuted) << "both guess";
  EXPECT_EQ(Relu6Verdict({0.02, 0.02, 0.05}, {.name = "i4", .lead = -0.01}), Verdict::kRefuted) << "it ends below";
  EXPECT_EQ(Relu6Verdict({0.02, 0.02, 0.02}, {.margin = 0.03}), Verdict::kDepends) << "undecided";
}

TEST(StatementsTest, Relu6SaysWhomCuttingOffHelps) {
  const auto text = [](double relu, double relu6) {
    return Relu6LowPrecision()
        .judge({{"accuracy.f32.relu.outliers", 0.9},
                {"accuracy.i8.relu.outliers", relu},
                {"accuracy.f32.relu6.outliers", 0.9},
                {"accuracy.i8.relu6.outliers", relu6}})
        .text;
  };
  EXPECT_THAT(text(0.95, 0.95), HasSubstr("helps both: in i8 relu has 95.0 % against 90.0 % in f32"));
  EXPECT_THAT(text(0.8, 0.95), HasSubstr("helps relu6 alone"));
  EXPECT_THAT(text(0.8, 0.8), HasSubstr("helps neither"));
}

// A case with two rounds.
void AddCase(const std::string& at, double least, double greatest, double of_fastest, Measurements& measurements) {
  measurements.Add("ratio." + at, (least + greatest) / 2);
  measurements.Add("ratio_least." + at, least);
  measurements.Add("ratio_greatest." + at, greatest);
  measurements.Add("of_fastest." + at, of_fastest);
}

TEST(StatementsTest, HardSigmoidHasToBeNearAndCheaperInCaches) {
  const auto verdict = [](double distance, double in_l1, double in_l2) {
    Measurements measurements = {{"largest_distance", distance}, {"largest_distance_of_tangent", 0.119}};
    AddCase("avx2.l1", in_l1, in_l1, 1, measurements);
    AddCase("avx2.l2", in_l2, in_l2, 1, measurements);
    AddCase("avx2.dram", 1, 1, 1, measurements);
    return VerdictOf(HardSigmoidCheaper(), measurements);
  };
  EXPECT_EQ(verdict(0.07, 5, 2), Verdict::kConfirmed) << "memory does not count";
  EXPECT_EQ(verdict(0.07, 5, 1), Verdict::kDepends);
  EXPECT_EQ(verdict(0.07, 1.1, 1), Verdict::kRefuted);
  EXPECT_EQ(verdict(0.13, 5, 2), Verdict::kRefuted) << "not near: further than the tangent";
}

TEST(StatementsTest, SwishIsHeavyWhereItTakesLongerInAllRounds) {
  const auto verdict = [](double l1_least, double l1_greatest, double l2) {
    Measurements measurements;
    AddCase("scalar.l1", l1_least, l1_greatest, 1, measurements);
    AddCase("avx2.l2", l2, l2, 1, measurements);
    return VerdictOf(SwishTooHeavy(), measurements);
  };
  EXPECT_EQ(verdict(8, 8, 2), Verdict::kConfirmed);
  EXPECT_EQ(verdict(8, 8, 1), Verdict::kDepends);
  EXPECT_EQ(verdict(1, 1.2, 1), Verdict::kRefuted);
  EXPECT_EQ(verdict(1.2, 8, 2), Verdict::kDepends) << "rounds disagree";
  EXPECT_EQ(verdict(1.2, 8, 1), Verdict::kDepends) << "rounds disagree";
  EXPECT_EQ(VerdictOf(SwishTooHeavy(), {{"ratio.avx2.l1", 8}}), Verdict::kDepends) << "no quiet rounds";
}

TEST(StatementsTest, HardSwishHasToBeNearAndToLoseNothing) {
  const auto verdict = [](double distance, double loss_4, double loss_16, double margin = 0.005) {
    return VerdictOf(HardSwishApproximates(), {{"largest_distance", distance},
                                               {"largest_distance_of_relu", 0.278},
                                               {"loss.depth_4", loss_4},
                                               {"loss_margin.depth_4", margin},
                                               {"loss.depth_16", loss_16},
                                               {"loss_margin.depth_16", margin}});
  };
  EXPECT_EQ(verdict(0.15, 0, -0.01), Verdict::kConfirmed);
  EXPECT_EQ(verdict(0.5, 0, 0), Verdict::kCorrected);
  EXPECT_EQ(verdict(0.15, 0, 0.2), Verdict::kDepends);
  EXPECT_EQ(verdict(0.15, 0.5, 0.2), Verdict::kRefuted);
  EXPECT_EQ(verdict(0.15, 0, 0, 0.03), Verdict::kDepends) << "no proof of a difference is no proof of likeness";
  EXPECT_EQ(verdict(0.15, 0.05, 0.05, 0.04), Verdict::kDepends) << "nor of a difference";
}

TEST(StatementsTest, PrintedFormulasAreCorrectedWhereTheStandardOnesAreNear) {
  const auto sigmoid = [](double printed, double standard) {
    return VerdictOf(PrintedHardSigmoid(), {{"largest_distance.hard_sigmoid_as_printed", printed},
                                            {"largest_distance.hard_sigmoid", standard}});
  };
  EXPECT_EQ(sigmoid(1.2, 0.07), Verdict::kCorrected);
  EXPECT_EQ(sigmoid(0.05, 0.07), Verdict::kConfirmed);
  EXPECT_EQ(sigmoid(1.2, 0.5), Verdict::kRefuted);
  EXPECT_EQ(VerdictOf(PrintedHardSwish(),
                      {{"largest_distance.hard_swish_as_printed", 5}, {"largest_distance.hard_swish", 0.14}}),
            Verdict::kCorrected);
}

TEST(StatementsTest, SwishBetaHasBothLimits) {
  // The distance from x / 2 at 0, and what the distance from relu is, times beta, at 1 and from 2 on.
  const auto verdict = [](double from_half, double at_1, double from_2) {
    Measurements measurements = {{"from_half_x.beta_0", from_half}};
    for (const double beta : {0.0, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0}) {
      const double distance = beta == 0 ? 10 : beta < 1 ? 9 - beta : (beta == 1 ? at_1 : from_2) / beta;
      measurements.Add(absl::StrCat("from_relu.beta_", beta), distance);
    }
    return VerdictOf(SwishBeta(), measurements);
  };
  EXPECT_EQ(verdict(0, 0.2785, 0.2785), Verdict::kConfirmed);
  EXPECT_EQ(verdict(0, 0.2785, 0.4), Verdict::kCorrected) << "falls, but not as 1 / beta";
  EXPECT_EQ(verdict(0.5, 0.2785, 0.2785), Verdict::kDepends);
  EXPECT_EQ(verdict(0.5, 0.1, 0.3), Verdict::kRefuted) << "does not even fall";
}

TEST(StatementsTest, NothingFollowsFromNoNumbersAndNothingCrashes) {
  for (const Statement* statement : AllStatements()) {
    EXPECT_NE(VerdictOf(*statement, {}), Verdict::kConfirmed) << statement->name;
  }
}

TEST(StatementsTest, SwishBetaIsToldAsItIs) {
  Measurements falls;
  Measurements rises;
  for (const double beta : {0.0, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0}) {
    falls.Add(absl::StrCat("from_relu.beta_", beta), 1 / (1 + beta));
    rises.Add(absl::StrCat("from_relu.beta_", beta), 1 + beta);
  }
  EXPECT_THAT(SwishBeta().judge(falls).text, HasSubstr("falls with beta: "));
  EXPECT_THAT(SwishBeta().judge(rises).text, HasSubstr("does not always fall"));
}

// A method's numbers are those that are measured with.
TEST(StatementsTest, MethodsHaveTheNumbersOfThePlan) {
  const TrainingPlan plan = PlanFor({}, 4);
  const std::string method = ReluTrainsBetter().method;
  EXPECT_THAT(method, HasSubstr(absl::StrCat(" ", plan.epochs, " epochs of gradient descent")));
  EXPECT_THAT(method, HasSubstr(absl::StrCat("batches of ", plan.batch, ", ", plan.seeds, " seeds")));
  EXPECT_THAT(method, HasSubstr(absl::StrCat(plan.rates.size(), " learning rates from ", plan.rates.front(), " to ",
                                             plan.rates.back(), " ")));
  EXPECT_THAT(method, HasSubstr(absl::StrCat("a trial of ", plan.trial_epochs, " epochs")));
  EXPECT_THAT(ShallowLayersStall().method,
              HasSubstr(absl::StrCat(plan.width,
                                     " units, standard initial weights (Glorot's for sigmoid and tanh, "
                                     "He's for the others) and ",
                                     plan.seeds, " seeds")));
}

TEST(SpeedTest, RatiosAreThoseOfTheSameKindOfMemoryAndTheSameRound) {
  const Timings timings = {{{"sigmoid", "avx2", "l1", {{0.5}, {0.6}}},
                            {"hard_sigmoid", "avx2", "l1", {{0.1}, {0.2}}},
                            {"sigmoid", "avx2", "dram", {{0.6}, {0.6}, {9, /*noisy=*/true}}},
                            {"hard_sigmoid", "avx2", "dram", {{0.5}, {0.6}, {1}}},
                            {"sigmoid", "scalar", "l1", {{4}, {4}}},
                            {"sigmoid", "scalar", "l2", {{4}}},
                            {"hard_sigmoid", "scalar", "l1", {{4}, {2, /*noisy=*/true}}}},
                           {"sse4"}};
  Measurements measurements;
  AddTimes(timings, "sigmoid", "hard_sigmoid", measurements);
  EXPECT_EQ(measurements["ns.sigmoid.avx2.l1"], 0.55);
  EXPECT_DOUBLE_EQ(measurements["ratio.avx2.l1"], 4);
  EXPECT_DOUBLE_EQ(measurements["ratio_least.avx2.l1"], 3);
  EXPECT_DOUBLE_EQ(measurements["ratio_greatest.avx2.l1"], 5);
  EXPECT_DOUBLE_EQ(measurements["ratio_greatest.avx2.dram"], 1.2) << "the third round was noisy";
  EXPECT_DOUBLE_EQ(measurements["of_fastest.avx2.dram"], 1);
  EXPECT_FALSE(measurements.Has("ratio_least.scalar.l1")) << "one quiet round is too few";
  EXPECT_FALSE(measurements.Has("ratio.scalar.l2")) << "not measured of both";
  EXPECT_EQ(measurements["times"], 15);
  EXPECT_EQ(measurements["noisy_times"], 2);
  const Ratios ratios = RatiosOf(measurements);
  EXPECT_EQ(ratios.count, 2) << "in L1 and L2";
  EXPECT_EQ(ratios.dearer, 1);
  EXPECT_EQ(ratios.not_dearer, 0);
  EXPECT_EQ(ratios.greatest_at, "avx2, l1");
  EXPECT_EQ(ratios.least_at, "avx2, dram");
  EXPECT_EQ(ratios.by_memory, (std::vector<std::string>{"avx2, dram"}));
  EXPECT_EQ(ratios.undecided_at, (std::vector<std::string>{"scalar, l1"}));
  const std::string text = RatiosText(measurements, "sigmoid", "hard_sigmoid");
  EXPECT_THAT(text, HasSubstr("In 1 of 2 cases"));
  EXPECT_THAT(text, HasSubstr("disappears behind memory, which the cheaper one waits for too, with avx2, dram."));
  EXPECT_THAT(text, HasSubstr("Of 15 times 2 were disturbed"));
  EXPECT_THAT(text, HasSubstr("not all of the kernels are there: sse4."));
  const Figure figure = CostFigure(timings.all);
  ASSERT_EQ(figure.charts.size(), 2);
  EXPECT_EQ(figure.charts[0].x.names, (std::vector<std::string>{"L1", "memory", "L2"}));
  EXPECT_EQ(figure.charts[0].series.size(), 2);
}

// What takes as long in a cache, though far from what others reach there, does not wait for memory.
TEST(SpeedTest, ASlowKernelDoesNotWaitForMemory) {
  Measurements measurements;
  AddCase("scalar.l2", 1, 1.1, 40, measurements);
  AddCase("avx2.l1", 1, 1.1, 1, measurements);
  EXPECT_EQ(RatiosOf(measurements).not_dearer_at, (std::vector<std::string>{"scalar, l2", "avx2, l1"}));
  EXPECT_TRUE(RatiosOf(measurements).by_memory.empty());
}

}  // namespace
}  // namespace actbench::client
