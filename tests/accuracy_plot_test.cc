// SPDX-License-Identifier: Apache-2.0
// What can be said of a picture without looking at it. accuracy_command_test.py parses it as XML.
#include "client/accuracy_plot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <set>
#include <string>
#include <vector>

#include "client/accuracy_scale.h"
#include "tests/handmade_certificates.h"

namespace actbench::client {
namespace {

using testing::HasSubstr;
using testing::Not;

int Count(const std::string& text, const std::string& part) {
  int count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

// The cell that the binade is in.
Cell CellOf(const BinadeScale& scale, bool negative, int exponent) {
  for (const Cell& cell : scale.cells()) {
    if (cell.negative == negative && cell.first_exponent <= exponent && exponent <= cell.last_exponent) return cell;
  }
  ADD_FAILURE() << "no cell has the exponent " << exponent;
  return {};
}

class AccuracyScaleTest : public testing::Test {
 protected:
  std::vector<v1::Certificate> certificates_ = {MakeCertificate()};
  BinadeScale Binades() const { return {certificates_, Ulps(), 0, 1000}; }
  UlpScale Ulps() const { return {certificates_, 0, 300}; }
};

TEST_F(AccuracyScaleTest, UlpAreLogarithmicAndGoUp) {
  const UlpScale scale = Ulps();  // 0.1 to 100
  EXPECT_DOUBLE_EQ(scale.At(0.1), 300);
  EXPECT_DOUBLE_EQ(scale.At(1), 200);
  EXPECT_DOUBLE_EQ(scale.At(10), 100);
  EXPECT_DOUBLE_EQ(scale.At(kInfinity), 0);
  EXPECT_DOUBLE_EQ(scale.At(0), 300);
}

TEST_F(AccuracyScaleTest, XIsTheSameOnBothSidesOfZeroAndInOrder) {
  const BinadeScale scale = Binades();
  const std::vector<Cell>& cells = scale.cells();
  EXPECT_DOUBLE_EQ(cells.front().begin, 0);
  EXPECT_DOUBLE_EQ(cells.back().end, 1000);
  for (size_t i = 0; i < cells.size(); ++i) {
    EXPECT_LT(cells[i].begin, cells[i].end);
    if (i > 0) {
      EXPECT_NEAR(cells[i].begin, cells[i - 1].end, 1e-9);
    }
    const Cell& mirror = cells[cells.size() - 1 - i];
    EXPECT_NEAR(cells[i].begin + mirror.end, 1000, 1e-9);
    EXPECT_EQ(cells[i].first_exponent, mirror.first_exponent);
    EXPECT_NE(cells[i].negative, mirror.negative);
  }
}

TEST_F(AccuracyScaleTest, OnlyStretchesWithoutChangeAreShortened) {
  certificates_.push_back(MakeCertificate("sse4"));
  for (v1::BinadeError& binade : *certificates_[1].mutable_report()->mutable_binades()) {
    if (!binade.negative() && binade.exponent() == -60) binade.set_max_ulp(kInfinity);
  }
  const BinadeScale scale = Binades();
  EXPECT_FALSE(CellOf(scale, true, 3).shared());
  EXPECT_FALSE(CellOf(scale, false, -60).shared());
  EXPECT_FALSE(CellOf(scale, true, -60).shared()) << "both sides are alike";
  EXPECT_TRUE(CellOf(scale, false, -61).shared());
  EXPECT_TRUE(CellOf(scale, false, -59).shared());
  EXPECT_TRUE(CellOf(scale, false, 100).shared());
}

TEST_F(AccuracyScaleTest, ACellHasTheLargestErrorOfItsBinades) {
  const BinadeScale scale = Binades();
  const Cell far = CellOf(scale, false, 100);
  EXPECT_DOUBLE_EQ(MaxUlp(certificates_[0], far).value(), 0.6);
  certificates_[0].mutable_report()->mutable_binades(300)->set_max_ulp(0.65);
  AddBinade(certificates_[0], false, 100, 0.7);
  EXPECT_DOUBLE_EQ(MaxUlp(certificates_[0], far).value(), 0.7);
  EXPECT_FALSE(MaxUlp(v1::Certificate(), far).has_value());
}

TEST_F(AccuracyScaleTest, LabelsDoNotOverlap) {
  const std::vector<Tick> ticks = Binades().Ticks();
  for (const Tick& one : ticks) {
    for (const Tick& other : ticks) {
      if (&one != &other) {
        EXPECT_GT(std::abs(one.at - other.at), 40) << one.label << " and " << other.label;
      }
    }
  }
}

TEST(AccuracyPlotTest, EachKernelHasALineAndItsNameInTheLegend) {
  v1::Certificate other = MakeCertificate("sse4");
  other.mutable_report()->set_max_ulp(12);
  const std::string svg = AccuracyPlot({MakeCertificate("avx2"), other});
  EXPECT_EQ(Count(svg, "<path class=\"line k0\""), 2);  // and a sample in the legend
  EXPECT_EQ(Count(svg, "<path class=\"line k1\""), 2);
  EXPECT_THAT(svg, HasSubstr(">swish/forward/f32/actbench/fast/avx2, beta=1.5: 11.5000 ulp<"));
  EXPECT_THAT(svg, HasSubstr("<title>Maximum error of swish, forward, f32</title>"));
  EXPECT_THAT(svg, HasSubstr("over every input"));
  EXPECT_THAT(svg, HasSubstr("prefers-color-scheme: dark"));
  EXPECT_THAT(svg, Not(HasSubstr("<script")));
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
}

TEST(AccuracyPlotTest, KernelsOfOneLineThatDifferInTheirIsaAloneShareIt) {
  v1::Certificate exact = MakeCertificate("avx2");
  exact.mutable_kernel()->set_name("swish/forward/f32/actbench/exact/avx2");
  const std::string svg = AccuracyPlot({MakeCertificate("avx512"), MakeCertificate("sse4"), exact});
  EXPECT_EQ(Count(svg, "class=\"line "), 4);
  EXPECT_THAT(svg, HasSubstr(">swish/forward/f32/actbench/fast (avx512, sse4), beta=1.5: 11.5000 ulp<"));
  EXPECT_THAT(svg, HasSubstr(">swish/forward/f32/actbench/exact/avx2, beta=1.5: 11.5000 ulp<"));
}

TEST(AccuracyPlotTest, LinesAreNoMoreThanCanBeToldApart) {
  std::vector<v1::Certificate> certificates;
  for (int i = 0; i < 18; ++i) {
    certificates.push_back(MakeCertificate());
    certificates.back().mutable_kernel()->set_name("a" + std::to_string(i) + "/avx2");
    certificates.back().mutable_report()->set_max_ulp(i < 2 ? 0.25 : 1);
  }
  const std::string svg = AccuracyPlot(certificates);
  EXPECT_EQ(Count(svg, "class=\"line "), 32);
  EXPECT_THAT(svg, Not(HasSubstr(">a1/avx2")));
  EXPECT_THAT(svg, HasSubstr(">a2/avx2"));
  EXPECT_THAT(svg, HasSubstr("2 more with no larger maxima are not drawn"));
  const std::regex style("class=\"line k(\\d)\".*stroke-dasharray=\"([^\"]*)\"");
  std::set<std::string> styles;
  for (std::sregex_iterator found(svg.begin(), svg.end(), style), end; found != end; ++found) {
    styles.insert((*found)[1].str() + " " + (*found)[2].str());
  }
  EXPECT_EQ(styles.size(), 16U);
}

TEST(AccuracyPlotTest, InfiniteErrorsAreMarkedAtTheUpperEdge) {
  v1::Certificate certificate = MakeCertificate();
  certificate.mutable_report()->set_max_ulp(kInfinity);  // at an infinite x, which is in no binade
  EXPECT_EQ(Count(AccuracyPlot({certificate}), "<path class=\"m0\""), 0);
  EXPECT_THAT(AccuracyPlot({certificate}), Not(HasSubstr("a wrong NaN or infinity")));
  EXPECT_THAT(AccuracyPlot({certificate}), HasSubstr("∞ without ▲: at an x that is infinite or NaN"));
  certificate.mutable_report()->mutable_binades(124)->set_max_ulp(kInfinity);  // that of -2^3
  const std::string svg = AccuracyPlot({certificate});
  EXPECT_EQ(Count(svg, "<path class=\"m0\""), 1);
  EXPECT_THAT(svg, HasSubstr("a wrong NaN or infinity"));
  EXPECT_THAT(svg, Not(HasSubstr("∞ without ▲")));
  EXPECT_THAT(svg, Not(HasSubstr("inf ")));
}

TEST(AccuracyPlotTest, SampledErrorsAreSaidToBeLowerBounds) {
  v1::Certificate certificate = MakeCertificate();
  certificate.set_mode("sampled");
  EXPECT_THAT(AccuracyPlot({certificate}), HasSubstr("lower bounds"));
  EXPECT_THAT(AccuracyPlot({certificate}), HasSubstr(": ≥ 11.5000 ulp<"));
  EXPECT_THAT(AccuracyPlot({certificate, MakeCertificate()}), HasSubstr("those marked ≥"));
}

TEST(AccuracyPlotTest, WhereThereAreNoInputsThereIsNoLine) {
  v1::Certificate certificate = MakeCertificate();
  certificate.mutable_report()->clear_binades();
  EXPECT_THAT(AccuracyPlot({certificate}), HasSubstr("d=\"M0 0\""));
  AddBinade(certificate, false, 0, 0.5);
  AddBinade(certificate, false, 2, 0.5);
  const std::string svg = AccuracyPlot({certificate});
  const size_t line = svg.find("<path class=\"line k0\"");
  EXPECT_EQ(Count(svg.substr(line, svg.find("/>", line) - line), "M"), 2);
}

TEST(AccuracyPlotTest, NamesAreEscaped) {
  v1::Certificate certificate = MakeCertificate();
  certificate.mutable_kernel()->set_name("a<b>&\"c\"");
  certificate.mutable_kernel()->set_activation("a<b>&\"c\"");
  const std::string svg = AccuracyPlot({certificate});
  EXPECT_THAT(svg, HasSubstr("a&lt;b&gt;&amp;&quot;c&quot;"));
  EXPECT_THAT(svg, Not(HasSubstr("a<b>")));
}

TEST(AccuracyPlotTest, OtherKernelsAndDtypesFitIn) {
  v1::Certificate f64 = MakeCertificate();
  f64.mutable_kernel()->set_dtype(v1::DTYPE_F64);
  f64.mutable_kernel()->set_activation("tanh");
  AddBinade(f64, false, 1023, 1);
  AddBinade(f64, true, -1023, 3e15);
  EXPECT_THAT(AccuracyPlot({f64, MakeCertificate()}), HasSubstr("Maximum error of 2 kernels, forward"));
}

}  // namespace
}  // namespace actbench::client
