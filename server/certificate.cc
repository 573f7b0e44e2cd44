// SPDX-License-Identifier: Apache-2.0
#include "server/certificate.h"

#include <google/protobuf/util/time_util.h>

#include "server/accuracy_convert.h"
#include "server/convert.h"

namespace actbench {

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
  *certificate.mutable_time() = google::protobuf::util::TimeUtil::NanosecondsToTimestamp(absl::ToUnixNanos(job.end()));
  certificate.set_seconds(absl::ToDoubleSeconds(job.duration()));
  return certificate;
}

}  // namespace actbench
