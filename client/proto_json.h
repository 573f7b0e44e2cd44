// SPDX-License-Identifier: Apache-2.0
// Messages of the API as JSON, by protobuf's JSON mapping. Tested by benchmark_json_test.cc and
// certificates_file_test.cc.
#ifndef ACTBENCH_CLIENT_PROTO_JSON_H_
#define ACTBENCH_CLIENT_PROTO_JSON_H_

#include <google/protobuf/message.h>

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace actbench::client {

// One line; the same text for equal messages. Only times beyond the years 1 to 9999 have none.
absl::StatusOr<std::string> ToJson(const google::protobuf::Message& message);

// INVALID_ARGUMENT with the reason in one line, such as "speed: Cannot find field.". Unknown members are ignored, if
// asked for.
enum class UnknownMembers { kRefuse, kIgnore };
absl::Status FromJson(const std::string& text, google::protobuf::Message& message,
                      UnknownMembers unknown = UnknownMembers::kRefuse);

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_PROTO_JSON_H_
