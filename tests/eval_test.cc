// SPDX-License-Identifier: Apache-2.0
// What `actbench eval` sends and prints; command_test.py runs it as a whole.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "client/eval_input.h"
#include "client/eval_output.h"

namespace actbench::client {
namespace {

using testing::HasSubstr;

EvalFlags GatedGradient() {
  EvalFlags flags;
  flags.activation = "gated";
  flags.x.values = "1,2";
  flags.gate.values = "3,4";
  flags.gradient = true;
  return flags;
}

TEST(EvalInputTest, InputsAreInTheOrderOfTheKernels) {
  EvalFlags flags = GatedGradient();
  flags.upstream.values = "5,6";
  flags.dtype = "f64";
  const absl::StatusOr<v1::EvaluateItem> item = MakeItem(flags);
  ASSERT_TRUE(item.ok()) << item.status();
  ASSERT_EQ(item->inputs_size(), 3);
  EXPECT_EQ(item->inputs(0).data(), MakeTensor(Dtype::kF64, {1, 2}).data());
  EXPECT_EQ(item->inputs(1).data(), MakeTensor(Dtype::kF64, {3, 4}).data());
  EXPECT_EQ(item->inputs(2).data(), MakeTensor(Dtype::kF64, {5, 6}).data());
}

TEST(EvalInputTest, TheUpstreamGradientIsLastAnd1ByDefault) {
  const absl::StatusOr<v1::EvaluateItem> item = MakeItem(GatedGradient());
  ASSERT_TRUE(item.ok()) << item.status();
  ASSERT_EQ(item->inputs_size(), 3);
  EXPECT_EQ(item->inputs(2).SerializeAsString(), MakeTensor(Dtype::kF32, {1, 1}).SerializeAsString());
}

TEST(EvalInputTest, ParametersAndSelectorArePassedOn) {
  EvalFlags flags = GatedGradient();
  flags.parameters = {"alpha=0x1p-1", "beta=-2"};
  flags.tier = "exact";
  flags.check = true;
  const absl::StatusOr<v1::EvaluateItem> item = MakeItem(flags);
  ASSERT_TRUE(item.ok()) << item.status();
  EXPECT_EQ(item->parameters().at("alpha"), 0.5);
  EXPECT_EQ(item->parameters().at("beta"), -2);
  EXPECT_EQ(item->selector().tier(), "exact");
  EXPECT_TRUE(item->measure_error());
  for (const std::string wrong : {"alpha", "=1", "alpha=", "alpha=1x"}) {
    flags.parameters = {wrong};
    EXPECT_THAT(std::string(MakeItem(flags).status().message()), HasSubstr("NAME=NUMBER")) << wrong;
  }
}

TEST(EvalOutputTest, JsonHasBothOutputsOfAGatedGradient) {
  v1::EvaluateResult result;
  result.mutable_kernel()->set_activation("gated");
  result.mutable_kernel()->set_direction(v1::DIRECTION_GRADIENT);
  result.mutable_kernel()->set_dtype(v1::DTYPE_F16);
  (*result.mutable_parameters())["limit"] = 7;
  (*result.mutable_parameters())["alpha"] = 1.702;
  *result.add_outputs() = MakeTensor(Dtype::kF16, {0.1, -0.0});
  *result.add_outputs() = MakeTensor(Dtype::kF16, {std::numeric_limits<double>::infinity(), 1});
  result.mutable_error()->set_max_ulp(std::numeric_limits<double>::infinity());
  result.mutable_times()->set_to_device_ns(3);
  result.mutable_times()->set_from_device_ns(4);
  const std::vector<TensorView> views = {*TensorView::Of(result.outputs(0)), *TensorView::Of(result.outputs(1))};
  EXPECT_EQ(EvalJson(result, views),
            R"({"activation":"gated","direction":"gradient","kernel":"","device":"",)"
            R"("parameters":{"alpha":1.702,"limit":7.0},"dtype":"f16","shape":[2],"queue_ns":0,"compute_ns":0,)"
            R"("copy_ns":0,"to_device_ns":3,"from_device_ns":4,)"
            R"("values":[0.1,-0.0],"gate_values":["Infinity",1.0],)"
            R"("error":{"max_ulp":"Infinity","mean_ulp":0.0,"worst_input":0.0,"worst_input_bits":"","checked":0}})");
}

TEST(EvalInputTest, NumbersAreRoundedOnceToTheDtype) {
  EvalFlags flags;
  flags.x.values = "1.00000005960464477539062500000000000000001";
  const absl::StatusOr<v1::EvaluateItem> item = MakeItem(flags);
  ASSERT_TRUE(item.ok()) << item.status();
  EXPECT_EQ(item->inputs(0).data(), MakeTensor(Dtype::kF32, {1 + 0x1p-23}).data());
}

TEST(EvalOutputTest, WhereAllErrorsAre0NoneIsTheWorst) {
  v1::ErrorReport error;
  error.set_checked(2);
  error.set_worst_input(-3);
  error.set_worst_input_bits("0xc0400000");
  EXPECT_THAT(ErrorText(error, Dtype::kF32), HasSubstr("worst at x = -, 2 checked"));
  error.set_max_ulp(0.25);
  EXPECT_THAT(ErrorText(error, Dtype::kF32), HasSubstr("worst at x = -3 (0xc0400000), 2 checked"));
}

TEST(EvalOutputTest, NothingToPrintIsSaid) {
  v1::Tensor tensor = MakeTensor(Dtype::kF32, {});
  tensor.add_shape(3);
  EXPECT_EQ(TensorText(tensor, *TensorView::Of(tensor)), "no elements (shape [0, 3])\n");
  EXPECT_EQ(ErrorText(v1::ErrorReport(), Dtype::kF32), "error: no elements to check");
}

}  // namespace
}  // namespace actbench::client
