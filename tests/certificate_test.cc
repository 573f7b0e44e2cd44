// SPDX-License-Identifier: Apache-2.0
#include "server/certificate.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/certificate_fixture.h"

namespace actbench {
namespace {

// What swish claims in f32, with this beta.
v1::Claim ClaimOfSwish(v1::Direction direction, const std::string& tier, const std::string& mode, double beta = 1) {
  v1::Certificate certificate = MakeCertificate(7, "swish");
  certificate.mutable_kernel()->set_direction(direction);
  certificate.mutable_kernel()->set_tier(tier);
  certificate.set_mode(mode);
  certificate.clear_parameters();
  (*certificate.mutable_parameters())["beta"] = beta;
  SetClaim(certificate);
  return certificate.claim();
}

TEST(CertificateTest, AClaimIsAboutSuchInputsAndParameters) {
  for (const char* mode : {"exhaustive", "sampled", "given"}) {
    EXPECT_EQ(ClaimOfSwish(v1::DIRECTION_FORWARD, "fast", mode).max_ulp(), 2) << mode;
    EXPECT_TRUE(ClaimOfSwish(v1::DIRECTION_FORWARD, "exact", mode).correctly_rounded()) << mode;
    EXPECT_FALSE(ClaimOfSwish(v1::DIRECTION_FORWARD, "exact", mode, 1.5).correctly_rounded()) << mode;
    EXPECT_FALSE(ClaimOfSwish(v1::DIRECTION_GRADIENT, "exact", mode).correctly_rounded()) << mode;
    EXPECT_EQ(ClaimOfSwish(v1::DIRECTION_GRADIENT, "exact", mode).max_ulp(), 0.5000001) << mode;
  }
  for (const char* mode : {"exhaustive_unit_upstream", "sampled_unit_upstream"}) {
    EXPECT_EQ(ClaimOfSwish(v1::DIRECTION_GRADIENT, "fast", mode).max_ulp(), 2) << mode;
    EXPECT_TRUE(ClaimOfSwish(v1::DIRECTION_GRADIENT, "exact", mode).correctly_rounded()) << mode;
  }
}

TEST(CertificateTest, ThereIsNoneWhereTheKernelClaimsNothingOfSomeInput) {
  v1::Certificate certificate = MakeCertificate(7);
  certificate.mutable_claim()->set_kept(true);
  certificate.mutable_kernel()->set_provider("libm");
  SetClaim(certificate);
  EXPECT_FALSE(certificate.has_claim());
  certificate = MakeCertificate(7);
  certificate.mutable_kernel()->set_direction(v1::DIRECTION_GRADIENT);
  certificate.set_mode("sampled");
  SetClaim(certificate);
  EXPECT_FALSE(certificate.has_claim());
}

TEST(CertificateTest, AClaimIsNoPartOfWhatIsStoredButTheKernels) {
  const TemporaryDirectory directory;
  CertificateStore store(directory.path(), kBuild);
  v1::Certificate certificate = MakeCertificate(7);
  certificate.mutable_report()->set_max_ulp(2.5);
  const std::string id = Add(store, certificate);
  certificate.mutable_claim()->set_max_ulp(1000);
  certificate.mutable_claim()->set_kept(true);
  EXPECT_EQ(Add(store, certificate), id);
  const v1::Claim claim = store.Get(id)->claim();
  EXPECT_EQ(claim.max_ulp(), 2);
  EXPECT_FALSE(claim.kept());
}

}  // namespace
}  // namespace actbench
