// SPDX-License-Identifier: Apache-2.0
// Pieces of SVG documents. Tested by svg_test.cc.
#ifndef ACTBENCH_CLIENT_SVG_H_
#define ACTBENCH_CLIENT_SVG_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace actbench::client {

// Colors that people with any color vision can tell apart, for a light and a dark ground: the class k0 to k7 draws
// lines in one, m0 to m7 fills with it.
inline constexpr size_t kColors = 8;
std::string PaletteStyle();

// A document by itself, which follows the reader's light or dark color scheme: `body` on a ground of this size in
// pixels, with `style` after that of all documents. `title` is not drawn.
std::string SvgDocument(absl::string_view title, double width, double height, absl::string_view body,
                        absl::string_view style = "");

// A coordinate in tenths of a pixel.
std::string Px(double value);

// `anchor`: start, middle or end. `style`: a class.
std::string SvgText(double x, double y, absl::string_view anchor, absl::string_view text, absl::string_view style = "");
std::string SvgLine(double x1, double y1, double x2, double y2, absl::string_view style);

// A labelled place of an axis.
struct Tick {
  double at;  // pixels
  std::string label;
};
// Adds one where there is none nearer than `distance`.
void AddTick(double at, std::string label, double distance, std::vector<Tick>& ticks);

// A power of ten on an axis: 0.001 to 1000 in full, else 10⁻⁸.
std::string PowerOfTen(int exponent);
std::string Superscript(int number);

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_SVG_H_
