// SPDX-License-Identifier: Apache-2.0
// chart.h, chart_scale.h and chart_svg.h.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "client/study/chart.h"
#include "client/study/chart_scale.h"
#include "client/study/chart_svg.h"

namespace actbench::client {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

std::vector<std::string> Labels(const ChartScale& scale, double distance) {
  std::vector<std::string> labels;
  for (const Tick& tick : scale.Ticks(distance)) labels.push_back(tick.label);
  return labels;
}

TEST(ChartScaleTest, LinearAxesHaveRoundLabels) {
  const ChartScale scale({"x"}, -10, 10, 0, 400);
  EXPECT_EQ(Labels(scale, 44), (std::vector<std::string>{"-10", "-5", "0", "5", "10"}));
  EXPECT_DOUBLE_EQ(*scale.At(0), 200);
  EXPECT_GT(*scale.At(-10), 0) << "some room";
  EXPECT_FALSE(scale.At(12).has_value());
  EXPECT_FALSE(scale.At(kNaN).has_value());
  EXPECT_DOUBLE_EQ(scale.Clamped(100), 400);
}

TEST(ChartScaleTest, EndsMayBeGivenAndAxesMayGoUp) {
  const ChartScale scale({"", false, {}, 0, 100}, 20, 30, 300, 20);
  EXPECT_DOUBLE_EQ(*scale.At(0), 300);
  EXPECT_DOUBLE_EQ(*scale.At(100), 20);
  EXPECT_EQ(Labels(scale, 34), (std::vector<std::string>{"0", "20", "40", "60", "80", "100"}));
}

TEST(ChartScaleTest, LogarithmicAxesHavePowersOfTenOrWhatIsBetween) {
  const ChartScale wide({"", true}, 1e-18, 1, 400, 0);
  EXPECT_THAT(Labels(wide, 34), testing::Contains("10⁻¹⁶"));
  EXPECT_LE(Labels(wide, 34).size(), 11);
  EXPECT_FALSE(wide.At(0).has_value());
  EXPECT_FALSE(wide.At(-1).has_value());
  EXPECT_DOUBLE_EQ(wide.Clamped(0), 400);
  const ChartScale narrow({"", true}, 0.3, 2.2, 0, 300);
  EXPECT_EQ(Labels(narrow, 34), (std::vector<std::string>{"0.5", "1", "2"}));
}

TEST(ChartScaleTest, NamesStandAtWholeNumbers) {
  const ChartScale scale({"", false, {"L1", "L2"}}, 0, 1, 0, 160);
  EXPECT_EQ(Labels(scale, 44), (std::vector<std::string>{"L1", "L2"}));
  EXPECT_DOUBLE_EQ(*scale.At(0), 30);
  EXPECT_DOUBLE_EQ(*scale.At(1), 130);
}

TEST(ChartScaleTest, OneValueHasAPlaceToo) {
  for (const bool logarithmic : {false, true}) {
    const ChartScale scale({"", logarithmic}, 5, 5, 0, 100);
    ASSERT_TRUE(scale.At(5).has_value());
    EXPECT_NEAR(*scale.At(5), 50, 1e-6);
  }
}

Chart SomeChart() {
  return {"a <chart>",
          {"x"},
          {""},
          {{"first", 1, {{0, 1}, {1, 2}, {2, kNaN}, {3, 4}}}, {"second", 2, {{0, 2, 1, 3}, {3, 3, 2, 4}}, true, true}}};
}

TEST(ChartSvgTest, LinesBreakWhereThereIsNoValue) {
  const std::string svg = ChartSvg(SomeChart(), 400, 300, "wide");
  EXPECT_THAT(svg, StartsWith("<svg class=\"plot wide\" viewBox=\"0 0 400 300\""));
  EXPECT_THAT(svg, HasSubstr("a &lt;chart&gt;"));
  EXPECT_THAT(svg, testing::ContainsRegex("class=\"line k1\" d=\"M[0-9. ]+L[0-9. ]+M[0-9. ]+\""));
  EXPECT_THAT(svg, HasSubstr("class=\"line k2 dashed\""));
  EXPECT_THAT(svg, HasSubstr("<path class=\"band m2\""));
  EXPECT_THAT(svg, Not(HasSubstr("band m1")));
  EXPECT_THAT(svg, HasSubstr("<circle class=\"m2\""));
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
}

TEST(ChartSvgTest, AFigureIsADocumentWithALegendOfEachSeriesOnce) {
  const Figure figure = {"What is seen", {SomeChart(), SomeChart(), SomeChart()}};
  EXPECT_EQ(LegendOf(figure).size(), 2);
  const std::string svg = FigureSvg(figure);
  EXPECT_THAT(svg, StartsWith("<?xml"));
  EXPECT_THAT(svg, HasSubstr("<title>What is seen</title>"));
  EXPECT_THAT(svg, HasSubstr("prefers-color-scheme: dark"));
  EXPECT_THAT(svg, HasSubstr(">first</text>"));
}

TEST(ChartSvgTest, NothingToDrawIsDrawnAsNothing) {
  EXPECT_THAT(ChartSvg({"none", {"x", true}, {"", true}, {{"zero", 1, {{1, 0}}}}}, 400, 300, ""),
              Not(HasSubstr("class=\"line")));
  EXPECT_THAT(ChartSvg({"none", {"x"}, {""}, {}}, 400, 300, ""), Not(HasSubstr("nan")));
}

}  // namespace
}  // namespace actbench::client
