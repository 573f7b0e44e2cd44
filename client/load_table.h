// SPDX-License-Identifier: Apache-2.0
// What people see of a load: a table that grows by a line with each rate, one of where the time went below it, and what
// there is to say of them. Tested by load_table_test.cc.
#ifndef ACTBENCH_CLIENT_LOAD_TABLE_H_
#define ACTBENCH_CLIENT_LOAD_TABLE_H_

#include <string>
#include <vector>

#include "absl/types/span.h"
#include "client/format.h"
#include "client/load_result.h"

namespace actbench::client {

// What is sent, in one line.
std::string SetupText(const LoadSetup& setup);

class LoadTable {
 public:
  explicit LoadTable(const LoadSetup& setup);

  std::string Header() const;
  std::string Line(const LoadResult& result) const;

 private:
  const LoadSetup setup_;
  std::vector<Column> columns_;
};

// Two lines for each rate, of the medians and the 0.99 quantiles; the server's times as it gave them itself.
std::string PhasesText(absl::Span<const LoadResult> results);

// Why a quantile is "-", or nothing where none is.
std::string MissingQuantilesText(absl::Span<const LoadResult> results);

// What the user has to know of a line, each in one sentence: errors, dropped requests, a generator that was late, a
// goal that was missed.
std::vector<std::string> Remarks(const LoadSetup& setup, const LoadResult& result);

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_LOAD_TABLE_H_
