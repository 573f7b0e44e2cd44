// SPDX-License-Identifier: Apache-2.0
// Whether two kernels give the same bits, at any inputs and with several parameters.
#ifndef ACTBENCH_TESTS_SAME_BITS_H_
#define ACTBENCH_TESTS_SAME_BITS_H_

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "kernels/catalog.h"
#include "tests/kernel_run.h"
#include "tests/samples.h"

namespace actbench {

// All values of 16-bit dtypes, else so many of any bit pattern, of the domain and subnormal ones; beside each others of
// either kind.
inline std::vector<Point> AnyPoints(Dtype dtype, const ActivationInfo& activation, size_t inputs) {
  std::vector<double> values = Samples(dtype, activation, 3000);
  std::mt19937_64 random(kSeed);
  const DtypeInfo& format = Info(dtype);
  for (int i = 0; i < 500 && SizeBytes(dtype) > 2; ++i) {
    const double size =
        std::ldexp(static_cast<double>(random() >> 11), format.min_exponent - 53 - i % format.precision);
    values.push_back(Rounded(dtype, i % 2 == 0 ? size : -size));
  }
  std::vector<Point> points;
  for (size_t input = 0; input < inputs; ++input) {
    for (double value : values) {
      Point point;
      for (size_t i = 0; i < inputs; ++i) point.push_back(i == input ? value : values[random() % values.size()]);
      points.push_back(point);
    }
  }
  return points;
}

// The defaults; others that are ordinary; and some that f32 lanes cannot serve, or that are 0 in f32.
inline std::vector<std::vector<double>> SomeParameters(const ActivationInfo& activation) {
  std::vector<std::vector<double>> sets = {*ResolveParameters(activation, {})};
  for (double factor : {1.375, 0x1p-70, 0x1p-1000}) {
    std::map<std::string, double> given;
    for (const Parameter& parameter : activation.Parameters()) {
      given[std::string(parameter.name)] = parameter.default_value * factor;
    }
    const absl::StatusOr<std::vector<double>> parameters = ResolveParameters(activation, given);
    if (parameters.ok() && *parameters != sets[0]) sets.push_back(*parameters);
  }
  return sets;
}

inline Buffers RunOn(const PreparedKernel& kernel, const Buffers& inputs, size_t output_count, size_t n) {
  Buffers outputs(output_count, std::vector<char>(inputs[0].size()));
  std::vector<void*> pointers;
  for (std::vector<char>& output : outputs) pointers.push_back(output.data());
  EXPECT_TRUE(kernel.Run(Pointers(inputs), pointers, n).ok());
  return outputs;
}

// Which NaN it is, is no matter.
inline bool IsSame(Dtype dtype, const char* a, const char* b) {
  return std::memcmp(a, b, SizeBytes(dtype)) == 0 ||
         (std::isnan(LoadElement(dtype, a)) && std::isnan(LoadElement(dtype, b)));
}

// A kernel and the one that has the right bits, with the same parameters.
struct PreparedPair {
  const PreparedKernel& kernel;
  const PreparedKernel& expected;
};

inline void ExpectSameBitsAt(const std::vector<Point>& points, const Buffers& packed, const PreparedPair& pair,
                             const Kernel& expected, const std::vector<double>& parameters) {
  const size_t outputs = OutputCount(**Catalog::FindActivation(expected.activation), expected.direction);
  const size_t size = SizeBytes(expected.dtype);
  const Buffers got = RunOn(pair.kernel, packed, outputs, points.size());
  const Buffers wanted = RunOn(pair.expected, packed, outputs, points.size());
  for (size_t k = 0; k < outputs; ++k) {
    for (size_t i = 0; i < points.size(); ++i) {
      const char* const a = got[k].data() + i * size;
      const char* const b = wanted[k].data() + i * size;
      ASSERT_TRUE(IsSame(expected.dtype, a, b))
          << expected.Name() << ", output " << k << " at " << testing::PrintToString(points[i]) << " with "
          << testing::PrintToString(parameters) << ": " << LoadElement(expected.dtype, a) << " in place of "
          << LoadElement(expected.dtype, b);
    }
  }
}

// The same at few of the points, three times and at others each time: a device makes a graph of small work that comes
// again, and the third time launches that alone.
inline void ExpectSameBitsAgain(const std::vector<Point>& points, const PreparedPair& pair, const Kernel& expected,
                                const std::vector<double>& parameters) {
  constexpr size_t kFew = 1000;
  constexpr size_t kApart = 7919;  // so that what is left of the run before is wrong
  for (size_t run = 0; run < 3; ++run) {
    std::vector<Point> few;
    const size_t step = points.size() / kFew;
    for (size_t i = 0; i < kFew; ++i) few.push_back(points[(i * step + run * kApart) % points.size()]);
    ASSERT_NO_FATAL_FAILURE(ExpectSameBitsAt(few, Pack(expected.dtype, few), pair, expected, parameters));
  }
}

// At any of AnyPoints and SomeParameters. A kernel that refuses parameters is to do so where the other does.
inline void ExpectSameBits(const Kernel& kernel, const Kernel& expected) {
  const ActivationInfo& activation = **Catalog::FindActivation(expected.activation);
  const std::vector<Point> points = AnyPoints(expected.dtype, activation, InputCount(activation, expected.direction));
  const Buffers packed = Pack(expected.dtype, points);
  for (const std::vector<double>& parameters : SomeParameters(activation)) {
    const PreparedKernel prepared(kernel, parameters.data());
    const PreparedKernel other(expected, parameters.data());
    ASSERT_EQ(prepared.ok(), other.ok()) << kernel.Name() << " with " << testing::PrintToString(parameters);
    if (!prepared.ok()) continue;
    const PreparedPair pair = {prepared, other};
    ASSERT_NO_FATAL_FAILURE(ExpectSameBitsAt(points, packed, pair, expected, parameters));
    if (kernel.on_device == nullptr) continue;
    ASSERT_NO_FATAL_FAILURE(ExpectSameBitsAgain(points, pair, expected, parameters));
  }
}

// Of each of these kernels that is of the tier, beside that of the CPU for `isa`; how many there were.
inline int CompareTier(absl::Span<const Kernel> kernels, const std::string& tier, const std::string& isa) {
  int compared = 0;
  for (const Kernel& kernel : kernels) {
    if (kernel.tier != tier) continue;
    const KernelSelector selector = {.tier = tier, .isa = isa, .device = "cpu"};
    const absl::StatusOr<const Kernel*> expected =
        Catalog::Default().FindKernel(kernel.activation, kernel.direction, kernel.dtype, selector);
    if (!expected.ok()) continue;
    ExpectSameBits(kernel, **expected);
    ++compared;
  }
  return compared;
}

}  // namespace actbench

#endif  // ACTBENCH_TESTS_SAME_BITS_H_
