// SPDX-License-Identifier: Apache-2.0
#include "kernels/accuracy/inputs.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "kernels/catalog.h"

namespace actbench {
namespace {

constexpr size_t kCount = 20000;

const ActivationInfo& Sigmoid() { return **Catalog::FindActivation("sigmoid"); }

// x of the first kCount samples.
std::vector<double> Drawn(Distribution distribution, Dtype dtype, uint64_t seed = 0) {
  const Sampler sampler({.count = kCount, .distribution = distribution, .seed = seed}, Sigmoid(), dtype);
  std::vector<double> values;
  for (uint64_t i = 0; i < kCount; ++i) {
    const uint64_t bits = sampler.Draw(i, 0);
    EXPECT_TRUE(dtype == Dtype::kF64 || bits >> (8 * SizeBytes(dtype)) == 0);
    values.push_back(LoadElement(dtype, &bits));
  }
  return values;
}

// abs(x) is within [least, largest], and about half are negative.
void ExpectSizes(Distribution distribution, Dtype dtype, double least, double largest) {
  SCOPED_TRACE(std::string(Name(distribution)) + " " + std::string(Name(dtype)));
  int64_t negative = 0;
  for (const double x : Drawn(distribution, dtype)) {
    EXPECT_GE(std::fabs(x), least);
    EXPECT_LE(std::fabs(x), largest);
    negative += std::signbit(x) ? 1 : 0;
  }
  EXPECT_NEAR(static_cast<double>(negative), kCount / 2.0, 500);  // 7 deviations
}

TEST(InputsTest, DistributionsAreParsedByTheirNames) {
  EXPECT_EQ(DistributionNames().size(), 7u);
  for (const std::string_view name : DistributionNames()) EXPECT_EQ(Name(*ParseDistribution(name)), name);
  EXPECT_EQ(ParseDistribution("subnormal"), Distribution::kSubnormal);
  EXPECT_EQ(ParseDistribution("Normal"), std::nullopt);
  EXPECT_EQ(ParseDistribution(""), std::nullopt);
}

TEST(InputsTest, ASampleDependsOnItsNumberInputAndSeedAlone) {
  const auto draw = [](uint64_t seed, uint64_t index, size_t input) {
    return Sampler({.count = 1, .seed = seed}, Sigmoid(), Dtype::kF64).Draw(index, input);
  };
  EXPECT_EQ(draw(1, 2, 0), draw(1, 2, 0));
  EXPECT_EQ((std::set{draw(1, 2, 0), draw(1, 2, 1), draw(1, 2, 2), draw(1, 3, 0), draw(2, 2, 0)}).size(), 5u);
}

TEST(InputsTest, BitPatternsAreAllAlikeLikely) {
  std::set<uint64_t> seen;
  const Sampler sampler({.count = 1}, Sigmoid(), Dtype::kF16);
  for (uint64_t i = 0; i < 65536; ++i) seen.insert(sampler.Draw(i, 0));
  EXPECT_NEAR(static_cast<double>(seen.size()), 65536 * (1 - std::exp(-1)), 700);  // 6 deviations
  EXPECT_LE(*seen.rbegin(), 65535u);
}

TEST(InputsTest, SizesAreThoseOfTheDistribution) {
  const double end = std::max(std::fabs(Sigmoid().domain_min), std::fabs(Sigmoid().domain_max));
  for (const DtypeInfo& format : AllDtypes()) {
    const double normal = std::ldexp(1.0, format.min_exponent);
    const double ulp = std::ldexp(1.0, 1 - format.precision);
    ExpectSizes(Distribution::kSubnormal, format.dtype, 0, normal * (1 - ulp));
    ExpectSizes(Distribution::kSaturated, format.dtype, end, 10 * end);
    ExpectSizes(Distribution::kTails, format.dtype, end * (1 - ulp), std::ldexp(2 - ulp, format.max_exponent));
  }
}

TEST(InputsTest, TailsAreLogUniform) {
  std::vector<double> x = Drawn(Distribution::kTails, Dtype::kF32);
  for (double& value : x) value = std::log2(std::fabs(value));
  std::sort(x.begin(), x.end());
  const double begin = std::log2(std::max(-Sigmoid().domain_min, Sigmoid().domain_max));
  for (const double part : {0.25, 0.5, 0.75}) {
    EXPECT_NEAR(x[static_cast<size_t>(part * kCount)], begin + part * (128 - begin), 2);
  }
}

TEST(InputsTest, UniformInputsFillTheDomain) {
  const std::vector<double> x = Drawn(Distribution::kUniform, Dtype::kF32);
  const auto [least, largest] = std::minmax_element(x.begin(), x.end());
  const double width = Sigmoid().domain_max - Sigmoid().domain_min;
  EXPECT_GE(*least, Sigmoid().domain_min);
  EXPECT_LT(*least, Sigmoid().domain_min + width / 1000);
  EXPECT_LE(*largest, Sigmoid().domain_max);
  EXPECT_GT(*largest, Sigmoid().domain_max - width / 1000);
}

TEST(InputsTest, NormalInputsHaveMean0AndTheirDeviation) {
  for (const auto& [distribution, deviation] : {std::pair(Distribution::kNormal, 3.0), {Distribution::kWide, 20.0}}) {
    double sum = 0;
    double squares = 0;
    for (const double x : Drawn(distribution, Dtype::kF64)) {
      sum += x / deviation;
      squares += x / deviation * x / deviation;
    }
    EXPECT_NEAR(sum / kCount, 0, 0.05);  // 7 deviations
    EXPECT_NEAR(squares / kCount, 1, 0.07);
  }
}

}  // namespace
}  // namespace actbench
