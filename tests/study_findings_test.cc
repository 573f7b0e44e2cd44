// SPDX-License-Identifier: Apache-2.0
// findings.h and averages.h.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "client/study/averages.h"
#include "client/study/findings.h"

namespace actbench::client {
namespace {

TEST(MeasurementsTest, AreFoundByNameAndKeepTheirOrder) {
  Measurements measurements;
  measurements.Add("b", 2, "ns");
  measurements.Add("a", 1);
  EXPECT_EQ(measurements["b"], 2);
  EXPECT_TRUE(measurements.Has("a"));
  EXPECT_FALSE(measurements.Has("c"));
  EXPECT_TRUE(std::isnan(measurements["c"]));
  EXPECT_EQ(measurements.all()[0].name, "b");
  EXPECT_EQ(measurements.all()[0].unit, "ns");
}

TEST(NumberTextTest, IsShort) {
  EXPECT_EQ(NumberText(0.06923456), "0.0692");
  EXPECT_EQ(NumberText(4294967296), "4,294,967,296");
  EXPECT_EQ(NumberText(-3), "-3");
  EXPECT_EQ(NumberText(0), "0");
  EXPECT_EQ(NumberText(0x1p-32), "2^-32");
  EXPECT_EQ(NumberText(0.25), "0.25");
  EXPECT_EQ(NumberText(2.5e-10), "2.5e-10");
  EXPECT_EQ(NumberText(1e300), "1e+300");
  EXPECT_EQ(NumberText(std::numeric_limits<double>::infinity()), "infinity");
  EXPECT_EQ(NumberText(std::numeric_limits<double>::quiet_NaN()), "unknown");
  EXPECT_EQ(PercentText(0.98125), "98.1 %");
  EXPECT_EQ(PointsText(-0.0139), "-1.4 points");
  EXPECT_EQ(PointsText(10.399), "more than 100 points");
  EXPECT_EQ(PercentText(std::numeric_limits<double>::quiet_NaN()), "unknown");
}

TEST(AveragesTest, AreOfAllValues) {
  const std::vector<double> values = {4, 1, 3, 2};
  EXPECT_EQ(Mean(values), 2.5);
  EXPECT_EQ(Median(values), 2.5);
  EXPECT_EQ(Median({5, 1, 9}), 5);
  EXPECT_EQ(Least(values), 1);
  EXPECT_EQ(Greatest(values), 4);
  EXPECT_NEAR(Margin(values), 3.182 * std::sqrt(5.0 / 3 / 4), 1e-12);
  EXPECT_NEAR(Margin({1, 2}), 12.71 * 0.5, 1e-12);
  EXPECT_EQ(Margin({7}), 0);
  EXPECT_NEAR(MarginOf21(values), 9.624 * std::sqrt(5.0 / 3 / 4), 1e-12);
}

}  // namespace
}  // namespace actbench::client
