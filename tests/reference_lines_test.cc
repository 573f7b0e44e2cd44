// SPDX-License-Identifier: Apache-2.0
// The lines that the reference's first stage follows, and the ranges that they are made of, against MPFR.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "kernels/accuracy/compare_lanes.h"
#include "kernels/accuracy/reference.h"
#include "kernels/accuracy/reference_lanes.h"
#include "kernels/catalog.h"
#include "tests/within.h"

namespace actbench {
namespace {

constexpr size_t kBlock = kCompareBlock;

// Blocks of f32 numbers as a sweep has them, two of each sign and exponent and those around -3 and 3.
struct Blocks {
  Blocks() {
    std::mt19937_64 random(21);
    std::vector<uint32_t> firsts;
    for (uint32_t top = 0; top < 512; ++top) {
      if (top % 256 == 255) continue;  // not finite
      for (int i = 0; i < 2; ++i) firsts.push_back(top << 23 | static_cast<uint32_t>(random() >> 41));
    }
    for (uint32_t three : {0x40400000u, 0xc0400000u}) {
      firsts.push_back(three);
      firsts.push_back(three - static_cast<uint32_t>(kBlock));
    }
    for (uint32_t first : firsts) {
      std::vector<double>& x = values.emplace_back();
      for (uint32_t i = 0; i < kBlock; ++i) {
        const uint64_t bits = first / kBlock * kBlock + i;
        x.push_back(LoadElement(Dtype::kF32, &bits));
      }
      middles.push_back((x.front() + x.back()) / 2);
      radii.push_back(std::fabs(x.back() - x.front()) / 2);
    }
    while (middles.size() % kReferenceStep != 0) {
      middles.push_back(middles.back());
      radii.push_back(radii.back());
      values.push_back(values.back());
    }
  }

  std::vector<std::vector<double>> values;
  std::vector<double> middles;
  std::vector<double> radii;
};

// Both ends, the middle and some others.
std::vector<size_t> PlacesOf(std::mt19937_64& random) {
  return {0, kBlock / 2, kBlock - 1, random() % kBlock, random() % kBlock};
}

class ReferenceLinesTest : public testing::TestWithParam<const ActivationInfo*> {
 protected:
  void SetUp() override {
    if (GetParam()->inputs != 1) GTEST_SKIP() << "of one input";
  }

  // The defaults, and others.
  std::vector<std::vector<double>> Parameters() const {
    std::vector<std::vector<double>> all = {*ResolveParameters(*GetParam(), {})};
    for (const Parameter& parameter : GetParam()->Parameters()) {
      for (double value : {0x1p99, -0x1p99, 0x1p-99, -3.0, 0.7}) {
        const auto parameters = ResolveParameters(*GetParam(), {{std::string(parameter.name), value}});
        if (parameters.ok()) all.push_back(*parameters);
      }
    }
    return all;
  }

  BigResult Exact(const std::vector<double>& parameters, double x) const {
    const BigBall input(x);
    return definitions_.big(parameters.data(), &input, 0);
  }

  const Definitions definitions_ = DefinitionsOf(*GetParam());
};

TEST_P(ReferenceLinesTest, RangesHoldAllTheirValues) {
  const Blocks blocks;
  const size_t n = blocks.middles.size();
  const BigFloat::PrecisionScope precision(160);
  std::mt19937_64 random(22);
  for (const std::vector<double>& parameters : Parameters()) {
    for (const LaneReference& reference : LaneReferences()) {
      const auto row =
          std::find_if(reference.rows.begin(), reference.rows.end(),
                       [&](const LaneReferenceRow& candidate) { return candidate.activation == GetParam()->name; });
      ASSERT_NE(row, reference.rows.end());
      std::vector<double> out[4];
      double* outputs[4];
      for (size_t i = 0; i < 4; ++i) outputs[i] = (out[i] = std::vector<double>(n)).data();
      const double* inputs[] = {blocks.middles.data(), blocks.radii.data()};
      row->range(parameters.data(), inputs, n, outputs);
      for (size_t block = 0; block < n; ++block) {
        for (size_t place : PlacesOf(random)) {
          const double x = blocks.values[block][place];
          const BigResult exact = Exact(parameters, x);
          ASSERT_TRUE(IsWithin(out[0][block], out[1][block], exact.value.value()))
              << reference.isa << " at " << x << ": " << out[0][block] << " +- " << out[1][block];
          ASSERT_TRUE(IsWithin(out[2][block], out[3][block], exact.derivative.value()))
              << reference.isa << "' at " << x << ": " << out[2][block] << " +- " << out[3][block];
        }
      }
    }
  }
}

TEST_P(ReferenceLinesTest, LinesKeepTheirBound) {
  const Blocks blocks;
  const size_t n = blocks.middles.size();
  const BigFloat::PrecisionScope precision(160);
  std::mt19937_64 random(23);
  for (const std::vector<double>& parameters : Parameters()) {
    const Reference forward(*GetParam(), Direction::kForward, Dtype::kF32, parameters);
    std::vector<std::optional<Line>> lines(n);
    forward.FindLines(blocks.middles.data(), blocks.radii.data(), n, lines.data());
    for (const LaneReference& reference : LaneReferences()) {
      for (size_t block = 0; block < n; ++block) {
        if (!lines[block].has_value()) continue;
        double value[kBlock];
        double error[kBlock];
        reference.follow(*lines[block], blocks.values[block].data(), kBlock, value, error);
        for (size_t i : PlacesOf(random)) {
          const double x = blocks.values[block][i];
          ASSERT_TRUE(IsWithin(value[i], error[i], Exact(parameters, x).value.value()))
              << reference.isa << " at " << x << ": " << value[i] << " +- " << error[i];
          ASSERT_NE(value[i] + error[i], value[i]) << x;
        }
      }
    }
  }
}

TEST_P(ReferenceLinesTest, LinesOverUpstreamGradientsKeepTheirBound) {
  const BigFloat::PrecisionScope precision(160);
  std::mt19937_64 random(24);
  for (const std::vector<double>& parameters : Parameters()) {
    const Reference gradient(*GetParam(), Direction::kGradient, Dtype::kBF16, parameters);
    for (uint64_t bits = 0; bits < 65536; bits += 17) {
      const double x = LoadElement(Dtype::kBF16, &bits);
      const std::optional<Line> line = gradient.FindLineOverUpstream(x);
      if (!line.has_value()) continue;
      double dy[kReferenceStep];
      for (double& upstream : dy) {
        const uint64_t any = random();
        upstream = LoadElement(Dtype::kBF16, &any);
        if (!std::isfinite(upstream) || upstream == 0) upstream = -1;
      }
      const BigFloat slope = Exact(parameters, x).derivative.value();
      for (const LaneReference& reference : LaneReferences()) {
        double value[kReferenceStep];
        double error[kReferenceStep];
        reference.follow(*line, dy, kReferenceStep, value, error);
        for (size_t i = 0; i < kReferenceStep; ++i) {
          ASSERT_TRUE(IsWithin(value[i], error[i], slope * BigFloat(dy[i])))
              << reference.isa << " at " << x << ", " << dy[i] << ": " << value[i] << " +- " << error[i];
          ASSERT_TRUE(value[i] + error[i] != value[i] || std::fabs(value[i]) < 0x1p-180) << x;
        }
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Catalog, ReferenceLinesTest,
                         testing::ValuesIn(AllActivations().begin(), AllActivations().end()),
                         [](const auto& test) { return std::string(test.param->name); });

size_t LinesOf(const std::string& activation, Direction direction = Direction::kForward) {
  const Blocks blocks;
  const Reference reference(**Catalog::FindActivation(activation), direction, Dtype::kF32, {});
  std::vector<std::optional<Line>> lines(blocks.middles.size());
  reference.FindLines(blocks.middles.data(), blocks.radii.data(), lines.size(), lines.data());
  return static_cast<size_t>(
      std::count_if(lines.begin(), lines.end(), [](const auto& line) { return line.has_value(); }));
}

// Of 1,024 blocks.
TEST(LinesTest, MostBlocksHaveOne) {
  for (const char* activation :
       {"sigmoid", "silu", "tanh", "gelu_erf", "gelu_tanh", "quick_gelu", "log_sigmoid", "mish"}) {
    EXPECT_GT(LinesOf(activation), 900U) << activation;
  }
}

TEST(LinesTest, ExactResultsAndGradientsHaveNone) {
  EXPECT_EQ(LinesOf("relu"), 0U);
  // x / 2 below 0 and 3 x / 2 above 6, of which many are ties.
  EXPECT_LT(LinesOf("hard_swish_as_printed"), 260U);
  EXPECT_GT(LinesOf("hard_swish_as_printed"), 0U);
  EXPECT_EQ(LinesOf("silu", Direction::kGradient), 0U);
  const Reference forward(**Catalog::FindActivation("silu"), Direction::kForward, Dtype::kBF16, {});
  EXPECT_FALSE(forward.FindLineOverUpstream(1).has_value());
  const Reference gradient(**Catalog::FindActivation("silu"), Direction::kGradient, Dtype::kBF16, {});
  EXPECT_TRUE(gradient.FindLineOverUpstream(1).has_value());
  EXPECT_FALSE(gradient.FindLineOverUpstream(HUGE_VAL).has_value());
  const Reference exact(**Catalog::FindActivation("relu"), Direction::kGradient, Dtype::kBF16, {});
  EXPECT_FALSE(exact.FindLineOverUpstream(1).has_value());
}

}  // namespace
}  // namespace actbench
