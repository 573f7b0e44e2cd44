// SPDX-License-Identifier: Apache-2.0
// One call whose work is a job of the scheduler, and its stream of progress and results. Tested by
// accuracy_stream_test.cc and benchmark_service_test.cc.
#ifndef ACTBENCH_SERVER_JOB_CALL_H_
#define ACTBENCH_SERVER_JOB_CALL_H_

#include <google/protobuf/message.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/mutex.h"
#include "server/scheduler.h"
#include "server/serial_executor.h"
#include "server/ticker.h"
#include "server/work_call.h"

namespace actbench {

// What such calls use. Must outlive them.
struct JobCallServices {
  const WorkServices& work;
  Ticker& ticker;          // ten times a second
  SerialExecutor& writes;  // to the store
};

// gRPC has it from Start to OnDone. The handler refuses the call, or else leaves everything to the ticker's thread:
// that alone writes to the stream, one message at a time, and finishes it when the job is done. What is to be stored
// first is handed to the thread for that, and the ticker goes on with the others' progress. So neither workers nor
// gRPC's threads wait for a reader, the database or the making of a report, and a slow reader just gets less progress.
class JobCall : public grpc::ServerWriteReactor<grpc::ByteBuffer>,
                public Ticker::Client,
                public std::enable_shared_from_this<JobCall> {
 public:
  // `method` is a literal. The references must outlive the call.
  JobCall(const JobCallServices& services, std::string_view method, const grpc::CallbackServerContext& context)
      : work_(services.work, method, context), services_(services), method_(method) {}

  // To be called by the handler, which then returns the call. Empties `request_bytes`, which has at most `max_values`
  // fields and array elements.
  void Start(grpc::ByteBuffer& request_bytes, int64_t max_values);

  bool Tick(bool periodic) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 protected:
  using Message = google::protobuf::Message;
  using Response = std::shared_ptr<const Message>;
  using DoneFunction = std::function<void(const absl::Status&)>;

  // The request, to be parsed into and, when the job is done, to be cleared.
  virtual Message& request() = 0;
  // The job, whose Done is to call `done`, or why the call is refused. May borrow from the request.
  virtual absl::StatusOr<std::shared_ptr<Job>> MakeJob(absl::Time deadline, DoneFunction done) = 0;
  // Ends at once what runs of a job that was cancelled, if that takes longer than a moment by itself.
  virtual void Interrupt(Job& /*job*/) {}
  // `queue_place`: how many jobs are before this one.
  virtual Response Progress(Job& job, int queue_place) = 0;
  // What has come since the last time and is to be written before the end. One call at a time, as is Conclusion.
  virtual std::vector<Response> TakeResults(Job& /*job*/) { return {}; }
  // Of a finished job: whether Conclusion waits for a disk, and the last message.
  virtual bool ConclusionStores(const Job& job) const = 0;
  virtual Response Conclusion(Job& job) = 0;

  const WorkServices& work() const { return services_.work; }

 private:
  // Hands the job to the scheduler, or says why not.
  absl::Status Accept();
  // For the job's Done.
  void NoteEnd(const absl::Status& status);
  // What follows it.
  void End(const absl::Status& status);
  // Writes what is to be written next, progress only if that is `due`.
  void WriteNext(bool due);
  // Makes what the call ends with, and lets go of the rest. The last that is done before FinishCall.
  void Conclude(absl::Status status);
  // No member is to be used after this.
  void FinishCall();

  WorkCall work_;  // first: goes last
  const JobCallServices services_;
  const std::string_view method_;
  int64_t request_size_ = 0;
  std::shared_ptr<JobCall> self_;  // until OnDone
  bool wrote_ = false;             // anything
  bool ending_ = false;            // the job has ended: its results are Conclude's, on whatever thread
  grpc::ByteBuffer message_;       // that is being written
  grpc::ByteBuffer result_;        // if the conclusion is OK

  Mutex mutex_;
  // Kept until it has ended; shared with an OnCancel at that moment.
  std::shared_ptr<Job> job_ ABSL_GUARDED_BY(mutex_);
  std::deque<Response> unsent_ ABSL_GUARDED_BY(mutex_);
  std::optional<absl::Status> ended_ ABSL_GUARDED_BY(mutex_);       // how the job has, until that is looked at
  std::optional<absl::Status> conclusion_ ABSL_GUARDED_BY(mutex_);  // set by Conclude
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace actbench

#endif  // ACTBENCH_SERVER_JOB_CALL_H_
