// SPDX-License-Identifier: Apache-2.0
// One call that measures accuracy, and its stream of progress and result. Only for accuracy_service.cc.
#ifndef ACTBENCH_SERVER_ACCURACY_CALL_H_
#define ACTBENCH_SERVER_ACCURACY_CALL_H_

#include <google/protobuf/message.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "actbench/v1/accuracy.pb.h"
#include "kernels/catalog.h"
#include "server/accuracy_job.h"
#include "server/accuracy_plan.h"
#include "server/certificate_store.h"
#include "server/limits.h"
#include "server/mutex.h"
#include "server/serial_executor.h"
#include "server/ticker.h"
#include "server/work_call.h"

namespace actbench {

// What such calls use. Must outlive them.
struct AccuracyServices {
  const Catalog& catalog;
  const Limits& limits;
  const WorkServices& work;
  CertificateStore& store;
  const v1::Certificate& origin;  // what the certificates have in common
  Ticker& ticker;                 // ten times a second
  SerialExecutor& writes;         // to the store
};

// gRPC has it from Start to OnDone. The handler refuses the call, or else leaves everything to the ticker's thread:
// that alone writes to the stream, one message at a time, and finishes it when the job is done. What is to be stored
// first is handed to the thread for that, and the ticker goes on with the others' progress. So neither workers nor
// gRPC's threads wait for a reader, the database or the making of a report, and a slow reader just gets less progress.
class AccuracyCall : public grpc::ServerWriteReactor<grpc::ByteBuffer>,
                     public Ticker::Client,
                     public std::enable_shared_from_this<AccuracyCall> {
 public:
  // `method` is a literal. The references must outlive the call.
  AccuracyCall(const AccuracyServices& services, std::string_view method, const grpc::CallbackServerContext& context)
      : work_(services.work, method, context), services_(services), method_(method) {}

  // To be called by the handler, which then returns the call. Empties `request`.
  void Start(grpc::ByteBuffer& request);

  bool Tick(bool periodic) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 protected:
  using Message = google::protobuf::Message;

  // The request, to be parsed into and, when the job is done, to be cleared.
  virtual Message& request() = 0;
  virtual absl::StatusOr<AccuracyPlan> Plan() const = 0;
  virtual std::shared_ptr<const Message> Progress(const v1::AccuracyProgress& progress) const = 0;
  virtual std::shared_ptr<const Message> Result(const AccuracyJob& job) const = 0;

  const AccuracyServices& services() const { return services_; }
  // Certificate number `kernel` of a finished job; stored and counted if all inputs were measured.
  v1::Certificate Certify(const AccuracyJob& job, size_t kernel) const;

 private:
  // Hands the job to the scheduler, or says why not.
  absl::Status Accept();
  // For the job's Done.
  void NoteEnd(const absl::Status& status);
  // What follows it.
  void End(const absl::Status& status);
  void WriteProgress();
  // Makes what the call ends with, and lets go of the rest. The last that is done before FinishCall.
  void Conclude(absl::Status status);
  // No member is to be used after this.
  void FinishCall();

  WorkCall work_;  // first: goes last
  const AccuracyServices& services_;
  const std::string_view method_;
  int64_t request_size_ = 0;
  std::shared_ptr<AccuracyCall> self_;  // until OnDone
  bool wrote_ = false;                  // any progress
  grpc::ByteBuffer progress_;           // that is being written
  grpc::ByteBuffer result_;             // if the conclusion is OK

  Mutex mutex_;
  // Kept until it has ended; shared with an OnCancel at that moment.
  std::shared_ptr<AccuracyJob> job_ ABSL_GUARDED_BY(mutex_);
  std::optional<absl::Status> ended_ ABSL_GUARDED_BY(mutex_);       // how the job has, until that is looked at
  std::optional<absl::Status> conclusion_ ABSL_GUARDED_BY(mutex_);  // set by Conclude
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace actbench

#endif  // ACTBENCH_SERVER_ACCURACY_CALL_H_
