// SPDX-License-Identifier: Apache-2.0
#include "client/cancellation.h"

namespace actbench {

void Cancellation::Cancel() {
  const std::lock_guard<std::mutex> lock(mutex_);
  cancelled_ = true;
  for (grpc::ClientContext* const context : contexts_) context->TryCancel();
}

bool Cancellation::cancelled() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return cancelled_;
}

CancellableContext::CancellableContext(Cancellation* cancellation) : cancellation_(cancellation) {
  if (cancellation_ == nullptr) return;
  const std::lock_guard<std::mutex> lock(cancellation_->mutex_);
  cancellation_->contexts_.insert(&context_);
  if (cancellation_->cancelled_) context_.TryCancel();  // before its call begins, which then ends at once
}

CancellableContext::~CancellableContext() {
  if (cancellation_ == nullptr) return;
  const std::lock_guard<std::mutex> lock(cancellation_->mutex_);
  cancellation_->contexts_.erase(&context_);
}

}  // namespace actbench
