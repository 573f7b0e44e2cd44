// SPDX-License-Identifier: Apache-2.0
// Certificates, made of finished measurements. Tested by accuracy_service_test.cc and certificate_test.cc.
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
#include "server/certificate_store.h"
#include "server/metrics.h"

namespace actbench {

// What all certificates of one server have in common: the build and the machine.
v1::Certificate MakeOrigin(const Catalog& catalog);

// That of kernel number `kernel` of a finished job, whose report on it `report` is. Without an id; the build id is what
// the store has for the kernel.
v1::Certificate MakeCertificate(const v1::Certificate& origin, const CertificateStore& store, const AccuracyJob& job,
                                size_t kernel, const AccuracyReport& report);

// The parameters of an activation, which are all of them in order, by name.
google::protobuf::Map<std::string, double> NamedParameters(const ActivationInfo& activation,
                                                           const std::vector<double>& values);

// Whether it is what a kernel is known by: of all inputs (in f32 gradients, at dy = 1) with default parameters. Of a
// certificate that this program's catalog can have made.
bool IsRepresentative(const v1::Certificate& certificate);

// Sets what the kernel claims at such inputs, and whether the report keeps it; clears it where that is nothing.
void SetClaim(v1::Certificate& certificate);

// Sets the gauges of actbench_accuracy_* by the newest current certificate of each kernel of the catalog.
void PublishCertificates(const CertificateStore& store, const Catalog& catalog, Metrics& metrics);

}  // namespace actbench

#endif  // ACTBENCH_SERVER_CERTIFICATE_H_
