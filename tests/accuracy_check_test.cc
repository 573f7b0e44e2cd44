// SPDX-License-Identifier: Apache-2.0
#include "server/accuracy_check.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "kernels/catalog.h"

namespace actbench {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr float kLargest = std::numeric_limits<float>::max();
constexpr float kLeast = std::numeric_limits<float>::denorm_min();

// Of f32 forward at default parameters.
AccuracyCheck Check(const char* activation, const std::vector<float>& x, const std::vector<float>& y) {
  const ActivationInfo& info = **Catalog::FindActivation(activation);
  const ErrorMeter meter(info, Direction::kForward, Dtype::kF32, *ResolveParameters(info, {}));
  const void* const input = x.data();
  AccuracyCheck check;
  CheckElements(meter, Dtype::kF32, {&input, 1}, y.data(), x.size(), 0, check);
  return check;
}

// One element, and whether it counts as each of the mismatches.
void ExpectMismatch(const char* activation, float x, float y, int nan, int inf, int zero, int sign) {
  SCOPED_TRACE(testing::Message() << activation << "(" << x << ") = " << y);
  const AccuracyReport report = Check(activation, {x}, {y}).report;
  EXPECT_EQ(report.checked, 1u);
  EXPECT_EQ(report.misrounded, 1u);
  EXPECT_EQ(report.wrong_nan, static_cast<uint64_t>(nan));
  EXPECT_EQ(report.wrong_inf, static_cast<uint64_t>(inf));
  EXPECT_EQ(report.spurious_zero, static_cast<uint64_t>(zero));
  EXPECT_EQ(report.wrong_sign, static_cast<uint64_t>(sign));
}

TEST(AccuracyCheckTest, RightResultsHaveNoMismatch) {
  const std::vector<float> x = {-kInf, -kLargest, -1, -kLeast, -0.0f, 0, kLeast, 1.5, kLargest, kInf, kNaN};
  std::vector<float> y;
  for (const float value : x) y.push_back(value <= 0 ? 0 : value);
  const AccuracyCheck check = Check("relu", x, y);
  EXPECT_EQ(check.report.checked, x.size());
  EXPECT_EQ(check.report.finite, x.size());
  EXPECT_EQ(check.report.misrounded, 0u);
  EXPECT_EQ(check.report.max_ulp, 0);
  EXPECT_EQ(check.errors, std::vector<double>(x.size(), 0));
}

TEST(AccuracyCheckTest, ErrorsAreThoseOfTheElements) {
  const float third = 1 / 3.0f;
  const AccuracyCheck check =
      Check("relu", {1, third, 2, 3},
            {std::nextafter(1.0f, 2.0f), third, std::nextafter(std::nextafter(2.0f, 3.0f), 3.0f), kNaN});
  EXPECT_EQ(check.errors, std::vector<double>({1, 0, 2, std::numeric_limits<double>::infinity()}));
  EXPECT_EQ(check.report.max_ulp, std::numeric_limits<double>::infinity());
  EXPECT_EQ(check.report.sum_ulp, 3);
  EXPECT_EQ(check.report.finite, 3u);
  EXPECT_EQ(check.report.misrounded, 3u);
  EXPECT_EQ(check.report.wrong_nan, 1u);
  EXPECT_EQ(check.report.wrong_inf + check.report.spurious_zero + check.report.wrong_sign, 0u);
}

TEST(AccuracyCheckTest, MismatchesAreToldApart) {
  ExpectMismatch("relu", 1, kNaN, 1, 0, 0, 0);
  ExpectMismatch("relu", kInf, kNaN, 1, 0, 0, 0);
  ExpectMismatch("relu", kNaN, 1, 1, 0, 0, 0);
  ExpectMismatch("relu", kNaN, kInf, 1, 0, 0, 0);
  ExpectMismatch("relu", 1, kInf, 0, 1, 0, 0);
  ExpectMismatch("relu", 1, -kInf, 0, 1, 0, 0);
  ExpectMismatch("relu", kInf, kLargest, 0, 1, 0, 0);
  ExpectMismatch("relu", kInf, -kInf, 0, 0, 0, 1);
  ExpectMismatch("relu", kInf, 0, 0, 1, 1, 0);
  ExpectMismatch("relu", 1, 0, 0, 0, 1, 0);
  ExpectMismatch("relu", 1, -0.0f, 0, 0, 1, 0);
  ExpectMismatch("relu", kLeast, 0, 0, 0, 1, 0);
  ExpectMismatch("relu", 1, -1, 0, 0, 0, 1);
  ExpectMismatch("relu", kLeast, -kLeast, 0, 0, 0, 1);
  ExpectMismatch("relu", 1, 1.5, 0, 0, 0, 0);
  ExpectMismatch("relu", kLargest, -kLargest, 0, 0, 0, 1);
  ExpectMismatch("sigmoid", 0, std::nextafter(0.5f, 1.0f), 0, 0, 0, 0);
}

}  // namespace
}  // namespace actbench
