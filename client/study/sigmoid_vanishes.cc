// SPDX-License-Identifier: Apache-2.0
// The derivative of sigmoid over all inputs. Tested by study_statements_test.cc.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "absl/base/casts.h"
#include "absl/strings/str_cat.h"
#include "client/study/curves.h"
#include "client/study/statements.h"

namespace actbench::client {
namespace {

Function Gradient() { return GradientOf("sigmoid"); }

// A factor under this is under half of the last place of what it is added to: 8 significant bits has bf16, 24 has f32.
constexpr double kLimits[] = {0x1p-8, 0x1p-24, std::numeric_limits<double>::denorm_min()};

// Over how many layers the verdict looks: the deeper of the two networks that the study trains.
constexpr int kLayers = 16;

// The least float that is no less than a limit.
float FloatFrom(double limit) {
  const auto nearest = static_cast<float>(limit);
  return static_cast<double>(nearest) < limit ? std::nextafter(nearest, std::numeric_limits<float>::max()) : nearest;
}

// What is looked for in all values, in parts that can be joined.
struct Tally {
  int64_t finite = 0;  // inputs
  int64_t nan = 0;     // of their outputs
  double largest = 0;
  double at = 0;
  std::array<double, 3> last = {};  // by limit: the greatest abs(x) whose value reaches it

  void Add(double x, double y) {
    ++finite;
    nan += std::isnan(y) ? 1 : 0;
    Look(x, y);
  }
  void Look(double x, double y) {
    // Of many alike the one nearest to 0, whichever comes first.
    if (y > largest || (y == largest && std::abs(x) < std::abs(at))) {
      largest = y;
      at = x;
    }
    for (size_t i = 0; i < last.size(); ++i) {
      if (y >= kLimits[i] && std::abs(x) > last[i]) last[i] = std::abs(x);
    }
  }
  // Of a piece of a sweep, by its bits, which order numbers from 0 on: without a branch, so that several are looked at
  // at once, as there are 2^32.
  void AddPiece(absl::Span<const float> x, absl::Span<const float> y) {
    constexpr int32_t kInfinity = 0x7f800000;
    uint32_t finite_here = 0;
    uint32_t nan_here = 0;
    int32_t largest_here = 0;
    int32_t least_x = kInfinity;
    std::array<int32_t, 3> last_here = {};
    std::array<int32_t, 3> limits = {};
    for (size_t j = 0; j < limits.size(); ++j) limits[j] = absl::bit_cast<int32_t>(FloatFrom(kLimits[j]));
    for (size_t i = 0; i < x.size(); ++i) {
      const int32_t a = absl::bit_cast<int32_t>(x[i]) & 0x7fffffff;
      const int32_t value = absl::bit_cast<int32_t>(y[i]);
      const bool is_finite = a < kInfinity;
      const bool is_nan = (value & 0x7fffffff) > kInfinity;
      finite_here += is_finite;
      nan_here += is_finite & is_nan;
      least_x = std::min(least_x, a);
      const int32_t number = (is_finite & !is_nan) ? value : 0;
      largest_here = std::max(largest_here, number);
      for (size_t j = 0; j < limits.size(); ++j) last_here[j] = std::max(last_here[j], number >= limits[j] ? a : 0);
    }
    finite += finite_here;
    nan += nan_here;
    for (size_t j = 0; j < last.size(); ++j) {
      last[j] = std::max(last[j], static_cast<double>(absl::bit_cast<float>(last_here[j])));
    }
    const auto most = absl::bit_cast<float>(largest_here);
    const bool is_nearer = static_cast<double>(absl::bit_cast<float>(least_x)) < std::abs(at);
    if (static_cast<double>(most) < largest || (static_cast<double>(most) == largest && !is_nearer)) return;
    for (size_t i = 0; i < x.size(); ++i) {
      if (y[i] == most && std::isfinite(x[i])) Look(static_cast<double>(x[i]), static_cast<double>(y[i]));
    }
  }
  void Join(const Tally& other) {
    finite += other.finite;
    nan += other.nan;
    Look(other.at, other.largest);
    for (size_t i = 0; i < last.size(); ++i) last[i] = std::max(last[i], other.last[i]);
  }
};

void AddTally(const char* dtype, const Tally& tally, Measurements& measurements) {
  measurements.Add(absl::StrCat("nan.", dtype), static_cast<double>(tally.nan));
  measurements.Add(absl::StrCat("largest.", dtype), tally.largest);
  measurements.Add(absl::StrCat("largest_at.", dtype), tally.at);
  measurements.Add(absl::StrCat("last_x_from_2^-8.", dtype), tally.last[0]);
  measurements.Add(absl::StrCat("last_x_from_2^-24.", dtype), tally.last[1]);
  measurements.Add(absl::StrCat("last_x_above_0.", dtype), tally.last[2]);
}

// All bits of a dtype of 16.
absl::StatusOr<Tally> SweepNarrow(Lab& lab, Dtype dtype) {
  std::vector<double> x;
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const auto narrow = static_cast<uint16_t>(bits);
    const double value = LoadElement(dtype, &narrow);
    if (std::isfinite(value)) x.push_back(value);
  }
  const absl::StatusOr<std::vector<double>> y = lab.Values(Gradient(), dtype, x);
  if (!y.ok()) return y.status();
  Tally tally;
  for (size_t i = 0; i < x.size(); ++i) tally.Add(x[i], (*y)[i]);
  return tally;
}

// f64 has too many numbers: each limit is closed in on, as the derivative falls on this side.
absl::StatusOr<Tally> SearchWide(Lab& lab) {
  Tally places;  // all that are looked at
  Tally tally;
  for (size_t i = 0; i < tally.last.size(); ++i) {
    double from = 0;
    double to = 1024;
    constexpr size_t kPlaces = 1025;
    for (int round = 0; round < 6; ++round) {  // 1024^-6 of the range is beyond the last place
      const std::vector<double> x = Spaced(from, to, kPlaces);
      const absl::StatusOr<std::vector<double>> y = lab.Values(Gradient(), Dtype::kF64, x);
      if (!y.ok()) return y.status();
      size_t last = 0;
      for (size_t j = 0; j < x.size(); ++j) {
        if ((*y)[j] >= kLimits[i]) last = j;
        places.Add(x[j], (*y)[j]);
      }
      from = x[last];
      to = x[std::min(last + 1, x.size() - 1)];
    }
    tally.last[i] = from;
  }
  tally.finite = places.finite;
  tally.nan = places.nan;
  tally.largest = places.largest;
  tally.at = places.at;
  return tally;
}

absl::StatusOr<Chart> FallingChart(Lab& lab) {
  constexpr double kEnd = 120;
  Chart chart = {"sigmoid' by dtype", {"x"}, {"", /*logarithmic=*/true}, {}};
  chart.y.least = 1e-52;
  const std::vector<double> x = Spaced(0, kEnd, 241);
  // Where they go together one sees the last: the shorter ones.
  size_t color = 0;
  for (const Dtype dtype : {Dtype::kF64, Dtype::kF32, Dtype::kBF16, Dtype::kF16}) {
    const absl::StatusOr<std::vector<double>> y = lab.Values(Gradient(), dtype, x);
    if (!y.ok()) return y.status();
    Series series = {std::string(Name(dtype)), color++, {}};
    for (size_t i = 0; i < x.size() && (*y)[i] > 0; ++i) series.points.push_back({x[i], (*y)[i]});
    chart.series.push_back(std::move(series));
  }
  return chart;
}

absl::StatusOr<Findings> Measure(Lab& lab) {
  Findings findings;
  std::array<Tally, 2> tallies;
  const auto on_swept = [&](size_t thread, absl::Span<const float> x, absl::Span<const float> y) {
    tallies[thread].AddPiece(x, y);
  };
  const absl::StatusOr<int64_t> inputs = lab.Sweep(Gradient(), on_swept);
  if (!inputs.ok()) return inputs.status();
  tallies[0].Join(tallies[1]);
  findings.measurements.Add("inputs.f32", static_cast<double>(*inputs));
  findings.measurements.Add("finite_inputs.f32", static_cast<double>(tallies[0].finite));
  AddTally("f32", tallies[0], findings.measurements);
  for (const Dtype dtype : {Dtype::kF16, Dtype::kBF16}) {
    const absl::StatusOr<Tally> tally = SweepNarrow(lab, dtype);
    if (!tally.ok()) return tally.status();
    AddTally(std::string(Name(dtype)).c_str(), *tally, findings.measurements);
  }
  const absl::StatusOr<Tally> wide = SearchWide(lab);
  if (!wide.ok()) return wide.status();
  AddTally("f64", *wide, findings.measurements);
  findings.measurements.Add("largest_over_16_layers", std::pow(tallies[0].largest, kLayers));
  const absl::StatusOr<v1::AccuracyReport> report = lab.Check(Gradient());
  if (!report.ok()) return report.status();
  findings.measurements.Add("max_ulp.f32", report->max_ulp(), "ulp");

  const absl::StatusOr<Chart> curves = CurvesChart(lab, "sigmoid and its derivative", WithGradient("sigmoid"), -10, 10);
  if (!curves.ok()) return curves.status();
  const absl::StatusOr<Chart> falling = FallingChart(lab);
  if (!falling.ok()) return falling.status();
  findings.figures.push_back(
      {"Sigmoid and its derivative, dashed; the derivative by dtype on a logarithmic scale, where all go together down "
       "to where each dtype has nothing but 0.",
       {*curves, *falling}});
  return findings;
}

Conclusion Judge(const Measurements& m) {
  // Where the whole of a gradient is under the last place of f32 after the layers, it has vanished by any measure.
  constexpr double kVanished = 0x1p-24;
  const double largest = m["largest.f32"];
  const double product = m["largest_over_16_layers"];
  Conclusion conclusion;
  // A kernel that has no derivative tells nothing of sigmoid's.
  const bool broken = m["nan.f32"] > 0 || !(largest > 0);
  conclusion.verdict = broken                ? Verdict::kRefuted
                       : product < kVanished ? Verdict::kConfirmed
                       : largest < 1         ? Verdict::kCorrected
                                             : Verdict::kRefuted;
  conclusion.because = absl::StrCat("sigmoid' <= ", NumberText(largest),
                                    ", under 2^-24 beyond abs(x) = ", NumberText(m["last_x_from_2^-24.f32"]),
                                    "; 16 activations multiply by at most ", NumberText(product),
                                    broken ? absl::StrCat("; ", NumberText(m["nan.f32"]), " are NaN") : "");
  conclusion.text = absl::StrCat(
      "Of ", NumberText(m["finite_inputs.f32"]), " finite inputs in f32 none has a derivative above ",
      NumberText(largest), ", at x = ", NumberText(m["largest_at.f32"]),
      broken ? absl::StrCat(", and ", NumberText(m["nan.f32"]), " have none, NaN") : "",
      ". The activations of 16 layers multiply the gradient by at most ", NumberText(product),
      "; only weights whose norm is above ", NumberText(1 / largest),
      " in every layer could make up for that. Beyond abs(x) = ", NumberText(m["last_x_from_2^-8.f32"]),
      " it is under 2^-8, beyond ", NumberText(m["last_x_from_2^-24.f32"]),
      " under 2^-24, where an update is lost against a weight of the size of 1. It becomes 0 beyond ",
      NumberText(m["last_x_above_0.f16"]), " in f16, ", NumberText(m["last_x_above_0.bf16"]), " in bf16, ",
      NumberText(m["last_x_above_0.f32"]), " in f32 and ", NumberText(m["last_x_above_0.f64"]),
      " in f64. The kernel itself is within ", NumberText(m["max_ulp.f32"]), " ulp of the exact derivative.");
  return conclusion;
}

}  // namespace

const Statement& SigmoidVanishes() {
  static constexpr Statement kStatement = {
      "sigmoid_vanishes",
      "Sigmoid's gradient vanishes: its derivative is small everywhere and almost 0 away from the origin.",
      "The derivative is evaluated at every f32, f16 and bf16, with an upstream gradient of 1, and in f64 by closing "
      "in on each limit. We look for its largest value and the last x at which it reaches 2^-8, 2^-24 and anything but "
      "0; the accuracy lab says how exact the kernel is. Weights, which multiply the gradient too, are left out here: "
      "shallow_layers_stall has them. Confirmed if the activations of 16 layers, each with the largest value, leave "
      "under 2^-24; corrected if the largest value is at least under 1; refuted otherwise, or if an output is NaN.",
      Measure, Judge};
  return kStatement;
}

}  // namespace actbench::client
