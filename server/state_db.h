// SPDX-License-Identifier: Apache-2.0
// The server's state: one SQLite file that several processes may use at a time, with the tables of all that is kept.
// A connection to it. Not thread-safe. Tested by state_db_test.cc.
#ifndef ACTBENCH_SERVER_STATE_DB_H_
#define ACTBENCH_SERVER_STATE_DB_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

struct sqlite3;
struct sqlite3_stmt;

namespace actbench {

// Where state is kept unless told otherwise: $XDG_STATE_HOME/actbench, else ~/.local/state/actbench; empty (nowhere) if
// the environment names neither.
std::string DefaultStateDir();

class StateDb {
 public:
  // Opens, or makes, `state_dir`/actbench.sqlite, with the tables as they are in this version. Errors, here and below:
  // UNAVAILABLE (other processes kept it locked for longer than the patience; the directory cannot be made),
  // FAILED_PRECONDITION (it may not be written, or is of another version), RESOURCE_EXHAUSTED (no room), DATA_LOSS
  // (damaged) or INTERNAL.
  static absl::StatusOr<std::unique_ptr<StateDb>> Open(const std::string& state_dir);
  // Opens for reading what Open made, here or elsewhere. Does not look for damage. Reads never wait for a writer.
  static absl::StatusOr<std::unique_ptr<StateDb>> OpenForReading(const std::string& state_dir);
  // Empty tables without a file. Never null; without memory for a few pages every use fails.
  static std::unique_ptr<StateDb> OpenInMemory();
  // The file in `state_dir`.
  static std::string PathIn(const std::string& state_dir);
  StateDb(const StateDb&) = delete;
  StateDb& operator=(const StateDb&) = delete;

  // Reads all of it: DATA_LOSS if it is damaged.
  absl::Status Check();

  static constexpr absl::Duration kPatience = absl::Seconds(5);
  // How long to wait for locks of other processes; kPatience unless told otherwise.
  void set_patience(absl::Duration patience) { patience_ = patience; }
  // Ends a wait for a lock at once, and all later ones. Thread-safe.
  void StopWaiting() { stop_waiting_ = true; }

  // Runs statements without results.
  absl::Status Execute(const std::string& sql);

  // One statement and where it is. Borrows the database.
  class Statement {
   public:
    // Values for ?1, ?2, ... in this order. Texts and blobs are borrowed until the statement is destroyed.
    Statement& Bind(int64_t value);
    Statement& BindReal(double value);
    Statement& BindNull();
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
  StateDb() = default;

  // `flags` are those of sqlite3_open_v2.
  absl::Status Connect(const std::string& name, int flags);
  absl::Status UseWal();
  // Brings the tables to this version's, without a lock if they are.
  absl::Status Migrate();
  absl::StatusOr<int64_t> ReadInteger(std::string_view sql);
  // SQLite's busy handler: whether to try again.
  static int OnBusy(void* db, int tries);

  std::unique_ptr<sqlite3, Close> db_;
  absl::Duration patience_ = kPatience;
  absl::Time busy_since_;
  std::atomic<bool> stop_waiting_ = false;
};

// Called, from any thread, with what is newly wrong with the state.
using StateWarningFunction = std::function<void(const std::string&)>;

// The database as stores use it: what could be opened, and what is wrong.
struct OpenedState {
  std::unique_ptr<StateDb> writer;  // null where nothing can be written
  std::unique_ptr<StateDb> reader;  // null where nothing can be read
  // What is wrong with which file, and that nothing is kept there; empty if nothing is wrong.
  std::string warning;
  // FAILED_PRECONDITION with the reason where nothing can be read, or written.
  absl::Status can_read;
  absl::Status can_write;
};
// Of an empty `state_dir` there is neither connection, and nothing wrong.
OpenedState OpenState(const std::string& state_dir);

}  // namespace actbench

#endif  // ACTBENCH_SERVER_STATE_DB_H_
