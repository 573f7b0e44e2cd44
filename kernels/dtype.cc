// SPDX-License-Identifier: Apache-2.0
#include "kernels/dtype.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

namespace actbench {
namespace {

template <class T>
T LoadAs(const void* data) {
  T value;
  std::memcpy(&value, data, sizeof(value));
  return value;
}

// Rounds to a 16-bit format with `precision` significand bits whose least normal number is 2^min_exponent. Works on the
// double's integer significand, so that there is one rounding for normal and subnormal results alike.
uint16_t RoundTo16Bits(double value, int precision, int min_exponent) {
  const uint64_t bits = std::bit_cast<uint64_t>(value);
  const uint16_t sign = static_cast<uint16_t>(bits >> 63 << 15);
  const int fraction_bits = precision - 1;
  const uint16_t infinity = static_cast<uint16_t>((0x7fff >> fraction_bits) << fraction_bits);
  if (std::isnan(value)) return sign | infinity | static_cast<uint16_t>(1 << (fraction_bits - 1));
  const double magnitude = std::fabs(value);
  if (magnitude == 0) return sign;
  if (std::isinf(value)) return sign | infinity;
  const int exponent = std::max(std::ilogb(magnitude), min_exponent);
  // Exact: the quotient by the target's ulp is below 2^53 and nearbyint rounds it to nearest even. A carry into the
  // next binade, or from the subnormals into the normals, or to infinity, is what the addition below does by itself.
  const double steps = std::nearbyint(std::scalbn(magnitude, fraction_bits - exponent));
  const int64_t biased = static_cast<int64_t>(exponent - min_exponent) << fraction_bits;
  const int64_t result = biased + static_cast<int64_t>(std::min(steps, 0x1p20));
  return sign | static_cast<uint16_t>(std::min<int64_t>(result, infinity));
}

double From16Bits(uint16_t bits, int precision, int min_exponent) {
  const int fraction_bits = precision - 1;
  const int fraction = bits & ((1 << fraction_bits) - 1);
  const int exponent = (bits & 0x7fff) >> fraction_bits;
  const double sign = bits >> 15 ? -1.0 : 1.0;
  if (exponent == 0x7fff >> fraction_bits) {
    return fraction == 0 ? sign * HUGE_VAL : std::copysign(std::nan(""), sign);
  }
  const int significand = exponent == 0 ? fraction : fraction | 1 << fraction_bits;
  return sign * std::scalbn(significand, std::max(exponent, 1) - 1 + min_exponent - fraction_bits);
}

}  // namespace

std::optional<Dtype> ParseDtype(std::string_view name) {
  for (const DtypeInfo& info : kDtypes) {
    if (info.name == name) return info.dtype;
  }
  return std::nullopt;
}

double ToDouble(F16 value) { return From16Bits(value.bits, 11, -14); }
double ToDouble(BF16 value) { return From16Bits(value.bits, 8, -126); }
F16 ToF16(double value) { return {RoundTo16Bits(value, 11, -14)}; }
BF16 ToBF16(double value) { return {RoundTo16Bits(value, 8, -126)}; }

double LoadElement(Dtype dtype, const void* data) {
  switch (dtype) {
    case Dtype::kF64:
      return LoadAs<double>(data);
    case Dtype::kF32:
      return LoadAs<float>(data);
    case Dtype::kF16:
      return ToDouble(LoadAs<F16>(data));
    case Dtype::kBF16:
      return ToDouble(LoadAs<BF16>(data));
  }
  return 0;
}

void StoreElement(Dtype dtype, double value, void* data) {
  switch (dtype) {
    case Dtype::kF64:
      std::memcpy(data, &value, sizeof(value));
      return;
    case Dtype::kF32: {
      const float rounded = static_cast<float>(value);
      std::memcpy(data, &rounded, sizeof(rounded));
      return;
    }
    case Dtype::kF16: {
      const F16 rounded = ToF16(value);
      std::memcpy(data, &rounded, sizeof(rounded));
      return;
    }
    case Dtype::kBF16: {
      const BF16 rounded = ToBF16(value);
      std::memcpy(data, &rounded, sizeof(rounded));
      return;
    }
  }
}

uint64_t LoadBits(Dtype dtype, const void* data) {
  // Sizes that the compiler knows: moves, not calls.
  switch (SizeBytes(dtype)) {
    case 2:
      return LoadAs<uint16_t>(data);
    case 4:
      return LoadAs<uint32_t>(data);
    default:
      uint64_t bits = 0;
      std::memcpy(&bits, data, SizeBytes(dtype));
      return bits;
  }
}

void ConvertElements(Dtype from, const void* source, Dtype to, void* target, size_t n) {
  const size_t from_bytes = SizeBytes(from);
  const size_t to_bytes = SizeBytes(to);
  if (from == to) {
    if (n != 0) std::memcpy(target, source, n * from_bytes);
    return;
  }
  const char* in = static_cast<const char*>(source);
  char* out = static_cast<char*>(target);
  for (size_t i = 0; i < n; ++i) {
    StoreElement(to, LoadElement(from, in + i * from_bytes), out + i * to_bytes);
  }
}

}  // namespace actbench
