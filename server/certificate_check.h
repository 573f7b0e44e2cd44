// SPDX-License-Identifier: Apache-2.0
// Certificates that come from elsewhere: whether they can be what a server measured. Tested by
// certificate_check_test.cc.
#ifndef ACTBENCH_SERVER_CERTIFICATE_CHECK_H_
#define ACTBENCH_SERVER_CERTIFICATE_CHECK_H_

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "actbench/v1/accuracy.pb.h"

namespace actbench {

// INVALID_ARGUMENT, naming the field, what it is and what is allowed, if something is missing or is not what it can be,
// or does not agree with the rest; NOT_FOUND if the activation is not in the catalog. Whether this server has the
// kernel does not matter. What the server sets (id, stale, imported, unsaved) is not looked at.
absl::Status CheckCertificate(const v1::Certificate& certificate, absl::Time now);

// Of one that was checked: takes all numbers of inputs and results from their bits, as formats such as JSON lose the
// sign of 0 and of NaN, and drops what this version does not know.
void MakeCanonical(v1::Certificate& certificate);

}  // namespace actbench

#endif  // ACTBENCH_SERVER_CERTIFICATE_CHECK_H_
