// SPDX-License-Identifier: Apache-2.0
#include "server/state_db.h"

#include <sqlite3.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace actbench {
namespace {

constexpr int kBusyTimeoutMs = 5000;
// Of a database in memory, in pages of 4 KiB: 64 MiB.
constexpr int kMemoryPages = 16384;

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

}  // namespace

std::string DefaultStateDir() {
  const char* const state_home = std::getenv("XDG_STATE_HOME");
  // A relative path is to be ignored, says the XDG Base Directory Specification.
  if (state_home != nullptr && state_home[0] == '/') return absl::StrCat(state_home, "/actbench");
  const char* const home = std::getenv("HOME");
  return home != nullptr && home[0] == '/' ? absl::StrCat(home, "/.local/state/actbench") : "";
}

StateDb::StateDb(const std::string& state_dir) {
  absl::Status status = absl::OkStatus();
  if (!state_dir.empty()) {
    status = Open(state_dir);
    if (status.ok()) return;
    warning_ = absl::StrCat("state is kept in memory and lost at the end, as ", state_dir,
                            "/actbench.sqlite cannot be used: ", status.message());
  }
  in_memory_ = true;
  status = OpenInMemory();
  // Without memory for a few pages every use fails, with this.
  if (!status.ok()) warning_ = absl::StrCat("no state is kept: ", status.message());
}

absl::Status StateDb::Open(const std::string& state_dir) {
  std::error_code error;
  std::filesystem::create_directories(state_dir, error);
  if (error) return absl::UnavailableError(absl::StrCat("the directory cannot be made: ", error.message()));
  sqlite3* db = nullptr;
  const std::string path = absl::StrCat(state_dir, "/actbench.sqlite");
  const int result =
      sqlite3_open_v2(path.c_str(), &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  db_.reset(db);
  if (result != SQLITE_OK) return ToStatus(result, db);
  sqlite3_busy_timeout(db, kBusyTimeoutMs);
  // Before anything is written.
  const absl::StatusOr<int64_t> version = ReadInteger("PRAGMA user_version");
  if (!version.ok()) return version.status();
  if (*version > kVersion) {
    return absl::FailedPreconditionError(absl::StrCat("a later version of actbench made it (its tables have version ",
                                                      *version, ", known are those up to ", kVersion, ")"));
  }
  if (sqlite3_db_readonly(db, "main") == 1) return absl::UnavailableError("it may not be written");
  if (absl::Status status = Check(); !status.ok()) return status;
  if (absl::Status status = UseWal(); !status.ok()) return status;
  return Migrate();
}

absl::Status StateDb::OpenInMemory() {
  sqlite3* db = nullptr;
  const int result = sqlite3_open(":memory:", &db);
  db_.reset(db);
  if (result != SQLITE_OK) return ToStatus(result, db);
  if (absl::Status status = Execute(absl::StrCat("PRAGMA max_page_count = ", kMemoryPages)); !status.ok()) {
    return status;
  }
  return Migrate();
}

absl::Status StateDb::UseWal() {
  // While another process makes the same file SQLite does not wait by itself.
  const absl::Time end = absl::Now() + absl::Milliseconds(kBusyTimeoutMs);
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
  // Another process may do the same.
  if (absl::Status status = Execute("BEGIN IMMEDIATE"); !status.ok()) return status;
  const absl::StatusOr<int64_t> version = ReadInteger("PRAGMA user_version");
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
