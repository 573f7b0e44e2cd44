// SPDX-License-Identifier: Apache-2.0
// Lists of certificates: what they hold, and the tokens of their pages. Only for certificate_store.*. Tested by
// certificate_store_test.cc.
#ifndef ACTBENCH_SERVER_CERTIFICATE_PAGE_H_
#define ACTBENCH_SERVER_CERTIFICATE_PAGE_H_

#include <google/protobuf/map.h>

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "actbench/v1/types.pb.h"
#include "server/page_token.h"

namespace actbench {

using ParameterMap = google::protobuf::Map<std::string, double>;

// What is empty or unspecified matches everything. `activation` is an id.
struct CertificateFilter {
  std::string activation = {};
  v1::Direction direction = v1::DIRECTION_UNSPECIFIED;
  v1::Dtype dtype = v1::DTYPE_UNSPECIFIED;
  v1::KernelSelector selector = {};
  bool current_only = false;   // as in ListCertificatesRequest
  bool unit_upstream = false;  // the same
  std::optional<ParameterMap> parameters = {};
};

// "alpha=1,beta=0.5", by name, each with as many digits as tell it from all others.
std::string ParametersText(const ParameterMap& parameters);

std::string ToPageToken(const PagePlace& place, const CertificateFilter& filter);
absl::StatusOr<PagePlace> FromPageToken(const std::string& token, const CertificateFilter& filter);

}  // namespace actbench

#endif  // ACTBENCH_SERVER_CERTIFICATE_PAGE_H_
