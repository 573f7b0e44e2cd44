// SPDX-License-Identifier: Apache-2.0
// The exact tier: correctly rounded, and the same bits on every instruction set. All f32 inputs: docs/accuracy.md has
// the command.
#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "kernels/accuracy/claim.h"
#include "kernels/catalog.h"
#include "tests/kernel_run.h"
#include "tests/measure.h"

namespace actbench {
namespace {

std::vector<const Kernel*> ExactKernels() {
  std::vector<const Kernel*> kernels;
  for (const Kernel& kernel : Catalog::Default().kernels()) {
    if (kernel.tier == "exact") kernels.push_back(&kernel);
  }
  return kernels;
}

TEST(ExactTest, ThereIsOneForEveryFastKernelButThoseOfF64) {
  size_t fast = 0;
  for (const Kernel& kernel : Catalog::Default().kernels()) {
    fast += kernel.tier == "fast" && kernel.dtype != Dtype::kF64 ? 1 : 0;
  }
  EXPECT_EQ(ExactKernels().size(), fast);
}

bool IsGated(const Kernel& kernel) { return (*Catalog::FindActivation(kernel.activation))->inputs == 2; }

TEST(ExactTest, SixteenBitsAreCorrectlyRoundedAtEveryInput) {
  for (const Kernel* kernel : ExactKernels()) {
    if (SizeBytes(kernel->dtype) != 2 || IsGated(*kernel)) continue;
    const AccuracyReport report = ReportOf(*kernel, ExhaustiveInputs{.unit_upstream = true});
    EXPECT_EQ(report.misrounded, 0u) << kernel->Name();
    EXPECT_LE(report.max_ulp, 0.5) << kernel->Name();
  }
}

// Pairs of x and gate are too many.
TEST(ExactTest, SampledGatedUnitsKeepTheClaim) {
  for (const Kernel* kernel : ExactKernels()) {
    if (!IsGated(*kernel)) continue;
    for (Distribution distribution : {Distribution::kBits, Distribution::kUniform, Distribution::kSubnormal}) {
      const AccuracyReport report = ReportOf(*kernel, SampledInputs{.count = 20000, .distribution = distribution});
      EXPECT_LE(report.max_ulp, ClaimOf(*kernel)->max_ulp) << kernel->Name() << " " << Name(distribution);
    }
  }
}

// Every x with a few dy; all pairs take a minute a kernel, and docs/accuracy.md has the command.
TEST(ExactTest, SixteenBitGradientsKeepTheClaimWhateverTheUpstreamGradient) {
  std::mt19937_64 random(7);
  for (const Kernel* kernel : ExactKernels()) {
    if (SizeBytes(kernel->dtype) != 2 || kernel->direction != Direction::kGradient || IsGated(*kernel)) continue;
    std::vector<uint16_t> x;
    std::vector<uint16_t> dy;
    for (int i = 0; i < 6; ++i) {
      const auto upstream = static_cast<uint16_t>(random());
      for (size_t bits = 0; bits < 65536; ++bits) {
        x.push_back(static_cast<uint16_t>(bits));
        dy.push_back(upstream);
      }
    }
    const AccuracyReport report = ReportOf(*kernel, GivenInputs{{x.data(), dy.data()}, x.size()});
    EXPECT_LE(report.max_ulp, ClaimOf(*kernel)->max_ulp) << kernel->Name();
  }
}

TEST(ExactTest, SampledF32IsCorrectlyRoundedForwardAndWithinTheClaimAtAnyUpstream) {
  for (const Kernel* kernel : ExactKernels()) {
    if (kernel->dtype != Dtype::kF32 || IsGated(*kernel)) continue;
    for (Distribution distribution : {Distribution::kBits, Distribution::kUniform, Distribution::kSubnormal}) {
      const bool forward = kernel->direction == Direction::kForward;
      const AccuracyReport report = ReportOf(*kernel, SampledInputs{.count = 20000, .distribution = distribution});
      if (forward) {
        EXPECT_EQ(report.misrounded, 0u) << kernel->Name() << " " << Name(distribution);
      }
      EXPECT_LE(report.max_ulp, ClaimOf(*kernel)->max_ulp) << kernel->Name() << " " << Name(distribution);
    }
  }
}

// Parameters away from their defaults.
TEST(ExactTest, OtherParametersStayWithinTheClaim) {
  for (const Kernel* kernel : ExactKernels()) {
    for (const Parameter& parameter : (*Catalog::FindActivation(kernel->activation))->Parameters()) {
      for (double value : {-1.5, 0.1, 1.702, 10.0}) {
        const std::map<std::string, double> given = {{std::string(parameter.name), value}};
        if (!ResolveParameters(**Catalog::FindActivation(kernel->activation), given).ok()) continue;
        const AccuracyReport report = ReportOf(*kernel, SampledInputs{.count = 20000}, given);
        EXPECT_LE(report.max_ulp, ClaimOf(*kernel)->max_ulp)
            << kernel->Name() << " " << parameter.name << " = " << value;
      }
    }
  }
}

// Whatever the parameters and the upstream gradient are.
TEST(ExactTest, EveryInstructionSetGivesTheSameBits) {
  std::map<std::string, uint64_t> hashes;
  for (const Kernel* kernel : ExactKernels()) {
    const ActivationInfo& activation = **Catalog::FindActivation(kernel->activation);
    std::vector<std::map<std::string, double>> parameters = {{}};
    for (const Parameter& parameter : activation.Parameters()) {
      for (double value : {-1.5, 0.1, 1e-9}) {
        const std::map<std::string, double> given = {{std::string(parameter.name), value}};
        if (ResolveParameters(activation, given).ok()) parameters.push_back(given);
      }
    }
    for (size_t i = 0; i < parameters.size(); ++i) {
      for (Distribution distribution : {Distribution::kBits, Distribution::kUniform}) {
        const SampledInputs plan{.count = 20000, .distribution = distribution};
        const uint64_t hash = ReportOf(*kernel, plan, parameters[i]).output_hash;
        const std::string without_isa = kernel->Name().substr(0, kernel->Name().rfind('/'));
        const std::string key = without_isa + std::to_string(i) + std::string(Name(distribution));
        const auto [place, is_new] = hashes.try_emplace(key, hash);
        EXPECT_EQ(place->second, hash) << kernel->Name() << " " << Name(distribution);
      }
    }
  }
}

}  // namespace
}  // namespace actbench
