// SPDX-License-Identifier: Apache-2.0
// The error bounds of the reference's lanes against MPFR, and what the stages together decide.
#include "kernels/accuracy/reference_lanes.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "kernels/accuracy/reference.h"
#include "kernels/accuracy/special_values.h"
#include "kernels/catalog.h"
#include "tests/within.h"

namespace actbench {
namespace {

constexpr int kPerBinade = 1960;  // a million inputs of each activation

// f32 numbers: as many of each sign and exponent, and those near kinks, powers of two and halves.
std::vector<double> Stratified(const ActivationInfo& activation, const double* parameters, int per_binade) {
  std::mt19937_64 random(11);
  std::vector<double> values;
  const auto add = [&](uint32_t bits) {
    float value;
    std::memcpy(&value, &bits, sizeof(value));
    if (std::isfinite(value)) values.push_back(value);
  };
  for (uint32_t top = 0; top < 512; ++top) {
    const uint32_t first = top << 23;
    for (uint32_t near : {0u, 1u, 2u, 0x3fffffu, 0x400000u, 0x400001u, 0x7ffffeu, 0x7fffffu}) add(first | near);
    for (int i = 0; i < per_binade; ++i) add(first | static_cast<uint32_t>(random() >> 41));
  }
  for (const SpecialInput& special : SpecialInputs(activation, parameters, 0, Dtype::kF32)) {
    for (int i = -50; i <= 50; ++i) add(static_cast<uint32_t>(special.bits) + static_cast<uint32_t>(i));
  }
  while (values.size() % kReferenceStep != 0) values.push_back(1);
  return values;
}

class ReferenceLanesTest : public testing::TestWithParam<const ActivationInfo*> {};

// Holds the first stage of every instruction set to MPFR, at all x with their dy.
void ExpectBoundsKept(const ActivationInfo& activation, const std::vector<double>& parameters,
                      const std::vector<double>& x, const std::vector<double>& dy) {
  const double* inputs[] = {x.data(), dy.data()};
  struct Output {
    std::string isa;
    std::vector<double> forward[2];
    std::vector<double> gradient[2];
  };
  std::vector<Output> outputs;
  for (const LaneReference& reference : LaneReferences()) {
    for (const LaneReferenceRow& row : reference.rows) {
      if (row.activation != activation.name) continue;
      Output output{std::string(reference.isa), {}, {}};
      for (auto* pair : {output.forward, output.gradient}) pair[0] = pair[1] = std::vector<double>(x.size());
      double* forward[] = {output.forward[0].data(), output.forward[1].data()};
      double* gradient[] = {output.gradient[0].data(), output.gradient[1].data()};
      row.f64.forward(parameters.data(), inputs, x.size(), forward);
      row.f64.gradient[0](parameters.data(), inputs, x.size(), gradient);
      outputs.push_back(std::move(output));
    }
  }
  ASSERT_EQ(outputs.size(), LaneReferences().size());
  const Definitions definitions = DefinitionsOf(activation);
  const BigFloat::PrecisionScope precision(160);
  for (size_t i = 0; i < x.size(); ++i) {
    const BigBall input(x[i]);
    const BigResult result = definitions.big(parameters.data(), &input, 0);
    const BigFloat gradient = result.derivative.value() * BigFloat(dy[i]);
    for (const Output& output : outputs) {
      ASSERT_TRUE(IsWithin(output.forward[0][i], output.forward[1][i], result.value.value()))
          << output.isa << " at " << x[i] << ": " << output.forward[0][i] << " +- " << output.forward[1][i];
      ASSERT_TRUE(IsWithin(output.gradient[0][i], output.gradient[1][i], gradient))
          << output.isa << "' at " << x[i] << ", " << dy[i] << ": " << output.gradient[0][i] << " +- "
          << output.gradient[1][i];
    }
  }
}

TEST_P(ReferenceLanesTest, TheFirstStageKeepsItsBoundAtAMillionInputs) {
  const ActivationInfo& activation = *GetParam();
  if (activation.inputs != 1) GTEST_SKIP() << "of one input";
  const std::vector<double> parameters = *ResolveParameters(activation, {});
  const std::vector<double> x = Stratified(activation, parameters.data(), kPerBinade);
  ExpectBoundsKept(activation, parameters, x, std::vector<double>(x.size(), 1));
}

// Any dy, and parameters as large and small as the lanes serve.
TEST_P(ReferenceLanesTest, TheFirstStageKeepsItsBoundWithOtherParametersAndUpstreamGradients) {
  const ActivationInfo& activation = *GetParam();
  if (activation.inputs != 1) GTEST_SKIP() << "of one input";
  std::vector<std::vector<double>> all = {*ResolveParameters(activation, {})};
  for (const Parameter& parameter : activation.Parameters()) {
    for (double value : {0.0, 0x1p99, -0x1p99, 0x1p-99, -3.0, 0.7}) {
      const auto parameters = ResolveParameters(activation, {{std::string(parameter.name), value}});
      if (parameters.ok()) all.push_back(*parameters);
    }
  }
  std::mt19937_64 random(12);
  for (const std::vector<double>& parameters : all) {
    const std::vector<double> x = Stratified(activation, parameters.data(), 20);
    std::vector<double> dy(x.size());
    for (double& value : dy) {
      const uint64_t bits = random();
      value = LoadElement(Dtype::kF32, &bits);
      if (!std::isfinite(value)) value = -1;
    }
    ExpectBoundsKept(activation, parameters, x, dy);
  }
}

// Subnormal inputs, of which pairs decide what the first stage does not; and whatever they decide elsewhere.
TEST_P(ReferenceLanesTest, PairsAgreeWithMpfr) {
  const ActivationInfo& activation = *GetParam();
  if (activation.inputs != 1) GTEST_SKIP() << "of one input";
  std::mt19937_64 random(5);
  for (Direction direction : {Direction::kForward, Direction::kGradient}) {
    for (Dtype dtype : {Dtype::kF32, Dtype::kF16, Dtype::kBF16, Dtype::kF64}) {
      const Reference reference(activation, direction, dtype, *ResolveParameters(activation, {}));
      size_t left = 0;
      for (int i = 0; i < 600; ++i) {
        uint64_t bits = random();
        if (i % 3 != 0) bits &= (uint64_t{1} << (Info(dtype).precision + 2)) - 1;  // small
        const double x = LoadElement(dtype, &bits);
        const double point[] = {x, i % 5 == 0 ? LoadElement(dtype, &bits) : 1};
        if (!reference.IsPlain(point)) continue;
        const double* rows[] = {&point[0], &point[1]};
        std::optional<ExactResult> pair;
        reference.EvaluatePairs(rows, 1, &pair);
        if (i % 3 != 0 && point[1] == 1 && reference.Evaluate(point).stage == Stage::kMpfr) ++left;
        if (!pair.has_value()) continue;
        const ExactResult mpfr = reference.EvaluateMpfr(point);
        EXPECT_EQ(pair->bits, mpfr.bits) << Name(dtype) << " " << Name(direction) << " at " << x;
        if (std::isinf(mpfr.high)) continue;
        EXPECT_LE(std::fabs((pair->high - mpfr.high) + (pair->low - mpfr.low)), std::fabs(mpfr.high) * 0x1p-80) << x;
      }
      if (dtype == Dtype::kF32 || dtype == Dtype::kBF16) {
        EXPECT_EQ(left, 0u) << Name(dtype) << " " << Name(direction);
      }
    }
  }
}

// All 16-bit inputs, by all stages and by MPFR alone.
TEST_P(ReferenceLanesTest, TheStagesTogetherDecideAsMpfrDoes) {
  const ActivationInfo& activation = *GetParam();
  if (activation.inputs != 1) GTEST_SKIP() << "of one input";
  for (Direction direction : {Direction::kForward, Direction::kGradient}) {
    for (Dtype dtype : {Dtype::kF16, Dtype::kBF16}) {
      const Reference reference(activation, direction, dtype, *ResolveParameters(activation, {}));
      for (uint64_t bits = 0; bits < 65536; bits += 7) {
        const double point[] = {LoadElement(dtype, &bits), 1};
        const ExactResult exact = reference.Evaluate(point);
        ASSERT_EQ(exact.bits, reference.EvaluateMpfr(point).bits)
            << Name(dtype) << " " << Name(direction) << " at " << point[0];
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Catalog, ReferenceLanesTest,
                         testing::ValuesIn(AllActivations().begin(), AllActivations().end()),
                         [](const auto& test) { return std::string(test.param->name); });

}  // namespace
}  // namespace actbench
