// SPDX-License-Identifier: Apache-2.0
// The server's state: one SQLite file that several processes may use at a time, with the tables of all that is kept.
// A connection to it. Not thread-safe. Tested by state_db_test.cc.
#ifndef ACTBENCH_SERVER_STATE_DB_H_
#define ACTBENCH_SERVER_STATE_DB_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

struct sqlite3;
struct sqlite3_stmt;

namespace actbench {

// Where state is kept unless told otherwise: $XDG_STATE_HOME/actbench, else ~/.local/state/actbench; empty (nowhere) if
// the environment names neither.
std::string DefaultStateDir();

class StateDb {
 public:
  // Opens, or makes, `state_dir`/actbench.sqlite, with the tables as they are in this version. In memory if `state_dir`
  // is empty, and where the file cannot be used: it cannot be written, is damaged, or was made by a later version.
  explicit StateDb(const std::string& state_dir);
  StateDb(const StateDb&) = delete;
  StateDb& operator=(const StateDb&) = delete;

  bool in_memory() const { return in_memory_; }
  // Why it is in memory though there is a `state_dir`; else empty.
  const std::string& warning() const { return warning_; }

  // Runs statements without results. Errors, here and below: UNAVAILABLE (other processes kept it locked for longer
  // than 5 s), RESOURCE_EXHAUSTED (no room), DATA_LOSS (damaged) or INTERNAL.
  absl::Status Execute(const std::string& sql);

  // One statement and where it is. Borrows the database.
  class Statement {
   public:
    // Values for ?1, ?2, ... in this order. Texts and blobs are borrowed until the statement is destroyed.
    Statement& Bind(int64_t value);
    Statement& BindText(std::string_view value);
    Statement& BindBlob(std::string_view value);
    // Goes on to the next row: whether there is one. A change is durable when this returns.
    absl::StatusOr<bool> Step();
    // Columns of the row, from 0.
    int64_t Integer(int column) const;
    std::string Bytes(int column) const;  // a text or a blob

   private:
    friend class StateDb;
    struct Finalize {
      void operator()(sqlite3_stmt* statement) const;
    };

    sqlite3* db_ = nullptr;
    int bound_ = 0;
    absl::Status status_;  // of what came before Step
    std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  };
  Statement Prepare(std::string_view sql);

 private:
  struct Close {
    void operator()(sqlite3* db) const;
  };
  // In the directory, or in memory.
  absl::Status Open(const std::string& state_dir);
  absl::Status OpenInMemory();
  absl::Status UseWal();
  // DATA_LOSS if the file is damaged. Reads all of it.
  absl::Status Check();
  // Brings the tables to this version's.
  absl::Status Migrate();
  absl::StatusOr<int64_t> ReadInteger(std::string_view sql);

  std::unique_ptr<sqlite3, Close> db_;
  bool in_memory_ = false;
  std::string warning_;
};

}  // namespace actbench

#endif  // ACTBENCH_SERVER_STATE_DB_H_
