// SPDX-License-Identifier: Apache-2.0
// A statement that articles make, how it is measured and what decides about it.
#ifndef ACTBENCH_CLIENT_STUDY_STATEMENT_H_
#define ACTBENCH_CLIENT_STUDY_STATEMENT_H_

#include "absl/status/statusor.h"
#include "client/study/findings.h"
#include "client/study/lab.h"

namespace actbench::client {

// Each lives in a file of its name; statements.cc has the list.
struct Statement {
  const char* name;       // in snake_case
  const char* statement;  // what is said, in a sentence or two
  const char* method;     // how it is measured
  absl::StatusOr<Findings> (*measure)(Lab& lab);
  // Of the measurements alone: who has these numbers can tell why it was decided so.
  Conclusion (*judge)(const Measurements& measurements);
};

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_STUDY_STATEMENT_H_
