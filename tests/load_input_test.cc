// SPDX-License-Identifier: Apache-2.0
#include "client/load_input.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "client/tensor.h"

namespace actbench::client {
namespace {

using testing::HasSubstr;

v1::ListActivationsResponse TwoActivations() {
  v1::ListActivationsResponse list;
  v1::Activation& plain = *list.add_activations();
  plain.set_name("plain");
  plain.set_input_count(1);
  v1::Activation& gated = *list.add_activations();
  gated.set_name("gated");
  gated.add_aliases("torch:Gated");
  gated.set_input_count(2);
  return list;
}

v1::Limits RoomyLimits() {
  v1::Limits limits;
  limits.set_tensor_elements(100'000);
  limits.set_batch_items(10);
  limits.set_message_size_bytes(1'000'000);
  return limits;
}

LoadInputFlags Flags(const std::string& activation) {
  LoadInputFlags flags;
  flags.activation = activation;
  flags.size = 100;
  return flags;
}

v1::EvaluateRequest Make(const LoadInputFlags& flags) {
  const absl::StatusOr<v1::EvaluateRequest> request = MakeLoadRequest(flags, TwoActivations(), RoomyLimits());
  EXPECT_TRUE(request.ok()) << request.status();
  return request.ok() ? *request : v1::EvaluateRequest();
}

absl::Status ErrorOf(const LoadInputFlags& flags) {
  return MakeLoadRequest(flags, TwoActivations(), RoomyLimits()).status();
}

TEST(LoadInputTest, EachItemHasTheTensorsOfItsActivation) {
  for (const auto& [activation, gradient, inputs] :
       {std::tuple("plain", false, 1), std::tuple("plain", true, 2), std::tuple("gated", false, 2),
        std::tuple("torch:Gated", true, 3), std::tuple("nobody_knows", false, 1)}) {
    LoadInputFlags flags = Flags(activation);
    flags.gradient = gradient;
    flags.batch = 3;
    flags.dtype = "f16";
    flags.isa = "avx2";
    const v1::EvaluateRequest request = Make(flags);
    ASSERT_EQ(request.items_size(), 3);
    for (const v1::EvaluateItem& item : request.items()) {
      EXPECT_EQ(item.activation(), activation);
      EXPECT_EQ(item.direction(), gradient ? v1::DIRECTION_GRADIENT : v1::DIRECTION_FORWARD);
      EXPECT_EQ(item.selector().isa(), "avx2");
      ASSERT_EQ(item.inputs_size(), inputs) << activation;
      for (const v1::Tensor& tensor : item.inputs()) {
        const absl::StatusOr<TensorView> view = TensorView::Of(tensor);
        ASSERT_TRUE(view.ok()) << view.status();
        EXPECT_EQ(view->size(), 100);
        EXPECT_EQ(view->dtype(), Dtype::kF16);
      }
    }
  }
}

TEST(LoadInputTest, TheNumbersAreNormal) {
  LoadInputFlags flags = Flags("gated");
  flags.gradient = true;
  flags.size = 40'000;
  const v1::EvaluateRequest request = Make(flags);
  const double deviations[] = {3, 3, 1};
  for (int i = 0; i < 3; ++i) {
    const absl::StatusOr<TensorView> view = TensorView::Of(request.items(0).inputs(i));
    ASSERT_TRUE(view.ok()) << view.status();
    double sum = 0;
    double squares = 0;
    double fourths = 0;
    for (int64_t k = 0; k < view->size(); ++k) {
      const double x = (*view)[k] / deviations[i];
      sum += x;
      squares += x * x;
      fourths += x * x * x * x;
    }
    EXPECT_NEAR(sum / 40'000, 0, 0.02);
    EXPECT_NEAR(squares / 40'000, 1, 0.03);
    EXPECT_NEAR(fourths / 40'000, 3, 0.3);
  }
}

TEST(LoadInputTest, TheSeedDecidesTheNumbersAndNoTwoTensorsAreAlike) {
  LoadInputFlags flags = Flags("gated");
  flags.batch = 2;
  const v1::EvaluateRequest request = Make(flags);
  EXPECT_EQ(request.SerializeAsString(), Make(flags).SerializeAsString());
  EXPECT_NE(request.items(0).inputs(0).data(), request.items(0).inputs(1).data());
  EXPECT_NE(request.items(0).inputs(0).data(), request.items(1).inputs(0).data());
  flags.seed = 1;
  EXPECT_NE(request.items(0).inputs(0).data(), Make(flags).items(0).inputs(0).data());
}

TEST(LoadInputTest, WhatTheServerDoesNotTakeIsToldBeforeItIsMade) {
  LoadInputFlags flags = Flags("plain");
  flags.size = int64_t{1} << 62;
  EXPECT_EQ(ErrorOf(flags).code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(ErrorOf(flags).message()), HasSubstr("--size 4,611,686,018,427,387,904: the server takes at "
                                                               "most 100,000 elements"));
  flags.size = 100;
  flags.batch = 11;
  EXPECT_THAT(std::string(ErrorOf(flags).message()), HasSubstr("--batch 11: the server takes at most 10 items"));
  flags.size = 100'000;
  flags.batch = 2;
  EXPECT_TRUE(ErrorOf(flags).ok());
  flags.batch = 3;
  EXPECT_THAT(std::string(ErrorOf(flags).message()), HasSubstr("requests of over 1,000,000 bytes"));
  flags.batch = 1;
  flags.gradient = true;
  flags.dtype = "f64";
  EXPECT_THAT(std::string(ErrorOf(flags).message()), HasSubstr("requests of over 1,000,000 bytes"));
}

TEST(LoadInputTest, AWrongParameterIsTold) {
  LoadInputFlags flags = Flags("plain");
  flags.parameters = {"beta"};
  EXPECT_THAT(std::string(ErrorOf(flags).message()), HasSubstr("NAME=NUMBER"));
}

}  // namespace
}  // namespace actbench::client
