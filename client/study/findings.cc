// SPDX-License-Identifier: Apache-2.0
#include "client/study/findings.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/format.h"

namespace actbench::client {

const char* VerdictName(Verdict verdict) {
  switch (verdict) {
    case Verdict::kConfirmed:
      return "confirmed";
    case Verdict::kCorrected:
      return "corrected";
    case Verdict::kRefuted:
      return "refuted";
    case Verdict::kDepends:
      break;
  }
  return "depends";
}

Measurements::Measurements(std::initializer_list<std::pair<const char*, double>> values) {
  for (const auto& [name, value] : values) Add(name, value);
}

void Measurements::Add(std::string name, double value, std::string unit) {
  all_.push_back({std::move(name), value, std::move(unit)});
}

const Measurement* Measurements::Find(absl::string_view name) const {
  const auto found = std::find_if(all_.begin(), all_.end(), [&](const Measurement& one) { return name == one.name; });
  return found == all_.end() ? nullptr : &*found;
}

double Measurements::operator[](absl::string_view name) const {
  const Measurement* const found = Find(name);
  return found == nullptr ? std::numeric_limits<double>::quiet_NaN() : found->value;
}

bool Measurements::Has(absl::string_view name) const { return Find(name) != nullptr; }

std::string NumberText(double value) {
  if (std::isnan(value)) return "unknown";
  if (std::isinf(value)) return value < 0 ? "-infinity" : "infinity";
  constexpr double kLargestCount = 1e15;  // beyond, a power of ten says more
  if (value == std::floor(value) && std::abs(value) < kLargestCount) {
    const std::string digits = GroupedDecimal(static_cast<int64_t>(std::abs(value)));
    return value < 0 ? absl::StrCat("-", digits) : digits;
  }
  int exponent = 0;
  constexpr int kLeastPower = -8;  // 2^-7 is still read more easily as 0.00781
  if (std::frexp(value, &exponent) == 0.5 && exponent - 1 < kLeastPower) return absl::StrCat("2^", exponent - 1);
  return absl::StrFormat("%.3g", value);
}

std::string PercentText(double share) {
  return std::isnan(share) ? "unknown" : absl::StrFormat("%.1f %%", 100 * share);
}

std::string PointsText(double difference) {
  if (std::isnan(difference)) return "unknown";
  // Only a margin of chance can be so large, of two seeds that differ.
  return std::abs(difference) > 1 ? "more than 100 points" : absl::StrFormat("%.1f points", 100 * difference);
}

}  // namespace actbench::client
