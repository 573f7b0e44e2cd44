// SPDX-License-Identifier: Apache-2.0
// Statuses and messages to and from gRPC's types: byte buffers, for calls whose tensors are too large to be copied more
// than needed. Tested by wire_test.cc.
#ifndef ACTBENCH_SERVER_WIRE_H_
#define ACTBENCH_SERVER_WIRE_H_

#include <google/protobuf/message.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/status.h>

#include <cstdint>
#include <memory>

#include "absl/status/status.h"

namespace actbench {

grpc::Status ToGrpc(const absl::Status& status);

// Empties `bytes`. INVALID_ARGUMENT if they are no such message. RESOURCE_EXHAUSTED if they hold more than `max_values`
// fields and elements of number arrays, at all levels together: counted before anything is made of them, because two
// bytes can become a message of a hundred.
absl::Status ParseMessage(grpc::ByteBuffer& bytes, int64_t max_values, google::protobuf::Message& message);

// The encoded message. Large strings in it are not copied: the result refers to them, and holds a share of `message`,
// which must not change any more. It may outlive the call: gRPC may still be writing when a cancelled call has ended.
grpc::ByteBuffer SerializeMessage(const std::shared_ptr<const google::protobuf::MessageLite>& message);

}  // namespace actbench

#endif  // ACTBENCH_SERVER_WIRE_H_
