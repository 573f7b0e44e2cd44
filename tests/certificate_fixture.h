// SPDX-License-Identifier: Apache-2.0
// Certificates and what a store says of them, for tests.
#ifndef ACTBENCH_TESTS_CERTIFICATE_FIXTURE_H_
#define ACTBENCH_TESTS_CERTIFICATE_FIXTURE_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "server/certificate_store.h"
#include "tests/temporary_directory.h"

namespace actbench {

inline constexpr char kBuild[] = "0123456789abcdef";

// The one that was made `second` seconds after 1970, with something in every part.
inline v1::Certificate MakeCertificate(int second, const std::string& activation = "sigmoid",
                                       const std::string& isa = "avx2") {
  v1::Certificate certificate;
  v1::Kernel& kernel = *certificate.mutable_kernel();
  kernel.set_name(activation + "/forward/f32/actbench/fast/" + isa);
  kernel.set_activation(activation);
  kernel.set_direction(v1::DIRECTION_FORWARD);
  kernel.set_dtype(v1::DTYPE_F32);
  kernel.set_provider("actbench");
  kernel.set_tier("fast");
  kernel.set_isa(isa);
  kernel.set_device("cpu");
  (*certificate.mutable_parameters())["beta"] = 0.1;
  (*certificate.mutable_parameters())["alpha"] = 1;
  certificate.set_mode("exhaustive");
  certificate.mutable_report()->set_max_ulp(1.5);
  certificate.mutable_report()->add_worst()->set_ulp(1.5);
  certificate.mutable_report()->add_binades()->set_exponent(-3);
  certificate.mutable_report()->add_special_values()->set_name("-0");
  certificate.set_build_id(kBuild);
  certificate.mutable_time()->set_seconds(second);
  return certificate;
}

// The same, of other parameters for each second, so that no number of them is too many.
inline v1::Certificate MakeUnlike(int second) {
  v1::Certificate certificate = MakeCertificate(second);
  (*certificate.mutable_parameters())["alpha"] = second;
  return certificate;
}

// The id of a certificate that can be stored.
inline std::string Add(CertificateStore& store, const v1::Certificate& certificate, bool imported = false) {
  const auto stored = store.Add(certificate, imported);
  EXPECT_TRUE(stored.ok()) << stored.status();
  return stored.ok() ? stored->id : "";
}

// In the order of the list.
inline std::vector<int64_t> Seconds(const v1::ListCertificatesResponse& response) {
  std::vector<int64_t> seconds;
  for (const v1::Certificate& certificate : response.certificates()) seconds.push_back(certificate.time().seconds());
  return seconds;
}

// Of all that match.
inline std::vector<int64_t> Seconds(const CertificateStore& store, const CertificateStore::Filter& filter = {}) {
  const auto response = store.List(filter, 1000, "");
  EXPECT_TRUE(response.ok()) << response.status();
  return response.ok() ? Seconds(*response) : std::vector<int64_t>();
}

}  // namespace actbench

#endif  // ACTBENCH_TESTS_CERTIFICATE_FIXTURE_H_
