// SPDX-License-Identifier: Apache-2.0
// actbench.v1.CatalogService: answers from memory. Thread-safe. Tested by server_test.cc.
#ifndef ACTBENCH_SERVER_CATALOG_SERVICE_H_
#define ACTBENCH_SERVER_CATALOG_SERVICE_H_

#include <grpcpp/server_context.h>

#include "actbench/v1/catalog.grpc.pb.h"
#include "kernels/catalog.h"
#include "server/metrics.h"
#include "server/server.h"

namespace actbench {

class CatalogService final : public v1::CatalogService::CallbackService {
 public:
  // `catalog` and `metrics` must outlive the service.
  CatalogService(const Catalog& catalog, const Limits& limits, int threads, Metrics& metrics);

  grpc::ServerUnaryReactor* ListActivations(grpc::CallbackServerContext* context,
                                            const v1::ListActivationsRequest* request,
                                            v1::ListActivationsResponse* response) override;
  grpc::ServerUnaryReactor* ListKernels(grpc::CallbackServerContext* context, const v1::ListKernelsRequest* request,
                                        v1::ListKernelsResponse* response) override;
  grpc::ServerUnaryReactor* GetServerInfo(grpc::CallbackServerContext* context, const v1::GetServerInfoRequest* request,
                                          v1::GetServerInfoResponse* response) override;

 private:
  const Catalog& catalog_;
  Metrics& metrics_;
  v1::ListActivationsResponse activations_;
  v1::GetServerInfoResponse info_;
};

}  // namespace actbench

#endif  // ACTBENCH_SERVER_CATALOG_SERVICE_H_
