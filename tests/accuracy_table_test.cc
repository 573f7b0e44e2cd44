// SPDX-License-Identifier: Apache-2.0
#include "client/accuracy_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <utility>

#include "client/eval_output.h"
#include "tests/handmade_certificates.h"

namespace actbench::client {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

std::string MaxUlpOf(double ulp, const std::string& mode) {
  v1::Certificate certificate = MakeCertificate();
  certificate.set_mode(mode);
  certificate.mutable_report()->set_max_ulp(ulp);
  return MaxUlpText(certificate);
}

TEST(AccuracyTableTest, AMaximumIsNeverShownSmallerThanItIs) {
  EXPECT_EQ(MaxUlpOf(0.5, "exhaustive"), "0.5000");
  EXPECT_EQ(MaxUlpOf(0.5000000026, "exhaustive"), "0.5000001");
  EXPECT_EQ(MaxUlpOf(0.50012, "exhaustive"), "0.5002");
  EXPECT_EQ(MaxUlpOf(0.3, "exhaustive_unit_upstream"), "0.3000");
  EXPECT_EQ(MaxUlpOf(0, "exhaustive"), "0.0000");
  EXPECT_EQ(MaxUlpOf(1.675e7, "exhaustive"), "1.675e+07");
  EXPECT_EQ(MaxUlpOf(kInfinity, "exhaustive"), "inf");
}

TEST(AccuracyTableTest, ALowerBoundIsMarkedAndNeverShownLargerThanItIs) {
  EXPECT_EQ(MaxUlpOf(0.49999, "sampled"), ">=0.4999");
  EXPECT_EQ(MaxUlpOf(0.49999, "sampled_unit_upstream"), ">=0.4999");
  EXPECT_EQ(MaxUlpOf(0.3, "given"), ">=0.3000");
  EXPECT_EQ(MaxUlpOf(0.50000012, "sampled"), ">=0.5000001");
  EXPECT_EQ(MaxUlpOf(std::nextafter(0.5, 1), "sampled"), ">=0.5000000");
  EXPECT_EQ(MaxUlpOf(kInfinity, "sampled"), "inf");
}

TEST(AccuracyTableTest, AnErrorIsShownTheSameEverywhere) {
  for (const auto& [mode, text] : {std::pair("exhaustive", "0.4985"), std::pair("given", "0.4984")}) {
    v1::Certificate certificate = MakeCertificate();
    certificate.set_mode(mode);
    certificate.mutable_report()->set_max_ulp(0.49841);
    certificate.mutable_report()->mutable_worst(0)->set_ulp(0.49841);
    EXPECT_THAT(MaxUlpText(certificate), testing::EndsWith(text));
    EXPECT_THAT(WorstText(certificate), HasSubstr(std::string("  ") + text + "\n"));
    v1::Comparison comparison;
    *comparison.mutable_first() = *comparison.mutable_second() = certificate;
    comparison.set_differing(1);
    *comparison.add_differences()->mutable_first() = certificate.report().worst(0);
    EXPECT_THAT(ComparisonText(comparison), HasSubstr(std::string(" ") + text + " "));
  }
  v1::ErrorReport given;
  given.set_checked(5);
  given.set_max_ulp(1.55836);
  given.set_mean_ulp(0.24286);
  EXPECT_THAT(ErrorText(given, Dtype::kF32), testing::StartsWith("error: max 1.5583 ulp, mean 0.2429 ulp, "));
}

TEST(AccuracyTableTest, ThereIsALineForEachKernel) {
  const v1::Certificate certificate = MakeCertificate("avx512");
  const AccuracyTable table({MakeKernel("sse4"), certificate.kernel()});
  const std::string header = table.Header();
  const std::string line = table.Line(certificate, /*stored=*/false);
  EXPECT_EQ(line,
            "swish/forward/f32/actbench/fast/avx512       2^32  exhaustive      11.5000  -13.04 0xc150a3d7            "
            "0.2500      "
            "1,234,567  fedcba9876543210     2.50  -\n");
  for (const char* name : {"kernel", "at x", "output hash", "wrong"}) EXPECT_THAT(header, HasSubstr(name));
  EXPECT_EQ(header.find("at x"), line.find("-13.04"));
  EXPECT_EQ(header.find("max ulp") + 7, line.find("11.5000") + 7);
  EXPECT_EQ(header.find("output hash"), line.find("fedcba"));
  EXPECT_EQ(header.find("wrong"), line.rfind('-'));
}

TEST(AccuracyTableTest, AStoredOneSaysWhenItWasMeasured) {
  const v1::Certificate certificate = MakeCertificate();
  EXPECT_THAT(AccuracyTable({certificate.kernel()}).Line(certificate, /*stored=*/true),
              EndsWith("  -  (certificate of 2025-11-25 14:03 UTC)\n"));
}

TEST(AccuracyTableTest, ShortMeasurementsHaveTwoDigitsOfSeconds) {
  v1::Certificate certificate = MakeCertificate();
  certificate.set_seconds(0.00123);
  EXPECT_EQ(SecondsText(certificate), "0.0012");
  certificate.set_seconds(0.0996);
  EXPECT_EQ(SecondsText(certificate), "0.1");
  certificate.set_seconds(12.345);
  EXPECT_EQ(SecondsText(certificate), "12.35");
}

TEST(AccuracyTableTest, TheModeOfGradientsSaysWhatDyIs) {
  v1::Certificate certificate = MakeCertificate();
  EXPECT_EQ(ModeText(certificate), "exhaustive");
  certificate.set_mode("exhaustive_unit_upstream");
  EXPECT_EQ(ModeText(certificate), "exhaustive, dy = 1");
  certificate.set_mode("given");
  EXPECT_EQ(ModeText(certificate), "given");
}

TEST(AccuracyTableTest, WhatIsWrongIsCounted) {
  v1::AccuracyReport report;
  EXPECT_EQ(WrongText(report), "-");
  report.set_wrong_nan(1);
  report.set_wrong_inf(2);
  report.set_spurious_zero(4096);
  report.set_wrong_sign(3);
  report.set_falls(4);
  EXPECT_EQ(WrongText(report), "NaN 1, inf 2, zero 4,096, sign 3, falls 4");
}

TEST(AccuracyTableTest, AKernelWithoutErrorsHasNoWorstInput) {
  v1::Certificate certificate = MakeCertificate();
  certificate.mutable_report()->set_max_ulp(0);
  EXPECT_THAT(AccuracyTable({certificate.kernel()}).Line(certificate, false), HasSubstr("  0.0000  -  "));
}

TEST(AccuracyTableTest, TheInputsOfGradientsHaveNames) {
  v1::Certificate certificate = MakeCertificate();
  *certificate.mutable_kernel() = MakeKernel("avx2", v1::DIRECTION_GRADIENT);
  v1::InputError error = MakeInputError();
  error.add_inputs(1);
  error.add_input_bits("0x3f800000");
  EXPECT_EQ(InputText(certificate, error), "-13.04 0xc150a3d7, dy 1 0x3f800000");
  error.add_inputs(0.5);
  error.add_input_bits("0x3f000000");
  EXPECT_EQ(InputText(certificate, error), "-13.04 0xc150a3d7, gate 1 0x3f800000, dy 0.5 0x3f000000");
}

TEST(AccuracyTableTest, BinadesAndSpecialValuesHaveTablesOfTheirOwn) {
  const v1::Certificate certificate = MakeCertificate();
  const std::string binades = BinadesText(certificate);
  EXPECT_THAT(binades, HasSubstr("\nswish/forward/f32/actbench/fast/avx2\n"));
  EXPECT_THAT(binades, HasSubstr("\n            -2^3      8,388,608  11.5000    5.7500\n"));
  EXPECT_THAT(binades, HasSubstr("-0 and subnormal      8,388,608   0.6000    0.3000\n"));
  EXPECT_THAT(SpecialValuesText(certificate), HasSubstr("NaN            nan 0x7fc00000  nan  nan       0.0000\n"));
  EXPECT_THAT(WorstText(certificate),
              HasSubstr("-13.04 0xc150a3d7  -0 0x80000000  -4.724201e-38 0x81809a1b  11.5000\n"));
}

TEST(AccuracyTableTest, NeighbouringBinadesOfEqualErrorsAreOneRow) {
  v1::Certificate certificate = MakeCertificate();
  EXPECT_EQ(BinadesText(certificate),
            "\nswish/forward/f32/actbench/fast/avx2\n"
            "     binade of x        checked  max ulp  mean ulp\n"
            "    -2^127..-2^4  1,040,187,392   0.6000    0.3000\n"
            "            -2^3      8,388,608  11.5000    5.7500\n"
            "   -2^2..-2^-126  1,082,130,432   0.6000    0.3000\n"
            "-0 and subnormal      8,388,608   0.6000    0.3000\n"
            " 0 and subnormal      8,388,608   0.6000    0.3000\n"
            "   2^-126..2^127  2,130,706,432   0.6000    0.3000\n");
  // Not over what is left out.
  certificate.mutable_report()->clear_binades();
  AddBinade(certificate, false, 1, 0.6);
  AddBinade(certificate, false, 3, 0.6);
  AddBinade(certificate, false, 4, 0.599999);  // which is shown as 0.6
  EXPECT_THAT(BinadesText(certificate), HasSubstr("\n        2^1   8,388,608   0.6000    0.3000\n"
                                                  "   2^3..2^4  16,777,216   0.6000    0.3000\n"));
}

TEST(AccuracyTableTest, AComparisonShowsBothErrors) {
  v1::Comparison comparison;
  *comparison.mutable_first() = MakeCertificate("avx2");
  *comparison.mutable_second() = MakeCertificate("sse4");
  EXPECT_EQ(ComparisonText(comparison), "\nall 4,294,967,296 outputs have the same bits\n");
  comparison.set_differing(12345);
  v1::Difference& difference = *comparison.add_differences();
  *difference.mutable_first() = MakeInputError();
  *difference.mutable_second() = MakeInputError();
  difference.mutable_second()->set_ulp(0.25);
  EXPECT_THAT(ComparisonText(comparison),
              HasSubstr("\n12,345 of 4,294,967,296 outputs differ, the largest errors first:\n"));
  EXPECT_THAT(ComparisonText(comparison),
              HasSubstr("-13.04 0xc150a3d7  -0 0x80000000  11.5000  -0 0x80000000  0.2500  -4.724201e-38\n"));
}

}  // namespace
}  // namespace actbench::client
