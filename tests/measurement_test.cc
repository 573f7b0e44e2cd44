// SPDX-License-Identifier: Apache-2.0
// Measurements of kernels with known errors. What sweeps 2^32 inputs is in exhaustive_test.cc.
#include "kernels/accuracy/measurement.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "kernels/accuracy/claim.h"
#include "kernels/accuracy/error.h"
#include "tests/measure.h"

namespace actbench {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
const double kNaN = std::numeric_limits<double>::quiet_NaN();

// y = f(x) in f16, where f is a function of a double.
template <double (*kFunction)(double)>
void RunHalf(const void*, const void* const* inputs, void* const* outputs, size_t n) {
  for (size_t i = 0; i < n; ++i) {
    const auto* x = static_cast<const char*>(inputs[0]) + 2 * i;
    StoreElement(Dtype::kF16, kFunction(LoadElement(Dtype::kF16, x)), static_cast<char*>(outputs[0]) + 2 * i);
  }
}

double RightRelu(double x) { return std::isnan(x) ? x : x > 0 ? x : 0; }

template <double (*kFunction)(double)>
Kernel HalfRelu() {
  return HandmadeKernel("relu", Direction::kForward, Dtype::kF16, &RunHalf<kFunction>);
}

const Kernel& Find(const std::string& activation, Direction direction, Dtype dtype,
                   const KernelSelector& selector = {}) {
  return **Catalog::Default().FindKernel(activation, direction, dtype, selector);
}

TEST(MeasurementTest, ARightKernelHasNoErrorAtAnyInput) {
  const AccuracyReport report = ReportOf(HalfRelu<RightRelu>(), ExhaustiveInputs{});
  EXPECT_EQ(report.checked, 65536u);
  EXPECT_EQ(report.max_ulp, 0);
  EXPECT_EQ(report.MeanUlp(), 0);
  EXPECT_EQ(report.misrounded, 0u);
  EXPECT_EQ(report.wrong_nan + report.wrong_inf + report.spurious_zero + report.wrong_sign + report.falls, 0u);
  EXPECT_TRUE(report.worst.empty());
}

std::atomic<int>& Runs() {
  static std::atomic<int> runs;
  return runs;
}
double CountedRelu(double x) {
  ++Runs();
  return RightRelu(x);
}

// A kernel on a device may fail whenever it runs, which the status would no longer say.
TEST(MeasurementTest, AReportRunsNoKernel) {
  const Kernel kernel = HalfRelu<CountedRelu>();
  const auto measurement = Measured({&kernel}, ExhaustiveInputs{});
  const int runs = Runs();
  EXPECT_GT(runs, 65536);
  EXPECT_EQ(measurement->Report(0).falls, 0u);
  EXPECT_EQ(Runs(), runs);
}

// One input is off by three units, one is NaN, one infinite, one zero, one of the wrong sign.
double FiveMistakes(double x) {
  if (x == 1) return 1 - 3.0 / 2048;
  if (x == 2) return kNaN;
  if (x == 3) return kInfinity;
  if (x == 4) return 0;
  if (x == 5) return -5;
  return RightRelu(x);
}

TEST(MeasurementTest, EveryKindOfMistakeIsCounted) {
  const AccuracyReport report = ReportOf(HalfRelu<FiveMistakes>(), ExhaustiveInputs{});
  EXPECT_EQ(report.misrounded, 5u);
  EXPECT_EQ(report.wrong_nan, 1u);
  EXPECT_EQ(report.wrong_inf, 1u);
  EXPECT_EQ(report.spurious_zero, 1u);
  EXPECT_EQ(report.wrong_sign, 1u);
  EXPECT_EQ(report.max_ulp, kInfinity);
  EXPECT_EQ(report.finite, 65534u);
  // 1 - 3/2048 is below its predecessor 1 - 1/2048; 2's neighbour and 3's fall from NaN and infinity, 4 and 5 fall.
  EXPECT_EQ(report.falls, 4u);
  ASSERT_EQ(report.worst.size(), 5u);
  EXPECT_EQ(report.worst[0].ulp, kInfinity);
  EXPECT_EQ(report.worst[0].input_bits[0], 0x4000u);
  EXPECT_EQ(report.worst[2].input_bits[0], 0x4500u);  // -5 instead of 5: 10 / 2^-8
  EXPECT_EQ(report.worst[2].ulp, 2560);
  EXPECT_EQ(report.worst[3].ulp, 1024);  // 0 instead of 4
  EXPECT_EQ(report.worst[4].ulp, 1.5);   // 3 / 2048 / 2^-10
  EXPECT_EQ(report.worst[4].expected_bits, 0x3c00u);
}

TEST(MeasurementTest, BinadesSumUpToTheWhole) {
  const AccuracyReport report = ReportOf(HalfRelu<FiveMistakes>(), ExhaustiveInputs{});
  uint64_t checked = 0;
  double previous = -kInfinity;
  for (const BinadeError& row : report.binades) {
    checked += row.checked;
    const double place = (row.negative ? -1 : 1) * std::ldexp(1.0, row.exponent);
    EXPECT_GT(place, previous);
    previous = place;
    if (row.negative) {
      EXPECT_EQ(row.max_ulp, 0);
    }
  }
  EXPECT_EQ(checked, 63488u);  // the finite ones
  EXPECT_EQ(report.binades.size(), 62u);
}

// -0 where the function is identically zero, so +0 is right.
double NegativeZero(double x) { return x <= 0 ? -0.0 : RightRelu(x); }

TEST(MeasurementTest, ZerosHaveASign) {
  const AccuracyReport report = ReportOf(HalfRelu<NegativeZero>(), ExhaustiveInputs{});
  EXPECT_EQ(report.wrong_sign, 31746u);  // all below 0 from -infinity on, and both zeros
  EXPECT_EQ(report.misrounded, 31746u);
  EXPECT_EQ(report.max_ulp, 0);
}

TEST(MeasurementTest, SpecialValuesHaveTheirRowsAndKinks) {
  const AccuracyReport report = ReportOf(Find("relu6", Direction::kForward, Dtype::kF32), SampledInputs{.count = 1});
  std::vector<std::string> names;
  for (const SpecialValue& row : report.special_values) {
    names.push_back(row.name);
    EXPECT_EQ(row.error.ulp, 0) << row.name;
  }
  for (const char* name : {"0", "-0", "least subnormal", "-largest subnormal", "least normal", "-largest", "infinity",
                           "NaN", "kink 6", "kink 6, next below", "kink 6, next above"}) {
    EXPECT_NE(std::find(names.begin(), names.end(), name), names.end()) << name;
  }
}

// Infinite above 1000, 22016 of the numbers of f16 and infinity itself: more wrong ones than any list has places.
double InfiniteAbove1000(double x) { return x > 1000 ? kInfinity : RightRelu(x); }

TEST(MeasurementTest, EveryWrongInfinityIsCounted) {
  uint64_t expected = 0;
  for (uint64_t bits = 0; bits < 0x7c00; ++bits) expected += LoadElement(Dtype::kF16, &bits) > 1000 ? 1 : 0;
  const AccuracyReport report = ReportOf(HalfRelu<InfiniteAbove1000>(), ExhaustiveInputs{});
  EXPECT_EQ(report.wrong_inf, expected);
  EXPECT_EQ(report.finite, 65536u - expected);
  EXPECT_TRUE(std::isfinite(report.sum_ulp));
}

// Leaves out the last element of each call.
void LeaveOutTheLast(const void*, const void* const* inputs, void* const* outputs, size_t n) {
  if (n > 1) RunHalf<RightRelu>(nullptr, inputs, outputs, n - 1);
}

TEST(MeasurementTest, WhatAKernelLeavesOutDoesNotPass) {
  const Kernel kernel = HandmadeKernel("relu", Direction::kForward, Dtype::kF16, &LeaveOutTheLast);
  const AccuracyReport report = ReportOf(kernel, ExhaustiveInputs{});
  EXPECT_EQ(report.wrong_nan, 63u);  // one of each block of 1024, but for the last, which ends with NaN
}

void WriteBeyond(const void*, const void* const* inputs, void* const* outputs, size_t n) {
  std::memcpy(outputs[0], inputs[0], 2 * n);
  if (n > 1) std::memset(static_cast<char*>(outputs[0]) + 2 * n, 1, 2);
}

TEST(MeasurementTest, AKernelThatWritesPastItsOutputIsReported) {
  const Kernel kernel = HandmadeKernel("relu", Direction::kForward, Dtype::kF16, &WriteBeyond);
  const absl::Status status = Measured({&kernel}, ExhaustiveInputs{})->status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_NE(status.message().find("relu/forward/f16/test/native/scalar wrote outside its output"), std::string::npos)
      << status;
}

void WriteBeyondOne(const void*, const void* const* inputs, void* const* outputs, size_t n) {
  std::memcpy(outputs[0], inputs[0], 2 * n);
  if (n == 1) std::memset(static_cast<char*>(outputs[0]) + 2, 1, 100);
}

// At the special values.
TEST(MeasurementTest, AKernelThatWritesPastItsOutputOfOneElementIsReported) {
  const Kernel kernel = HandmadeKernel("relu", Direction::kForward, Dtype::kF16, &WriteBeyondOne);
  for (const InputPlan& plan : {InputPlan(ExhaustiveInputs{}), InputPlan(SampledInputs{.count = 100})}) {
    const auto measurement = Measured({&kernel}, plan, {}, 1);
    EXPECT_EQ(
        measurement->status(),
        absl::DataLossError("kernel relu/forward/f16/test/native/scalar wrote outside its output: at the input 0"));
    EXPECT_TRUE(measurement->Report(0).special_values.empty());
  }
}

// tanh as if 1 could not be.
void ClampedTanh(const void*, const void* const* inputs, void* const* outputs, size_t n) {
  for (size_t i = 0; i < n; ++i) {
    const double x = LoadElement(Dtype::kBF16, static_cast<const char*>(inputs[0]) + 2 * i);
    const double y = std::copysign(std::fmin(std::fabs(std::tanh(x)), 1 - 0x1p-8), x);
    StoreElement(Dtype::kBF16, std::isnan(x) ? x : y, static_cast<char*>(outputs[0]) + 2 * i);
  }
}
TEST(MeasurementTest, AClampedTailIsWrongByAnUlpHoweverFarItReaches) {
  const Kernel kernel = HandmadeKernel("tanh", Direction::kForward, Dtype::kBF16, &ClampedTanh);
  const AccuracyReport report = ReportOf(kernel, ExhaustiveInputs{});
  EXPECT_GT(report.misrounded, 2u * 123 * 128);
  EXPECT_NEAR(report.max_ulp, 1, 1e-6);
  EXPECT_NEAR(report.binades.front().MeanUlp(), 1, 1e-6);
  EXPECT_NEAR(report.binades.back().MeanUlp(), 1, 1e-6);
  EXPECT_LE(report.decided_by_mpfr, 100u);
  for (const InputError& error : report.worst) EXPECT_GT(error.ulp, 0.99);
}

TEST(MeasurementTest, ExhaustiveIsRefusedWhereThereAreTooManyInputs) {
  const ActivationInfo& relu = **Catalog::FindActivation("relu");
  const Kernel& kernel = Find("relu", Direction::kForward, Dtype::kF64);
  const auto measurement = Measurement::Make({&kernel}, relu, {}, ExhaustiveInputs{});
  EXPECT_EQ(measurement.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(measurement.status().message().find("f64 has 2^64 values"), std::string::npos);
  EXPECT_NE(measurement.status().message().find("sampled"), std::string::npos);
}

TEST(MeasurementTest, ThreadsAndOrderDoNotMatter) {
  // With a plateau of equal errors, over the pieces.
  const Kernel kernel = HandmadeKernel("tanh", Direction::kForward, Dtype::kBF16, &ClampedTanh);
  for (const InputPlan& plan : {InputPlan(ExhaustiveInputs{}), InputPlan(SampledInputs{.count = 50000})}) {
    const AccuracyReport one = Measured({&kernel}, plan, {}, 1)->Report(0);
    const AccuracyReport three = Measured({&kernel}, plan, {}, 3)->Report(0);
    EXPECT_EQ(one.output_hash, three.output_hash);
    EXPECT_EQ(one.misrounded, three.misrounded);
    EXPECT_EQ(one.max_ulp, three.max_ulp);
    EXPECT_EQ(one.falls, three.falls);
    ASSERT_EQ(one.worst.size(), three.worst.size());
    for (size_t i = 0; i < one.worst.size(); ++i) {
      EXPECT_EQ(one.worst[i].ulp, three.worst[i].ulp);
      EXPECT_EQ(one.worst[i].input_bits, three.worst[i].input_bits);
    }
  }
}

TEST(MeasurementTest, SamplesDependOnTheirSeedAlone) {
  const Kernel& kernel = Find("silu", Direction::kGradient, Dtype::kF32);
  const auto hash = [&](uint64_t seed, Distribution distribution) {
    return ReportOf(kernel, SampledInputs{.count = 5000, .distribution = distribution, .seed = seed}).output_hash;
  };
  EXPECT_EQ(hash(1, Distribution::kBits), hash(1, Distribution::kBits));
  EXPECT_NE(hash(1, Distribution::kBits), hash(2, Distribution::kBits));
  EXPECT_NE(hash(1, Distribution::kNormal), hash(1, Distribution::kUniform));
}

TEST(MeasurementTest, GivenInputsAreMeasuredAsTheyAre) {
  const std::vector<float> x = {-1, 0.5f, 2};
  const std::vector<float> dy = {1, -2, 1e30f};
  const GivenInputs given{{x.data(), dy.data()}, x.size()};
  const Kernel& kernel = Find("silu", Direction::kGradient, Dtype::kF32);
  const AccuracyReport report = ReportOf(kernel, given);
  EXPECT_EQ(report.checked, 3u);
  EXPECT_LE(report.max_ulp, ClaimOf(kernel, {.unit_upstream = false})->max_ulp);
  EXPECT_GT(report.max_ulp, 0);
}

// Two ways to the same answer: lanes and lists here, one by one there.
TEST(MeasurementTest, TheSweepAgreesWithTheErrorMeter) {
  for (Dtype dtype : {Dtype::kF16, Dtype::kBF16}) {
    for (const char* activation : {"sigmoid", "silu", "tanh", "gelu_tanh", "hard_swish"}) {
      for (Direction direction : {Direction::kForward, Direction::kGradient}) {
        const Kernel& kernel = Find(activation, direction, dtype);
        const AccuracyReport report = ReportOf(kernel, ExhaustiveInputs{.unit_upstream = true});
        const ActivationInfo& info = **Catalog::FindActivation(activation);
        std::vector<uint16_t> x(65536);
        std::vector<uint16_t> dy(65536);
        std::vector<uint16_t> y(65536);
        for (size_t i = 0; i < x.size(); ++i) {
          x[i] = static_cast<uint16_t>(i);
          StoreElement(dtype, 1, &dy[i]);
        }
        const std::vector<double> parameters = *ResolveParameters(info, {});
        const PreparedKernel prepared(kernel, parameters.data());
        std::vector<const void*> in = {x.data(), dy.data()};
        in.resize(direction == Direction::kForward ? 1 : 2);
        ASSERT_TRUE(prepared.Run(in, {y.data()}, x.size()).ok());
        const ErrorReport error = ErrorMeter(info, direction, dtype, parameters).Measure(in, y.data(), 0, x.size());
        EXPECT_EQ(report.checked, 65536u);
        EXPECT_NEAR(report.max_ulp, error.max_ulp, 1e-3) << kernel.Name();
        EXPECT_NEAR(report.MeanUlp(), error.MeanUlp(), 1e-6) << kernel.Name();
      }
    }
  }
}

// What a kernel was run on, and a kernel that writes it down.
struct Record {
  std::vector<uint16_t> x;
  std::vector<uint16_t> dy;
  std::vector<uint16_t> dx;
};
Record& Recorded() {
  static Record& record = *new Record();
  return record;
}
const PreparedKernel& RecordedKernel() {
  static const Kernel& kernel = Find("silu", Direction::kGradient, Dtype::kBF16);
  static const PreparedKernel& prepared = *new PreparedKernel(kernel, nullptr);
  return prepared;
}
void RunRecorded(const void*, const void* const* inputs, void* const* outputs, size_t n) {
  EXPECT_TRUE(RecordedKernel().Run({inputs, 2}, {outputs, 1}, n).ok());
  if (n == 1) return;  // a special value, or the one before a piece
  auto* out = static_cast<uint16_t*>(outputs[0]);
  out[n / 2] ^= 1;  // an error in every block
  const auto add = [n](std::vector<uint16_t>& all, const void* data) {
    const auto* elements = static_cast<const uint16_t*>(data);
    all.insert(all.end(), elements, elements + n);
  };
  add(Recorded().x, inputs[0]);
  add(Recorded().dy, inputs[1]);
  add(Recorded().dx, out);
}

// The first stage follows a line over dy there.
TEST(MeasurementTest, PairsOfOneXAgreeWithTheErrorMeter) {
  const Kernel kernel = HandmadeKernel("silu", Direction::kGradient, Dtype::kBF16, &RunRecorded);
  const ActivationInfo& info = **Catalog::FindActivation("silu");
  const Kernel* const kernels[] = {&kernel};
  const auto measurement = Measurement::Make(kernels, info, {}, ExhaustiveInputs{});
  ASSERT_TRUE(measurement.ok()) << measurement.status();
  const size_t pieces = (*measurement)->piece_count();
  for (size_t piece = 1; piece < pieces; piece += pieces / 7) (*measurement)->RunPiece(piece);
  for (size_t piece = pieces; piece < (*measurement)->piece_count(); ++piece) (*measurement)->RunPiece(piece);
  const AccuracyReport report = (*measurement)->Report(0);
  const Record& record = Recorded();
  ASSERT_EQ(report.checked, record.x.size());
  const ErrorReport error = ErrorMeter(info, Direction::kGradient, Dtype::kBF16, {})
                                .Measure({record.x.data(), record.dy.data()}, record.dx.data(), 0, record.x.size());
  EXPECT_NEAR(report.max_ulp, error.max_ulp, 1e-3);
  EXPECT_NEAR(report.MeanUlp(), error.MeanUlp(), 1e-6);
  EXPECT_GT(report.MeanUlp(), 1e-4);
}

TEST(MeasurementTest, TwoKernelsAreComparedOnTheSameInputs) {
  const Kernel right = HalfRelu<RightRelu>();
  const Kernel wrong = HalfRelu<FiveMistakes>();
  const auto measurement = Measured({&right, &wrong}, ExhaustiveInputs{});
  EXPECT_EQ(measurement->differing(), 5u);
  EXPECT_EQ(measurement->Report(0).misrounded, 0u);
  EXPECT_EQ(measurement->Report(1).misrounded, 5u);
  const std::vector<Difference> differences = measurement->Differences();
  ASSERT_EQ(differences.size(), 5u);
  EXPECT_EQ(differences[4].first.ulp, 0);
  EXPECT_EQ(differences[4].second.ulp, 1.5);
  EXPECT_EQ(differences[4].first.input_bits[0], 0x3c00u);
}

}  // namespace
}  // namespace actbench
