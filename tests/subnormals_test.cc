// SPDX-License-Identifier: Apache-2.0
// Subnormal inputs spared (kernels/subnormals.h): what stands for them is right, and their results are the same
// wherever they lie. That they are those of the formula, cuda_vocabulary_test has.
#include "kernels/subnormals.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "kernels/accuracy/claim.h"
#include "kernels/streaming.h"
#include "tests/our_kernels.h"

namespace actbench {
namespace {

// The function of a part's `state`, applied to each element.
using Function = float (*)(float x);
void Apply(const void* state, const void* const* inputs, void* const* outputs, size_t n, bool) {
  const auto* x = static_cast<const float*>(inputs[0]);
  for (size_t i = 0; i < n; ++i) static_cast<float*>(outputs[0])[i] = (*static_cast<const Function*>(state))(x[i]);
}

NearZero FindOf(Function function, bool is_default = true, size_t inputs = 1) {
  return FindNearZero<float>({&Apply, &function, inputs, is_default, false});
}

TEST(NearZeroTest, IsWhatTheFunctionShows) {
  EXPECT_EQ(FindOf([](float x) { return 0.5f + x; }), NearZero::kConstant);
  EXPECT_EQ(FindOf([](float x) { return x > 0 ? 1.0f : 0.01f; }, true, 2), NearZero::kConstant);
  EXPECT_EQ(FindOf([](float x) { return 0.6f * x; }), NearZero::kMultiple);
  EXPECT_EQ(FindOf([](float x) { return x > 0 ? x : 0.01f * x; }), NearZero::kMultiple);
  EXPECT_EQ(FindOf([](float x) { return x > 0 ? x : -0.0f; }), NearZero::kMultiple);
  EXPECT_EQ(FindOf([](float x) { return x > 0 ? x - 0.5f * x : 0.5f * x; }), NearZero::kComplement);
}

TEST(NearZeroTest, IsUnknownWhereItIsNeither) {
  EXPECT_EQ(FindOf([](float x) { return x > 0 ? x : 20.0f; }), NearZero::kUnknown);
  EXPECT_EQ(FindOf([](float x) { return x > 1e-40f ? x : 0.0f; }), NearZero::kUnknown);
  EXPECT_EQ(FindOf([](float x) { return x < -1e-40f ? x : 0.0f; }), NearZero::kUnknown);
  EXPECT_EQ(FindOf([](float x) { return 2 * x; }, true, 2), NearZero::kUnknown);  // of a derivative
  EXPECT_EQ(FindOf([](float x) { return x; }, false), NearZero::kUnknown);
}

class SubnormalsTest : public KernelsTest {
 protected:
  // Of any number of bits, or of all.
  double Subnormal(bool large = false) {
    const DtypeInfo& format = Info(dtype());
    const int bits = format.precision - 1;
    const uint64_t fraction = ((random_() >> (64 - bits)) | 1) >> (large ? 0 : random_() % bits);
    const double size = std::ldexp(static_cast<double>(std::max<uint64_t>(fraction, 1)), format.min_exponent - bits);
    return random_() % 2 == 0 ? size : -size;
  }
  double Other() { return std::ldexp(static_cast<double>(random_() % 20001) - 10000, -11); }

  // Elements enough for several looks at the flag: none is subnormal, then one, then all, then every other one.
  std::vector<Point> SomePoints() {
    std::vector<Point> points;
    for (int i = 0; i < 14000; ++i) {
      const bool small = i < 5000 ? false : i < 9500 ? i == 7003 : i < 11000 || (i < 12500 && i % 2 == 0);
      const bool in_dy = kernel().gradient() && i % 3 == 0;
      Point point = {small && !in_dy ? Subnormal() : Other()};
      if (kernel().gradient()) point.push_back(small && i % 3 < 2 ? Subnormal() : Other());
      points.push_back(point);
    }
    return points;
  }

 private:
  std::mt19937_64 random_{kSeed};
};

// Past the caches some of them are stored twice.
TEST_P(SubnormalsTest, HaveTheSameResultsPastTheCaches) {
  const Buffers inputs = Pack(dtype(), SomePoints());
  const Buffers whole = kernel().Run(inputs);
  constexpr size_t kOffset = 8;
  std::vector<char> streamed(kOffset + whole[0].size());
  const size_t usual = StreamingBytes();
  SetStreamingBytes(0);
  kernel().RunInto(Pointers(inputs), {streamed.data() + kOffset}, whole[0].size() / bytes());
  SetStreamingBytes(usual);
  EXPECT_TRUE(std::equal(whole[0].begin(), whole[0].end(), streamed.begin() + kOffset));
}

TEST_P(SubnormalsTest, HaveTheSameResultsWhereverTheyLie) {
  const Buffers inputs = Pack(dtype(), SomePoints());
  const Buffers whole = kernel().Run(inputs);
  const size_t n = whole[0].size() / bytes();
  const auto result = [&](const Buffers& outputs, size_t i) {
    return std::vector<char>(&outputs[0][i * bytes()], &outputs[0][i * bytes()] + bytes());
  };
  for (size_t i = 4000; i < n; i += i < 9000 ? 13 : 1) {
    Buffers one;
    for (const std::vector<char>& input : inputs) one.push_back({&input[i * bytes()], &input[i * bytes()] + bytes()});
    ASSERT_EQ(kernel().Run(one)[0], result(whole, i)) << "element " << i;
  }
  for (size_t replaced = 0; replaced < inputs.size(); ++replaced) {
    Buffers buffers = inputs;
    kernel().RunInto(Pointers(buffers), {buffers[replaced].data()}, n);
    ASSERT_TRUE(buffers[replaced] == whole[0]) << "in place of input " << replaced;
  }
}

TEST_P(SubnormalsTest, AreWithinTheClaim) {
  std::vector<Point> points;
  for (int i = 0; i < 300; ++i) points.push_back({Subnormal(i % 2 == 0)});
  EXPECT_LE(WorstError(kernel(), WithUpstream(kernel(), points, 1)), ClaimOf(*GetParam())->max_ulp);
  if (!kernel().gradient()) return;
  for (int i = 0; i < 300; ++i) points[i] = {i % 3 == 0 ? points[i][0] : Other(), Subnormal(i % 2 == 0)};
  EXPECT_LE(WorstError(kernel(), points), 2 * ClaimOf(*GetParam())->max_ulp + 0.5);
}

#if defined(__SSE__)
// Where results are made zeros by the processor and inputs are not.
TEST(SubnormalsAsZerosTest, AreZeroWhereTheProcessorIsToldSo) {
  const absl::StatusOr<const Kernel*> silu =
      Catalog::Default().FindKernel("silu", Direction::kForward, Dtype::kF32, {});
  ASSERT_TRUE(silu.ok());
  const TestedKernel kernel(**silu);
  const Buffers inputs = Pack(Dtype::kF32, std::vector<Point>(100, {0x1p-130}));
  const unsigned before = _mm_getcsr();
  _mm_setcsr(before | _MM_FLUSH_ZERO_MASK);
  const Buffers results = kernel.Run(inputs);
  _mm_setcsr(before);
  EXPECT_EQ(results, Pack(Dtype::kF32, std::vector<Point>(100, {0})));
}
#endif

// Those of which subnormal inputs may be spared, and the scalar ones beside them.
std::vector<const Kernel*> Kernels() {
  std::vector<const Kernel*> kernels = OurKernels();
  std::erase_if(kernels, [](const Kernel* kernel) {
    const bool wide = kernel->dtype == Dtype::kF32 && HasWideLanes(*kernel);
    return wide || SizeBytes(kernel->dtype) == 2 || (*Catalog::FindActivation(kernel->activation))->inputs == 2;
  });
  return kernels;
}

INSTANTIATE_TEST_SUITE_P(Kernels, SubnormalsTest, testing::ValuesIn(Kernels()), TestName);

}  // namespace
}  // namespace actbench
