// SPDX-License-Identifier: Apache-2.0
// What kernels are given in place of subnormal inputs (kernels/subnormals.h), for each instruction set of this machine.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "kernels/dtype.h"
#include "kernels/subnormals.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tests/sparing_test.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h.
#include "hwy/highway.h"

#ifndef ACT_FN
#define ACT_FN HWY_INLINE
#endif

#if HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128
HWY_BEFORE_NAMESPACE();
namespace actbench::sparing_test::HWY_NAMESPACE {
#include "kernels/vocabulary_simd.inc"
// In this order.
#include "kernels/subnormals.inc"

#if HWY_ARCH_X86
void Run(const KernelPart& part, const void* const* inputs, void* const* outputs, size_t n) {
  RunSparingSubnormals(static_cast<const float*>(nullptr), part, inputs, outputs, n);
}
#endif
}  // namespace actbench::sparing_test::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif

#if HWY_ONCE
#include "kernels/simd_targets.h"

namespace actbench {
namespace {

using testing::Each;
using testing::IsEmpty;

#if HWY_ARCH_X86
struct Target {
  std::string isa;
  void (*run)(const KernelPart& part, const void* const* inputs, void* const* outputs, size_t n);
};

std::vector<Target> Targets() {
  std::vector<Target> targets;
#define ACTBENCH_ADD(target, space, isa) \
  if (hwy::SupportedTargets() & target) targets.push_back({isa, &sparing_test::space::Run});
  ACTBENCH_FOR_EACH_SIMD_TARGET(ACTBENCH_ADD)
#undef ACTBENCH_ADD
  return targets;
}

constexpr float kSubnormal = 0x1.8p-130f;
constexpr float kStand = static_cast<float>(Stand<float>::kX);

// The inputs that it was given with each call; of gradients those of dy.
using Calls = std::vector<std::vector<float>>;

// x / 2, or dy / 2, of each element, where products raise the flag that sparing looks at.
void Halve(const void* state, const void* const* inputs, void* const* outputs, size_t n, bool) {
  auto& calls = *static_cast<Calls*>(const_cast<void*>(state));
  const auto* from = static_cast<const float*>(inputs[0]);
  calls.emplace_back(from, from + n);
  volatile float half = 0.5f;
  for (size_t i = 0; i < n; ++i) static_cast<float*>(outputs[0])[i] = half * from[i];
}

class SparingTest : public testing::TestWithParam<Target> {
 protected:
  // After a tensor without subnormal numbers, with which none are expected.
  std::vector<float> Run(std::vector<float> x, bool in_place = false) {
    const std::vector<float> ones(1, 1.0f);
    RunInto(ones, std::vector<float>(1).data());
    calls_.clear();
    std::vector<float> y(x.size());
    RunInto(x, in_place ? x.data() : y.data());
    return in_place ? x : y;
  }
  void RunInto(const std::vector<float>& x, float* y) {
    const void* const inputs[] = {x.data()};
    void* const outputs[] = {y};
    GetParam().run({&Halve, &calls_, 1, true, false}, inputs, outputs, x.size());
  }

  Calls calls_;
};

TEST_P(SparingTest, NothingIsComputedTwiceWithoutSubnormalInputs) {
  const std::vector<float> x(10000, 3.0f);
  EXPECT_THAT(Run(x), Each(1.5f));
  size_t count = 0;
  for (const std::vector<float>& call : calls_) count += call.size();
  EXPECT_EQ(count, x.size());
}

TEST_P(SparingTest, OnlyTheBlockOfASubnormalInputIsComputedAgain) {
  std::vector<float> x(10000, 3.0f);
  x[5000] = -kSubnormal;
  const std::vector<float> y = Run(x);
  EXPECT_EQ(y[5000], -kSubnormal / 2);
  EXPECT_EQ(std::count(y.begin(), y.end(), 1.5f), 9999);
  size_t computed = 0;
  size_t stands = 0;
  for (const std::vector<float>& call : calls_) {
    computed += call.size();
    if (call.size() > 4) stands += std::count(call.begin(), call.end(), -kStand);
  }
  EXPECT_EQ(stands, 1U);
  EXPECT_LT(computed, 15000U);
}

// The first call is as always, and the second one asks about numbers near 0.
TEST_P(SparingTest, InPlaceInputsAreKeptUntilTheyAreDoneWith) {
  for (size_t n : {1, 7, 1024, 3000}) {
    EXPECT_THAT(Run(std::vector<float>(n, kSubnormal), true), Each(kSubnormal / 2)) << n;
    ASSERT_GT(calls_.size(), 2U);
    for (size_t i = 2; i < calls_.size(); ++i) EXPECT_THAT(calls_[i], Each(kStand));
  }
  EXPECT_THAT(Run(std::vector<float>(10000, 3.0f), true), Each(1.5f));
}

TEST_P(SparingTest, OfMoreSubnormalInputsTheKernelIsGivenFew) {
  EXPECT_THAT(Run(std::vector<float>(100000, kSubnormal)), Each(kSubnormal / 2));
  size_t given = 0;
  for (const std::vector<float>& call : calls_) given += std::count(call.begin(), call.end(), kSubnormal);
  EXPECT_LE(given, 4096U);
}

TEST_P(SparingTest, OfNoElementsNothingIsAsked) {
  EXPECT_THAT(Run({}), IsEmpty());
  EXPECT_THAT(calls_, IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Targets, SparingTest, testing::ValuesIn(Targets()),
                         [](const testing::TestParamInfo<Target>& of) { return of.param.isa; });
#endif

}  // namespace
}  // namespace actbench
#endif
