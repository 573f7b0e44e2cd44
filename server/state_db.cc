// SPDX-License-Identifier: Apache-2.0
#include "server/state_db.h"

#include <sqlite3.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"

namespace actbench {
namespace {

// Each brings the tables from the version that is its index to the next one. What was released is never changed: only
// append.
constexpr const char* kMigrations[] = {
    R"sql(
CREATE TABLE certificates (
  id TEXT NOT NULL PRIMARY KEY,
  kernel TEXT NOT NULL,        -- the full name
  activation TEXT NOT NULL,
  direction INTEGER NOT NULL,  -- v1.Direction
  dtype INTEGER NOT NULL,      -- v1.Dtype
  provider TEXT NOT NULL,
  tier TEXT NOT NULL,
  isa TEXT NOT NULL,
  device TEXT NOT NULL,
  parameters TEXT NOT NULL,    -- name=value, by name
  mode TEXT NOT NULL,
  build_id TEXT NOT NULL,
  time_us INTEGER NOT NULL,    -- since the Unix epoch
  certificate BLOB NOT NULL    -- v1.Certificate
) STRICT;
CREATE INDEX certificates_by_time ON certificates (time_us, id);
CREATE INDEX certificates_by_kernel ON certificates (kernel, device, parameters, mode, build_id, time_us);
)sql",
    R"sql(
ALTER TABLE certificates ADD COLUMN imported INTEGER NOT NULL DEFAULT 0;
CREATE INDEX certificates_by_build ON certificates (imported, build_id, time_us, id);
)sql",
    R"sql(
CREATE TABLE testbeds (
  hash TEXT NOT NULL PRIMARY KEY,
  fields TEXT NOT NULL         -- lines "name: value"
) STRICT;
CREATE TABLE runs (
  id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  time_us INTEGER NOT NULL,    -- when it began, since the Unix epoch
  testbed TEXT NOT NULL REFERENCES testbeds (hash),
  build_id TEXT NOT NULL,
  run BLOB NOT NULL            -- v1.BenchmarkRun without results
) STRICT;
CREATE INDEX runs_by_time ON runs (time_us, id);
CREATE INDEX runs_by_name ON runs (name, time_us);
CREATE TABLE bench_cases (
  id INTEGER NOT NULL PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE measurements (
  run TEXT NOT NULL REFERENCES runs (id),
  place INTEGER NOT NULL,      -- in the run, from 0
  bench_case INTEGER NOT NULL REFERENCES bench_cases (id),
  outcome INTEGER NOT NULL,    -- v1.Outcome
  median_ns REAL,              -- per call; NULL if there are no times
  low_ns REAL,                 -- of the interval of the median
  high_ns REAL,
  result BLOB NOT NULL,        -- v1.BenchmarkResult
  PRIMARY KEY (run, place)
) STRICT;
CREATE INDEX measurements_by_case ON measurements (bench_case);
)sql",
};
constexpr auto kVersion = static_cast<int64_t>(std::size(kMigrations));

absl::StatusCode ToStatusCode(int result) {
  switch (result & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return absl::StatusCode::kUnavailable;
    case SQLITE_FULL:
    case SQLITE_NOMEM:
    case SQLITE_TOOBIG:
      return absl::StatusCode::kResourceExhausted;
    case SQLITE_READONLY:
      return absl::StatusCode::kFailedPrecondition;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return absl::StatusCode::kDataLoss;
    default:
      return absl::StatusCode::kInternal;
  }
}

// The last error of `db`, with what the operating system says about it.
absl::Status ToStatus(int result, sqlite3* db) {
  std::string message = db == nullptr ? sqlite3_errstr(result) : sqlite3_errmsg(db);
  const int error = db == nullptr ? 0 : sqlite3_system_errno(db);
  const bool of_system = (result & 0xff) == SQLITE_CANTOPEN || (result & 0xff) == SQLITE_IOERR;
  if (of_system && error != 0) absl::StrAppend(&message, " (", std::generic_category().message(error), ")");
  return {ToStatusCode(result), message};
}

// For a file that no one changes, so that SQLite needs no locks.
std::string ImmutableUri(const std::string& path) {
  return absl::StrCat("file:", absl::StrReplaceAll(path, {{"%", "%25"}, {"?", "%3f"}, {"#", "%23"}}), "?immutable=1");
}

absl::Status OtherVersion(int64_t version) {
  return absl::FailedPreconditionError(absl::StrCat(version > kVersion ? "a later" : "an earlier",
                                                    " version of actbench made it (its tables have version ", version,
                                                    ", those of this one have version ", kVersion, ")"));
}

}  // namespace

std::string DefaultStateDir() {
  const char* const state_home = std::getenv("XDG_STATE_HOME");
  // A relative path is to be ignored, says the XDG Base Directory Specification.
  if (state_home != nullptr && state_home[0] == '/') return absl::StrCat(state_home, "/actbench");
  const char* const home = std::getenv("HOME");
  return home != nullptr && home[0] == '/' ? absl::StrCat(home, "/.local/state/actbench") : "";
}

std::string StateDb::PathIn(const std::string& state_dir) { return absl::StrCat(state_dir, "/actbench.sqlite"); }

absl::StatusOr<std::unique_ptr<StateDb>> StateDb::Open(const std::string& state_dir) {
  std::error_code error;
  std::filesystem::create_directories(state_dir, error);
  if (error) return absl::UnavailableError(absl::StrCat("the directory cannot be made: ", error.message()));
  std::unique_ptr<StateDb> db(new StateDb);
  absl::Status status = db->Connect(PathIn(state_dir), SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  if (!status.ok()) return status;
  // Before anything is written.
  const absl::StatusOr<int64_t> version = db->ReadInteger("PRAGMA user_version");
  if (!version.ok()) return version.status();
  if (*version > kVersion) return OtherVersion(*version);
  if (sqlite3_db_readonly(db->db_.get(), "main") == 1) return absl::FailedPreconditionError("it may not be written");
  if (status = db->Check(); !status.ok()) return status;
  if (status = db->UseWal(); !status.ok()) return status;
  if (status = db->Migrate(); !status.ok()) return status;
  return db;
}

absl::StatusOr<std::unique_ptr<StateDb>> StateDb::OpenForReading(const std::string& state_dir) {
  const std::string path = PathIn(state_dir);
  std::unique_ptr<StateDb> db(new StateDb);
  absl::Status status = db->Connect(path, SQLITE_OPEN_READONLY);
  if (!status.ok()) return status;
  absl::StatusOr<int64_t> version = db->ReadInteger("PRAGMA user_version");
  std::error_code error;
  if (!version.ok() && !std::filesystem::exists(absl::StrCat(path, "-wal"), error) && !error) {
    // In a directory that may not be written the log of writers cannot be made, nor is there one: no one writes.
    if (status = db->Connect(ImmutableUri(path), SQLITE_OPEN_READONLY | SQLITE_OPEN_URI); !status.ok()) return status;
    version = db->ReadInteger("PRAGMA user_version");
  }
  if (!version.ok()) return version.status();
  if (*version != kVersion) return OtherVersion(*version);
  return db;
}

std::unique_ptr<StateDb> StateDb::OpenInMemory() {
  std::unique_ptr<StateDb> db(new StateDb);
  if (db->Connect(":memory:", SQLITE_OPEN_READWRITE).ok()) db->Migrate().IgnoreError();
  return db;
}

OpenedState OpenState(const std::string& state_dir) {
  if (state_dir.empty()) return {};
  absl::StatusOr<std::unique_ptr<StateDb>> writer = StateDb::Open(state_dir);
  absl::StatusOr<std::unique_ptr<StateDb>> reader = StateDb::OpenForReading(state_dir);
  // Open has looked for damage, if it came so far.
  if (reader.ok() && !writer.ok()) {
    if (const absl::Status whole = (*reader)->Check(); !whole.ok()) reader = whole;
  }
  const bool readable = reader.ok();
  const absl::Status why = writer.ok() ? reader.status() : writer.status();
  OpenedState opened;
  if (readable) opened.reader = *std::move(reader);
  if (why.ok()) {  // both are
    opened.writer = *std::move(writer);
    return opened;
  }
  const std::string reason = absl::StrCat(
      StateDb::PathIn(state_dir), readable ? " cannot be written: " : " cannot be used: ", std::string(why.message()));
  opened.warning =
      absl::StrCat(readable ? "new state" : "state", " is kept in memory and lost at the end, as ", reason);
  opened.can_write = absl::FailedPreconditionError(absl::StrCat("nothing can be stored, as ", reason));
  if (!readable)
    opened.can_read = absl::FailedPreconditionError(absl::StrCat("nothing stored can be read, as ", reason));
  return opened;
}

absl::Status StateDb::Connect(const std::string& name, int flags) {
  sqlite3* db = nullptr;
  const int result = sqlite3_open_v2(name.c_str(), &db, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  db_.reset(db);
  if (result != SQLITE_OK) return ToStatus(result, db);
  sqlite3_busy_handler(db, &StateDb::OnBusy, this);
  return absl::OkStatus();
}

int StateDb::OnBusy(void* db, int tries) {
  StateDb& self = *static_cast<StateDb*>(db);
  if (tries == 0) self.busy_since_ = absl::Now();
  if (self.stop_waiting_ || absl::Now() - self.busy_since_ >= self.patience_) return 0;
  absl::SleepFor(std::min(absl::Milliseconds(tries + 1), absl::Milliseconds(20)));
  return 1;
}

absl::Status StateDb::UseWal() {
  // While another process makes the same file SQLite does not wait by itself.
  const absl::Time end = absl::Now() + patience_;
  absl::Status status;
  while (absl::IsUnavailable(status = Execute("PRAGMA journal_mode = WAL")) && absl::Now() < end) {
    absl::SleepFor(absl::Milliseconds(1));
  }
  // What was committed is still there after a loss of power too.
  return status.ok() ? Execute("PRAGMA synchronous = FULL") : status;
}

absl::Status StateDb::Check() {
  Statement check = Prepare("PRAGMA quick_check(1)");
  const absl::StatusOr<bool> row = check.Step();
  if (!row.ok()) return row.status();
  const std::string result = check.Bytes(0);
  return result == "ok" ? absl::OkStatus() : absl::DataLossError(absl::StrCat("it is damaged: ", result));
}

absl::Status StateDb::Migrate() {
  absl::StatusOr<int64_t> version = ReadInteger("PRAGMA user_version");
  if (!version.ok() || *version == kVersion) return version.status();
  // Another process may do the same.
  if (absl::Status status = Execute("BEGIN IMMEDIATE"); !status.ok()) return status;
  version = ReadInteger("PRAGMA user_version");
  absl::Status status = version.status();
  for (int64_t i = version.value_or(kVersion); status.ok() && i < kVersion; ++i) {
    status = Execute(absl::StrCat(kMigrations[i], "; PRAGMA user_version = ", i + 1));
  }
  if (status.ok()) status = Execute("COMMIT");
  if (!status.ok()) Execute("ROLLBACK").IgnoreError();
  return status;
}

absl::StatusOr<int64_t> StateDb::ReadInteger(std::string_view sql) {
  Statement statement = Prepare(sql);
  const absl::StatusOr<bool> row = statement.Step();
  if (!row.ok()) return row.status();
  return statement.Integer(0);
}

absl::Status StateDb::Execute(const std::string& sql) {
  const int result = sqlite3_exec(db_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  return result == SQLITE_OK ? absl::OkStatus() : ToStatus(result, db_.get());
}

StateDb::Statement StateDb::Prepare(std::string_view sql) {
  Statement statement;
  statement.db_ = db_.get();
  sqlite3_stmt* prepared = nullptr;
  const int result = sqlite3_prepare_v2(db_.get(), sql.data(), static_cast<int>(sql.size()), &prepared, nullptr);
  statement.statement_.reset(prepared);
  if (result != SQLITE_OK) statement.status_ = ToStatus(result, db_.get());
  return statement;
}

// A value that cannot be bound stays NULL, which no column takes.
StateDb::Statement& StateDb::Statement::Bind(int64_t value) {
  sqlite3_bind_int64(statement_.get(), ++bound_, value);
  return *this;
}

StateDb::Statement& StateDb::Statement::BindReal(double value) {
  sqlite3_bind_double(statement_.get(), ++bound_, value);
  return *this;
}

StateDb::Statement& StateDb::Statement::BindNull() {
  ++bound_;
  return *this;
}

StateDb::Statement& StateDb::Statement::BindText(std::string_view value) {
  sqlite3_bind_text64(statement_.get(), ++bound_, value.data(), value.size(), SQLITE_STATIC, SQLITE_UTF8);
  return *this;
}

StateDb::Statement& StateDb::Statement::BindBlob(std::string_view value) {
  sqlite3_bind_blob64(statement_.get(), ++bound_, value.data(), value.size(), SQLITE_STATIC);
  return *this;
}

absl::StatusOr<bool> StateDb::Statement::Step() {
  if (!status_.ok()) return status_;
  const int result = sqlite3_step(statement_.get());
  if (result == SQLITE_ROW) return true;
  if (result == SQLITE_DONE) return false;
  return ToStatus(result, db_);
}

int64_t StateDb::Statement::Integer(int column) const { return sqlite3_column_int64(statement_.get(), column); }

std::string StateDb::Statement::Bytes(int column) const {
  const auto* const data = static_cast<const char*>(sqlite3_column_blob(statement_.get(), column));
  const int size = sqlite3_column_bytes(statement_.get(), column);
  return data == nullptr ? std::string() : std::string(data, static_cast<size_t>(size));
}

void StateDb::Statement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
void StateDb::Close::operator()(sqlite3* db) const { sqlite3_close_v2(db); }

}  // namespace actbench
