// SPDX-License-Identifier: Apache-2.0
// Certificates, made of finished measurements. Tested by accuracy_service_test.cc.
#ifndef ACTBENCH_SERVER_CERTIFICATE_H_
#define ACTBENCH_SERVER_CERTIFICATE_H_

#include <google/protobuf/map.h>

#include <cstdint>
#include <string>
#include <vector>

#include "actbench/v1/accuracy.pb.h"
#include "kernels/accuracy/report.h"
#include "kernels/catalog.h"
#include "server/accuracy_job.h"

namespace actbench {

// What all certificates of one server have in common: the build and the machine.
v1::Certificate MakeOrigin(const Catalog& catalog, const std::string& build_id);

// That of kernel number `kernel` of a finished job, whose report on it `report` is. Without an id.
v1::Certificate MakeCertificate(const v1::Certificate& origin, const AccuracyJob& job, size_t kernel,
                                const AccuracyReport& report);

// The parameters of an activation, which are all of them in order, by name.
google::protobuf::Map<std::string, double> NamedParameters(const ActivationInfo& activation,
                                                           const std::vector<double>& values);

}  // namespace actbench

#endif  // ACTBENCH_SERVER_CERTIFICATE_H_
