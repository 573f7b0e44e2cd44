// SPDX-License-Identifier: Apache-2.0
// report_scale.h, and what can be said of a picture without looking at it. report_command_test.py parses it as XML.
#include "client/report_plot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <regex>
#include <string>
#include <vector>

#include "client/benchmark_result.h"
#include "client/report_scale.h"
#include "tests/handmade_run.h"

namespace actbench::client {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

int Count(const std::string& text, const std::string& part) {
  int count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

void ExpectApart(const std::vector<Tick>& ticks, double distance) {
  for (const Tick& one : ticks) {
    for (const Tick& other : ticks) {
      EXPECT_TRUE(&one == &other || std::abs(one.at - other.at) >= distance) << one.label << " and " << other.label;
    }
  }
}

TEST(SpeedScaleTest, ItIsLogarithmicWithRoomAtTheEnds) {
  const SpeedScale scale({0.1, 1, 10}, 100, 900);
  EXPECT_GT(scale.At(0.1), 100);
  EXPECT_DOUBLE_EQ(scale.At(1), 500);
  EXPECT_LT(scale.At(10), 900);
  EXPECT_NEAR(scale.At(10) - scale.At(1), scale.At(1) - scale.At(0.1), 1e-9);
}

TEST(SpeedScaleTest, SpeedsThatAreCloseOrAloneStillHaveAnAxis) {
  for (const std::vector<double>& values : {std::vector<double>{0.25}, {0.25, 0.2501}, {1e-5, 1e7}, {}}) {
    const std::vector<Tick> ticks = SpeedScale(values, 0, 600).Ticks();
    EXPECT_GE(ticks.size(), 2U);
    ExpectApart(ticks, 40);
    for (const Tick& tick : ticks) EXPECT_TRUE(tick.at >= 0 && tick.at <= 600) << tick.label;
  }
}

TEST(ErrorScaleTest, ItGoesUpAndGivesRoomToWhatMatters) {
  const ErrorScale scale({0.5, 1.5, 5.4e39}, 0, 400);
  EXPECT_DOUBLE_EQ(scale.At(0.5), 400);
  EXPECT_DOUBLE_EQ(scale.At(5.4e39), 0);
  double last = 401;
  for (const double ulp : {0.5, 0.6, 1.0, 1.5, 2.0, 4.0, 1e3, 1e7, 1e39}) {
    EXPECT_LT(scale.At(ulp), last) << ulp;
    last = scale.At(ulp);
  }
  EXPECT_GT(scale.At(0.5) - scale.At(2), 80) << "a fifth of the height, of 39 powers of ten";
}

TEST(ErrorScaleTest, ErrorsBelowHalfAnUlpHaveAPlaceIfThereAreAny) {
  const ErrorScale with({0, 0.5, 2}, 0, 400);
  EXPECT_DOUBLE_EQ(with.At(0), 400);
  EXPECT_LT(with.At(0.5), 390);
  const ErrorScale without({0.4999, 2}, 0, 400);
  EXPECT_DOUBLE_EQ(without.At(0.5), 400);
  EXPECT_DOUBLE_EQ(without.At(0.4999), 400);
}

TEST(ErrorScaleTest, LabelsDoNotOverlap) {
  for (const double greatest : {0.5, 3.0, 1e3, 1e8, 1e40, 1e300, kInfinity}) {
    const std::vector<Tick> ticks = ErrorScale({greatest, 0}, 0, 300).Ticks();
    EXPECT_GE(ticks.size(), 4U);
    ExpectApart(ticks, 20);
  }
}

class SpeedPlotTest : public testing::Test {
 protected:
  std::string Plot(bool alternatives = true) {
    const std::vector<ResultGroup> groups = GroupResults(run_);
    return SpeedPlot(run_, groups[0].measured, ProviderColors(run_),
                     {.width = 1000, .height = 440, .style = "wide", .alternatives = alternatives});
  }
  // The numbers that the expression, which has two groups, finds first.
  static std::pair<double, double> Find(const std::string& svg, const std::string& expression) {
    std::smatch match;
    EXPECT_TRUE(std::regex_search(svg, match, std::regex(expression))) << expression;
    return {std::stod(match[1]), std::stod(match[2])};
  }

  v1::BenchmarkRun run_ = MakeHandmadeRun();
};

TEST_F(SpeedPlotTest, EachKernelIsAPointWithATitle) {
  const std::string svg = Plot();
  EXPECT_EQ(Count(svg, "<g class=\"pt"), 5);
  EXPECT_EQ(Count(svg, "<title>"), 5);
  EXPECT_THAT(svg,
              HasSubstr("<g class=\"pt noisy\" data-r=\"2\"><title>sigmoid/forward/f32/onednn/native/avx512/"
                        "n:65536/dist:normal/cache:hot\n0.09375 ns per element (0.09302 to 0.09448)\n"
                        "max error &gt;=2.500e+06 ulp\n67 % of the copying speed\nnoisy: steal, slow_clock</title>"));
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
  EXPECT_THAT(svg, Not(HasSubstr("inf\"")));
}

TEST_F(SpeedPlotTest, FasterIsLeftAndMoreAccurateIsDown) {
  const std::string svg = Plot();
  const auto fast =
      Find(svg, "data-r=\"0\".*\n.*\n.*\n.*</title>.*<circle class=\"mark m0\" cx=\"([0-9.]+)\" cy=\"([0-9.]+)\"");
  const auto exact =
      Find(svg, "data-r=\"1\".*\n.*\n.*\n.*\n.*</title>.*<circle class=\"ring k0\" cx=\"([0-9.]+)\" cy=\"([0-9.]+)\"");
  EXPECT_LT(fast.first, exact.first);
  EXPECT_LT(fast.second, exact.second);
}

TEST_F(SpeedPlotTest, InfiniteAndUnknownErrorsHaveRowsOfTheirOwn) {
  EXPECT_EQ(Count(Plot(), "class=\"row\""), 2);
  EXPECT_THAT(Plot(), HasSubstr(">∞</text>"));
  EXPECT_THAT(Plot(), HasSubstr(">?</text>"));
  SetAccuracy(*run_.mutable_results(3), 2, "exhaustive");
  SetAccuracy(*run_.mutable_results(4), 2, "exhaustive");
  EXPECT_EQ(Count(Plot(), "class=\"row\""), 0);
}

TEST_F(SpeedPlotTest, AlternativesHaveLabelsAndALineOfTheBest) {
  const std::string svg = Plot();
  EXPECT_THAT(svg, HasSubstr("class=\"label\">actbench/fast/avx512</text>"));
  EXPECT_THAT(svg, HasSubstr(">speed of copying</text>"));
  // Of the fastest, the fast and the exact kernel: down from one to the next.
  EXPECT_TRUE(std::regex_search(svg, std::regex("class=\"frontier\" d=\"M[0-9.]+ 26(H[0-9.]+V[0-9.]+){3}H982\"")));
  const std::string others = Plot(/*alternatives=*/false);
  for (const char* part : {"\"label\"", "frontier", "whisker", "copying</text>"})
    EXPECT_THAT(others, Not(HasSubstr(part)));
}

TEST_F(SpeedPlotTest, ALowerBoundHasAnArrow) {
  EXPECT_EQ(Count(Plot(), "v-14m"), 1);
  SetAccuracy(*run_.mutable_results(0), 1.5, "sampled");
  EXPECT_EQ(Count(Plot(), "v-14m"), 2);
}

TEST_F(SpeedPlotTest, ALabelThatHasNoRoomIsLeftOut) {
  for (int i = 0; i < 40; ++i) {
    v1::BenchmarkResult& result = Measure(AddResult(run_, "p" + std::to_string(i), "native", "avx2"), 8192.0 + i);
    SetAccuracy(result, 1.5, "exhaustive");
  }
  EXPECT_EQ(Count(Plot(), "<g class=\"pt"), 45);
  EXPECT_LT(Count(Plot(), "class=\"label\""), 12);
}

TEST_F(SpeedPlotTest, ProvidersHaveColorsAndOursTheFirst) {
  const ProviderColors colors(run_);
  EXPECT_EQ(colors.Of(run_.results(0)), 0U);
  EXPECT_EQ(colors.Of(run_.results(4)), 1U);  // the first by name
  EXPECT_EQ(colors.Of(run_.results(3)), 2U);
  EXPECT_EQ(colors.Of(run_.results(2)), 3U);
  for (int i = 0; i < 20; ++i) AddResult(run_, "p" + std::to_string(i), "native", "avx2");
  for (const auto& result : run_.results()) EXPECT_LT(ProviderColors(run_).Of(result), 8U);
}

TEST_F(SpeedPlotTest, TiersHaveShapes) {
  EXPECT_THAT(Marker("fast", 1, 2, 3), HasSubstr("<circle class=\"mark m1\" cx=\"2\" cy=\"3\""));
  EXPECT_THAT(Marker("exact", 1, 2, 3), HasSubstr("<circle class=\"ring k1\""));
  EXPECT_NE(Marker("native", 1, 2, 3), Marker("approximate", 1, 2, 3));
}

}  // namespace
}  // namespace actbench::client
