// SPDX-License-Identifier: Apache-2.0
// The kernels of other people's libraries. They promise nothing of what kernels_test.cc holds ours to, but are what
// they say, and as safe to call.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "kernels/catalog.h"
#include "tests/few_kernels.h"
#include "tests/kernel_run.h"
#include "tests/measure.h"

namespace actbench {
namespace {

std::vector<const Kernel*> Peers() {
  std::vector<const Kernel*> peers;
  for (const Kernel& kernel : Catalog::Default().kernels()) {
    if (kernel.provider != kOwnProvider) peers.push_back(&kernel);
  }
  return peers;
}

// The parameters that a peer is run with: the defaults, and each one changed to what most activations allow.
std::vector<std::map<std::string, double>> ParametersOf(const Kernel& kernel) {
  std::vector<std::map<std::string, double>> all = {{}};
  for (const Parameter& parameter : (*Catalog::FindActivation(kernel.activation))->Parameters()) {
    all.push_back({{std::string(parameter.name), 0.75 * parameter.default_value + 0.125}});
  }
  return all;
}

bool Serves(const Kernel& kernel, const std::map<std::string, double>& parameters) {
  const std::vector<double> values = *ResolveParameters(**Catalog::FindActivation(kernel.activation), parameters);
  return PreparedKernel(kernel, values.data()).ok();
}

// Points between -5 and 5, none at a kink, with dy between -2 and 2.
std::vector<Point> PointsOf(const TestedKernel& kernel, size_t count) {
  std::vector<Point> points;
  for (size_t i = 0; i < count; ++i) {
    const double place = (static_cast<double>(i) + 0.4) / static_cast<double>(count);
    Point point = {Rounded(kernel.dtype(), 10 * place - 5)};
    if (8 * point[0] == std::round(8 * point[0])) point[0] = 0.3125;  // bf16 rounds to where kinks may be
    if (kernel.gradient()) point.push_back(Rounded(kernel.dtype(), 2 * std::cos(100 * place)));
    points.push_back(point);
  }
  return points;
}

TEST(PeersTest, LibmIsAlwaysThere) {
  EXPECT_TRUE(Catalog::Default().FindKernel("sigmoid", Direction::kForward, Dtype::kF32, {.provider = "libm"}).ok());
}

TEST(PeersTest, AreNativeAndNeverTheDefaultBesideOurs) {
  ACTBENCH_NEEDS_ALL_KERNELS();
  for (const Kernel* peer : Peers()) {
    EXPECT_EQ(peer->tier, "native") << peer->Name();
    const auto found = [&](const KernelSelector& selector) {
      return *Catalog::Default().FindKernel(peer->activation, peer->direction, peer->dtype, selector);
    };
    EXPECT_EQ(found({})->provider, kOwnProvider) << peer->Name();
    EXPECT_EQ(found({.provider = peer->provider})->tier, "native") << peer->Name();
    EXPECT_EQ(found({.provider = peer->provider, .isa = peer->isa}), peer) << peer->Name();
  }
}

TEST(PeersTest, TakeNoQuantization) {
  const Quantization quantization[3] = {{1, 0}, {1, 0}, {1, 0}};
  for (const Kernel* peer : Peers()) {
    const std::vector<double> values = *ResolveParameters(**Catalog::FindActivation(peer->activation), {});
    EXPECT_FALSE(PreparedKernel(peer->functions, values.data(), quantization).ok()) << peer->Name();
  }
}

// Between -5 and 5 no formula loses more than a few digits of 1: in f32 1e-5 of the larger of the exact result and 1
// (1e-6 measured), which tells gelu_erf from gelu_tanh; in bf16 besides a rounding. What is lost of small results is
// for `actbench accuracy` to show.
TEST(PeersTest, ComputeWhatTheySayWithAnyParameters) {
  for (const Kernel* peer : Peers()) {
    for (const std::map<std::string, double>& parameters : ParametersOf(*peer)) {
      SCOPED_TRACE(peer->Name() + testing::PrintToString(parameters));
      if (!Serves(*peer, parameters)) {
        EXPECT_FALSE(parameters.empty()) << "the defaults";
        continue;
      }
      const TestedKernel kernel(*peer, parameters);
      const std::vector<Point> points = PointsOf(kernel, 499);
      const std::vector<double> got = Unpack(peer->dtype, kernel.Run(Pack(peer->dtype, points))[0]);
      for (size_t i = 0; i < points.size(); ++i) {
        double exact = kernel.ExactOutput(points[i], 0).ToDouble();
        if (kernel.gradient()) exact *= points[i][1];
        const double rounding = peer->dtype == Dtype::kBF16 ? 0x1p-7 * std::fabs(exact) : 0;
        ASSERT_NEAR(got[i], exact, 1e-5 * std::max(1.0, std::fabs(exact)) + rounding) << "at " << points[i][0];
      }
    }
  }
}

// The errors that the formulas of frameworks are known for, to two or three digits, at every 2053rd f32 input: for
// abs(x) < 2 and for all.
struct KnownError {
  const char* activation;
  Direction direction;
  double near_zero;
  double anywhere;
};
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr KnownError kKnownErrors[] = {
    {"sigmoid", Direction::kForward, 1.99, 2.09e6},   {"silu", Direction::kForward, 1.97, 1.67e7},
    {"gelu_erf", Direction::kForward, 12.8, 1.67e7},  {"gelu_tanh", Direction::kForward, 12.0, 1.67e7},
    {"softplus", Direction::kForward, 1.37, 1.38},    {"mish", Direction::kForward, 3.66, 51.6},
    {"elu", Direction::kForward, 1.67e7, 1.67e7},     {"tanh", Direction::kForward, 2.1, 2.1},
    {"hard_sigmoid", Direction::kForward, 1.0, 1.0},  {"hard_swish", Direction::kForward, 1.9, kInfinity},
    {"sigmoid", Direction::kGradient, 7.7, 1.67e7},   {"silu", Direction::kGradient, 1.7e4, 1.67e7},
    {"gelu_erf", Direction::kGradient, 4.5e4, 5.2e5},
};

TEST(PeersTest, LibmHasTheErrorsThatTheFormulasOfFrameworksAreKnownFor) {
  std::vector<float> x;
  for (uint64_t bits = 0; bits < uint64_t{1} << 32; bits += 2053) {
    const auto pattern = std::bit_cast<float>(static_cast<uint32_t>(bits));
    if (std::isfinite(pattern)) x.push_back(pattern);
  }
  const std::vector<float> dy(x.size(), 1);
  for (const KnownError& known : kKnownErrors) {
    SCOPED_TRACE(std::string(known.activation) + " " + std::string(Name(known.direction)));
    if (!Catalog::FindActivation(known.activation).ok()) continue;
    const Kernel& kernel =
        **Catalog::Default().FindKernel(known.activation, known.direction, Dtype::kF32, {.provider = "libm"});
    GivenInputs inputs{{x.data()}, x.size()};
    if (known.direction == Direction::kGradient) inputs.inputs.push_back(dy.data());
    const AccuracyReport report = ReportOf(kernel, inputs);
    double near_zero = 0;
    for (const BinadeError& row : report.binades) {
      if (row.exponent <= 0) near_zero = std::max(near_zero, row.max_ulp);
    }
    EXPECT_GE(near_zero, 0.99 * known.near_zero);
    EXPECT_GE(report.max_ulp, 0.99 * known.anywhere);
  }
}

// Copies of the inputs, `misalignment` bytes from where they could be, run in place of input `in_place`, if there is
// one.
std::vector<char> RunAt(const TestedKernel& kernel, const Buffers& inputs, size_t misalignment, size_t in_place) {
  constexpr size_t kGuard = 64;
  const size_t bytes = inputs[0].size();
  Buffers buffers = inputs;
  buffers.emplace_back(bytes);
  std::vector<const void*> in;
  for (std::vector<char>& buffer : buffers) {
    buffer.insert(buffer.begin(), misalignment, 'g');
    buffer.insert(buffer.end(), kGuard, 'g');
    in.push_back(buffer.data() + misalignment);
  }
  std::vector<char>& target = buffers[std::min(in_place, inputs.size())];
  in.pop_back();
  kernel.RunInto(in, {target.data() + misalignment}, bytes / SizeBytes(kernel.dtype()));
  for (const std::vector<char>& buffer : buffers) {
    EXPECT_TRUE(std::all_of(buffer.begin(), buffer.begin() + misalignment, [](char c) { return c == 'g'; }));
    EXPECT_TRUE(std::all_of(buffer.end() - kGuard, buffer.end(), [](char c) { return c == 'g'; }));
  }
  return {target.begin() + misalignment, target.end() - kGuard};
}

TEST(PeersTest, GiveTheSameBitsAgainMisalignedAndInPlace) {
  for (const Kernel* peer : Peers()) {
    SCOPED_TRACE(peer->Name());
    const TestedKernel kernel(*peer);
    for (size_t length : {0, 1, 3, 7, 15, 16, 17, 33, 48, 97, 1000, 4099, 70001}) {
      const Buffers inputs = Pack(peer->dtype, PointsOf(kernel, std::max<size_t>(length, 1)));
      Buffers cut;
      for (const std::vector<char>& input : inputs) {
        cut.emplace_back(input.begin(), input.begin() + static_cast<std::ptrdiff_t>(length * SizeBytes(peer->dtype)));
      }
      const std::vector<char> expected = kernel.Run(cut)[0];
      for (size_t misalignment : {0, 1, 5}) {
        for (size_t in_place = 0; in_place <= kernel.input_count(); ++in_place) {
          ASSERT_EQ(RunAt(kernel, cut, misalignment, in_place), expected)
              << length << " elements, " << misalignment << " bytes off, in place of " << in_place;
        }
      }
    }
  }
}

// One prepared kernel, run by several threads at a time.
TEST(PeersTest, ManyThreadsGiveTheBitsOfOne) {
  for (const Kernel* peer : Peers()) {
    const TestedKernel kernel(*peer);
    const Buffers inputs = Pack(peer->dtype, PointsOf(kernel, 20011));
    const Buffers expected = kernel.Run(inputs);
    std::array<bool, 4> same = {};
    std::vector<std::thread> threads;
    threads.reserve(same.size());
    for (bool& result : same) {
      threads.emplace_back([&] {
        result = true;
        for (int i = 0; i < 3; ++i) result = result && kernel.Run(inputs) == expected;
      });
    }
    for (std::thread& thread : threads) thread.join();
    for (bool result : same) EXPECT_TRUE(result) << peer->Name();
  }
}

}  // namespace
}  // namespace actbench
