// SPDX-License-Identifier: Apache-2.0
#include "client/study/quantizer.h"

#include <algorithm>
#include <cmath>

#include "kernels/dtype.h"

namespace actbench::client {
namespace {

// Of e4m3 (OCP 8-bit floating point, 2023): three bits of significand below the first, exponents down to -6.
constexpr float kGreatestF8 = 448;
constexpr int kLeastExponentF8 = -6;
constexpr int kSignificandF8 = 3;

float Greatest(const NarrowFormat& format) {
  return format.kind == NarrowKind::kF8E4M3 ? kGreatestF8 : std::ldexp(1.0f, format.bits - 1) - 1;
}

// std::nearbyint rounds to nearest even, as nobody changes the mode.
float RoundToF8(float value) {
  if (value == 0 || std::isnan(value)) return value;
  const int exponent = std::max(std::ilogb(value), kLeastExponentF8);
  const float step = std::ldexp(1.0f, exponent - kSignificandF8);
  return std::clamp(std::nearbyint(value / step) * step, -kGreatestF8, kGreatestF8);
}

}  // namespace

const std::vector<NarrowFormat>& NarrowFormats() {
  static const auto& formats = *new std::vector<NarrowFormat>{
      {"f16", NarrowKind::kF16, 16},   {"bf16", NarrowKind::kBF16, 16}, {"fp8", NarrowKind::kF8E4M3, 8},
      {"i8", NarrowKind::kInteger, 8}, {"i6", NarrowKind::kInteger, 6}, {"i4", NarrowKind::kInteger, 4},
      {"i3", NarrowKind::kInteger, 3}};
  return formats;
}

float ScaleFor(const NarrowFormat& format, float greatest) {
  return format.scaled() && greatest > 0 ? greatest / Greatest(format) : 1;
}

float Narrowed(const NarrowFormat& format, float scale, float value) {
  switch (format.kind) {
    case NarrowKind::kF16:
      return static_cast<float>(ToDouble(ToF16(static_cast<double>(value))));
    case NarrowKind::kBF16:
      return static_cast<float>(ToDouble(ToBF16(static_cast<double>(value))));
    case NarrowKind::kF8E4M3:
      return RoundToF8(std::clamp(value / scale, -kGreatestF8, kGreatestF8)) * scale;
    case NarrowKind::kInteger:
      break;
  }
  return std::clamp(std::nearbyint(value / scale), -Greatest(format), Greatest(format)) * scale;
}

}  // namespace actbench::client
