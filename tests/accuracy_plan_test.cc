// SPDX-License-Identifier: Apache-2.0
#include "server/accuracy_plan.h"

#include <gtest/gtest.h>

#include <functional>
#include <ostream>
#include <string>
#include <variant>
#include <vector>

#include "tests/accuracy_fixture.h"

namespace actbench {
namespace {

using Request = v1::MeasureAccuracyRequest;

Request Sigmoid() { return MakeMeasurement("sigmoid", v1::DTYPE_F32); }

absl::StatusOr<AccuracyPlan> Plan(const Request& request, const Limits& limits = {}) {
  return PlanMeasurement(request, Catalog::Default(), limits);
}

// The plan of a request that is good.
AccuracyPlan GoodPlan(const Request& request, const Limits& limits = {}) {
  absl::StatusOr<AccuracyPlan> plan = Plan(request, limits);
  EXPECT_TRUE(plan.ok()) << plan.status();
  return plan.ok() ? *std::move(plan) : AccuracyPlan();
}

TEST(AccuracyPlanTest, TakesTheBestKernelAndTheDefaultParameters) {
  const AccuracyPlan plan = GoodPlan(MakeMeasurement("torch:SiLU", v1::DTYPE_BF16));
  ASSERT_EQ(plan.kernels.size(), 1U);
  EXPECT_EQ(plan.kernels[0]->Name(),
            "silu/forward/bf16/actbench/fast/" + std::string(Catalog::Default().isas().back()));
  EXPECT_EQ(plan.activation->name, "silu");
}

TEST(AccuracyPlanTest, TakesTheSelectedKernelAndTheGivenParameters) {
  Request request = MakeMeasurement("swish", v1::DTYPE_F32, v1::DIRECTION_GRADIENT);
  request.mutable_selector()->set_isa("scalar");
  (*request.mutable_parameters())["beta"] = 1.5;
  const AccuracyPlan plan = GoodPlan(request);
  EXPECT_EQ(plan.kernels[0]->Name(), "swish/gradient/f32/actbench/fast/scalar");
  EXPECT_EQ(plan.parameters, std::vector<double>{1.5});
  EXPECT_EQ(plan.format().inputs, 2U);
}

TEST(AccuracyPlanTest, SamplesWhereNoInputsAreGiven) {
  Request request = Sigmoid();
  AccuracyPlan plan = GoodPlan(request);
  EXPECT_EQ(plan.mode, "sampled");
  EXPECT_EQ(std::get<SampledInputs>(plan.inputs).count, 1'000'000U);
  EXPECT_EQ(std::get<SampledInputs>(plan.inputs).distribution, Distribution::kBits);
  request.set_dtype(v1::DTYPE_F64);
  EXPECT_EQ(std::get<SampledInputs>(GoodPlan(request).inputs).count, 100'000U);
  // What is not asked for does not exceed a limit.
  Limits limits;
  limits.accuracy_samples = 1000;
  EXPECT_EQ(std::get<SampledInputs>(GoodPlan(request, limits).inputs).count, 1000U);
}

TEST(AccuracyPlanTest, SamplesOfGradientsMayHaveDyOfOneAlone) {
  Request request = MakeMeasurement("silu", v1::DTYPE_F32, v1::DIRECTION_GRADIENT);
  request.mutable_inputs()->mutable_sampled()->set_unit_upstream(true);
  const AccuracyPlan plan = GoodPlan(request);
  EXPECT_EQ(plan.mode, "sampled_unit_upstream");
  EXPECT_TRUE(std::get<SampledInputs>(plan.inputs).unit_upstream);
}

TEST(AccuracyPlanTest, SamplesAsToldFromEveryDistribution) {
  for (const std::string_view name : DistributionNames()) {
    Request request = Sigmoid();
    v1::SampledInputs& sampled = *request.mutable_inputs()->mutable_sampled();
    sampled.set_count(77);
    sampled.set_distribution(std::string(name));
    sampled.set_seed(5);
    const AccuracyPlan plan = GoodPlan(request);
    const auto& planned = std::get<SampledInputs>(plan.inputs);
    EXPECT_EQ(planned.count, 77U);
    EXPECT_EQ(Name(planned.distribution), name);
    EXPECT_EQ(planned.seed, 5U);
  }
}

TEST(AccuracyPlanTest, BorrowsTheElementsOfGivenTensors) {
  Request request = MakeMeasurement("sigmoid", v1::DTYPE_F32, v1::DIRECTION_GRADIENT);
  v1::GivenInputs& given = *request.mutable_inputs()->mutable_given();
  *given.add_inputs() = MakeTensor(v1::DTYPE_F32, SomeValues(100));
  *given.add_inputs() = MakeTensor(v1::DTYPE_F32, SomeValues(100));
  const AccuracyPlan plan = GoodPlan(request);
  EXPECT_EQ(plan.mode, "given");
  const auto& planned = std::get<GivenInputs>(plan.inputs);
  EXPECT_EQ(planned.count, 100U);
  ASSERT_EQ(planned.inputs.size(), 2U);
  EXPECT_EQ(planned.inputs[1], given.inputs(1).data().data());
}

TEST(AccuracyPlanTest, ComparesTwoKernels) {
  v1::CompareKernelsRequest request;
  request.set_activation("sigmoid");
  request.set_direction(v1::DIRECTION_FORWARD);
  request.set_dtype(v1::DTYPE_F32);
  request.mutable_first()->set_isa("scalar");
  const auto plan = PlanComparison(request, Catalog::Default(), {});
  ASSERT_TRUE(plan.ok()) << plan.status();
  ASSERT_EQ(plan->kernels.size(), 2U);
  EXPECT_EQ(plan->kernels[0]->isa, "scalar");
  EXPECT_EQ(plan->kernels[1]->isa, Catalog::Default().isas().back());
}

TEST(AccuracyPlanTest, SaysWhichOfTwoKernelsThereIsNot) {
  v1::CompareKernelsRequest request;
  request.set_activation("sigmoid");
  request.set_direction(v1::DIRECTION_FORWARD);
  request.set_dtype(v1::DTYPE_F32);
  request.mutable_second()->set_isa("scalarr");
  absl::Status status = PlanComparison(request, Catalog::Default(), {}).status();
  EXPECT_TRUE(absl::IsNotFound(status)) << status;
  ExpectContains(std::string(status.message()), {"second: ", "scalarr"});
  request.mutable_second()->set_isa(std::string(1000, 'x'));
  status = PlanComparison(request, Catalog::Default(), {}).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  ExpectContains(std::string(status.message()), {"second.isa", "1000", "128"});
}

// ---- Which inputs are all measured ----

struct Exhaustive {
  v1::Direction direction;
  v1::Dtype dtype;
  bool unit_upstream;
  std::string mode;  // or what the error says
  uint64_t inputs;   // 0 where it is refused
};
std::ostream& operator<<(std::ostream& out, const Exhaustive& it) {
  return out << v1::Direction_Name(it.direction) << " " << v1::Dtype_Name(it.dtype) << " " << it.unit_upstream;
}

class ExhaustiveTest : public testing::TestWithParam<Exhaustive> {};

TEST_P(ExhaustiveTest, IsPossibleForUpTo32BitsOfInputs) {
  Request request = MakeMeasurement("sigmoid", GetParam().dtype, GetParam().direction);
  request.mutable_inputs()->mutable_exhaustive()->set_unit_upstream(GetParam().unit_upstream);
  const absl::StatusOr<AccuracyPlan> plan = Plan(request);
  if (GetParam().inputs == 0) {
    EXPECT_TRUE(absl::IsInvalidArgument(plan.status())) << plan.status();
    ExpectContains(std::string(plan.status().message()), {"inputs.exhaustive", GetParam().mode});
    return;
  }
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_TRUE(plan->exhaustive());
  EXPECT_EQ(plan->mode, GetParam().mode);
  // As many as the measurement itself counts.
  const auto measurement = Measurement::Make(plan->kernels, *plan->activation, plan->parameters, plan->inputs);
  ASSERT_TRUE(measurement.ok()) << measurement.status();
  EXPECT_EQ((*measurement)->inputs_total(), GetParam().inputs);
  EXPECT_EQ(plan->input_total, GetParam().inputs);
}

constexpr uint64_t kAll16 = uint64_t{1} << 16;
constexpr uint64_t kAll32 = uint64_t{1} << 32;
INSTANTIATE_TEST_SUITE_P(
    Cases, ExhaustiveTest,
    testing::Values(Exhaustive{v1::DIRECTION_FORWARD, v1::DTYPE_F32, false, "exhaustive", kAll32},
                    Exhaustive{v1::DIRECTION_FORWARD, v1::DTYPE_F16, false, "exhaustive", kAll16},
                    Exhaustive{v1::DIRECTION_GRADIENT, v1::DTYPE_F32, false, "exhaustive_unit_upstream", kAll32},
                    Exhaustive{v1::DIRECTION_GRADIENT, v1::DTYPE_F32, true, "exhaustive_unit_upstream", kAll32},
                    Exhaustive{v1::DIRECTION_GRADIENT, v1::DTYPE_BF16, false, "exhaustive", kAll32},
                    Exhaustive{v1::DIRECTION_GRADIENT, v1::DTYPE_BF16, true, "exhaustive_unit_upstream", kAll16},
                    Exhaustive{v1::DIRECTION_FORWARD, v1::DTYPE_F64, false, "2^64 inputs; at most 2^32", 0},
                    Exhaustive{v1::DIRECTION_FORWARD, v1::DTYPE_F64, false, "use inputs.sampled", 0},
                    Exhaustive{v1::DIRECTION_GRADIENT, v1::DTYPE_F64, true, "2^64 inputs; at most 2^32", 0},
                    Exhaustive{v1::DIRECTION_FORWARD, v1::DTYPE_F16, true, "which has no dy", 0}),
    [](const testing::TestParamInfo<Exhaustive>& tested) { return "Case" + std::to_string(tested.index); });

// ---- Errors ----

struct Mistake {
  const char* name;
  absl::StatusCode code;
  std::vector<std::string> words;
  std::function<void(Request&)> make;
};
std::ostream& operator<<(std::ostream& out, const Mistake& mistake) { return out << mistake.name; }

v1::GivenInputs& Given(Request& request, size_t elements = 4) {
  v1::GivenInputs& given = *request.mutable_inputs()->mutable_given();
  *given.add_inputs() = MakeTensor(v1::DTYPE_F32, SomeValues(elements));
  return given;
}

class MistakeTest : public testing::TestWithParam<Mistake> {};

TEST_P(MistakeTest, IsToldExactly) {
  Request request = Sigmoid();
  GetParam().make(request);
  Limits limits;
  limits.tensor_elements = 1000;
  const absl::Status status = Plan(request, limits).status();
  EXPECT_EQ(status.code(), GetParam().code) << status;
  ExpectContains(std::string(status.message()), GetParam().words);
}

constexpr absl::StatusCode kInvalid = absl::StatusCode::kInvalidArgument;
INSTANTIATE_TEST_SUITE_P(
    Requests, MistakeTest,
    testing::Values(
        Mistake{"Activation",
                absl::StatusCode::kNotFound,
                {"sigmoidd", "sigmoid"},
                [](Request& r) { r.set_activation("sigmoidd"); }},
        Mistake{"NoActivation", absl::StatusCode::kNotFound, {"activation"}, [](Request& r) { r.clear_activation(); }},
        Mistake{"LongActivation",
                kInvalid,
                {"activation", "5000", "128"},
                [](Request& r) { r.set_activation(std::string(5000, 'a')); }},
        Mistake{"Direction",
                kInvalid,
                {"direction is not given", "forward or gradient"},
                [](Request& r) { r.clear_direction(); }},
        Mistake{"UnknownDirection",
                kInvalid,
                {"direction is 9"},
                [](Request& r) { r.set_direction(static_cast<v1::Direction>(9)); }},
        Mistake{"Dtype", kInvalid, {"dtype is not given", "f64, f32, f16, bf16"}, [](Request& r) { r.clear_dtype(); }},
        Mistake{"UnknownDtype", kInvalid, {"dtype is 9"}, [](Request& r) { r.set_dtype(static_cast<v1::Dtype>(9)); }},
        Mistake{"Isa",
                absl::StatusCode::kNotFound,
                {"isa", "neon", "there are"},
                [](Request& r) { r.mutable_selector()->set_isa("neon"); }},
        Mistake{"Tier",
                absl::StatusCode::kNotFound,
                {"tier", "slow"},
                [](Request& r) { r.mutable_selector()->set_tier("slow"); }},
        Mistake{"LongIsa",
                kInvalid,
                {"selector.isa", "200", "128"},
                [](Request& r) { r.mutable_selector()->set_isa(std::string(200, 'a')); }},
        Mistake{"Parameter", kInvalid, {"beta"}, [](Request& r) { (*r.mutable_parameters())["beta"] = 1; }},
        Mistake{"LongParameter",
                kInvalid,
                {"parameters", "300", "128"},
                [](Request& r) { (*r.mutable_parameters())[std::string(300, 'p')] = 1; }},
        Mistake{"Count",
                kInvalid,
                {"inputs.sampled.count is -1", "at least 0"},
                [](Request& r) { r.mutable_inputs()->mutable_sampled()->set_count(-1); }},
        Mistake{"LargeCount",
                absl::StatusCode::kResourceExhausted,
                {"inputs.sampled.count is 100000001", "100000000", "--max_accuracy_samples"},
                [](Request& r) { r.mutable_inputs()->mutable_sampled()->set_count(100'000'001); }},
        Mistake{
            "Distribution",
            kInvalid,
            {"inputs.sampled.distribution is \"gauss\"", "bits, normal, wide, uniform, tails, subnormal, saturated"},
            [](Request& r) { r.mutable_inputs()->mutable_sampled()->set_distribution("gauss"); }},
        Mistake{"LongDistribution",
                kInvalid,
                {"inputs.sampled.distribution", "129", "128"},
                [](Request& r) { r.mutable_inputs()->mutable_sampled()->set_distribution(std::string(129, 'd')); }},
        Mistake{"NoTensor",
                kInvalid,
                {"inputs.given.inputs has 0 tensors", "takes 1: x"},
                [](Request& r) { r.mutable_inputs()->mutable_given(); }},
        Mistake{"TwoTensors",
                kInvalid,
                {"inputs.given.inputs has 2 tensors", "takes 1: x"},
                [](Request& r) { Given(r), Given(r); }},
        Mistake{"TensorDtype",
                kInvalid,
                {"inputs.given.inputs[0].dtype is f32, but dtype is f16"},
                [](Request& r) { Given(r), r.set_dtype(v1::DTYPE_F16); }},
        Mistake{"TensorShape",
                kInvalid,
                {"inputs.given.inputs[0].data has 16 bytes", "[5]"},
                [](Request& r) { Given(r).mutable_inputs(0)->set_shape(0, 5); }},
        Mistake{"ShapesDiffer",
                kInvalid,
                {"inputs.given.inputs[1].shape is [5]", "inputs.given.inputs[0].shape is [4]"},
                [](Request& r) { r.set_direction(v1::DIRECTION_GRADIENT), Given(r, 4), Given(r, 5); }},
        Mistake{"EmptyTensor",
                kInvalid,
                {"inputs.given.inputs[0] has 0 elements", "at least 1"},
                [](Request& r) { Given(r, 0); }},
        Mistake{"LargeTensor",
                absl::StatusCode::kResourceExhausted,
                {"inputs.given.inputs[0] has 1001 elements", "1000", "--max_tensor_elements"},
                [](Request& r) { Given(r, 1001); }}),
    [](const testing::TestParamInfo<Mistake>& tested) { return std::string(tested.param.name); });

}  // namespace
}  // namespace actbench
