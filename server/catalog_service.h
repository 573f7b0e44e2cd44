// SPDX-License-Identifier: Apache-2.0
// actbench.v1.CatalogService: answers from memory. Thread-safe. Tested by catalog_service_test.cc.
#ifndef ACTBENCH_SERVER_CATALOG_SERVICE_H_
#define ACTBENCH_SERVER_CATALOG_SERVICE_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "actbench/v1/catalog.grpc.pb.h"
#include "kernels/catalog.h"
#include "server/calls.h"
#include "server/limits.h"
#include "server/metrics.h"

namespace actbench {

// Raw methods, so that a request that cannot be parsed gets an error that says so.
class CatalogService final
    : public v1::CatalogService::WithRawCallbackMethod_ListActivations<
          v1::CatalogService::WithRawCallbackMethod_ListKernels<
              v1::CatalogService::WithRawCallbackMethod_GetServerInfo<v1::CatalogService::Service>>> {
 public:
  // The references must outlive the service, but for `limits`.
  // `warnings` tells what is wrong with the server at the moment; it waits for no one.
  CatalogService(const Catalog& catalog, const Limits& limits, int threads,
                 std::function<std::vector<std::string>()> warnings, Calls& calls, Metrics& metrics);

  grpc::ServerUnaryReactor* ListActivations(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                            grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* ListKernels(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                        grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* GetServerInfo(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                          grpc::ByteBuffer* response) override;

 private:
  const Catalog& catalog_;
  const std::function<std::vector<std::string>()> warnings_;
  Calls& calls_;
  Metrics& metrics_;
  const std::shared_ptr<const v1::ListActivationsResponse> activations_;
  const std::shared_ptr<const v1::GetServerInfoResponse> info_;
};

}  // namespace actbench

#endif  // ACTBENCH_SERVER_CATALOG_SERVICE_H_
