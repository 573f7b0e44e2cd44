// SPDX-License-Identifier: Apache-2.0
// The benchmark runs, in the state database. Several processes may use one at a time. Thread-safe: writes may wait for
// locks of other processes, reads wait for no one. Tested by run_store_test.cc.
#ifndef ACTBENCH_SERVER_RUN_STORE_H_
#define ACTBENCH_SERVER_RUN_STORE_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "actbench/v1/benchmark.pb.h"
#include "server/mutex.h"
#include "server/run_tables.h"
#include "server/state_db.h"

namespace actbench {

class RunStore {
 public:
  static constexpr int kDefaultPageSize = 100;
  static constexpr int kMaxPageSize = 1000;
  // The shortest part of an id that may stand for it.
  static constexpr size_t kMinPrefix = 4;

  // Of the database in `state_dir` (empty: none). Of all runs the newest `kept` are. What cannot be written is kept in
  // memory, and warning() says why; so do the log and `on_warning` of what fails later, and CertificateStore of a
  // database that cannot be used at all.
  RunStore(const std::string& state_dir, int64_t kept, StateWarningFunction on_warning = nullptr);

  // FAILED_PRECONDITION where there is a `state_dir`, but nothing will ever be written there.
  absl::Status CanWrite() const { return can_write_; }

  // Why a run is kept in memory though the database could be written; empty where none is.
  std::string warning() const;

  // Stores it under a new id, which is set, as is `unsaved`. It is durable then, unless it is that.
  absl::Status Add(v1::BenchmarkRun& run);
  // `run` is an id, a name, of which the newest run is meant, or the beginning of an id, of at least kMinPrefix
  // characters: NOT_FOUND if there is none, INVALID_ARGUMENT if several begin so. DATA_LOSS if it is damaged. Here and
  // below FAILED_PRECONDITION in place of none where the database cannot be read, and errors of StateDb.
  absl::StatusOr<v1::BenchmarkRun> Get(const std::string& run) const;
  // The same; returns the whole id.
  absl::StatusOr<std::string> Delete(const std::string& run);
  // As ListRuns in benchmark.proto. Damaged runs are left out.
  absl::StatusOr<v1::ListRunsResponse> List(const RunFilter& filter, int page_size,
                                            const std::string& page_token) const;

  // Ends the wait of a write for another process's lock, and all later ones.
  void StopWaiting();

 private:
  // A run that was found, and in which database.
  struct Found {
    StateDb* db;
    std::string id;
  };
  // That there is no such run, as far as that can be told.
  absl::Status NotFound(const std::string& run) const;
  absl::StatusOr<Found> Find(const std::string& run) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void SetWarning(std::string warning);

  const std::string state_dir_;
  const int64_t kept_;
  const StateWarningFunction on_warning_;
  absl::Status can_read_;   // set by the constructor alone
  absl::Status can_write_;  // likewise
  Mutex writer_mutex_;
  std::unique_ptr<StateDb> writer_;  // set by the constructor alone; null where nothing can be written
  mutable Mutex mutex_;              // locked after the writer's
  std::unique_ptr<StateDb> reader_ ABSL_PT_GUARDED_BY(mutex_);  // null where nothing can be read
  std::unique_ptr<StateDb> memory_ ABSL_PT_GUARDED_BY(mutex_);  // of what is not saved; never null
  mutable Mutex warning_mutex_;
  std::string warning_ ABSL_GUARDED_BY(warning_mutex_);
};

}  // namespace actbench

#endif  // ACTBENCH_SERVER_RUN_STORE_H_
