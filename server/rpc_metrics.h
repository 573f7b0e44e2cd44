// SPDX-License-Identifier: Apache-2.0
// Observes every call of every registered service, health and reflection included, from a gRPC interceptor: metrics,
// and one line of log at debug level. Tested by rpc_metrics_test.cc.
#ifndef ACTBENCH_SERVER_RPC_METRICS_H_
#define ACTBENCH_SERVER_RPC_METRICS_H_

#include <grpcpp/support/server_interceptor.h>

#include <memory>

#include "server/metrics.h"

namespace actbench {

// Makes all series of the methods of actbench.v1 (from the protobuf descriptors), of grpc.health.v1.Health and, where
// it is linked in, of server reflection, so that they are 0 before the first call.
void RegisterRpcMethods(Metrics& metrics);

// For ServerBuilder::experimental().SetInterceptorCreators(). `metrics` must outlive the server. Counts started and
// handled calls with their code and duration, messages, and calls in flight; not message sizes, which only handlers
// know cheaply (Metrics::ObserveMessageBytes). Calls of methods that are not registered count as service and method
// "unknown".
std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface> MakeRpcMetricsInterceptor(Metrics& metrics);

}  // namespace actbench

#endif  // ACTBENCH_SERVER_RPC_METRICS_H_
