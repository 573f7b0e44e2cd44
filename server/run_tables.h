// SPDX-License-Identifier: Apache-2.0
// The benchmark runs of one database. Only for run_store.*. Not thread-safe. Tested by run_store_test.cc.
#ifndef ACTBENCH_SERVER_RUN_TABLES_H_
#define ACTBENCH_SERVER_RUN_TABLES_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "actbench/v1/benchmark.pb.h"
#include "server/page_token.h"
#include "server/state_db.h"

namespace actbench {

// What is empty matches everything.
struct RunFilter {
  std::string name = {};
  std::string fingerprint_hash = {};
};

// A run without its results, as it is stored.
struct RunRow {
  PagePlace place;
  std::string bytes;  // of a v1.BenchmarkRun
};

class RunTables {
 public:
  // Borrows the database.
  explicit RunTables(StateDb& db) : db_(db) {}

  // Adds a run, whose id is set, and drops all but the newest `kept`, in one transaction.
  absl::Status Insert(const v1::BenchmarkRun& run, int64_t kept);
  absl::Status Delete(const std::string& id);

  // Of the id, else of the newest run of that name; nothing if there is none.
  absl::StatusOr<std::optional<std::string>> Find(const std::string& id_or_name);
  absl::StatusOr<std::vector<std::string>> WithPrefix(const std::string& prefix);
  // Of a whole id; nothing if there is none.
  absl::StatusOr<std::optional<RunRow>> Read(const std::string& id);
  // The results of a run, each a v1.BenchmarkResult.
  absl::StatusOr<std::vector<std::string>> ReadResults(const std::string& id);
  // The newest after `after`, at most `count`.
  absl::StatusOr<std::vector<RunRow>> List(const RunFilter& filter, const PagePlace& after, int count);

 private:
  absl::Status InsertRows(const v1::BenchmarkRun& run);
  absl::Status InsertResult(const std::string& run, int place, const v1::BenchmarkResult& result);
  absl::Status DropOld(int64_t kept);

  StateDb& db_;
};

}  // namespace actbench

#endif  // ACTBENCH_SERVER_RUN_TABLES_H_
