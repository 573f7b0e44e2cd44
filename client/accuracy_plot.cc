// SPDX-License-Identifier: Apache-2.0
#include "client/accuracy_plot.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "client/accuracy_scale.h"
#include "client/accuracy_table.h"
#include "client/format.h"
#include "client/svg.h"
#include "client/tensor.h"
#include "proto/kernel.h"
#include "proto/tensor.h"

namespace actbench::client {
namespace {

// Pixels.
constexpr double kWidth = 1080;
constexpr double kLeft = 96;
constexpr double kRight = 1012;
constexpr double kTop = 92;
constexpr double kBottom = 512;
constexpr double kLegendTop = 612;
constexpr double kLegendRow = 28;
constexpr double kNoteRow = 24;

// Lines that lie on each other still show: each is thinner than the one before, and dashed in another way. Two with the
// same color have other dashes, as there are fewer than colors times dashes.
constexpr double kWidestLine = 4.5;
constexpr double kThinnestLine = 1.8;
constexpr const char* kDashes[] = {"none", "9 3", "3 3", "12 3 3 3"};
constexpr size_t kMostLines = 16;

constexpr char kStyle[] = R"(
  .shared { fill: #f1f3f5; }
  @media (prefers-color-scheme: dark) {
    .shared { fill: #1a2029; }
  }
)";

// The value that all certificates share, or nothing.
template <class Get>
std::string Common(absl::Span<const v1::Certificate> certificates, const Get& get) {
  std::set<std::string> values;
  for (const v1::Certificate& certificate : certificates) values.insert(get(certificate.kernel()));
  return values.size() == 1 ? *values.begin() : "";
}

std::string Title(absl::Span<const v1::Certificate> certificates) {
  std::string activation = Common(certificates, [](const v1::Kernel& kernel) { return kernel.activation(); });
  std::vector<std::string> rest = {
      Common(certificates, [](const v1::Kernel& kernel) { return DirectionName(kernel.direction()); }),
      Common(certificates, [](const v1::Kernel& kernel) { return DtypeText(kernel.dtype()); })};
  rest.erase(std::remove(rest.begin(), rest.end(), ""), rest.end());
  if (activation.empty()) activation = absl::StrCat(certificates.size(), " kernels");
  return absl::StrCat("Maximum error of ", activation,
                      rest.empty() ? "" : absl::StrCat(", ", absl::StrJoin(rest, ", ")));
}

std::string Subtitle(absl::Span<const v1::Certificate> certificates) {
  const auto exhaustive = std::count_if(certificates.begin(), certificates.end(),
                                        [](const v1::Certificate& one) { return IsExhaustive(one); });
  if (exhaustive == static_cast<std::ptrdiff_t>(certificates.size())) return "over every input, by binades of x";
  return exhaustive == 0 ? "of samples, by binades of x: lower bounds of the maximum"
                         : "by binades of x; those marked ≥ are of samples: lower bounds of the maximum";
}

// What stands below the lines.
std::string Frame(const UlpScale& ulps, const BinadeScale& binades) {
  std::string svg;
  for (const Cell& cell : binades.cells()) {
    if (!cell.shared()) continue;
    absl::StrAppend(&svg, "<rect class=\"shared\" x=\"", Px(cell.begin), "\" y=\"", Px(kTop), "\" width=\"",
                    Px(cell.end - cell.begin), "\" height=\"", Px(kBottom - kTop), "\"/>\n");
  }
  for (const Tick& tick : ulps.Ticks()) {
    absl::StrAppend(&svg, SvgLine(kLeft, tick.at, kRight, tick.at, "grid"),
                    SvgText(kLeft - 10, tick.at + 5.5, "end", tick.label));
  }
  for (const Tick& tick : binades.Ticks()) {
    absl::StrAppend(&svg, SvgLine(tick.at, kTop, tick.at, kBottom, "grid"),
                    SvgText(tick.at, kBottom + 24, "middle", tick.label));
  }
  double last = kBottom;
  for (const double ulp : {0.5, 1.0, 2.0}) {
    const double at = ulps.At(ulp);
    absl::StrAppend(&svg, SvgLine(kLeft, at, kRight, at, "guide"));
    constexpr double kLineHeight = 15;
    if (last - at >= kLineHeight)
      absl::StrAppend(&svg, SvgText(kRight + 8, at + 5.5, "start", absl::StrFormat("%g ulp", ulp), "quiet"));
    if (last - at >= kLineHeight) last = at;
  }
  absl::StrAppend(&svg, "<path class=\"axis\" d=\"M", Px(kLeft), " ", Px(kTop), "V", Px(kBottom), "H", Px(kRight),
                  "\"/>\n");
  absl::StrAppend(&svg, SvgText((kLeft + kRight) / 2, kBottom + 54, "middle", "x, logarithmic on both sides of 0"));
  absl::StrAppend(&svg, "<text transform=\"translate(26 ", Px((kTop + kBottom) / 2),
                  ") rotate(-90)\" text-anchor=\"middle\">maximum error in ulp</text>\n");
  return svg;
}

// One line: what is drawn, and of which kernels. They differ in their isa alone.
struct Curve {
  std::string path;           // of an SVG path
  std::vector<double> marks;  // the x of infinite errors, in pixels
  const v1::Certificate* certificate;
  std::vector<std::string> isas;
};

// A step for each cell; none where there were no inputs.
Curve MakeCurve(const v1::Certificate& certificate, const UlpScale& ulps, const BinadeScale& binades) {
  Curve curve = {.path = {}, .marks = {}, .certificate = &certificate, .isas = {certificate.kernel().isa()}};
  bool pen_down = false;
  for (const Cell& cell : binades.cells()) {
    const std::optional<double> ulp = MaxUlp(certificate, cell);
    if (!ulp.has_value()) {
      pen_down = false;
      continue;
    }
    const double y = ulps.At(*ulp);
    absl::StrAppend(&curve.path, pen_down ? absl::StrCat("V", Px(y)) : absl::StrCat("M", Px(cell.begin), " ", Px(y)),
                    "H", Px(cell.end));
    pen_down = true;
    if (std::isinf(*ulp)) curve.marks.push_back((cell.begin + cell.end) / 2);
  }
  if (curve.path.empty()) curve.path = "M0 0";
  return curve;
}

// The kernel's name without its isa.
std::string NameOf(const Curve& curve) {
  const std::string& name = curve.certificate->kernel().name();
  return name.substr(0, name.rfind('/'));
}

std::string ParametersOf(const Curve& curve) {
  return ParametersText(curve.certificate->parameters(), ", ",
                        [](double value) { return RoundedDecimal(value, Dtype::kF64); });
}

// Whether one line and one name will do for both.
bool Same(const Curve& one, const Curve& other) {
  return one.path == other.path && one.marks == other.marks && NameOf(one) == NameOf(other) &&
         ParametersOf(one) == ParametersOf(other) && MaxUlpText(*one.certificate) == MaxUlpText(*other.certificate) &&
         one.certificate->kernel().device() == other.certificate->kernel().device();
}

// In the order of the certificates.
std::vector<Curve> MakeCurves(absl::Span<const v1::Certificate> certificates, const UlpScale& ulps,
                              const BinadeScale& binades) {
  std::vector<Curve> curves;
  for (const v1::Certificate& certificate : certificates) {
    Curve curve = MakeCurve(certificate, ulps, binades);
    const auto same =
        std::find_if(curves.begin(), curves.end(), [&](const Curve& other) { return Same(curve, other); });
    if (same == curves.end()) {
      curves.push_back(std::move(curve));
    } else if (std::find(same->isas.begin(), same->isas.end(), curve.isas[0]) == same->isas.end()) {
      same->isas.push_back(curve.isas[0]);
    }
  }
  return curves;
}

// Leaves as many as can be told apart, those with the largest maxima, and returns how many were left out.
size_t KeepLargest(std::vector<Curve>& curves) {
  if (curves.size() <= kMostLines) return 0;
  const auto max_ulp = [&](size_t i) { return curves[i].certificate->report().max_ulp(); };
  std::vector<size_t> order(curves.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t i, size_t j) { return max_ulp(i) > max_ulp(j); });
  order.resize(kMostLines);
  std::sort(order.begin(), order.end());
  std::vector<Curve> kept;
  kept.reserve(order.size());
  for (const size_t i : order) kept.push_back(std::move(curves[i]));
  const size_t left_out = curves.size() - kept.size();
  curves = std::move(kept);
  return left_out;
}

// How a line is drawn, for it and its sample in the legend.
std::string LineStyle(size_t index, size_t count) {
  const double share = count < 2 ? 0.5 : static_cast<double>(index) / static_cast<double>(count - 1);
  const size_t dash = (index + index / kColors) % std::size(kDashes);
  return absl::StrFormat(R"(class="line k%d" stroke-width="%s" stroke-dasharray="%s")", index % kColors,
                         Px(kWidestLine + (kThinnestLine - kWidestLine) * share), kDashes[dash]);
}

// The line, with triangles that point beyond the upper edge.
std::string Draw(const Curve& curve, size_t index, size_t count) {
  std::string svg = absl::StrCat("<path ", LineStyle(index, count), " d=\"", curve.path, "\"/>\n");
  for (const double x : curve.marks) {
    absl::StrAppendFormat(&svg, "<path class=\"m%d\" d=\"M%s %sl7 11h-14z\"/>\n", index % kColors, Px(x), Px(kTop - 5));
  }
  return svg;
}

// "swish/forward/f32/actbench/exact (avx512, avx2), beta=1: 0.5000 ulp"
std::string LegendText(const Curve& curve) {
  const std::string isas = absl::StrJoin(curve.isas, ", ");
  const std::string parameters = ParametersOf(curve);
  const std::string ulp = absl::StrReplaceAll(MaxUlpText(*curve.certificate), {{">=", "≥ "}, {"inf", "∞"}});
  return absl::StrCat(NameOf(curve), curve.isas.size() == 1 ? "/" + isas : " (" + isas + ")",
                      parameters.empty() ? "" : ", ", parameters, ": ", ulp, " ulp");
}

std::string Legend(absl::Span<const Curve> curves) {
  std::string svg;
  double y = kLegendTop;
  for (size_t i = 0; i < curves.size(); ++i, y += kLegendRow) {
    absl::StrAppend(&svg, "<path ", LineStyle(i, curves.size()), " d=\"M", Px(kLeft), " ", Px(y - 5), "h48\"/>\n",
                    SvgText(kLeft + 60, y, "start", LegendText(curves[i])));
  }
  return svg;
}

// What needs words, if it is there: a line each.
std::vector<std::string> Notes(absl::Span<const Curve> curves, size_t left_out, const BinadeScale& binades) {
  std::vector<std::string> notes;
  const auto& cells = binades.cells();
  if (std::any_of(cells.begin(), cells.end(), [](const Cell& cell) { return cell.shared(); })) {
    notes.push_back("shaded: shortened, many binades with much the same error");
  }
  // An infinite error at an infinite x is in no binade.
  if (std::any_of(curves.begin(), curves.end(), [](const Curve& curve) { return !curve.marks.empty(); })) {
    notes.push_back("▲ infinite: a wrong NaN or infinity");
  }
  const auto is_beyond = [](const Curve& curve) {
    return curve.marks.empty() && std::isinf(curve.certificate->report().max_ulp());
  };
  if (std::any_of(curves.begin(), curves.end(), is_beyond)) {
    notes.push_back("∞ without ▲: at an x that is infinite or NaN");
  }
  if (left_out > 0) notes.push_back(absl::StrCat(left_out, " more with no larger maxima are not drawn"));
  return notes;
}

}  // namespace

std::string AccuracyPlot(absl::Span<const v1::Certificate> certificates) {
  const UlpScale ulps(certificates, kTop, kBottom);
  const BinadeScale binades(certificates, ulps, kLeft, kRight);
  std::vector<Curve> curves = MakeCurves(certificates, ulps, binades);
  const size_t left_out = KeepLargest(curves);
  const std::vector<std::string> notes = Notes(curves, left_out, binades);
  double y = kLegendTop + kLegendRow * static_cast<double>(curves.size()) + 4;  // of the first note
  const double height = y + kNoteRow * static_cast<double>(std::max<size_t>(1, notes.size()));
  const std::string title = Title(certificates);
  std::string svg = SvgText(kLeft, 40, "start", title, "title");
  absl::StrAppend(&svg, SvgText(kLeft, 68, "start", Subtitle(certificates), "quiet"));
  absl::StrAppend(&svg, Frame(ulps, binades));
  for (size_t i = 0; i < curves.size(); ++i) absl::StrAppend(&svg, Draw(curves[i], i, curves.size()));
  absl::StrAppend(&svg, Legend(curves));
  for (const std::string& note : notes) {
    absl::StrAppend(&svg, SvgText(kLeft, y, "start", note, "quiet"));
    y += kNoteRow;
  }
  return SvgDocument(title, kWidth, height, svg, kStyle);
}

}  // namespace actbench::client
