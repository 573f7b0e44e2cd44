// SPDX-License-Identifier: Apache-2.0
// Files of certificates: a JSON array of actbench.v1.Certificate by protobuf's JSON mapping. Tested by
// certificates_file_test.cc.
#ifndef ACTBENCH_CLIENT_CERTIFICATES_FILE_H_
#define ACTBENCH_CLIENT_CERTIFICATES_FILE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "actbench/v1/accuracy.pb.h"

namespace actbench::client {

absl::StatusOr<std::string> CertificatesJson(absl::Span<const v1::Certificate> certificates);

// The elements of the array, each a certificate or why it is none. INVALID_ARGUMENT if the text is no JSON array of
// objects.
absl::StatusOr<std::vector<absl::StatusOr<v1::Certificate>>> ParseCertificates(const std::string& text);

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_CERTIFICATES_FILE_H_
