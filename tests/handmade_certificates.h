// SPDX-License-Identifier: Apache-2.0
// Certificates made by hand, for tests of what the client makes of them.
#ifndef ACTBENCH_TESTS_HANDMADE_CERTIFICATES_H_
#define ACTBENCH_TESTS_HANDMADE_CERTIFICATES_H_

#include <limits>
#include <string>

#include "actbench/v1/accuracy.pb.h"

namespace actbench::client {

inline constexpr double kInfinity = std::numeric_limits<double>::infinity();
inline constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

inline v1::Kernel MakeKernel(const std::string& isa, v1::Direction direction = v1::DIRECTION_FORWARD) {
  v1::Kernel kernel;
  kernel.set_name(std::string("swish/") + (direction == v1::DIRECTION_FORWARD ? "forward" : "gradient") +
                  "/f32/actbench/fast/" + isa);
  kernel.set_activation("swish");
  kernel.set_direction(direction);
  kernel.set_dtype(v1::DTYPE_F32);
  kernel.set_provider("actbench");
  kernel.set_tier("fast");
  kernel.set_device("cpu");
  kernel.set_isa(isa);
  return kernel;
}

inline v1::BinadeError& AddBinade(v1::Certificate& certificate, bool negative, int exponent, double max_ulp) {
  v1::BinadeError& binade = *certificate.mutable_report()->add_binades();
  binade.set_negative(negative);
  binade.set_exponent(exponent);
  binade.set_checked(8388608);
  binade.set_max_ulp(max_ulp);
  binade.set_mean_ulp(max_ulp / 2);
  return binade;
}

inline v1::InputError MakeInputError() {
  v1::InputError error;
  error.add_inputs(-13.04f);
  error.add_input_bits("0xc150a3d7");
  error.set_got(-0.0);
  error.set_got_bits("0x80000000");
  error.set_expected(-4.7242014e-38f);
  error.set_expected_bits("0x81809a1b");
  error.set_ulp(11.5);
  return error;
}

// Exhaustive, forward, of swish in f32: every binade with an error of 0.6 ulp but the worst one.
inline v1::Certificate MakeCertificate(const std::string& isa = "avx2") {
  v1::Certificate certificate;
  certificate.set_id("00c0ffee");
  *certificate.mutable_kernel() = MakeKernel(isa);
  (*certificate.mutable_parameters())["beta"] = 1.5;
  certificate.set_mode("exhaustive");
  certificate.set_build_id("0123456789abcdef");
  certificate.mutable_time()->set_seconds(1764079391);  // 2025-11-25T14:03:11Z
  certificate.set_seconds(2.5);
  v1::AccuracyReport& report = *certificate.mutable_report();
  report.set_checked(int64_t{1} << 32);
  report.set_max_ulp(11.5);
  report.set_mean_ulp(0.25);
  report.set_misrounded(1234567);
  report.set_output_hash("fedcba9876543210");
  report.set_decided_by_f64((int64_t{1} << 32) - 576);
  report.set_decided_by_mpfr(576);
  *report.add_worst() = MakeInputError();
  for (int exponent = 127; exponent >= -127; --exponent)
    AddBinade(certificate, true, exponent, exponent == 3 ? 11.5 : 0.6);
  for (int exponent = -127; exponent <= 127; ++exponent) AddBinade(certificate, false, exponent, 0.6);
  v1::SpecialValue& special = *report.add_special_values();
  special.set_name("NaN");
  special.mutable_error()->add_inputs(kNan);
  special.mutable_error()->add_input_bits("0x7fc00000");
  special.mutable_error()->set_got(kNan);
  special.mutable_error()->set_expected(kNan);
  return certificate;
}

}  // namespace actbench::client

#endif  // ACTBENCH_TESTS_HANDMADE_CERTIFICATES_H_
