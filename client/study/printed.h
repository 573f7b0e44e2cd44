// SPDX-License-Identifier: Apache-2.0
// Formulas as articles print them, beside the standard ones. Tested by study_statements_test.cc.
#ifndef ACTBENCH_CLIENT_STUDY_PRINTED_H_
#define ACTBENCH_CLIENT_STUDY_PRINTED_H_

#include <string>

#include "absl/status/statusor.h"
#include "client/study/findings.h"
#include "client/study/lab.h"

namespace actbench::client {

// Activations: what is meant to be approximated, and by what.
struct Printed {
  const char* smooth;
  const char* standard;
  const char* printed;
  const char* formula;  // the standard one's
  double near;          // how far from `smooth` an approximation of it may be
  int depths[2];        // of the networks: such that those of the standard one learn at the first
};

absl::StatusOr<Findings> MeasurePrinted(Lab& lab, const Printed& printed);

// Corrected where the standard formula is near and the printed one is not.
Conclusion JudgePrinted(const Measurements& measurements, const Printed& printed);

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_STUDY_PRINTED_H_
