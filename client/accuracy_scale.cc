// SPDX-License-Identifier: Apache-2.0
#include "client/accuracy_scale.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"

namespace actbench::client {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// The least and greatest power of ten that an error axis shows at least, and the least one that it ever shows.
constexpr int kLeast = -1;
constexpr int kGreatest = 1;
constexpr int kLeastEver = -2;
// The most labels of the error axis.
constexpr int kMostUlpTicks = 8;

// Binades whose errors differ by no more than this factor may share a place, if they are at least so many.
constexpr double kSame = 1.25;
constexpr int kShortestStretch = 6;
// Those between these exponents never do.
constexpr int kInnermost = -6;
constexpr int kOutermost = 5;
// The width of a shared place, in binades.
constexpr double kSharedWidth = 3;
// The least distance of two labels of the x axis in pixels.
constexpr double kTickDistance = 48;

// 0.125 to 64 in full, else 2⁻⁸.
std::string PowerOfTwo(int exponent) {
  if (exponent >= -3 && exponent <= 6) return absl::StrCat(std::ldexp(1.0, exponent));
  return absl::StrCat("2", Superscript(exponent));
}

// Whether all of the certificate's binades of this sign with exponents in [first, last] have much the same error.
bool Alike(const v1::Certificate& certificate, bool negative, int first, int last, const UlpScale& ulps) {
  double least = kInfinity;
  double greatest = 0;
  for (const v1::BinadeError& binade : certificate.report().binades()) {
    if (binade.negative() != negative || binade.exponent() < first || binade.exponent() > last) continue;
    const double ulp = std::isinf(binade.max_ulp()) ? kInfinity : ulps.Clamp(binade.max_ulp());
    least = std::min(least, ulp);
    greatest = std::max(greatest, ulp);
  }
  return least >= greatest || greatest <= least * kSame;
}

bool AllAlike(absl::Span<const v1::Certificate> certificates, int first, int last, const UlpScale& ulps) {
  return std::all_of(certificates.begin(), certificates.end(), [&](const v1::Certificate& certificate) {
    return Alike(certificate, true, first, last, ulps) && Alike(certificate, false, first, last, ulps);
  });
}

// The least and the greatest exponent of all binades.
std::pair<int, int> Exponents(absl::Span<const v1::Certificate> certificates) {
  std::pair<int, int> ends = {kInnermost, kOutermost};
  for (const v1::Certificate& certificate : certificates) {
    for (const v1::BinadeError& binade : certificate.report().binades()) {
      ends.first = std::min(ends.first, binade.exponent());
      ends.second = std::max(ends.second, binade.exponent());
    }
  }
  return ends;
}

// Binades that share a place: from the first exponent to the last.
struct Stretch {
  int first;
  int last;
};

double Width(const Stretch& stretch) { return stretch.first == stretch.last ? 1 : kSharedWidth; }

// All binades of one side, from zero on.
std::vector<Stretch> Stretches(absl::Span<const v1::Certificate> certificates, const UlpScale& ulps) {
  const auto [least, greatest] = Exponents(certificates);
  std::vector<Stretch> stretches;
  for (int first = least; first <= greatest;) {
    int last = first;
    if (first <= kInnermost || first >= kOutermost) {
      const int end = first <= kInnermost ? kInnermost : greatest;
      while (last < end && AllAlike(certificates, first, last + 1, ulps)) ++last;
      if (last - first + 1 < kShortestStretch) last = first;
    }
    stretches.push_back({first, last});
    first = last + 1;
  }
  return stretches;
}

}  // namespace

UlpScale::UlpScale(absl::Span<const v1::Certificate> certificates, double top, double bottom)
    : least_(kLeast), greatest_(kGreatest), top_(top), bottom_(bottom) {
  for (const v1::Certificate& certificate : certificates) {
    for (const v1::BinadeError& binade : certificate.report().binades()) {
      if (!(binade.max_ulp() > 0) || std::isinf(binade.max_ulp())) continue;
      const double power = std::log10(binade.max_ulp());
      least_ = std::max(std::min(least_, static_cast<int>(std::floor(power))), kLeastEver);
      greatest_ = std::max(greatest_, static_cast<int>(std::ceil(power)));
    }
  }
}

double UlpScale::At(double ulp) const {
  const double power = std::clamp(std::log10(ulp), static_cast<double>(least_), static_cast<double>(greatest_));
  return bottom_ - (power - least_) / (greatest_ - least_) * (bottom_ - top_);
}

double UlpScale::Clamp(double ulp) const { return std::clamp(ulp, std::pow(10, least_), std::pow(10, greatest_)); }

std::vector<Tick> UlpScale::Ticks() const {
  const int step = (greatest_ - least_) / kMostUlpTicks + 1;
  std::vector<Tick> ticks = {{bottom_, absl::StrCat("≤ ", PowerOfTen(least_))}};
  for (int power = least_ + 1; power <= greatest_; ++power) {
    if (power % step == 0) ticks.push_back({At(std::pow(10, power)), PowerOfTen(power)});
  }
  return ticks;
}

BinadeScale::BinadeScale(absl::Span<const v1::Certificate> certificates, const UlpScale& ulps, double left,
                         double right)
    : middle_((left + right) / 2) {
  const std::vector<Stretch> stretches = Stretches(certificates, ulps);
  double width = 0;
  for (const Stretch& stretch : stretches) width += Width(stretch);
  const double unit = (right - left) / 2 / width;
  double distance = 0;  // from the middle
  for (const Stretch& stretch : stretches) {
    const double next = distance + Width(stretch) * unit;
    cells_.insert(cells_.begin(), {middle_ - next, middle_ - distance, true, stretch.first, stretch.last});
    cells_.push_back({middle_ + distance, middle_ + next, false, stretch.first, stretch.last});
    distance = next;
  }
}

std::vector<Tick> BinadeScale::Ticks() const {
  std::vector<Tick> ticks = {{cells_.front().begin, "−∞"}, {middle_, "0"}, {cells_.back().end, "∞"}};
  const auto add = [&](const Cell& cell, int exponent, double at) {
    const bool free = std::all_of(ticks.begin(), ticks.end(),
                                  [&](const Tick& tick) { return std::abs(tick.at - at) >= kTickDistance; });
    if (free) ticks.push_back({at, absl::StrCat(cell.negative ? "−" : "", PowerOfTwo(exponent))});
  };
  // 1 first, then the ends of what is shortened, then round exponents.
  for (const int step : {0, 1, 10, 5, 2}) {
    for (const Cell& cell : cells_) {
      const double inner = cell.negative ? cell.end : cell.begin;
      const double outer = cell.negative ? cell.begin : cell.end;
      const int exponent = cell.first_exponent;
      if (step == 0 && exponent == 0) add(cell, exponent, inner);
      if (step == 1 && cell.shared()) add(cell, exponent, inner);
      if (step == 1 && cell.shared()) add(cell, cell.last_exponent + 1, outer);
      if (step > 1 && !cell.shared() && exponent % step == 0) add(cell, exponent, inner);
    }
  }
  return ticks;
}

std::optional<double> MaxUlp(const v1::Certificate& certificate, const Cell& cell) {
  std::optional<double> greatest;
  for (const v1::BinadeError& binade : certificate.report().binades()) {
    const bool inside = binade.negative() == cell.negative && binade.exponent() >= cell.first_exponent &&
                        binade.exponent() <= cell.last_exponent && binade.checked() > 0;
    if (inside) greatest = std::max(greatest.value_or(0), binade.max_ulp());
  }
  return greatest;
}

}  // namespace actbench::client
