// SPDX-License-Identifier: Apache-2.0
// The API's times on the client's side. Tested by format_test.cc.
#ifndef ACTBENCH_CLIENT_TIMESTAMP_H_
#define ACTBENCH_CLIENT_TIMESTAMP_H_

#include <google/protobuf/timestamp.pb.h>

#include <string>

#include "absl/time/time.h"

namespace actbench::client {

absl::Time ToTime(const google::protobuf::Timestamp& timestamp);

// For people, "2026-11-25 14:03 UTC", and for programs, by RFC 3339, "2026-11-25T14:03:11Z".
std::string TimeText(absl::Time time);
std::string Rfc3339(absl::Time time);

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_TIMESTAMP_H_
