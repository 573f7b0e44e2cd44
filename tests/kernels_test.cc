// SPDX-License-Identifier: Apache-2.0
// Every kernel of every backend of this machine against the definitions, and the promises of kernels/activations.inc.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include "kernels/accuracy/error.h"
#include "kernels/accuracy/reference.h"
#include "kernels/catalog.h"
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

std::vector<const Kernel*> AllKernels() {
  std::vector<const Kernel*> kernels;
  for (const Kernel& kernel : Catalog::Default().kernels()) kernels.push_back(&kernel);
  return kernels;
}

std::vector<const Kernel*> GradientKernels() {
  std::vector<const Kernel*> kernels = AllKernels();
  std::erase_if(kernels, [](const Kernel* kernel) { return kernel->direction != Direction::kGradient; });
  return kernels;
}

class KernelsTest : public testing::TestWithParam<const Kernel*> {
 protected:
  const Kernel& kernel() const { return *GetParam(); }
  const ActivationInfo& activation() const { return **Catalog::FindActivation(kernel().activation); }
  bool gradient() const { return kernel().direction == Direction::kGradient; }
  size_t bytes() const { return SizeBytes(kernel().dtype); }

  // The kernel's results for packed x and, for a gradient, dy.
  std::vector<char> Run(const std::vector<char>& x, const std::vector<char>& dy) const {
    std::vector<char> out(x.size());
    RunInto(x.data(), dy.data(), out.data(), x.size() / bytes());
    return out;
  }
  void RunInto(const void* x, const void* dy, void* out, size_t n) const {
    const PreparedKernel prepared(kernel().functions, Parameters().data(), nullptr);
    ASSERT_TRUE(prepared.ok());
    std::vector<const void*> inputs = {x};
    if (gradient()) inputs.push_back(dy);
    prepared.Run(inputs, {out}, n);
  }
  std::vector<double> Parameters() const { return *ResolveParameters(activation(), {}); }

  double One(double x, double dy = 1) const {
    return Unpack(kernel().dtype, Run(Pack(kernel().dtype, {x}), Pack(kernel().dtype, {dy})))[0];
  }

  ErrorReport Measure(const std::vector<char>& x, const std::vector<char>& dy, const std::vector<char>& out,
                      size_t begin, size_t end) const {
    std::vector<const void*> inputs = {x.data()};
    if (gradient()) inputs.push_back(dy.data());
    return ErrorMeter(activation(), kernel().direction, kernel().dtype, Parameters())
        .Measure(inputs, out.data(), begin, end);
  }

  size_t SampleCount() const { return kernel().dtype == Dtype::kF64 ? 200 : 4000; }
};

class GradientKernelsTest : public KernelsTest {};

// The definition of an activation at its default parameters.
template <class T>
Dual<T> Exact(const ActivationInfo& activation, double x) {
  const auto all = AllActivations();
  const auto index = static_cast<size_t>(std::find(all.begin(), all.end(), &activation) - all.begin());
  const auto input = ReferenceInput<T>(x);
  return DefinitionAt<T>(index)(ResolveParameters(activation, {})->data(), &input, 0);
}

// Inputs on both sides of each place where f' changes its sign without a jump: there it cancels most.
std::vector<double> NeighboursOfZerosOfTheDerivative(const ActivationInfo& activation, Dtype dtype, int count) {
  std::vector<double> values;
  constexpr double kStep = 0.03;  // no sum of steps meets a kink
  for (double from = activation.domain_min; from < activation.domain_max; from += kStep) {
    double low = from;
    double high = from + kStep;
    const auto derivative = [&](double x) { return Exact<long double>(activation, x).derivative; };
    if (!(derivative(low) * derivative(high) < 0)) continue;
    for (int i = 0; i < 60; ++i) {
      const double middle = low + (high - low) / 2;
      (derivative(low) * derivative(middle) < 0 ? high : low) = middle;
    }
    const double ulp = std::ldexp(1.0, std::ilogb(low) + 1 - Info(dtype).precision);
    for (int i = -count; i <= count; ++i) values.push_back(Rounded(dtype, low + i * ulp));
  }
  return values;
}

// f32, f16 and bf16 are computed in f64 lanes and rounded once: within 0.51 ulp; 0.6 at the zeros of f', where the
// lanes lose digits (0.577 measured: gelu_erf' at -0.751791537). f64: 4 ulp forward, 6 gradient (4.7 measured:
// gelu_erf' at -1.1e-14), but for the neighbourhood of these zeros, where f' is below 1/4 for abs(x) < 3 and what
// cancels leaves an error below 1e-15.
TEST_P(KernelsTest, IsRightEverywhere) {
  const Dtype dtype = kernel().dtype;
  std::vector<double> values = Samples(dtype, activation(), SampleCount());
  if (gradient() && SizeBytes(dtype) > 2) {
    const std::vector<double> zeros =
        NeighboursOfZerosOfTheDerivative(activation(), dtype, dtype == Dtype::kF64 ? 20 : 500);
    values.insert(values.end(), zeros.begin(), zeros.end());
  }
  const std::vector<char> x = Pack(dtype, values);
  const std::vector<char> dy = Pack(dtype, std::vector<double>(values.size(), 1.0));
  const std::vector<char> out = Run(x, dy);
  const double limit = dtype == Dtype::kF64 ? (gradient() ? 6 : 4) : (gradient() ? 0.6 : 0.51);
  const std::vector<double> results = Unpack(dtype, out);
  for (size_t i = 0; i < values.size(); ++i) {
    const double ulp = Measure(x, dy, out, i, i + 1).max_ulp;
    if (gradient() && dtype == Dtype::kF64 && std::fabs(values[i]) < 3 && std::fabs(results[i]) < 0.25) {
      const BigFloat exact = Exact<BigFloat>(activation(), values[i]).derivative;
      if (abs(BigFloat(results[i]) - exact) < BigFloat(1e-15)) continue;
    }
    ASSERT_LE(ulp, limit) << "x = " << values[i] << " got " << results[i];
  }
}

TEST_P(GradientKernelsTest, MultipliesTheUpstreamGradient) {
  const Dtype dtype = kernel().dtype;
  const std::vector<double> upstream = {-2.5, 0.0, -0.0, 1e-3, 30000, kInfinity, -kInfinity, std::nan("")};
  for (double x : {-1000.0, -13.0, -3.0, -1.0, 0.0, 0.5, 3.0, 6.0, 1000.0, kInfinity, -kInfinity}) {
    const std::vector<char> in = Pack(dtype, std::vector<double>(upstream.size(), x));
    const std::vector<char> dy = Pack(dtype, upstream);
    const std::vector<char> out = Run(in, dy);
    const ErrorReport report = Measure(in, dy, out, 0, upstream.size());
    EXPECT_LE(report.max_ulp, 4) << "x = " << x << ", dy = " << upstream[report.worst_index] << ", got "
                                 << Unpack(dtype, out)[report.worst_index];
  }
}

TEST_P(KernelsTest, NaNInGivesNaNOut) {
  EXPECT_TRUE(std::isnan(One(std::nan(""))));
  if (gradient()) {
    EXPECT_TRUE(std::isnan(One(1, std::nan(""))));
  }
}

// A zero result has the sign of the exact value or limit, and +0 where f is identically 0, as the definition has it.
TEST_P(KernelsTest, ZeroResultsHaveTheSignOfTheirSide) {
  for (double x : {-kInfinity, -60000.0, -200.0, -3.0, -0.0, 0.0, 200.0, kInfinity}) {
    const double got = One(x);
    if (got != 0) continue;
    const Dual<BigFloat> exact = Exact<BigFloat>(activation(), x);
    EXPECT_EQ(std::signbit(got), signbit(gradient() ? exact.derivative : exact.value)) << "x = " << x;
  }
}

// The same bits at every length, position, alignment and in place: the whole, of a prime length, is the yardstick.
TEST_P(KernelsTest, GivesTheSameBitsWhereverAnElementLies) {
  const Dtype dtype = kernel().dtype;
  std::vector<double> values = Samples(dtype, activation(), 40);
  values.resize(67);
  const std::vector<char> x = Pack(dtype, values);
  const std::vector<char> dy = Pack(dtype, std::vector<double>(values.size(), -0.75));
  const std::vector<char> whole = Run(x, dy);
  for (size_t length = 0; length <= 33; ++length) {
    for (size_t start : {0, 1, 3, 34}) {
      for (size_t misalignment : {0, 1, 5}) {
        const size_t count = length * bytes();
        std::vector<char> in(count + misalignment), upstream(count + misalignment);
        std::vector<char> out(count + misalignment + 8, 'g');
        std::copy_n(x.begin() + start * bytes(), count, in.begin() + misalignment);
        std::copy_n(dy.begin() + start * bytes(), count, upstream.begin() + misalignment);
        RunInto(in.data() + misalignment, upstream.data() + misalignment, out.data() + misalignment, length);
        ASSERT_TRUE(
            std::equal(out.begin() + misalignment, out.begin() + misalignment + count, whole.begin() + start * bytes()))
            << "length " << length << ", start " << start << ", misalignment " << misalignment;
        ASSERT_EQ(std::count(out.end() - 8, out.end(), 'g'), 8) << "wrote past the end";
        RunInto(in.data() + misalignment, upstream.data() + misalignment, in.data() + misalignment, length);
        ASSERT_TRUE(std::equal(in.begin() + misalignment, in.end(), out.begin() + misalignment)) << "in place";
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Catalog, KernelsTest, testing::ValuesIn(AllKernels()), TestName);
INSTANTIATE_TEST_SUITE_P(Catalog, GradientKernelsTest, testing::ValuesIn(GradientKernels()), TestName);

// Parameters away from their defaults, for every activation that has any.
TEST(ParameterTest, KernelsAreRightForOtherParameters) {
  for (const Kernel& kernel : Catalog::Default().kernels()) {
    const ActivationInfo& activation = **Catalog::FindActivation(kernel.activation);
    for (const Parameter& parameter : activation.Parameters()) {
      for (double value : {0.0, -0.0, -1.5, 0.1, 10.0, 5e-324, 1e-307, -1e-307, 1e-300, 1e300}) {
        if (!(value >= parameter.min_value && value <= parameter.max_value)) continue;
        const auto parameters = ResolveParameters(activation, {{std::string(parameter.name), value}});
        ASSERT_TRUE(parameters.ok());
        const std::vector<double> values = {-kInfinity, -1000, -90, -1.25, -0.0, 0.5, 3, 40000, kInfinity};
        const std::vector<char> x = Pack(kernel.dtype, values);
        const std::vector<char> dy = Pack(kernel.dtype, std::vector<double>(values.size(), 1.0));
        std::vector<char> out(x.size());
        std::vector<const void*> inputs = {x.data()};
        if (kernel.direction == Direction::kGradient) inputs.push_back(dy.data());
        PreparedKernel(kernel.functions, parameters->data(), nullptr).Run(inputs, {out.data()}, values.size());
        const ErrorReport report = ErrorMeter(activation, kernel.direction, kernel.dtype, *parameters)
                                       .Measure(inputs, out.data(), 0, values.size());
        EXPECT_LE(report.max_ulp, 4) << kernel.Name() << " " << parameter.name << " = " << value
                                     << " x = " << report.worst_input << " got "
                                     << Unpack(kernel.dtype, out)[report.worst_index];
      }
    }
  }
}

// One prepared kernel, run by several threads at a time on parts of one tensor: the bits of a single run.
TEST(ThreadsTest, ManyThreadsGiveTheBitsOfOne) {
  for (const Kernel& kernel : Catalog::Default().kernels()) {
    const ActivationInfo& activation = **Catalog::FindActivation(kernel.activation);
    const PreparedKernel prepared(kernel.functions, ResolveParameters(activation, {})->data(), nullptr);
    std::vector<double> values(4001);
    for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(i) * 0.005 - 10;
    const std::vector<char> x = Pack(kernel.dtype, values);
    const size_t inputs = kernel.direction == Direction::kGradient ? 2 : 1;
    std::vector<char> whole(x.size());
    std::vector<char> parts(x.size());
    const auto run = [&](size_t begin, size_t end, std::vector<char>& out) {
      const size_t offset = begin * SizeBytes(kernel.dtype);
      const std::vector<const void*> in(inputs, x.data() + offset);
      prepared.Run(in, {out.data() + offset}, end - begin);
    };
    run(0, values.size(), whole);
    std::vector<std::thread> threads;
    const std::vector<size_t> bounds = {0, 1003, 2001, 2999, values.size()};
    for (size_t i = 0; i + 1 < bounds.size(); ++i) {
      threads.emplace_back([&, i] { run(bounds[i], bounds[i + 1], parts); });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(parts, whole) << kernel.Name();
  }
}

// Nothing of a kernel reads before or after its buffers: at the ends of exact allocations, under the address sanitizer.
TEST(BoundsTest, KernelsTouchOnlyTheirElements) {
  for (const Kernel& kernel : Catalog::Default().kernels()) {
    const auto parameters = ResolveParameters(**Catalog::FindActivation(kernel.activation), {});
    const PreparedKernel prepared(kernel.functions, parameters->data(), nullptr);
    for (size_t n : {0, 1, 7, 9, 17}) {
      const std::vector<char> x = Pack(kernel.dtype, std::vector<double>(n, 0.5));
      std::vector<char> out(x.size());
      std::vector<const void*> inputs(kernel.direction == Direction::kGradient ? 2 : 1, x.data());
      prepared.Run(inputs, {out.data()}, n);
    }
  }
}

}  // namespace
}  // namespace actbench
