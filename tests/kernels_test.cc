// SPDX-License-Identifier: Apache-2.0
// Every kernel of ours on this machine against the definitions, and the promises of kernels/activations.inc. The peers'
// are in peers_test.cc.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "kernels/accuracy/claim.h"
#include "kernels/catalog.h"
#include "tests/guarded_buffer.h"
#include "tests/kernel_run.h"
#include "tests/samples.h"

namespace actbench {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::string TestName(const testing::TestParamInfo<const Kernel*>& info) {
  std::string name = info.param->Name();
  std::replace_if(
      name.begin(), name.end(), [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); }, '_');
  return name;
}

std::vector<const Kernel*> OurKernels() {
  std::vector<const Kernel*> kernels;
  for (const Kernel& kernel : Catalog::Default().kernels()) {
    if (kernel.provider == kOwnProvider) kernels.push_back(&kernel);
  }
  return kernels;
}

std::vector<const Kernel*> GradientKernels() {
  std::vector<const Kernel*> kernels = OurKernels();
  std::erase_if(kernels, [](const Kernel* kernel) { return kernel->direction != Direction::kGradient; });
  return kernels;
}

// Whether it computes in f64 lanes and rounds once.
bool HasWideLanes(const Kernel& kernel) {
  const ActivationInfo& activation = **Catalog::FindActivation(kernel.activation);
  const bool wide = kernel.direction == Direction::kGradient ? activation.wide_gradient : activation.wide_forward;
  return kernel.tier == "exact" || wide;
}

// Those that take several elements at a time in f32 lanes, by paths of their own.
std::vector<const Kernel*> F32LaneKernels() {
  std::vector<const Kernel*> kernels = OurKernels();
  std::erase_if(kernels, [](const Kernel* kernel) {
    return kernel->dtype == Dtype::kF64 || kernel->isa == "scalar" || HasWideLanes(*kernel);
  });
  return kernels;
}

class KernelsTest : public testing::TestWithParam<const Kernel*> {
 protected:
  const TestedKernel& kernel() const { return kernel_; }
  const ActivationInfo& activation() const { return kernel_.activation(); }
  Dtype dtype() const { return kernel_.dtype(); }
  size_t bytes() const { return SizeBytes(dtype()); }

  std::vector<Point> SamplePoints(size_t count) const {
    std::vector<double> values = Samples(dtype(), activation(), count);
    // In order, so that those that are taken at a time may all lie where a kernel has a shorter path.
    const auto numbers = std::partition(values.begin(), values.end(), [](double value) { return !std::isnan(value); });
    std::sort(values.begin(), numbers);
    return Points(dtype(), activation(), values);
  }

  void ExpectSameBits(const Buffers& inputs, const Buffers& whole, size_t start, size_t length,
                      size_t misalignment) const;

 private:
  const TestedKernel kernel_{*GetParam()};
};

class GradientKernelsTest : public KernelsTest {};
class F32LaneKernelsTest : public KernelsTest {};

// Points on both sides of each place where a derivative changes its sign along some input: there it cancels most,
// unless it jumps.
std::vector<Point> NeighboursOfZerosOfTheDerivative(const TestedKernel& kernel, int count) {
  const ActivationInfo& activation = kernel.activation();
  constexpr double kStep = 0.03;  // no sum of steps meets a kink
  std::vector<Point> points;
  for (size_t by = 0; by < activation.inputs; ++by) {
    for (size_t along = 0; along < activation.inputs; ++along) {
      Point point(activation.inputs, 0.75);
      const auto derivative = [&](double value) {
        point[along] = value;
        return kernel.Derivative(point, by);
      };
      for (double from = activation.domain_min; from < activation.domain_max; from += kStep) {
        double low = from;
        double high = from + kStep;
        if (!(derivative(low) * derivative(high) < 0)) continue;
        for (int i = 0; i < 60; ++i) {
          const double middle = low + (high - low) / 2;
          (derivative(low) * derivative(middle) < 0 ? high : low) = middle;
        }
        for (int i = -count; i <= count; ++i) {
          point[along] = Step(kernel.dtype(), Rounded(kernel.dtype(), low), i);
          points.push_back(point);
        }
      }
    }
  }
  return points;
}

// Whether output k, a partial derivative, changes its sign along some input within 1 of the point.
bool CancelsNear(const TestedKernel& kernel, Point point, size_t k) {
  const double here = kernel.Derivative(point, k);
  for (size_t i = 0; i < kernel.activation().inputs; ++i) {
    for (double shift : {-1.0, 1.0}) {
      Point other = point;
      other[i] += shift;
      if (kernel.Derivative(other, k) * here < 0) return true;
    }
  }
  return false;
}

// In f64 what cancels leaves an error below 2.5e-16 (1.8e-16 measured: gelu_erf'); times the other input, of which the
// partial derivative may be a multiple.
bool IsWithinTheErrorOfCancelling(const TestedKernel& kernel, const Point& point, size_t k, double got,
                                  const BigFloat& exact) {
  if (!kernel.gradient() || kernel.dtype() != Dtype::kF64 || !CancelsNear(kernel, point, k)) return false;
  double size = 1;
  for (size_t i = 0; i < kernel.activation().inputs; ++i) {
    if (i != k) size *= std::max(1.0, std::fabs(point[i]));
  }
  return abs(BigFloat(got) - exact) < BigFloat(2.5e-16 * size);
}

// The error of every output for dy = 1.
void ExpectErrorsBelow(double limit, const TestedKernel& kernel, const std::vector<Point>& points) {
  ForEachError(kernel, WithUpstream(kernel, points, 1), [&](size_t k, size_t i, double ulp, double got) {
    if (ulp <= limit || testing::Test::HasFailure()) return;
    EXPECT_TRUE(IsWithinTheErrorOfCancelling(kernel, points[i], k, got, kernel.ExactOutput(points[i], k)))
        << ulp << " ulp in output " << k << " at " << testing::PrintToString(points[i]) << ", got " << got;
  });
}

// What the kernel claims; of f32 what is computed in wider lanes and rounded once, as 16 bits claim it.
double LimitOf(const Kernel& kernel, const ClaimScope& scope = {}) {
  const double claimed = ClaimOf(kernel, scope)->max_ulp;
  return kernel.dtype == Dtype::kF32 && HasWideLanes(kernel) ? std::min(claimed, 0.51) : claimed;
}

TEST_P(KernelsTest, IsRightEverywhere) {
  ExpectErrorsBelow(LimitOf(*GetParam()), kernel(), SamplePoints(dtype() == Dtype::kF64 ? 200 : 4000));
}

// There f64 lanes lose digits, which f32 sees in the fast tier: within 0.9 ulp.
TEST_P(GradientKernelsTest, IsRightBesideTheZerosOfTheDerivative) {
  const bool loses = dtype() == Dtype::kF32 && GetParam()->tier == "fast" && HasWideLanes(*GetParam());
  ExpectErrorsBelow(loses ? 0.9 : LimitOf(*GetParam()), kernel(),
                    NeighboursOfZerosOfTheDerivative(kernel(), bytes() == 4 ? 500 : 20));
}

// Where exponentials underflow, and around 0. In f64 gelu_erf too within 4 ulp.
TEST_P(KernelsTest, IsRightWhereResultsAreSubnormal) {
  const double least_normal = std::ldexp(1.0, Info(dtype()).min_exponent);
  std::vector<double> magnitudes;
  for (int i = 0; i <= 5120; ++i) magnitudes.push_back(std::exp2(i / 512.0));
  for (int i = -60; i < 4; ++i) magnitudes.push_back(1.37 * std::ldexp(least_normal, i));
  std::vector<double> values;
  for (double magnitude : magnitudes) {
    values.push_back(Rounded(dtype(), magnitude));
    values.push_back(-Rounded(dtype(), magnitude));
  }
  const std::vector<Point> points = Points(dtype(), activation(), values);
  const Buffers outputs = kernel().Run(Pack(dtype(), WithUpstream(kernel(), points, 1)));
  std::vector<Point> subnormal;
  for (size_t i = 0; i < points.size(); ++i) {
    const bool any = std::any_of(outputs.begin(), outputs.end(), [&](const std::vector<char>& output) {
      const double got = std::fabs(LoadElement(dtype(), output.data() + i * bytes()));
      return got != 0 && got < least_normal;
    });
    if (any) subnormal.push_back(points[i]);
  }
  ExpectErrorsBelow(std::min(LimitOf(*GetParam()), 4.0), kernel(), subnormal);
}

// The decimal text of the anchors, without the definitions.
TEST_P(KernelsTest, MeetsItsAnchors) {
  for (const Anchor& anchor : activation().Anchors()) {
    if (Rounded(dtype(), anchor.x) != anchor.x) continue;
    const double got = kernel().RunOne(WithUpstream(kernel(), {{anchor.x}}, 1)[0])[0];
    const BigFloat exact = BigFloat::FromDecimal(kernel().gradient() ? anchor.derivative : anchor.value);
    const double ulp = UlpError(got, ToExactResult(exact, Info(dtype())), Info(dtype()));
    EXPECT_TRUE(ulp <= LimitOf(*GetParam()) || IsWithinTheErrorOfCancelling(kernel(), {anchor.x}, 0, got, exact))
        << ulp << " ulp at x = " << anchor.x << ", got " << got;
  }
}

TEST_P(GradientKernelsTest, MultipliesTheUpstreamGradient) {
  const std::vector<Point> points =
      Points(dtype(), activation(),
             {-1000, -13, -3, -1, 0, 0.5, 3, 6, 1000, dtype() == Dtype::kF64 ? 1001 : 2e38, kInfinity, -kInfinity});
  const double limit = LimitOf(*GetParam(), {.unit_upstream = false});
  for (double dy : {-2.5, 0.0, -0.0, 1e-3, 30000.0, kInfinity, -kInfinity, std::nan("")}) {
    ForEachError(kernel(), WithUpstream(kernel(), points, dy), [&](size_t k, size_t i, double ulp, double got) {
      EXPECT_LE(ulp, limit) << "output " << k << " at " << testing::PrintToString(points[i]) << ", dy = " << dy
                            << ", got " << got;
    });
  }
}

// Whatever the others are.
TEST_P(KernelsTest, NaNInAnyInputGivesNaNOut) {
  for (size_t i = 0; i < kernel().input_count(); ++i) {
    for (double other : {0.0, 1.0, -1.0, kInfinity, -kInfinity}) {
      Point point(kernel().input_count(), other);
      point[i] = std::nan("");
      for (double got : kernel().RunOne(point)) {
        EXPECT_TRUE(std::isnan(got)) << testing::PrintToString(point) << ", got " << got;
      }
    }
  }
}

// A zero result has the sign of the exact value or limit, and +0 where f is identically 0, as the definition has it.
// The zero of a partial derivative may have either sign: with two inputs its sides differ.
TEST_P(KernelsTest, ZeroResultsHaveTheSignOfTheirSide) {
  std::vector<double> values = SpecialValues(dtype());
  values.insert(values.end(), {-60000, -200, -3, 200});
  std::erase_if(values, [](double value) { return std::isnan(value); });
  for (const Point& point : Points(dtype(), activation(), values)) {
    const std::vector<double> got = kernel().RunOne(WithUpstream(kernel(), {point}, 1)[0]);
    for (size_t k = 0; k < got.size(); ++k) {
      const BigFloat exact = kernel().ExactOutput(point, k);
      if (got[k] != 0 || (got.size() > 1 && exact == BigFloat(0))) continue;
      EXPECT_EQ(std::signbit(got[k]), signbit(exact)) << "output " << k << " at " << testing::PrintToString(point);
    }
  }
}

// `length` elements from `start` on give the bits that they have in the whole, misaligned and in place of any inputs.
void KernelsTest::ExpectSameBits(const Buffers& inputs, const Buffers& whole, size_t start, size_t length,
                                 size_t misalignment) const {
  constexpr size_t kGuard = 8;
  const size_t count = length * bytes();
  const auto cut = [&](const std::vector<char>& buffer) {
    std::vector<char> part(misalignment + count + kGuard, 'g');
    std::copy_n(buffer.begin() + start * bytes(), count, part.begin() + misalignment);
    return part;
  };
  const size_t new_buffers = kernel().output_count();  // where no output is in place
  for (size_t shift = 0; shift <= kernel().input_count(); ++shift) {
    Buffers buffers;
    for (const std::vector<char>& input : inputs) buffers.push_back(cut(input));
    for (size_t k = 0; k < new_buffers; ++k) buffers.emplace_back(misalignment + count + kGuard, 'g');
    std::vector<const void*> in;
    for (size_t i = 0; i < inputs.size(); ++i) in.push_back(buffers[i].data() + misalignment);
    std::vector<void*> out;
    const auto place = [&](size_t k) {
      return shift < inputs.size() ? (k + shift) % inputs.size() : inputs.size() + k;
    };
    for (size_t k = 0; k < new_buffers; ++k) out.push_back(buffers[place(k)].data() + misalignment);
    kernel().RunInto(in, out, length);
    for (size_t k = 0; k < new_buffers; ++k) {
      ASSERT_EQ(buffers[place(k)], cut(whole[k]))
          << "output " << k << ", length " << length << ", start " << start << ", misalignment " << misalignment
          << ", in place of inputs from " << shift << " on";
    }
    for (size_t i = 0; i < inputs.size(); ++i) {
      const bool overwritten = std::find(out.begin(), out.end(), in[i]) != out.end();
      ASSERT_TRUE(overwritten || buffers[i] == cut(inputs[i])) << "changed input " << i;
    }
  }
}

// The whole, of a prime length, is the yardstick. At most 64 elements are taken at a time.
TEST_P(KernelsTest, GivesTheSameBitsWhereverAnElementLies) {
  constexpr size_t kWhole = 199;
  constexpr size_t kMost = 3 * 64;
  const std::vector<Point> samples = SamplePoints(100);
  std::vector<Point> points;
  for (size_t i = 0; i < kWhole; ++i) {
    Point point = samples[i * (samples.size() / kWhole)];
    if (kernel().gradient())
      point.push_back(Rounded(dtype(), std::ldexp(i % 2 == 0 ? 1.1 : -1.7, static_cast<int>(i % 7) - 3)));
    points.push_back(point);
  }
  const Buffers inputs = Pack(dtype(), points);
  const Buffers whole = kernel().Run(inputs);
  for (size_t length = 0; length <= kMost; length += length < 70 || length > kMost - 4 ? 1 : 7) {
    for (size_t start : {size_t{0}, size_t{1}, size_t{3}, kWhole - kMost}) {
      for (size_t misalignment : {0, 1, 5}) ExpectSameBits(inputs, whole, start, length, misalignment);
      if (HasFatalFailure()) return;
    }
  }
}

// Whatever path a kernel takes for the elements that lie beside it, an element gets the same bits.
TEST_P(F32LaneKernelsTest, GiveTheSameBitsWhateverLiesBeside) {
  constexpr size_t kTogether = 64;
  constexpr size_t kMost = 1500;
  std::vector<Point> samples = SamplePoints(100);
  const size_t step = samples.size() / kMost + 1;  // of 16 bits there would be all
  for (size_t i = 0; i * step < samples.size(); ++i) samples[i] = samples[i * step];
  samples.resize((samples.size() + step - 1) / step);
  // Where exp becomes small, more closely.
  std::mt19937 random(7);
  for (const auto& [low, high] : {std::pair(-13.5, -7.0), std::pair(-89.0, -40.0)}) {
    std::uniform_real_distribution<double> between(low, high);
    for (int i = 0; i < 1000; ++i) samples.emplace_back(activation().inputs, Rounded(dtype(), between(random)));
  }
  std::vector<Point> points(samples.size() * kTogether);
  Buffers expected;
  for (double beside : {0.0, 100.0, -9.7, -13.5, -50.0, -88.0, -300.0, -kInfinity}) {
    std::fill(points.begin(), points.end(), Point(activation().inputs, Rounded(dtype(), beside)));
    for (size_t i = 0; i < samples.size(); ++i) points[i * kTogether + i % kTogether] = samples[i];
    const Buffers outputs = kernel().Run(Pack(dtype(), WithUpstream(kernel(), points, 1)));
    Buffers got(outputs.size());
    for (size_t k = 0; k < outputs.size(); ++k) {
      for (size_t i = 0; i < samples.size(); ++i) {
        const char* element = outputs[k].data() + (i * kTogether + i % kTogether) * bytes();
        got[k].insert(got[k].end(), element, element + bytes());
      }
    }
    if (expected.empty()) expected = got;
    EXPECT_EQ(got, expected) << "beside " << beside;
  }
}

INSTANTIATE_TEST_SUITE_P(Catalog, KernelsTest, testing::ValuesIn(OurKernels()), TestName);
INSTANTIATE_TEST_SUITE_P(Catalog, F32LaneKernelsTest, testing::ValuesIn(F32LaneKernels()), TestName);
INSTANTIATE_TEST_SUITE_P(Catalog, GradientKernelsTest, testing::ValuesIn(GradientKernels()), TestName);

TEST(ZerosTest, TheSearchFindsThoseOfTheDerivative) {
  const auto found = [](const char* activation) {
    const auto kernel = Catalog::Default().FindKernel(activation, Direction::kGradient, Dtype::kF64, {});
    return NeighboursOfZerosOfTheDerivative(TestedKernel(**kernel), 1);
  };
  for (const auto& [activation, zero] : {std::pair("silu", -1.2784645427610738), {"gelu_erf", -0.75179152469356447}}) {
    ASSERT_EQ(found(activation).size(), 3u) << activation;
    for (const Point& point : found(activation)) EXPECT_NEAR(point[0], zero, 1e-15) << activation;
  }
  EXPECT_TRUE(found("tanh").empty());
}

// Parameters away from their defaults, for every activation that has any.
TEST(ParameterTest, KernelsAreRightForOtherParameters) {
  const double largest = std::numeric_limits<double>::max();
  const std::vector<double> inputs = {-kInfinity, -1000, -125, -115, -90, -40, -7.3,  -1.25, -0.3,     -1e-5,
                                      -0.0,       1e-7,  0.5,  1.7,  3,   20,  40000, 3e38,  kInfinity};
  for (const Kernel* ours : OurKernels()) {
    const Kernel& kernel = *ours;
    for (const Parameter& parameter : (*Catalog::FindActivation(kernel.activation))->Parameters()) {
      for (double value : {0.0, -0.0, -1.5, 0.1, 1.9, 10.0, -20.0, 9000.0, 3e12, 5e-324, 1e-307, -1e-307, 1e-300, 1e300,
                           -1e300, largest, -largest}) {
        const std::map<std::string, double> given = {{std::string(parameter.name), value}};
        if (!ResolveParameters(**Catalog::FindActivation(kernel.activation), given).ok()) continue;
        const TestedKernel tested(kernel, given);
        std::vector<Point> points = Points(kernel.dtype, tested.activation(), inputs);
        // An f' that overflows, as selu's with its largest parameters does in f64, has no product with dy.
        std::erase_if(points, [&](const Point& point) {
          return tested.gradient() && std::isfinite(point[0]) && std::isinf(tested.Derivative(point, 0));
        });
        for (double dy : {1.0, -2.5, 1e-3, kInfinity}) {
          const double limit = LimitOf(kernel, {.default_parameters = false, .unit_upstream = dy == 1});
          EXPECT_LE(WorstError(tested, WithUpstream(tested, points, dy)), limit)
              << kernel.Name() << " " << parameter.name << " = " << value << ", dy = " << dy;
        }
      }
    }
  }
}

// One prepared kernel, run by several threads at a time on parts of one tensor: the bits of a single run.
TEST(ThreadsTest, ManyThreadsGiveTheBitsOfOne) {
  for (const Kernel* ours : OurKernels()) {
    const Kernel& kernel = *ours;
    const TestedKernel tested(kernel);
    std::vector<Point> points(4001, Point(tested.input_count()));
    for (size_t i = 0; i < points.size(); ++i) {
      for (size_t k = 0; k < points[i].size(); ++k) points[i][k] = static_cast<double>((i + 7 * k) % 4001) * 0.005 - 10;
    }
    const Buffers inputs = Pack(kernel.dtype, points);
    const Buffers whole = tested.Run(inputs);
    Buffers parts(whole.size(), std::vector<char>(whole[0].size()));
    const auto run = [&](size_t begin, size_t end) {
      std::vector<const void*> in;
      std::vector<void*> out;
      for (const std::vector<char>& input : inputs) in.push_back(input.data() + begin * SizeBytes(kernel.dtype));
      for (std::vector<char>& part : parts) out.push_back(part.data() + begin * SizeBytes(kernel.dtype));
      tested.RunInto(in, out, end - begin);
    };
    std::vector<std::thread> threads;
    const std::vector<size_t> bounds = {0, 1003, 2001, 2999, points.size()};
    for (size_t i = 0; i + 1 < bounds.size(); ++i) threads.emplace_back(run, bounds[i], bounds[i + 1]);
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(parts, whole) << kernel.Name();
  }
}

// No kernel, a peer's neither, reads or writes before or after its buffers: they begin and end at pages that kill who
// does.
TEST(BoundsTest, KernelsTouchOnlyTheirElements) {
  const std::array<GuardedBuffer, 5> buffers;  // three inputs and two outputs
  for (const Kernel& kernel : Catalog::Default().kernels()) {
    SCOPED_TRACE(kernel.Name());
    const TestedKernel tested(kernel);
    for (size_t n : {0, 1, 3, 7, 8, 9, 16, 17, 33, 65}) {
      for (bool at_end : {false, true}) {
        const size_t size = n * SizeBytes(kernel.dtype);
        const auto place = [&](size_t i) { return at_end ? buffers[i].back(size) : buffers[i].front(); };
        std::vector<const void*> in;
        std::vector<void*> out;
        for (size_t i = 0; i < tested.input_count(); ++i) in.push_back(place(i));
        for (size_t i = 0; i < tested.output_count(); ++i) out.push_back(place(3 + i));
        tested.RunInto(in, out, n);
      }
    }
  }
}

}  // namespace
}  // namespace actbench
