// SPDX-License-Identifier: Apache-2.0
#include "client/proto_json.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/type_resolver.h>
#include <google/protobuf/util/type_resolver_util.h>

#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace actbench::client {
namespace {

namespace pb = google::protobuf;

constexpr char kTypePrefix[] = "type.googleapis.com";

// protobuf's message without the excerpt of the text below it, and without the colon after the name of no field.
std::string Reason(const pb::util::Status& status) {
  const std::string message(status.message());
  absl::string_view line = absl::string_view(message).substr(0, message.find('\n'));
  absl::ConsumePrefix(&line, ":");
  return std::string(absl::StripAsciiWhitespace(line));
}

// The members of maps in the order of their keys.
std::string Deterministic(const pb::Message& message) {
  std::string bytes;
  pb::io::StringOutputStream stream(&bytes);
  pb::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  message.SerializeToCodedStream(&coded);
  coded.Trim();
  return bytes;
}

}  // namespace

absl::StatusOr<std::string> ToJson(const pb::Message& message) {
  const std::unique_ptr<pb::util::TypeResolver> resolver(
      pb::util::NewTypeResolverForDescriptorPool(kTypePrefix, pb::DescriptorPool::generated_pool()));
  std::string json;
  const pb::util::Status status =
      pb::util::BinaryToJsonString(resolver.get(), absl::StrCat(kTypePrefix, "/", message.GetDescriptor()->full_name()),
                                   Deterministic(message), &json, {});
  if (!status.ok()) return absl::InternalError(Reason(status));
  return json;
}

absl::Status FromJson(const std::string& text, pb::Message& message, UnknownMembers unknown) {
  pb::util::JsonParseOptions options;
  options.ignore_unknown_fields = unknown == UnknownMembers::kIgnore;
  const pb::util::Status status = pb::util::JsonStringToMessage(text, &message, options);
  return status.ok() ? absl::OkStatus() : absl::InvalidArgumentError(Reason(status));
}

}  // namespace actbench::client
