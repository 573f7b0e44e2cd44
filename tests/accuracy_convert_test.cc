// SPDX-License-Identifier: Apache-2.0
#include "server/accuracy_convert.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

namespace actbench {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// At x = 1.5, dy = -inf in f16: NaN instead of 2.
InputError SomeError() {
  return {
      .input_bits = {0x3e00, 0xfc00, 0}, .output = 0, .got_bits = 0x7e00, .expected_bits = 0x4000, .ulp = kInfinity};
}

constexpr ReportFormat kFormat = {.dtype = Dtype::kF16, .inputs = 2};

void ExpectSomeError(const v1::InputError& error) {
  ASSERT_EQ(error.inputs_size(), 2);
  EXPECT_EQ(error.inputs(0), 1.5);
  EXPECT_EQ(error.inputs(1), -kInfinity);
  ASSERT_EQ(error.input_bits_size(), 2);
  EXPECT_EQ(error.input_bits(0), "0x3e00");
  EXPECT_EQ(error.input_bits(1), "0xfc00");
  EXPECT_EQ(error.output(), 0);
  EXPECT_TRUE(std::isnan(error.got()));
  EXPECT_EQ(error.got_bits(), "0x7e00");
  EXPECT_EQ(error.expected(), 2);
  EXPECT_EQ(error.expected_bits(), "0x4000");
  EXPECT_EQ(error.ulp(), kInfinity);
}

TEST(AccuracyConvertTest, KeepsEveryNumberOfAReport) {
  AccuracyReport report;
  report.checked = uint64_t{1} << 32;
  report.finite = 4;
  report.max_ulp = kInfinity;
  report.sum_ulp = 2;
  report.misrounded = 3;
  report.wrong_nan = 4;
  report.wrong_inf = 5;
  report.spurious_zero = 6;
  report.wrong_sign = 7;
  report.falls = 8;
  report.output_hash = 0xabc;
  report.worst = {SomeError()};
  report.binades = {{.negative = true, .exponent = -15, .checked = 9, .finite = 2, .max_ulp = 1, .sum_ulp = 1}};
  report.special_values = {{.name = "kink -3, next above", .error = SomeError()}};
  report.decided_by_f64 = 10;
  report.decided_by_pair = 11;
  report.decided_by_mpfr = 12;
  v1::AccuracyReport out;
  ToProto(report, kFormat, out);
  EXPECT_EQ(out.checked(), int64_t{1} << 32);
  EXPECT_EQ(out.max_ulp(), kInfinity);
  EXPECT_EQ(out.mean_ulp(), 0.5);
  EXPECT_EQ(out.misrounded(), 3);
  EXPECT_EQ(out.wrong_nan(), 4);
  EXPECT_EQ(out.wrong_inf(), 5);
  EXPECT_EQ(out.spurious_zero(), 6);
  EXPECT_EQ(out.wrong_sign(), 7);
  EXPECT_EQ(out.falls(), 8);
  EXPECT_EQ(out.output_hash(), "0000000000000abc");
  ASSERT_EQ(out.worst_size(), 1);
  ExpectSomeError(out.worst(0));
  ASSERT_EQ(out.binades_size(), 1);
  EXPECT_TRUE(out.binades(0).negative());
  EXPECT_EQ(out.binades(0).exponent(), -15);
  EXPECT_EQ(out.binades(0).checked(), 9);
  EXPECT_EQ(out.binades(0).max_ulp(), 1);
  EXPECT_EQ(out.binades(0).mean_ulp(), 0.5);
  ASSERT_EQ(out.special_values_size(), 1);
  EXPECT_EQ(out.special_values(0).name(), "kink -3, next above");
  ExpectSomeError(out.special_values(0).error());
  EXPECT_EQ(out.decided_by_f64(), 10);
  EXPECT_EQ(out.decided_by_pair(), 11);
  EXPECT_EQ(out.decided_by_mpfr(), 12);
}

TEST(AccuracyConvertTest, EveryNanIsOneNumberAndKeepsItsBits) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const InputError error = {
      .input_bits = {0xfe01, 0, 0}, .output = 0, .got_bits = 0xfe00, .expected_bits = 0x7e00, .ulp = 0};
  v1::Difference out;
  ToProto(Difference{.first = error, .second = error}, {.dtype = Dtype::kF16, .inputs = 1}, out);
  for (const double value : {out.first().inputs(0), out.first().got(), out.second().expected()}) {
    EXPECT_EQ(std::memcmp(&value, &nan, sizeof(nan)), 0);
  }
  EXPECT_EQ(out.first().input_bits(0), "0xfe01");
  EXPECT_EQ(out.first().got_bits(), "0xfe00");
}

TEST(AccuracyConvertTest, WritesTheBitsOfEveryDtypeInFull) {
  const InputError least = {.input_bits = {1, 0, 0}, .output = 1, .got_bits = 1, .expected_bits = 0, .ulp = 1};
  const std::vector<std::pair<Dtype, std::string>> cases = {{Dtype::kF64, "0x0000000000000001"},
                                                            {Dtype::kF32, "0x00000001"},
                                                            {Dtype::kF16, "0x0001"},
                                                            {Dtype::kBF16, "0x0001"}};
  for (const auto& [dtype, bits] : cases) {
    v1::Difference out;
    ToProto(Difference{.first = least, .second = least}, {.dtype = dtype, .inputs = 1}, out);
    EXPECT_EQ(out.first().input_bits(0), bits);
    EXPECT_EQ(out.second().got_bits(), bits);
    EXPECT_EQ(out.second().output(), 1);
    EXPECT_GT(out.first().inputs(0), 0);
    EXPECT_EQ(out.first().got(), out.first().inputs(0));
  }
}

}  // namespace
}  // namespace actbench
