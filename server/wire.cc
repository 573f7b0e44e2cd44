// SPDX-License-Identifier: Apache-2.0
#include "server/wire.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream.h>
#include <grpcpp/support/proto_buffer_reader.h>
#include <grpcpp/support/slice.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"

namespace actbench {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::MessageLite;
using google::protobuf::io::CodedInputStream;

// Shorter messages are cheaper to copy than to share.
constexpr size_t kMinShared = size_t{32} << 10;

// Walks through an encoded message, as deep as its type is (no message of ours contains its own type).
class ValueCounter {
 public:
  ValueCounter(CodedInputStream& input, int64_t most) : input_(input), most_(most) {}

  // Whether the rest of the input is a message of `type` with at most as many values.
  bool Count(const Descriptor& type) {
    while (const uint32_t tag = input_.ReadTag()) {
      ++values_;
      if (too_many() || !SkipField(tag, type)) return false;
    }
    return input_.ConsumedEntireMessage();
  }

  bool too_many() const { return values_ > most_; }

 private:
  bool SkipField(uint32_t tag, const Descriptor& type) {
    // The wire types: https://protobuf.dev/programming-guides/encoding/
    switch (tag & 7) {
      case 0: {
        uint64_t value;
        return input_.ReadVarint64(&value);
      }
      case 1:
        return input_.Skip(8);
      case 2:
        return SkipLengthPrefixed(type.FindFieldByNumber(static_cast<int>(tag >> 3)));
      case 5:
        return input_.Skip(4);
      default:
        return false;  // a group, which proto3 has not
    }
  }

  // `field` is null if this server does not know it.
  bool SkipLengthPrefixed(const FieldDescriptor* field) {
    uint32_t size;
    if (!input_.ReadVarint32(&size) || size > static_cast<uint32_t>(std::numeric_limits<int>::max())) return false;
    const int bytes = static_cast<int>(size);
    if (field == nullptr || field->message_type() == nullptr) {
      if (field != nullptr && field->is_packable()) values_ += bytes;  // an element takes a byte or more
      return input_.Skip(bytes);
    }
    const CodedInputStream::Limit limit = input_.PushLimit(bytes);
    const bool counted = Count(*field->message_type());
    input_.PopLimit(limit);
    return counted;
  }

  CodedInputStream& input_;
  const int64_t most_;
  int64_t values_ = 0;
};

enum class Encoding { kGood, kTooManyValues, kDamaged };

// What a look at the bytes tells, before any of them is parsed.
Encoding Inspect(grpc::ByteBuffer& bytes, int64_t max_values, const Descriptor& type) {
  grpc::ProtoBufferReader reader(&bytes);
  if (!reader.status().ok()) return Encoding::kDamaged;
  CodedInputStream input(&reader);
  ValueCounter counter(input, max_values);
  const bool counted = counter.Count(type);
  if (counter.too_many()) return Encoding::kTooManyValues;
  return counted ? Encoding::kGood : Encoding::kDamaged;
}

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

grpc::Status ToGrpc(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  // Both number their codes as google.rpc.Code does.
  return {static_cast<grpc::StatusCode>(status.code()), std::string(status.message())};
}

absl::Status ParseMessage(grpc::ByteBuffer& bytes, int64_t max_values, google::protobuf::Message& message) {
  const size_t size = bytes.Length();
  const absl::Cleanup clear = [&bytes] { bytes.Clear(); };
  const Encoding encoding = Inspect(bytes, max_values, *message.GetDescriptor());
  if (encoding == Encoding::kTooManyValues) {
    return absl::ResourceExhaustedError(absl::StrCat("the request has more than ", max_values,
                                                     " fields and array elements, the most that one may have"));
  }
  // Reads the slices where they are, as gRPC's generated code does.
  grpc::ProtoBufferReader reader(&bytes);
  if (encoding == Encoding::kGood && message.ParseFromZeroCopyStream(&reader)) return absl::OkStatus();
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
