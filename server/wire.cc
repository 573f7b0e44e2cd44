// SPDX-License-Identifier: Apache-2.0
#include "server/wire.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream.h>
#include <grpcpp/support/proto_buffer_reader.h>
#include <grpcpp/support/slice.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace actbench {
namespace {

using google::protobuf::MessageLite;

// Shorter messages are cheaper to copy than to share.
constexpr size_t kMinShared = size_t{32} << 10;

// Collects slices: what protobuf writes into blocks, and strings that do not fit the current block as they are.
class SliceStream final : public google::protobuf::io::ZeroCopyOutputStream {
 public:
  explicit SliceStream(const std::shared_ptr<const MessageLite>& owner) : owner_(owner) {}

  bool Next(void** data, int* size) override {
    if (used_ == block_.size()) Flush();
    *data = block_.data() + used_;
    *size = static_cast<int>(block_.size() - used_);
    used_ = block_.size();
    return true;
  }

  void BackUp(int count) override { used_ -= static_cast<size_t>(count); }

  int64_t ByteCount() const override { return static_cast<int64_t>(flushed_ + used_); }

  bool AllowsAliasing() const override { return true; }

  bool WriteAliasedRaw(const void* data, int size) override {
    Flush();
    // Each slice keeps the message alive until gRPC lets go of it.
    auto* const share = new std::shared_ptr<const MessageLite>(owner_);
    slices_.emplace_back(const_cast<void*>(data), static_cast<size_t>(size), Release, share);
    flushed_ += static_cast<size_t>(size);
    return true;
  }

  grpc::ByteBuffer Finish() {
    Flush();
    return {slices_.data(), slices_.size()};
  }

 private:
  static void Release(void* share) { delete static_cast<std::shared_ptr<const MessageLite>*>(share); }

  // Copies the block, which is small.
  void Flush() {
    if (used_ == 0) return;
    slices_.emplace_back(block_.data(), used_);
    flushed_ += used_;
    used_ = 0;
  }

  const std::shared_ptr<const MessageLite>& owner_;
  std::array<char, 4096> block_;
  size_t used_ = 0;
  size_t flushed_ = 0;
  std::vector<grpc::Slice> slices_;
};

}  // namespace

absl::Status ParseMessage(grpc::ByteBuffer& bytes, MessageLite& message) {
  bool parsed = false;
  {
    // Reads the slices where they are, as gRPC's generated code does.
    grpc::ProtoBufferReader reader(&bytes);
    parsed = reader.status().ok() && message.ParseFromZeroCopyStream(&reader);
  }
  const size_t size = bytes.Length();
  bytes.Clear();
  if (parsed) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("the request's ", size, " bytes are no ", message.GetTypeName(),
                                                 ": they are damaged, or a string in them is not UTF-8"));
}

grpc::ByteBuffer SerializeMessage(const std::shared_ptr<const MessageLite>& message) {
  const size_t size = message->ByteSizeLong();
  if (size < kMinShared) {
    const grpc::Slice slice(message->SerializeAsString());
    return {&slice, 1};
  }
  SliceStream stream(message);
  {
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.EnableAliasing(true);
    message->SerializeWithCachedSizes(&coded);
  }
  return stream.Finish();
}

}  // namespace actbench
