// SPDX-License-Identifier: Apache-2.0
#include "server/certificate_check.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <ostream>
#include <string>
#include <vector>

#include "tests/certificate_fixture.h"
#include "tests/server_fixture.h"

namespace actbench {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

v1::InputError MakeError(double ulp) {
  v1::InputError error;
  error.add_inputs(1.5);
  error.add_input_bits("0x3e00");
  error.set_got(1);
  error.set_got_bits("0x3c00");
  error.set_expected(2);
  error.set_expected_bits("0x4000");
  error.set_ulp(ulp);
  return error;
}

// Exhaustive, of swish in f16.
v1::Certificate GoodCertificate() {
  v1::Certificate certificate;
  v1::Kernel& kernel = *certificate.mutable_kernel();
  kernel.set_name("swish/forward/f16/actbench/fast/avx2");
  kernel.set_activation("swish");
  kernel.set_direction(v1::DIRECTION_FORWARD);
  kernel.set_dtype(v1::DTYPE_F16);
  kernel.set_provider("actbench");
  kernel.set_tier("fast");
  kernel.set_isa("avx2");
  kernel.set_device("cpu");
  (*certificate.mutable_parameters())["beta"] = 1.5;
  certificate.set_mode("exhaustive");
  v1::AccuracyReport& report = *certificate.mutable_report();
  report.set_checked(65536);
  report.set_max_ulp(1.5);
  report.set_mean_ulp(0.25);
  report.set_misrounded(7);
  report.set_output_hash("0123456789abcdef");
  *report.add_worst() = MakeError(1.5);
  *report.add_worst() = MakeError(0.75);
  report.add_binades()->set_checked(1024);
  v1::SpecialValue& special = *report.add_special_values();
  special.set_name("1, next above");
  *special.mutable_error() = MakeError(0);
  certificate.set_build_id(kBuild);
  certificate.mutable_build()->set_compiler("GNU 12.2.0");
  certificate.mutable_machine()->set_cpu_model("A processor (R) @ 3 GHz");
  certificate.mutable_machine()->add_isas("avx2");
  certificate.mutable_time()->set_seconds(absl::ToUnixSeconds(kNow));
  return certificate;
}

absl::Status Check(const v1::Certificate& certificate) { return CheckCertificate(certificate, kNow); }

TEST(CheckCertificateTest, TakesWhatAServerMade) { EXPECT_EQ(Check(GoodCertificate()), absl::OkStatus()); }

TEST(CheckCertificateTest, TakesKernelsThatThisServerHasNot) {
  v1::Certificate certificate = GoodCertificate();
  certificate.mutable_kernel()->set_isa("sve");
  certificate.mutable_kernel()->set_device("cuda:7");
  certificate.mutable_kernel()->set_name("swish/forward/f16/actbench/fast/sve");
  EXPECT_EQ(Check(certificate), absl::OkStatus());
}

TEST(CheckCertificateTest, TakesInfiniteErrors) {
  v1::Certificate certificate = GoodCertificate();
  certificate.mutable_report()->set_max_ulp(std::numeric_limits<double>::infinity());
  certificate.mutable_report()->mutable_worst(0)->set_ulp(std::numeric_limits<double>::infinity());
  EXPECT_EQ(Check(certificate), absl::OkStatus());
}

TEST(CheckCertificateTest, TakesZerosOfTheWrongSignForNoError) {
  v1::Certificate certificate = GoodCertificate();
  certificate.mutable_report()->set_wrong_sign(7);
  certificate.mutable_report()->set_max_ulp(0);
  certificate.mutable_report()->set_mean_ulp(0);
  certificate.mutable_report()->clear_worst();
  EXPECT_EQ(Check(certificate), absl::OkStatus());
}

TEST(CheckCertificateTest, TakesAClockThatIsALittleAhead) {
  v1::Certificate certificate = GoodCertificate();
  certificate.mutable_time()->set_seconds(absl::ToUnixSeconds(kNow) + 60);
  EXPECT_EQ(Check(certificate), absl::OkStatus());
}

TEST(CheckCertificateTest, AnActivationThatIsUnknownIsNotFound) {
  v1::Certificate certificate = GoodCertificate();
  certificate.mutable_kernel()->set_activation("swosh");
  const absl::Status status = Check(certificate);
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  ExpectContains(std::string(status.message()), {"certificate.kernel.activation", "swosh", "swish"});
}

TEST(MakeCanonicalTest, GivesBackTheSignsOfZeroAndTakesThoseOfNan) {
  v1::Certificate certificate = GoodCertificate();
  const double nan = std::numeric_limits<double>::quiet_NaN();
  v1::InputError& error = *certificate.mutable_report()->mutable_worst(0);
  error.set_got(0);
  error.set_got_bits("0x8000");
  error.set_expected(-nan);
  error.set_expected_bits("0xfe00");
  certificate.GetReflection()->MutableUnknownFields(&certificate)->AddVarint(1000, 1);
  EXPECT_EQ(Check(certificate), absl::OkStatus());
  v1::Certificate expected = GoodCertificate();
  *expected.mutable_report()->mutable_worst(0) = error;
  expected.mutable_report()->mutable_worst(0)->set_got(-0.0);
  expected.mutable_report()->mutable_worst(0)->set_expected(nan);
  MakeCanonical(certificate);
  EXPECT_EQ(certificate.SerializeAsString(), expected.SerializeAsString());
}

struct Mistake {
  const char* name;
  std::vector<std::string> words;
  std::function<void(v1::Certificate&)> make;
};
std::ostream& operator<<(std::ostream& out, const Mistake& mistake) { return out << mistake.name; }

class CertificateMistakeTest : public testing::TestWithParam<Mistake> {};

TEST_P(CertificateMistakeTest, IsToldExactly) {
  v1::Certificate certificate = GoodCertificate();
  GetParam().make(certificate);
  const absl::Status status = Check(certificate);
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  ExpectContains(std::string(status.message()), GetParam().words);
}

using Certificate = v1::Certificate;
INSTANTIATE_TEST_SUITE_P(Certificates, CertificateMistakeTest,
                         testing::
                             Values(Mistake{"NoKernel",
                                            {"certificate.kernel is not given"},
                                            [](Certificate& c) { c.clear_kernel(); }},
                                    Mistake{"NoIsa",
                                            {"certificate.kernel.isa is not given"},
                                            [](Certificate& c) { c.mutable_kernel()->clear_isa(); }},
                                    Mistake{
                                        "LongDevice",
                                        {"certificate.kernel.device", "129", "128"},
                                        [](Certificate& c) { c.mutable_kernel()->set_device(std::string(129, 'd')); }},
                                    Mistake{"NoDirection",
                                            {"certificate.kernel.direction"},
                                            [](Certificate& c) { c.mutable_kernel()->clear_direction(); }},
                                    Mistake{"NoDtype",
                                            {"certificate.kernel.dtype is not given", "f64"},
                                            [](Certificate& c) { c.mutable_kernel()->clear_dtype(); }},
                                    Mistake{"Name",
                                            {"certificate.kernel.name is \"swish\"",
                                             "\"swish/forward/f16/actbench/fast/avx2\""},
                                            [](Certificate& c) { c.mutable_kernel()->set_name("swish"); }},
                                    Mistake{"Parameter",
                                            {"certificate.parameters", "nan", "beta"},
                                            [](Certificate& c) { (*c.mutable_parameters())["beta"] = std::nan(""); }},
                                    Mistake{
                                        "Mode",
                                        {"certificate.mode is \"guessed\"",
                                         "exhaustive, exhaustive_unit_upstream, sampled, sampled_unit_upstream, given"},
                                        [](Certificate& c) { c.set_mode("guessed"); }},
                                    Mistake{
                                        "NoMode", {"certificate.mode is \"\""}, [](Certificate& c) { c.clear_mode(); }},
                                    Mistake{"NoReport",
                                            {"certificate.report is not given"},
                                            [](Certificate& c) { c.clear_report(); }},
                                    Mistake{"NothingChecked",
                                            {"certificate.report.checked is 0", "at least 1"},
                                            [](Certificate& c) { c.mutable_report()->clear_checked(); }},
                                    Mistake{"Count",
                                            {"certificate.report.wrong_nan is 65537", "from 0 to", "65536"},
                                            [](Certificate& c) { c.mutable_report()->set_wrong_nan(65537); }},
                                    Mistake{"NegativeCount",
                                            {"certificate.report.falls is -1"},
                                            [](Certificate& c) { c.mutable_report()->set_falls(-1); }},
                                    Mistake{"MaxUlp",
                                            {"certificate.report has max_ulp nan"},
                                            [](Certificate& c) { c.mutable_report()->set_max_ulp(std::nan("")); }},
                                    Mistake{"MeanUlp",
                                            {"mean_ulp 2", "not above the maximum"},
                                            [](Certificate& c) { c.mutable_report()->set_mean_ulp(2); }},
                                    Mistake{"Hash",
                                            {"certificate.report.output_hash", "16 hexadecimal digits"},
                                            [](Certificate& c) {
                                              c.mutable_report()->set_output_hash("0123456789abcdeg");
                                            }},
                                    Mistake{"Worst",
                                            {"certificate.report.worst has 11 rows", "at most 10"},
                                            [](Certificate& c) {
                                              while (c.report().worst_size() < 11) c.mutable_report()->add_worst();
                                            }},
                                    Mistake{"Binades",
                                            {"certificate.report has 9000 binades", "at most 8192"},
                                            [](Certificate& c) {
                                              while (c.report().binades_size() < 9000)
                                                c.mutable_report()->add_binades();
                                            }},
                                    Mistake{"NoBuildId",
                                            {"certificate.build_id is not given"},
                                            [](Certificate& c) { c.clear_build_id(); }},
                                    Mistake{"NoTime",
                                            {"certificate.time is not given"},
                                            [](Certificate& c) { c.clear_time(); }},
                                    Mistake{"Escapes",
                                            {"certificate.kernel.provider is", "\\x1b[2J", "letters"},
                                            [](Certificate& c) { c.mutable_kernel()->set_provider("\x1b[2J"); }},
                                    Mistake{"Slash",
                                            {"certificate.kernel.tier is"},
                                            [](Certificate& c) { c.mutable_kernel()->set_tier("fast/x"); }},
                                    Mistake{"Alias",
                                            {"certificate.kernel.activation", "torch:Tanh", "the id", "tanh"},
                                            [](Certificate& c) { c.mutable_kernel()->set_activation("torch:Tanh"); }},
                                    Mistake{"UnknownParameter",
                                            {"certificate.parameters", "gamma", "beta"},
                                            [](Certificate& c) { (*c.mutable_parameters())["gamma"] = 1; }},
                                    Mistake{"NoParameter",
                                            {"certificate.parameters has no beta"},
                                            [](Certificate& c) { c.clear_parameters(); }},
                                    Mistake{"UnitUpstream",
                                            {"certificate.mode is", "forward"},
                                            [](Certificate& c) { c.set_mode("exhaustive_unit_upstream"); }},
                                    Mistake{"TooManyInputs",
                                            {"certificate.mode is", "2^64", "2^32"},
                                            [](Certificate& c) {
                                              c.mutable_kernel()->set_dtype(v1::DTYPE_F64);
                                              c.mutable_kernel()->set_name("swish/forward/f64/actbench/fast/avx2");
                                            }},
                                    Mistake{"NotAllInputs",
                                            {"certificate.report.checked is 1000", "65536"},
                                            [](Certificate& c) { c.mutable_report()->set_checked(1000); }},
                                    Mistake{"NegativeDecided",
                                            {"certificate.report.decided_by_mpfr is -1"},
                                            [](Certificate& c) { c.mutable_report()->set_decided_by_mpfr(-1); }},
                                    Mistake{"NothingMisrounded",
                                            {"certificate.report.max_ulp is 1.5", "misrounded is 0", "at most 0.5"},
                                            [](Certificate& c) { c.mutable_report()->clear_misrounded(); }},
                                    Mistake{"MisroundedByNothing",
                                            {"certificate.report.max_ulp is 0", "misrounded is 7", "at least 0.5"},
                                            [](Certificate& c) {
                                              c.mutable_report()->set_max_ulp(0);
                                              c.mutable_report()->set_mean_ulp(0);
                                            }},
                                    Mistake{"WorstIsNotTheMaximum",
                                            {"certificate.report.worst begins with ulp 1.5", "report.max_ulp, 2.5"},
                                            [](Certificate& c) { c.mutable_report()->set_max_ulp(2.5); }},
                                    Mistake{"NoWorst",
                                            {"certificate.report.worst is empty", "1.5"},
                                            [](Certificate& c) { c.mutable_report()->clear_worst(); }},
                                    Mistake{"WorstOrder",
                                            {"certificate.report.worst[2] has ulp 1", "worst are first"},
                                            [](Certificate& c) { *c.mutable_report()->add_worst() = MakeError(1); }},
                                    Mistake{"WorstUlp",
                                            {"certificate.report.worst[2] has ulp -1"},
                                            [](Certificate& c) { *c.mutable_report()->add_worst() = MakeError(-1); }},
                                    Mistake{"Inputs",
                                            {"certificate.report.worst[1] has 2 inputs", "has 1"},
                                            [](Certificate& c) {
                                              c.mutable_report()->mutable_worst(1)->add_inputs(1);
                                              c.mutable_report()->mutable_worst(1)->add_input_bits("0x3c00");
                                            }},
                                    Mistake{
                                        "Bits",
                                        {"certificate.report.worst[1].got has the bits", "0x3c00000", "f16", "0x0000"},
                                        [](Certificate& c) {
                                          c.mutable_report()->mutable_worst(1)->set_got_bits("0x3c00000");
                                        }},
                                    Mistake{"OtherBits",
                                            {"certificate.report.worst[1].expected is 2", "0x3c00", "of 1"},
                                            [](Certificate& c) {
                                              c.mutable_report()->mutable_worst(1)->set_expected_bits("0x3c00");
                                            }},
                                    Mistake{
                                        "Output",
                                        {"certificate.report.worst[0] has output 1"},
                                        [](Certificate& c) { c.mutable_report()->mutable_worst(0)->set_output(1); }},
                                    Mistake{"SpecialName",
                                            {"certificate.report.special_values[0].name", "printable ASCII"},
                                            [](Certificate& c) {
                                              c.mutable_report()->mutable_special_values(0)->set_name("\n");
                                            }},
                                    Mistake{
                                        "SpecialBits",
                                        {"certificate.report.special_values[0].error.inputs is 3", "0x3e00"},
                                        [](Certificate& c) {
                                          c.mutable_report()->mutable_special_values(0)->mutable_error()->set_inputs(0,
                                                                                                                     3);
                                        }},
                                    Mistake{"BinadeExponent",
                                            {"certificate.report.binades[0] has exponent -5000", "1100"},
                                            [](Certificate& c) {
                                              c.mutable_report()->mutable_binades(0)->set_exponent(-5000);
                                            }},
                                    Mistake{"BinadeCount",
                                            {"certificate.report.binades[0] has checked 65537"},
                                            [](Certificate& c) {
                                              c.mutable_report()->mutable_binades(0)->set_checked(65537);
                                            }},
                                    Mistake{"BinadeUlp",
                                            {"certificate.report.binades[0] has max_ulp -1"},
                                            [](Certificate& c) {
                                              c.mutable_report()->mutable_binades(0)->set_max_ulp(-1);
                                            }},
                                    Mistake{"BuildId",
                                            {"certificate.build_id is"},
                                            [](Certificate& c) { c.set_build_id("a b"); }},
                                    Mistake{"Build",
                                            {"certificate.build.compiler is", "\\x07", "printable ASCII"},
                                            [](Certificate& c) { c.mutable_build()->set_compiler("\x07"); }},
                                    Mistake{"Machine",
                                            {"certificate.machine.cpu_model has 1000 bytes", "256"},
                                            [](Certificate& c) {
                                              c.mutable_machine()->set_cpu_model(std::string(1000, 'x'));
                                            }},
                                    Mistake{"Isas",
                                            {"certificate.machine.isas has 65 values", "64"},
                                            [](Certificate& c) {
                                              while (c.machine().isas_size() < 65) c.mutable_machine()->add_isas("x");
                                            }},
                                    Mistake{"Cpus",
                                            {"certificate.machine.cpu_count is -1"},
                                            [](Certificate& c) { c.mutable_machine()->set_cpu_count(-1); }},
                                    Mistake{"Future",
                                            {"certificate.time has 1800001000 seconds", "to now, 2027-01-15T08:00:00Z"},
                                            [](Certificate& c) { c.mutable_time()->set_seconds(1'800'001'000); }},
                                    Mistake{"Past",
                                            {"certificate.time has 1000 seconds", "2020-01-01T00:00:00Z"},
                                            [](Certificate& c) { c.mutable_time()->set_seconds(1000); }},
                                    Mistake{
                                        "FarFuture",
                                        {"certificate.time"},
                                        [](Certificate&
                                               c) { c.mutable_time()->set_seconds(std::numeric_limits<int64_t>::max()); }},
                                    Mistake{"Nanos",
                                            {"certificate.time", "999999999"},
                                            [](Certificate& c) { c.mutable_time()->set_nanos(-1); }},
                                    Mistake{"Seconds",
                                            {"certificate.seconds is -1"},
                                            [](Certificate& c) { c.set_seconds(-1); }}),
                         [](const testing::TestParamInfo<Mistake>& tested) { return std::string(tested.param.name); });

}  // namespace
}  // namespace actbench
