// SPDX-License-Identifier: Apache-2.0
// actbench.v1.AccuracyService: streams of measurements, and the stored certificates. Thread-safe. Tested by
// accuracy_service_test.cc, accuracy_stream_test.cc and certificate_service_test.cc.
#ifndef ACTBENCH_SERVER_ACCURACY_SERVICE_H_
#define ACTBENCH_SERVER_ACCURACY_SERVICE_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>

#include "actbench/v1/accuracy.grpc.pb.h"
#include "kernels/catalog.h"
#include "server/accuracy_call.h"
#include "server/certificate_store.h"
#include "server/limits.h"
#include "server/serial_executor.h"
#include "server/ticker.h"
#include "server/work_call.h"

namespace actbench {

// Raw methods, so that a request that cannot be parsed gets an error that says so.
class AccuracyService final : public v1::AccuracyService::WithRawCallbackMethod_MeasureAccuracy<
                                  v1::AccuracyService::WithRawCallbackMethod_CompareKernels<
                                      v1::AccuracyService::WithRawCallbackMethod_ListCertificates<
                                          v1::AccuracyService::WithRawCallbackMethod_GetCertificate<
                                              v1::AccuracyService::WithRawCallbackMethod_DeleteCertificate<
                                                  v1::AccuracyService::WithRawCallbackMethod_ImportCertificate<
                                                      v1::AccuracyService::Service>>>>>> {
 public:
  // The references must outlive the service. Throws std::system_error if there cannot be more threads.
  AccuracyService(const Catalog& catalog, const Limits& limits, const WorkServices& work, CertificateStore& store);

  grpc::ServerWriteReactor<grpc::ByteBuffer>* MeasureAccuracy(grpc::CallbackServerContext* context,
                                                              const grpc::ByteBuffer* request) override;
  grpc::ServerWriteReactor<grpc::ByteBuffer>* CompareKernels(grpc::CallbackServerContext* context,
                                                             const grpc::ByteBuffer* request) override;
  grpc::ServerUnaryReactor* ListCertificates(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                             grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* GetCertificate(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                           grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* DeleteCertificate(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                              grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* ImportCertificate(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                              grpc::ByteBuffer* response) override;

 private:
  const v1::Certificate origin_;
  Ticker ticker_;
  // Of the store. What is read does not wait for what is written.
  SerialExecutor reads_;
  SerialExecutor writes_;
  const AccuracyServices services_;
};

}  // namespace actbench

#endif  // ACTBENCH_SERVER_ACCURACY_SERVICE_H_
