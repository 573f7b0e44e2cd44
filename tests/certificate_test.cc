// SPDX-License-Identifier: Apache-2.0
#include "server/certificate.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <ostream>
#include <string>
#include <vector>

#include "tests/certificate_fixture.h"
#include "tests/server_fixture.h"

namespace actbench {
namespace {

v1::Certificate GoodCertificate() {
  v1::Certificate certificate = MakeCertificate(1);
  certificate.mutable_report()->set_checked(1000);
  certificate.mutable_report()->set_output_hash("0123456789abcdef");
  return certificate;
}

TEST(CheckCertificateTest, TakesWhatAServerMade) { EXPECT_EQ(CheckCertificate(GoodCertificate()), absl::OkStatus()); }

TEST(CheckCertificateTest, TakesKernelsThatThisServerHasNot) {
  v1::Certificate certificate = GoodCertificate();
  certificate.mutable_kernel()->set_isa("sve");
  certificate.mutable_kernel()->set_device("cuda:7");
  certificate.mutable_kernel()->set_name("sigmoid/forward/f32/actbench/fast/sve");
  EXPECT_EQ(CheckCertificate(certificate), absl::OkStatus());
}

TEST(CheckCertificateTest, TakesInfiniteErrors) {
  v1::Certificate certificate = GoodCertificate();
  certificate.mutable_report()->set_max_ulp(std::numeric_limits<double>::infinity());
  EXPECT_EQ(CheckCertificate(certificate), absl::OkStatus());
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
  const absl::Status status = CheckCertificate(certificate);
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  ExpectContains(std::string(status.message()), GetParam().words);
}

using Certificate = v1::Certificate;
INSTANTIATE_TEST_SUITE_P(
    Certificates, CertificateMistakeTest,
    testing::Values(
        Mistake{"NoKernel", {"certificate.kernel is not given"}, [](Certificate& c) { c.clear_kernel(); }},
        Mistake{
            "NoIsa", {"certificate.kernel.isa is not given"}, [](Certificate& c) { c.mutable_kernel()->clear_isa(); }},
        Mistake{"LongDevice",
                {"certificate.kernel.device", "129", "128"},
                [](Certificate& c) { c.mutable_kernel()->set_device(std::string(129, 'd')); }},
        Mistake{"NoDirection",
                {"certificate.kernel.direction"},
                [](Certificate& c) { c.mutable_kernel()->clear_direction(); }},
        Mistake{"NoDtype",
                {"certificate.kernel.dtype is not given", "f64"},
                [](Certificate& c) { c.mutable_kernel()->clear_dtype(); }},
        Mistake{"Name",
                {"certificate.kernel.name is \"sigmoid\"", "\"sigmoid/forward/f32/actbench/fast/avx2\""},
                [](Certificate& c) { c.mutable_kernel()->set_name("sigmoid"); }},
        Mistake{"Parameter",
                {"certificate.parameters", "nan", "beta"},
                [](Certificate& c) { (*c.mutable_parameters())["beta"] = std::nan(""); }},
        Mistake{"ManyParameters",
                {"certificate.parameters has 102", "at most 64"},
                [](Certificate& c) {
                  for (int i = 0; i < 100; ++i) (*c.mutable_parameters())[std::to_string(i)] = 1;
                }},
        Mistake{"Mode",
                {"certificate.mode is \"guessed\"", "exhaustive, exhaustive_unit_upstream, sampled, given"},
                [](Certificate& c) { c.set_mode("guessed"); }},
        Mistake{"NoMode", {"certificate.mode is \"\""}, [](Certificate& c) { c.clear_mode(); }},
        Mistake{"NoReport", {"certificate.report is not given"}, [](Certificate& c) { c.clear_report(); }},
        Mistake{"NothingChecked",
                {"certificate.report.checked is 0", "at least 1"},
                [](Certificate& c) { c.mutable_report()->clear_checked(); }},
        Mistake{"Count",
                {"certificate.report.wrong_nan is 1001", "from 0 to", "1000"},
                [](Certificate& c) { c.mutable_report()->set_wrong_nan(1001); }},
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
                [](Certificate& c) { c.mutable_report()->set_output_hash("0123456789abcdeg"); }},
        Mistake{"Worst",
                {"certificate.report.worst has 11 rows", "at most 10"},
                [](Certificate& c) {
                  while (c.report().worst_size() < 11) c.mutable_report()->add_worst();
                }},
        Mistake{"Binades",
                {"certificate.report has 9000 binades", "at most 8192"},
                [](Certificate& c) {
                  while (c.report().binades_size() < 9000) c.mutable_report()->add_binades();
                }},
        Mistake{"NoBuildId", {"certificate.build_id is not given"}, [](Certificate& c) { c.clear_build_id(); }},
        Mistake{"NoTime", {"certificate.time is not given"}, [](Certificate& c) { c.clear_time(); }},
        Mistake{"Time",
                {"certificate.time", "year 1 to 9999"},
                [](Certificate& c) { c.mutable_time()->set_seconds(int64_t{1} << 50); }},
        Mistake{"Nanos", {"certificate.time", "999999999"}, [](Certificate& c) { c.mutable_time()->set_nanos(-1); }},
        Mistake{"Seconds", {"certificate.seconds is -1"}, [](Certificate& c) { c.set_seconds(-1); }}),
    [](const testing::TestParamInfo<Mistake>& tested) { return std::string(tested.param.name); });

}  // namespace
}  // namespace actbench
