// SPDX-License-Identifier: Apache-2.0
#include "kernels/accuracy/inputs.h"

#include <algorithm>
#include <cmath>

namespace actbench {
namespace {

constexpr std::array<std::string_view, 7> kNames = {"bits",  "normal",    "wide",     "uniform",
                                                    "tails", "subnormal", "saturated"};
constexpr double kDeviation = 3;
constexpr double kWideDeviation = 20;
constexpr double kPi = 3.14159265358979323846;

// The n-th number of a stream of random bits: SplitMix64 (Steele, Lea, Flood 2014) by its place.
uint64_t RandomBits(uint64_t seed, uint64_t place) {
  uint64_t z = seed + (place + 1) * 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

// In (0, 1).
double Fraction(uint64_t bits) { return (static_cast<double>(bits >> 11) + 0.5) * 0x1p-53; }

// From the standard normal distribution, made of two numbers of (0, 1) (Box, Muller 1958).
double Normal(double u, double v) { return std::sqrt(-2 * std::log(u)) * std::cos(2 * kPi * v); }

}  // namespace

std::span<const std::string_view> DistributionNames() { return kNames; }
std::string_view Name(Distribution distribution) { return kNames[static_cast<size_t>(distribution)]; }
std::optional<Distribution> ParseDistribution(std::string_view name) {
  const auto found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<Distribution>(found - kNames.begin());
}

Sampler::Sampler(const SampledInputs& plan, const ActivationInfo& activation, Dtype dtype) noexcept
    : plan_(plan), dtype_(dtype), domain_min_(activation.domain_min), domain_max_(activation.domain_max) {}

uint64_t Sampler::Draw(uint64_t index, size_t input) const {
  const DtypeInfo& format = Info(dtype_);
  const uint64_t bits = RandomBits(plan_.seed, 8 * index + 2 * input);
  const uint64_t more = RandomBits(plan_.seed, 8 * index + 2 * input + 1);
  const uint64_t width = 8 * format.size_bytes;
  if (plan_.distribution == Distribution::kBits) return bits >> (64 - width);
  const uint64_t sign = (more & 1) << (width - 1);
  if (plan_.distribution == Distribution::kSubnormal) return sign | bits >> (64 - format.precision + 1);
  const double end = std::max(std::fabs(domain_min_), std::fabs(domain_max_));
  const double u = Fraction(bits);
  double value = 0;
  switch (plan_.distribution) {
    case Distribution::kNormal:
      value = kDeviation * Normal(u, Fraction(more));
      break;
    case Distribution::kWide:
      value = kWideDeviation * Normal(u, Fraction(more));
      break;
    case Distribution::kUniform:
      value = domain_min_ + u * (domain_max_ - domain_min_);
      break;
    case Distribution::kTails:
      value = std::exp2(std::log2(end) + u * (format.max_exponent + 1 - std::log2(end)));
      value = std::min(value, std::ldexp(2 - std::ldexp(1.0, 1 - format.precision), format.max_exponent));
      break;
    default:
      value = end * (1 + 9 * u);
  }
  const bool has_sizes = plan_.distribution == Distribution::kTails || plan_.distribution == Distribution::kSaturated;
  if (has_sizes && sign != 0) value = -value;
  uint64_t element = 0;
  StoreElement(dtype_, value, &element);
  return element;
}

}  // namespace actbench
