// SPDX-License-Identifier: Apache-2.0
#include "server/certificate.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

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

// ---- Of plug-ins ----

// By the provider "mine", whose kernels have this build id.
v1::Certificate CertificateOfPlugin(int second, const std::string& build_id) {
  v1::Certificate certificate = MakeCertificate(second);
  certificate.mutable_kernel()->set_provider("mine");
  certificate.mutable_kernel()->set_name("sigmoid/forward/f32/mine/fast/avx2");
  certificate.set_build_id(build_id);
  return certificate;
}

TEST(PluginCertificateTest, IsCurrentWhileThePluginIsTheOneThatItIsOf) {
  const TemporaryDirectory directory;
  std::string old;
  std::string current;
  std::string ours;
  {
    CertificateStore store(directory.path(), kBuild, {{"mine", "2222222222222222"}});
    old = Add(store, CertificateOfPlugin(9, "1111111111111111"));
    current = Add(store, CertificateOfPlugin(5, "2222222222222222"));
    ours = Add(store, MakeCertificate(7));
    EXPECT_TRUE(store.Get(old)->stale());
    EXPECT_FALSE(store.Get(current)->stale());
    EXPECT_FALSE(store.Get(ours)->stale());
    EXPECT_EQ(Seconds(store, {.current_only = true}), std::vector<int64_t>({7, 5}));
    EXPECT_EQ(*store.NewestCurrent(), std::vector<std::string>({ours, current}));
  }
  // Without the plug-in, and with one that has taken its name.
  const CertificateStore without(directory.path(), kBuild);
  EXPECT_TRUE(without.Get(current)->stale());
  EXPECT_EQ(Seconds(without, {.current_only = true}), std::vector<int64_t>({7}));
  const CertificateStore other(directory.path(), kBuild, {{"mine", "1111111111111111"}});
  EXPECT_TRUE(other.Get(current)->stale());
  EXPECT_FALSE(other.Get(old)->stale());
  EXPECT_FALSE(other.Get(ours)->stale());
}

TEST(PluginCertificateTest, OursIsStaleWhereAPluginHasItsBuildId) {
  const TemporaryDirectory directory;
  CertificateStore store(directory.path(), "3333333333333333", {{"mine", kBuild}});
  EXPECT_TRUE(store.Get(Add(store, MakeCertificate(7)))->stale());
}

}  // namespace
}  // namespace actbench
