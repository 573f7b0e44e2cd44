// SPDX-License-Identifier: Apache-2.0
#include "server/certificate.h"

#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "proto/tensor.h"
#include "server/accuracy_convert.h"
#include "server/convert.h"

namespace actbench {
namespace {

using google::protobuf::util::TimeUtil;

constexpr std::array<std::string_view, 4> kModes = {"exhaustive", "exhaustive_unit_upstream", "sampled", "given"};

// Far more than any activation has, and than any report. What is larger did not come from a server.
constexpr int kMaxParameters = 64;
constexpr int kMaxRows = 1 << 13;

absl::Status Bad(std::string_view field, std::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("certificate.", std::string(field), " ", std::string(what)));
}

// A name that must be there.
absl::Status CheckGiven(std::string_view field, const std::string& name) {
  if (name.empty()) return Bad(field, "is not given; every certificate has it");
  return CheckName(absl::StrCat("certificate.", std::string(field)), name);
}

absl::Status CheckKernel(const v1::Kernel& kernel) {
  const std::pair<std::string_view, const std::string&> names[] = {
      {"kernel.activation", kernel.activation()},
      {"kernel.provider", kernel.provider()},
      {"kernel.tier", kernel.tier()},
      {"kernel.isa", kernel.isa()},
      {"kernel.device", kernel.device()},
  };
  for (const auto& [field, name] : names) {
    if (absl::Status status = CheckGiven(field, name); !status.ok()) return status;
  }
  const std::optional<Direction> direction = FromProto(kernel.direction());
  if (!direction.has_value()) return Bad("kernel.direction", "must be forward or gradient");
  const std::optional<Dtype> dtype = FromProto(kernel.dtype());
  if (!dtype.has_value()) {
    return Bad("kernel.dtype", absl::StrCat("is ", DtypeText(kernel.dtype()), "; it must be one of ", DtypeNames()));
  }
  const Kernel named = {.activation = kernel.activation(),
                        .direction = *direction,
                        .dtype = *dtype,
                        .provider = kernel.provider(),
                        .tier = kernel.tier(),
                        .device = kernel.device(),
                        .isa = kernel.isa(),
                        .functions = {}};
  if (kernel.name() == named.Name()) return absl::OkStatus();
  return Bad("kernel.name", absl::StrCat("is \"", absl::CHexEscape(kernel.name().substr(0, 256)),
                                         "\"; from its parts it is \"", absl::CHexEscape(named.Name()), "\""));
}

absl::Status CheckReport(const v1::AccuracyReport& report) {
  if (report.checked() <= 0) {
    return Bad("report.checked", absl::StrCat("is ", report.checked(), "; it must be at least 1"));
  }
  const std::pair<std::string_view, int64_t> counts[] = {
      {"report.misrounded", report.misrounded()}, {"report.wrong_nan", report.wrong_nan()},
      {"report.wrong_inf", report.wrong_inf()},   {"report.spurious_zero", report.spurious_zero()},
      {"report.wrong_sign", report.wrong_sign()}, {"report.falls", report.falls()},
  };
  for (const auto& [field, count] : counts) {
    if (count < 0 || count > report.checked()) {
      return Bad(field, absl::StrCat("is ", count, "; it must be from 0 to report.checked, ", report.checked()));
    }
  }
  if (!(report.max_ulp() >= 0) || !(report.mean_ulp() >= 0) || report.mean_ulp() > report.max_ulp()) {
    return Bad("report", absl::StrCat("has max_ulp ", report.max_ulp(), " and mean_ulp ", report.mean_ulp(),
                                      "; both must be at least 0, and the mean not above the maximum"));
  }
  const std::string& hash = report.output_hash();
  if (hash.size() != 16 || !std::all_of(hash.begin(), hash.end(), absl::ascii_isxdigit)) {
    return Bad("report.output_hash", "must have 16 hexadecimal digits");
  }
  if (report.worst_size() > static_cast<int>(AccuracyReport::kWorst)) {
    return Bad("report.worst",
               absl::StrCat("has ", report.worst_size(), " rows; at most ", AccuracyReport::kWorst, " are allowed"));
  }
  if (report.binades_size() > kMaxRows || report.special_values_size() > kMaxRows) {
    return Bad("report", absl::StrCat("has ", report.binades_size(), " binades and ", report.special_values_size(),
                                      " special values; at most ", kMaxRows, " of each are allowed"));
  }
  return absl::OkStatus();
}

bool IsValid(const google::protobuf::Timestamp& time) {
  return time.seconds() >= TimeUtil::kTimestampMinSeconds && time.seconds() <= TimeUtil::kTimestampMaxSeconds &&
         time.nanos() >= 0 && time.nanos() < 1'000'000'000;
}

absl::Status CheckParameters(const google::protobuf::Map<std::string, double>& parameters) {
  if (parameters.size() > kMaxParameters) {
    return Bad("parameters",
               absl::StrCat("has ", parameters.size(), " values; at most ", kMaxParameters, " are allowed"));
  }
  for (const auto& [name, value] : parameters) {
    if (absl::Status status = CheckGiven("parameters: a name", name); !status.ok()) return status;
    if (!std::isfinite(value)) {
      return Bad("parameters",
                 absl::StrCat("has ", value, " for \"", absl::CHexEscape(name), "\"; parameters are finite"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

v1::Certificate MakeOrigin(const Catalog& catalog, const std::string& build_id) {
  v1::Certificate origin;
  origin.set_build_id(build_id);
  ToProto(GetBuildInfo(), *origin.mutable_build());
  DescribeMachine(catalog, *origin.mutable_machine());
  return origin;
}

google::protobuf::Map<std::string, double> NamedParameters(const ActivationInfo& activation,
                                                           const std::vector<double>& values) {
  google::protobuf::Map<std::string, double> named;
  for (size_t i = 0; i < values.size(); ++i) named[std::string(activation.Parameters()[i].name)] = values[i];
  return named;
}

v1::Certificate MakeCertificate(const v1::Certificate& origin, const AccuracyJob& job, size_t kernel,
                                const AccuracyReport& report) {
  const AccuracyPlan& plan = job.plan();
  v1::Certificate certificate = origin;
  ToProto(*plan.kernels[kernel], *certificate.mutable_kernel());
  *certificate.mutable_parameters() = NamedParameters(*plan.activation, plan.parameters);
  certificate.set_mode(std::string(plan.mode));
  ToProto(report, plan.format(), *certificate.mutable_report());
  *certificate.mutable_time() = TimeUtil::NanosecondsToTimestamp(absl::ToUnixNanos(job.end()));
  certificate.set_seconds(absl::ToDoubleSeconds(job.duration()));
  return certificate;
}

absl::Status CheckCertificate(const v1::Certificate& certificate) {
  if (!certificate.has_kernel()) return Bad("kernel", "is not given; every certificate has it");
  if (absl::Status status = CheckKernel(certificate.kernel()); !status.ok()) return status;
  if (absl::Status status = CheckParameters(certificate.parameters()); !status.ok()) return status;
  if (std::find(kModes.begin(), kModes.end(), certificate.mode()) == kModes.end()) {
    return Bad(
        "mode",
        absl::StrCat("is \"", absl::CHexEscape(certificate.mode().substr(0, 64)), "\"; it must be one of ",
                     absl::StrJoin(kModes, ", ", [](std::string* out, std::string_view mode) { out->append(mode); })));
  }
  if (!certificate.has_report()) return Bad("report", "is not given; every certificate has it");
  if (absl::Status status = CheckReport(certificate.report()); !status.ok()) return status;
  if (absl::Status status = CheckGiven("build_id", certificate.build_id()); !status.ok()) return status;
  if (!certificate.has_time()) return Bad("time", "is not given; every certificate has it");
  if (!IsValid(certificate.time())) return Bad("time", "must be from the year 1 to 9999, with 0 to 999999999 nanos");
  if (!(certificate.seconds() >= 0) || std::isinf(certificate.seconds())) {
    return Bad("seconds", absl::StrCat("is ", certificate.seconds(), "; it must be finite and at least 0"));
  }
  return absl::OkStatus();
}

}  // namespace actbench
