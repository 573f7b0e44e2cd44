// SPDX-License-Identifier: Apache-2.0
// A server and the calls of its accuracy service, for tests.
#ifndef ACTBENCH_TESTS_ACCURACY_SERVICE_FIXTURE_H_
#define ACTBENCH_TESTS_ACCURACY_SERVICE_FIXTURE_H_

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tests/accuracy_fixture.h"

namespace actbench {

// "checked_elements_total", for example, of the source "certificate".
inline double CertificateMetric(const TestServer& server, const std::string& name, const v1::Kernel& kernel) {
  const std::string direction = kernel.direction() == v1::DIRECTION_FORWARD ? "forward" : "gradient";
  return server.Metric("actbench_accuracy_" + name + "{activation=\"" + kernel.activation() +
                       "\",device=\"cpu\",direction=\"" + direction + "\",dtype=\"f16\",isa=\"" + kernel.isa() +
                       "\",provider=\"actbench\",source=\"certificate\",tier=\"fast\"}");
}

class AccuracyServiceTest : public testing::Test {
 protected:
  v1::Certificate Get(const std::string& id) {
    grpc::ClientContext context;
    v1::GetCertificateRequest request;
    request.set_id(id);
    v1::GetCertificateResponse response;
    status_ = stub_->GetCertificate(&context, request, &response);
    return response.certificate();
  }
  std::string Import(const v1::Certificate& certificate) {
    grpc::ClientContext context;
    v1::ImportCertificateRequest request;
    *request.mutable_certificate() = certificate;
    v1::ImportCertificateResponse response;
    status_ = stub_->ImportCertificate(&context, request, &response);
    return response.id();
  }
  std::string Delete(const std::string& id) {
    grpc::ClientContext context;
    v1::DeleteCertificateRequest request;
    request.set_id(id);
    v1::DeleteCertificateResponse response;
    status_ = stub_->DeleteCertificate(&context, request, &response);
    return response.id();
  }
  v1::ListCertificatesResponse List(const v1::ListCertificatesRequest& request = {}) {
    grpc::ClientContext context;
    v1::ListCertificatesResponse response;
    status_ = stub_->ListCertificates(&context, request, &response);
    return response;
  }
  v1::Comparison Compare(const v1::CompareKernelsRequest& request) {
    grpc::ClientContext context;
    const auto reader = stub_->CompareKernels(&context, request);
    v1::CompareKernelsResponse response;
    v1::Comparison comparison;
    while (reader->Read(&response)) {
      if (response.has_comparison()) comparison = response.comparison();
    }
    status_ = reader->Finish();
    return comparison;
  }
  double Rejected(const std::string& method, const std::string& reason) const {
    return server_.Metric("actbench_rpc_rejected_total{method=\"" + method + "\",reason=\"" + reason + "\"}");
  }

  TestServer server_;
  const std::unique_ptr<v1::AccuracyService::Stub> stub_ = v1::AccuracyService::NewStub(server_.channel);
  grpc::Status status_;
};

}  // namespace actbench

#endif  // ACTBENCH_TESTS_ACCURACY_SERVICE_FIXTURE_H_
