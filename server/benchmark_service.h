// SPDX-License-Identifier: Apache-2.0
// actbench.v1.BenchmarkService: runs of benchmarks, and the stored ones. Thread-safe. Tested by
// benchmark_service_test.cc.
#ifndef ACTBENCH_SERVER_BENCHMARK_SERVICE_H_
#define ACTBENCH_SERVER_BENCHMARK_SERVICE_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>

#include "actbench/v1/benchmark.grpc.pb.h"
#include "kernels/catalog.h"
#include "server/benchmark_job.h"
#include "server/certificate_store.h"
#include "server/job_call.h"
#include "server/limits.h"
#include "server/run_store.h"
#include "server/serial_executor.h"
#include "server/ticker.h"
#include "server/work_call.h"

namespace actbench {

// What its calls use. Must outlive them.
struct BenchmarkServices {
  const Catalog& catalog;
  const Limits& limits;
  const CertificateStore& certificates;
  RunStore& runs;
  const v1::BenchmarkRun& origin;  // what all runs have in common
  const BenchmarkTools& tools;
  const JobCallServices calls;
};

// Raw methods, so that a request that cannot be parsed gets an error that says so.
class BenchmarkService final
    : public v1::BenchmarkService::WithRawCallbackMethod_RunBenchmark<
          v1::BenchmarkService::WithRawCallbackMethod_RunPairedBenchmark<
              v1::BenchmarkService::WithRawCallbackMethod_CompareRuns<
                  v1::BenchmarkService::WithRawCallbackMethod_ListRuns<
                      v1::BenchmarkService::WithRawCallbackMethod_GetRun<
                          v1::BenchmarkService::WithRawCallbackMethod_DeleteRun<v1::BenchmarkService::Service>>>>>> {
 public:
  // The references must outlive the service. Throws std::system_error if there cannot be more threads.
  BenchmarkService(const Catalog& catalog, const Limits& limits, const WorkServices& work,
                   const CertificateStore& certificates, RunStore& runs, BenchmarkTools tools);

  grpc::ServerWriteReactor<grpc::ByteBuffer>* RunBenchmark(grpc::CallbackServerContext* context,
                                                           const grpc::ByteBuffer* request) override;
  grpc::ServerWriteReactor<grpc::ByteBuffer>* RunPairedBenchmark(grpc::CallbackServerContext* context,
                                                                 const grpc::ByteBuffer* request) override;
  grpc::ServerUnaryReactor* CompareRuns(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                        grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* ListRuns(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                     grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* GetRun(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                   grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* DeleteRun(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                      grpc::ByteBuffer* response) override;

 private:
  const BenchmarkTools tools_;
  const v1::BenchmarkRun origin_;
  Ticker ticker_;
  // Of the store. What is read does not wait for what is written, nor for comparisons, which take a while.
  SerialExecutor comparisons_;
  SerialExecutor reads_;
  SerialExecutor writes_;
  const BenchmarkServices services_;
};

}  // namespace actbench

#endif  // ACTBENCH_SERVER_BENCHMARK_SERVICE_H_
