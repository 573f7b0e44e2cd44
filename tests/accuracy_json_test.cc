// SPDX-License-Identifier: Apache-2.0
#include "client/accuracy_json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "tests/handmade_certificates.h"

namespace actbench::client {
namespace {

using nlohmann::json;

TEST(AccuracyJsonTest, EveryNumberOfTheReportIsThere) {
  v1::Certificate certificate = MakeCertificate();
  certificate.mutable_report()->set_wrong_nan(1);
  certificate.mutable_report()->set_wrong_inf(2);
  certificate.mutable_report()->set_spurious_zero(3);
  certificate.mutable_report()->set_wrong_sign(4);
  certificate.mutable_report()->set_falls(5);
  const json object = json::parse(AccuracyJson(certificate));
  EXPECT_EQ(object["kernel"], "swish/forward/f32/actbench/fast/avx2");
  EXPECT_EQ(object["device"], "cpu");
  EXPECT_EQ(object["parameters"], json({{"beta", 1.5}}));
  EXPECT_EQ(object["mode"], "exhaustive");
  EXPECT_EQ(object["checked"], 4294967296);
  EXPECT_EQ(object["max_ulp"], 11.5);
  EXPECT_EQ(object["mean_ulp"], 0.25);
  EXPECT_EQ(object["misrounded"], 1234567);
  EXPECT_EQ(object["wrong_nan"], 1);
  EXPECT_EQ(object["wrong_inf"], 2);
  EXPECT_EQ(object["spurious_zero"], 3);
  EXPECT_EQ(object["wrong_sign"], 4);
  EXPECT_EQ(object["falls"], 5);
  EXPECT_EQ(object["output_hash"], "fedcba9876543210");
  EXPECT_EQ(object["seconds"], 2.5);
  EXPECT_EQ(object["build_id"], "0123456789abcdef");
  EXPECT_EQ(object["time"], "2025-11-25T14:03:11Z");
  EXPECT_EQ(object["certificate"], "00c0ffee");
  EXPECT_EQ(object["decided_by"], json({{"f64", 4294966720}, {"pair", 0}, {"mpfr", 576}}));
  EXPECT_EQ(object["binades"].size(), 510U);
  EXPECT_EQ(object["binades"][0],
            json({{"negative", true}, {"exponent", 127}, {"checked", 8388608}, {"max_ulp", 0.6}, {"mean_ulp", 0.3}}));
}

TEST(AccuracyJsonTest, AClaimIsThereWhereThereIsOne) {
  v1::Certificate certificate = MakeCertificate();
  EXPECT_FALSE(json::parse(AccuracyJson(certificate)).contains("claim"));
  certificate.mutable_claim()->set_max_ulp(2);
  certificate.mutable_claim()->set_kept(true);
  const json claim = json::parse(AccuracyJson(certificate))["claim"];
  EXPECT_EQ(claim, json({{"max_ulp", 2.0}, {"correctly_rounded", false}, {"kept", true}}));
}

TEST(AccuracyJsonTest, NumbersAreTheShortestOfTheirDtypeAndNonFiniteOnesAreStrings) {
  v1::Certificate certificate = MakeCertificate();
  certificate.mutable_report()->set_max_ulp(kInfinity);
  const std::string text = AccuracyJson(certificate);
  EXPECT_NE(
      text.find(R"("worst":[{"x":-13.04,"x_bits":"0xc150a3d7","got":-0.0,"expected":-4.7242014e-38,"ulp":11.5}])"),
      std::string::npos)
      << text;
  EXPECT_NE(
      text.find(
          R"("special_values":[{"name":"NaN","x":"NaN","x_bits":"0x7fc00000","got":"NaN","expected":"NaN","ulp":0.0}])"),
      std::string::npos)
      << text;
  EXPECT_NE(text.find(R"("max_ulp":"Infinity")"), std::string::npos);
}

TEST(AccuracyJsonTest, WorstInputsOfGradientsHaveDyAndGatedOnesTheGateToo) {
  v1::Certificate certificate = MakeCertificate();
  *certificate.mutable_kernel() = MakeKernel("avx2", v1::DIRECTION_GRADIENT);
  v1::InputError& error = *certificate.mutable_report()->mutable_worst(0);
  error.add_inputs(2);
  error.add_input_bits("0x40000000");
  json worst = json::parse(AccuracyJson(certificate))["worst"][0];
  EXPECT_EQ(worst["dy"], 2.0);
  EXPECT_EQ(worst["dy_bits"], "0x40000000");
  EXPECT_FALSE(worst.contains("gate"));
  EXPECT_FALSE(worst.contains("output"));
  error.add_inputs(3);
  error.add_input_bits("0x40400000");
  error.set_output(1);
  worst = json::parse(AccuracyJson(certificate))["worst"][0];
  EXPECT_EQ(worst["gate"], 2.0);
  EXPECT_EQ(worst["gate_bits"], "0x40000000");
  EXPECT_EQ(worst["dy"], 3.0);
  EXPECT_EQ(worst["output"], "dgate");
}

TEST(AccuracyJsonTest, AComparisonHasBothResultsAndWhereTheyDiffer) {
  v1::Comparison comparison;
  *comparison.mutable_first() = MakeCertificate("avx2");
  *comparison.mutable_second() = MakeCertificate("sse4");
  comparison.set_differing(7);
  v1::Difference& difference = *comparison.add_differences();
  *difference.mutable_first() = MakeInputError();
  *difference.mutable_second() = MakeInputError();
  difference.mutable_second()->set_got(-1);
  difference.mutable_second()->set_ulp(0.25);
  const std::string text = ComparisonJson(comparison);
  EXPECT_NE(text.find(R"("differing":7,"differences":[{"x":-13.04,"x_bits":"0xc150a3d7","expected":-4.7242014e-38,)"
                      R"("first_got":-0.0,"first_ulp":11.5,"second_got":-1.0,"second_ulp":0.25}])"),
            std::string::npos)
      << text;
  const json object = json::parse(text);
  EXPECT_EQ(object["checked"], 4294967296);
  EXPECT_EQ(object["first"], json::parse(AccuracyJson(comparison.first())));
  EXPECT_EQ(object["second"]["kernel"], "swish/forward/f32/actbench/fast/sse4");
}

TEST(AccuracyJsonTest, SeveralAreAnArray) {
  const v1::Certificate certificates[] = {MakeCertificate("avx2"), MakeCertificate("sse4")};
  const json array = json::parse(AccuracyJson(certificates));
  ASSERT_EQ(array.size(), 2U);
  EXPECT_EQ(array[1]["kernel"], "swish/forward/f32/actbench/fast/sse4");
}

}  // namespace
}  // namespace actbench::client
