// SPDX-License-Identifier: Apache-2.0
// Where a page of a list of what is stored ends, newest first, as a token that only the same list takes. Tested by
// certificate_store_test.cc and run_store_test.cc.
#ifndef ACTBENCH_SERVER_PAGE_TOKEN_H_
#define ACTBENCH_SERVER_PAGE_TOKEN_H_

#include <google/protobuf/message_lite.h>
#include <google/protobuf/timestamp.pb.h>

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace actbench {

// 64 bits in hexadecimal.
std::string HashText(std::string_view bytes, uint64_t seed);

// The same messages give the same bytes, in the order of their maps too.
std::string SerializeDeterministically(const google::protobuf::MessageLite& message);

// In microseconds, as nanoseconds of the years that a timestamp can have do not fit. What is out of range is put at the
// ends.
int64_t TimeUs(const google::protobuf::Timestamp& time);

// The time and the id of the last on a page.
struct PagePlace {
  int64_t time_us = std::numeric_limits<int64_t>::max();
  std::string id = {};
};

// `filter`: what the list is of, in any words that tell lists apart.
std::string ToPageToken(const PagePlace& place, std::string_view filter);
// The place of an empty token is before the first page. INVALID_ARGUMENT if it is not one that was made for `filter`.
absl::StatusOr<PagePlace> FromPageToken(const std::string& token, std::string_view filter);

// How many a page may have of `asked`: 0 means `usual`, more than `most` is `most`. INVALID_ARGUMENT if it is negative.
absl::StatusOr<int> PageSize(int asked, int usual, int most);

}  // namespace actbench

#endif  // ACTBENCH_SERVER_PAGE_TOKEN_H_
