// SPDX-License-Identifier: Apache-2.0
// lab.h and curves.h, and with a real server's kernels those statements that need no benchmark.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstring>
#include <limits>

#include "client/study/curves.h"
#include "client/study/lab.h"
#include "client/study/statements.h"
#include "client/study/study.h"
#include "tests/server_fixture.h"

namespace actbench::client {
namespace {

using testing::HasSubstr;

class StudyLabTest : public testing::Test {
 protected:
  StudyLabTest() : client_(server_->InProcessChannel()), lab_(client_, {.quick = true}, nullptr) {}

  // From now on this factor is on all derivatives of sigmoid.
  void ScaleDerivativesOfSigmoid(float factor) {
    lab_.set_evaluate([this, factor](const v1::EvaluateRequest& request) -> absl::StatusOr<v1::EvaluateResponse> {
      absl::StatusOr<v1::EvaluateResponse> response = client_.EvaluateBatch(request);
      if (!response.ok()) return response.status();
      for (int i = 0; i < request.items_size(); ++i) {
        const v1::EvaluateItem& item = request.items(i);
        if (item.activation() != "sigmoid" || item.direction() != v1::DIRECTION_GRADIENT) continue;
        if (item.inputs(0).dtype() != v1::DTYPE_F32) continue;
        std::string& data = *response->mutable_results(i)->mutable_outputs(0)->mutable_data();
        for (size_t at = 0; at < data.size(); at += sizeof(float)) {
          float value = 0;
          std::memcpy(&value, &data[at], sizeof(value));
          value *= factor;
          std::memcpy(&data[at], &value, sizeof(value));
        }
      }
      return response;
    });
  }

  std::string VerdictOf(const Statement& statement) {
    const Answer answer = AnswerOf(statement, lab_);
    EXPECT_TRUE(answer.status.ok()) << answer.status;
    EXPECT_FALSE(answer.findings.figures.empty());
    return VerdictText(answer) + ": " + BecauseText(answer);
  }

  std::unique_ptr<Server> server_ = StartServer();
  Client client_;
  Lab lab_;
};

TEST_F(StudyLabTest, ValuesAreTheKernelsInEachDtype) {
  for (const DtypeInfo& info : AllDtypes()) {
    const auto y = lab_.Values({"sigmoid"}, info.dtype, {0.0, -100.0});
    ASSERT_TRUE(y.ok()) << y.status();
    EXPECT_EQ((*y)[0], 0.5);
    EXPECT_LT((*y)[1], 1e-7);
  }
  const auto slopes = lab_.Values({"swish", v1::DIRECTION_GRADIENT, {{"beta", 0.0}}}, Dtype::kF32, {-3.0, 3.0});
  ASSERT_TRUE(slopes.ok()) << slopes.status();
  EXPECT_EQ(*slopes, (std::vector<double>{0.5, 0.5}));
}

TEST_F(StudyLabTest, WhatCannotBeMeasuredHasNoVerdict) {
  constexpr Statement kMissing = {"missing", "It is there.", "It is looked for.",
                                  [](Lab&) -> absl::StatusOr<Findings> { return absl::NotFoundError("no <kernel>"); },
                                  nullptr};
  const Answer answer = AnswerOf(kMissing, lab_);
  EXPECT_EQ(VerdictText(answer), "not measured");
  EXPECT_EQ(BecauseText(answer), "no <kernel>");
}

TEST_F(StudyLabTest, ApplicationsOfOneCallAreEachOnesOwn) {
  const Function relu = {"relu"};
  const Function gradient = GradientOf("relu");
  const std::array<float, 3> x = {-1, 2, 3};
  const std::array<float, 3> upstream = {5, 6, 7};
  std::array<float, 3> y;
  std::array<float, 2> dx;
  const std::array<Application, 2> applications = {
      {{&relu, x.data(), nullptr, y.data(), 3}, {&gradient, x.data(), upstream.data(), dx.data(), 2}}};
  ASSERT_TRUE(lab_.ApplyAll(applications).ok());
  EXPECT_EQ(y, (std::array<float, 3>{0, 2, 3}));
  EXPECT_EQ(dx, (std::array<float, 2>{0, 6}));
}

TEST_F(StudyLabTest, AnUnknownFunctionIsNamed) {
  const auto y = lab_.Values({"no_such"}, Dtype::kF32, {0.0});
  EXPECT_EQ(y.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(y.status().message()), HasSubstr("no_such"));
  EXPECT_FALSE(lab_.Sweep({"no_such"}, [](size_t, absl::Span<const float>, absl::Span<const float>) {}).ok());
}

TEST_F(StudyLabTest, ASweepHasEachInputOnceWithItsOutput) {
  std::array<int64_t, 2> counts = {};
  std::array<int64_t, 2> wrong = {};
  const auto count = lab_.Sweep({"relu"}, [&](size_t thread, absl::Span<const float> x, absl::Span<const float> y) {
    counts[thread] += static_cast<int64_t>(x.size());
    for (size_t i = 0; i < x.size(); ++i) wrong[thread] += x[i] > 0 && y[i] != x[i] ? 1 : 0;
  });
  ASSERT_TRUE(count.ok()) << count.status();
  EXPECT_EQ(*count, (int64_t{1} << 32) / Lab::kStride);
  EXPECT_EQ(counts[0] + counts[1], *count);
  EXPECT_EQ(wrong[0] + wrong[1], 0);
}

TEST_F(StudyLabTest, DistancesAreTheLargestAndTheMean) {
  const auto distance = DistanceOf(lab_, {"relu"}, {"relu6"}, 0, 10);
  ASSERT_TRUE(distance.ok()) << distance.status();
  EXPECT_EQ(distance->largest, 4);
  EXPECT_EQ(distance->at, 10);
  EXPECT_NEAR(distance->mean, 0.8, 1e-4);
}

TEST_F(StudyLabTest, NetworksAreTrainedOnce) {
  int evaluations = 0;
  lab_.set_evaluate([&](const v1::EvaluateRequest& request) {
    ++evaluations;
    return client_.EvaluateBatch(request);
  });
  ASSERT_TRUE(lab_.Trained(2, {"relu"}).ok());
  const int once = evaluations;
  EXPECT_GT(once, 0);
  const auto again = lab_.Trained(2, {"relu"});
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(evaluations, once);
  EXPECT_EQ(again->at("relu")->size(), static_cast<size_t>(lab_.PlanOf(2).seeds));
}

// What the verdicts say of the kernels as they are, and of one that is wrong.
TEST_F(StudyLabTest, TheVerdictFollowsFromTheKernel) {
  EXPECT_THAT(VerdictOf(SigmoidVanishes()), HasSubstr("confirmed: sigmoid' <= 0.25"));
  ScaleDerivativesOfSigmoid(4);
  EXPECT_THAT(VerdictOf(SigmoidVanishes()), HasSubstr("refuted: sigmoid' <= 1"));
  ScaleDerivativesOfSigmoid(std::numeric_limits<float>::quiet_NaN());
  EXPECT_THAT(VerdictOf(SigmoidVanishes()), HasSubstr("refuted: sigmoid' <= 0"));
}

TEST_F(StudyLabTest, ReluAndSwishAreAsTheyAreSaidToBe) {
  EXPECT_THAT(VerdictOf(ReluGradient()), HasSubstr("confirmed: 0 of"));
  EXPECT_THAT(VerdictOf(SwishBeta()), HasSubstr("confirmed: 0 from x/2"));
}

}  // namespace
}  // namespace actbench::client
