// SPDX-License-Identifier: Apache-2.0
// A call of RunPairedBenchmark. Tested by paired_service_test.cc.
#ifndef ACTBENCH_SERVER_PAIRED_CALL_H_
#define ACTBENCH_SERVER_PAIRED_CALL_H_

#include <grpcpp/server_context.h>

#include <memory>

#include "server/benchmark_service.h"
#include "server/job_call.h"

namespace actbench {

// To be started; see JobCall. The services must outlive it.
std::shared_ptr<JobCall> MakePairedCall(const BenchmarkServices& services, const grpc::CallbackServerContext& context);

}  // namespace actbench

#endif  // ACTBENCH_SERVER_PAIRED_CALL_H_
