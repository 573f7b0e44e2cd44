// SPDX-License-Identifier: Apache-2.0
// The addresses that the server listens on. Tested by address_test.cc.
#ifndef ACTBENCH_SERVER_ADDRESS_H_
#define ACTBENCH_SERVER_ADDRESS_H_

#include <string>

#include "absl/status/status.h"

namespace actbench {

// INVALID_ARGUMENT if `address` is neither HOST:PORT nor unix:PATH; FAILED_PRECONDITION if it is reachable from other
// machines and `allow_insecure_bind` is not set. `flag` is what the user gave it with, such as "--address".
absl::Status CheckAddress(const std::string& flag, const std::string& address, bool allow_insecure_bind);

// The same where only HOST:PORT will do.
absl::Status CheckHostPort(const std::string& flag, const std::string& address, bool allow_insecure_bind);

// Whether the address can be listened on now, found out by trying: FAILED_PRECONDITION with the reason if not. For
// unix:PATH also if another server listens there or the file is no socket, as gRPC would take it from its owner.
absl::Status CheckIsFree(const std::string& address);

}  // namespace actbench

#endif  // ACTBENCH_SERVER_ADDRESS_H_
