// SPDX-License-Identifier: Apache-2.0
#include "client/certificates_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/handmade_certificates.h"

namespace actbench::client {
namespace {

using testing::HasSubstr;

TEST(CertificatesFileTest, WhatIsWrittenIsReadAgain) {
  v1::Certificate odd = MakeCertificate("sse4");
  odd.mutable_report()->set_max_ulp(kInfinity);
  odd.mutable_report()->set_mean_ulp(0.1);
  const v1::Certificate plain = MakeCertificate();
  const absl::StatusOr<std::string> text = CertificatesJson({plain, odd});
  ASSERT_TRUE(text.ok()) << text.status();
  const auto certificates = ParseCertificates(*text);
  ASSERT_TRUE(certificates.ok()) << certificates.status();
  ASSERT_EQ(certificates->size(), 2U);
  ASSERT_TRUE((*certificates)[0].ok()) << (*certificates)[0].status();
  ASSERT_TRUE((*certificates)[1].ok()) << (*certificates)[1].status();
  // By their bytes, as NaN differs from itself.
  EXPECT_EQ((*certificates)[0]->SerializeAsString(), plain.SerializeAsString());
  EXPECT_EQ((*certificates)[1]->SerializeAsString(), odd.SerializeAsString());
}

TEST(CertificatesFileTest, NoneAreAnEmptyArray) {
  EXPECT_EQ(*CertificatesJson({}), "[]\n");
  EXPECT_TRUE(ParseCertificates("[]\n")->empty());
}

TEST(CertificatesFileTest, WhatIsNoArrayIsRefused) {
  for (const std::string text : {"", "{}", "\x89PNG", "null"}) {
    EXPECT_THAT(std::string(ParseCertificates(text).status().message()), HasSubstr("not a JSON array")) << text;
  }
  for (const std::string text : {"[", "[{]", "[1,", "[{}] x"}) {
    const absl::Status status = ParseCertificates(text).status();
    EXPECT_THAT(std::string(status.message()), HasSubstr("not JSON")) << text;
  }
  EXPECT_FALSE(ParseCertificates(std::string(100000, '[')).ok());
}

TEST(CertificatesFileTest, ABadElementDoesNotCostTheOthersTheirs) {
  const std::string good = *CertificatesJson({MakeCertificate()});
  const std::string text = "[1, " + good.substr(1, good.size() - 3) + R"(, {"kernel": "swish"}, {"speed": 3}])";
  const auto certificates = ParseCertificates(text);
  ASSERT_TRUE(certificates.ok()) << certificates.status();
  ASSERT_EQ(certificates->size(), 4U);
  EXPECT_EQ((*certificates)[0].status().message(), "it is no certificate: Root element must be a message.");
  EXPECT_TRUE((*certificates)[1].ok()) << (*certificates)[1].status();
  EXPECT_THAT(std::string((*certificates)[2].status().message()), HasSubstr("kernel"));
  EXPECT_THAT(std::string((*certificates)[3].status().message()), HasSubstr("speed"));
  for (const auto& certificate : *certificates) {
    EXPECT_EQ(certificate.status().message().find('\n'), absl::string_view::npos);
  }
}

}  // namespace
}  // namespace actbench::client
