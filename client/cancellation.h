// SPDX-License-Identifier: Apache-2.0
// Ends the client library's long calls from another thread. Tested by accuracy_client_test.cc.
#ifndef ACTBENCH_CLIENT_CANCELLATION_H_
#define ACTBENCH_CLIENT_CANCELLATION_H_

#include <grpcpp/client_context.h>

#include <mutex>
#include <set>

namespace actbench {

// Thread-safe, but not for use in signal handlers.
class Cancellation {
 public:
  // The calls that this was given to end with CANCELLED, those that begin later too. The server hears of it at once.
  void Cancel();
  bool cancelled() const;

 private:
  friend class CancellableContext;

  mutable std::mutex mutex_;
  bool cancelled_ = false;
  std::set<grpc::ClientContext*> contexts_;
};

// The context of a call that `cancellation`, which may be null, ends.
class CancellableContext {
 public:
  explicit CancellableContext(Cancellation* cancellation);
  ~CancellableContext();
  CancellableContext(const CancellableContext&) = delete;
  CancellableContext& operator=(const CancellableContext&) = delete;

  grpc::ClientContext& context() { return context_; }
  bool cancelled() const { return cancellation_ != nullptr && cancellation_->cancelled(); }

 private:
  grpc::ClientContext context_;
  Cancellation* cancellation_;
};

}  // namespace actbench

#endif  // ACTBENCH_CLIENT_CANCELLATION_H_
