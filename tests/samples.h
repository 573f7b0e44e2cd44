// SPDX-License-Identifier: Apache-2.0
// Inputs for tests: the special values, kinks and anchors with their neighbours, samples by bit pattern and of the
// interesting domain. Deterministic.
#ifndef ACTBENCH_TESTS_SAMPLES_H_
#define ACTBENCH_TESTS_SAMPLES_H_

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "kernels/activation_info.h"
#include "kernels/dtype.h"

namespace actbench {

inline constexpr uint64_t kSeed = 20261124;

// Elements of `dtype`, packed.
inline std::vector<char> Pack(Dtype dtype, const std::vector<double>& values) {
  std::vector<char> data(values.size() * SizeBytes(dtype));
  for (size_t i = 0; i < values.size(); ++i) StoreElement(dtype, values[i], data.data() + i * SizeBytes(dtype));
  return data;
}

inline std::vector<double> Unpack(Dtype dtype, const std::vector<char>& data) {
  std::vector<double> values;
  for (size_t at = 0; at < data.size(); at += SizeBytes(dtype)) values.push_back(LoadElement(dtype, data.data() + at));
  return values;
}

// `value` is a number of `dtype` after this.
inline double Rounded(Dtype dtype, double value) {
  char bytes[8];
  StoreElement(dtype, value, bytes);
  return LoadElement(dtype, bytes);
}

// NaN, infinities, zeros, the least and largest subnormal and normal numbers of either sign.
inline std::vector<double> SpecialValues(Dtype dtype) {
  const DtypeInfo& format = Info(dtype);
  const double least_normal = std::ldexp(1.0, format.min_exponent);
  const double least = std::ldexp(least_normal, 1 - format.precision);
  const double largest = std::ldexp(2 - std::ldexp(1.0, 1 - format.precision), format.max_exponent);
  std::vector<double> values = {std::numeric_limits<double>::quiet_NaN()};
  for (double x :
       {0.0, least, least_normal - least, least_normal, 1.0, largest, std::numeric_limits<double>::infinity()}) {
    values.push_back(x);
    values.push_back(-x);
  }
  return values;
}

// The number of `dtype` that is `steps` places above `value`, which is one too. Both zeros have the same place.
inline double Step(Dtype dtype, double value, int64_t steps) {
  char data[8];
  StoreElement(dtype, value, data);
  const uint64_t sign = uint64_t{1} << (8 * SizeBytes(dtype) - 1);
  uint64_t bits = LoadBits(dtype, data);
  const int64_t place = steps + (bits & sign ? -static_cast<int64_t>(bits ^ sign) : static_cast<int64_t>(bits));
  bits = place < 0 ? static_cast<uint64_t>(-place) | sign : static_cast<uint64_t>(place);
  return LoadElement(dtype, &bits);
}

// All 65,536 values of a 16-bit dtype; of a larger one the special values, small integers (where kinks are) and the
// anchors with their neighbours, `count` random bit patterns and `count` points of the activation's domain.
inline std::vector<double> Samples(Dtype dtype, const ActivationInfo& activation, size_t count) {
  std::vector<double> values;
  if (SizeBytes(dtype) == 2) {
    for (uint32_t bits = 0; bits < 65536; ++bits) {
      const auto half = static_cast<uint16_t>(bits);
      values.push_back(LoadElement(dtype, &half));
    }
    return values;
  }
  values = SpecialValues(dtype);
  std::vector<double> centres;
  for (int i = -8; i <= 8; ++i) centres.push_back(i);
  for (const Anchor& anchor : activation.Anchors()) centres.push_back(Rounded(dtype, anchor.x));
  for (double centre : centres) {
    for (int steps : {-1, 0, 1}) values.push_back(Step(dtype, centre, steps));
  }
  std::mt19937_64 random(kSeed);
  std::uniform_real_distribution<double> domain(activation.domain_min, activation.domain_max);
  for (size_t i = 0; i < count; ++i) {
    const uint64_t bits = random();
    values.push_back(LoadElement(dtype, &bits));
    values.push_back(Rounded(dtype, domain(random)));
    values.push_back(Rounded(dtype, 16 * domain(random)));  // the tails
  }
  return values;
}

}  // namespace actbench

#endif  // ACTBENCH_TESTS_SAMPLES_H_
