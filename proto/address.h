// SPDX-License-Identifier: Apache-2.0
// The addresses of servers as they are written, for the server and the client. Tested by address_test.cc.
#ifndef ACTBENCH_PROTO_ADDRESS_H_
#define ACTBENCH_PROTO_ADDRESS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace actbench {

struct HostPort {
  std::string host;  // a name or an IP address, an IPv6 address without its brackets
  int port;
  bool in_brackets;

  // As it was parsed, but with this port.
  std::string WithPort(int other) const;
};

// Strict: libraries give signs, commas and letters in an address meanings of their own. INVALID_ARGUMENT with the
// reason and what an address must be.
absl::StatusOr<HostPort> ParseHostPort(const std::string& address);

// Whether it is "unix:PATH" or "unix:///PATH", and the path.
bool IsUnixAddress(const std::string& address);
std::string UnixPath(const std::string& address);

// INVALID_ARGUMENT with the reason if `address` is neither HOST:PORT nor unix:PATH.
absl::Status CheckForm(const std::string& address);

}  // namespace actbench

#endif  // ACTBENCH_PROTO_ADDRESS_H_
