// SPDX-License-Identifier: Apache-2.0
// Calls whose messages are encoded by hand, for what no generated client sends.
#ifndef ACTBENCH_TESTS_RAW_CALL_H_
#define ACTBENCH_TESTS_RAW_CALL_H_

#include <grpcpp/generic/generic_stub.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "tests/server_fixture.h"

namespace actbench {

// A call of any shape whose messages are encoded here: their generated code is not part of Debian's gRPC.
class RawCall {
 public:
  RawCall(const std::shared_ptr<grpc::Channel>& channel, const std::string& method) : stub_(channel) {
    context_.set_deadline(absl::ToChronoTime(absl::Now() + kPatience));
    call_ = stub_.PrepareCall(&context_, method, &queue_);
    call_->StartCall(this);
    Wait();
  }
  ~RawCall() {
    if (call_ == nullptr) return;
    context_.TryCancel();
    Finish();
  }

  // Waits for the end of the call; at most once.
  grpc::Status Finish() {
    grpc::Status status;
    call_->Finish(&status, this);
    Wait();
    call_ = nullptr;
    return status;
  }

  // Sends `request` and returns the next response; "failed" if there is none.
  std::string Exchange(const std::string& request) {
    const grpc::Slice slice(request);
    call_->Write(grpc::ByteBuffer(&slice, 1), this);
    Wait();
    return Read();
  }
  void SendLast(const std::string& request) {
    const grpc::Slice slice(request);
    call_->WriteLast(grpc::ByteBuffer(&slice, 1), {}, this);
    Wait();
  }
  void Cancel() { context_.TryCancel(); }
  // "failed" if there is no further response.
  std::string Read() {
    grpc::ByteBuffer response;
    call_->Read(&response, this);
    if (!Wait()) return "failed";
    std::vector<grpc::Slice> slices;
    (void)response.Dump(&slices);
    std::string text;
    for (const grpc::Slice& slice : slices) text.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
    return text;
  }

 private:
  bool Wait() {
    void* tag;
    bool ok = false;
    return queue_.Next(&tag, &ok) && ok;
  }

  grpc::GenericStub stub_;
  grpc::ClientContext context_;
  grpc::CompletionQueue queue_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> call_;
};

// A message whose field `number` is `value`.
inline std::string StringField(int number, const std::string& value) {
  std::string message(1, static_cast<char>(number << 3 | 2));
  message.push_back(static_cast<char>(value.size()));
  return message + value;
}

}  // namespace actbench

#endif  // ACTBENCH_TESTS_RAW_CALL_H_
