// SPDX-License-Identifier: Apache-2.0
#include "server/run_tables.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace actbench {
namespace {

RunRow RowOf(const StateDb::Statement& select) {
  return {.place = {.time_us = select.Integer(0), .id = select.Bytes(1)}, .bytes = select.Bytes(2)};
}

// All rows of a statement with one column.
absl::StatusOr<std::vector<std::string>> Texts(StateDb::Statement& select) {
  std::vector<std::string> texts;
  absl::StatusOr<bool> found;
  while ((found = select.Step()).ok() && *found) texts.push_back(select.Bytes(0));
  if (!found.ok()) return found.status();
  return texts;
}

std::string FingerprintText(const v1::BenchmarkRun& run) {
  std::string text;
  for (const v1::FingerprintField& field : run.fingerprint()) {
    absl::StrAppend(&text, field.name(), ": ", field.value(), "\n");
  }
  return text;
}

}  // namespace

absl::Status RunTables::Insert(const v1::BenchmarkRun& run, int64_t kept) {
  absl::Status status = db_.Execute("BEGIN IMMEDIATE");
  if (!status.ok()) return status;
  status = InsertRows(run);
  if (status.ok()) status = DropOld(kept);
  if (status.ok()) status = db_.Execute("COMMIT");
  if (!status.ok()) db_.Execute("ROLLBACK").IgnoreError();
  return status;
}

absl::Status RunTables::InsertRows(const v1::BenchmarkRun& run) {
  const std::string fields = FingerprintText(run);
  absl::Status status = db_.Prepare("INSERT OR IGNORE INTO testbeds VALUES (?, ?)")
                            .BindText(run.fingerprint_hash())
                            .BindText(fields)
                            .Step()
                            .status();
  if (!status.ok()) return status;
  v1::BenchmarkRun bare = run;
  bare.clear_results();
  bare.clear_id();
  bare.clear_unsaved();
  const std::string bytes = SerializeDeterministically(bare);
  StateDb::Statement insert = db_.Prepare("INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?)");
  insert.BindText(run.id()).BindText(run.name()).Bind(TimeUs(run.time())).BindText(run.fingerprint_hash());
  status = insert.BindText(run.build_id()).BindBlob(bytes).Step().status();
  for (int place = 0; place < run.results_size() && status.ok(); ++place) {
    status = InsertResult(run.id(), place, run.results(place));
  }
  return status;
}

absl::Status RunTables::InsertResult(const std::string& run, int place, const v1::BenchmarkResult& result) {
  absl::Status status =
      db_.Prepare("INSERT OR IGNORE INTO bench_cases (name) VALUES (?)").BindText(result.name()).Step().status();
  if (!status.ok()) return status;
  const std::string bytes = SerializeDeterministically(result);
  StateDb::Statement insert =
      db_.Prepare("INSERT INTO measurements SELECT ?1, ?2, id, ?4, ?5, ?6, ?7, ?8 FROM bench_cases WHERE name = ?3");
  insert.BindText(run).Bind(place).BindText(result.name()).Bind(result.outcome());
  if (result.has_time()) {
    const v1::CallTime& time = result.time();
    insert.BindReal(time.median_ns()).BindReal(time.median_low_ns()).BindReal(time.median_high_ns());
  } else {
    insert.BindNull().BindNull().BindNull();
  }
  return insert.BindBlob(bytes).Step().status();
}

absl::Status RunTables::DropOld(int64_t kept) {
  StateDb::Statement select = db_.Prepare("SELECT id FROM runs ORDER BY time_us DESC, id DESC LIMIT -1 OFFSET ?1");
  select.Bind(kept);
  const absl::StatusOr<std::vector<std::string>> old = Texts(select);
  if (!old.ok()) return old.status();
  for (const std::string& id : *old) {
    if (absl::Status status = Delete(id); !status.ok()) return status;
  }
  return absl::OkStatus();
}

// In an order that leaves nothing half if the process ends in between: a run without some results is not seen, as its
// row went first.
absl::Status RunTables::Delete(const std::string& id) {
  absl::Status status = db_.Execute("SAVEPOINT deletion");
  for (const char* sql : {"DELETE FROM measurements WHERE run = ?1", "DELETE FROM runs WHERE id = ?1"}) {
    if (status.ok()) status = db_.Prepare(sql).BindText(id).Step().status();
  }
  if (status.ok()) {
    status = db_.Execute(
        "DELETE FROM bench_cases WHERE id NOT IN (SELECT bench_case FROM measurements);"
        "DELETE FROM testbeds WHERE hash NOT IN (SELECT testbed FROM runs)");
  }
  if (status.ok()) return db_.Execute("RELEASE deletion");
  db_.Execute("ROLLBACK TO deletion; RELEASE deletion").IgnoreError();
  return status;
}

absl::StatusOr<std::optional<std::string>> RunTables::Find(const std::string& id_or_name) {
  StateDb::Statement select =
      db_.Prepare("SELECT id FROM runs WHERE id = ?1 OR name = ?1 ORDER BY id = ?1 DESC, time_us DESC LIMIT 1");
  const absl::StatusOr<bool> row = select.BindText(id_or_name).Step();
  if (!row.ok()) return row.status();
  return *row ? std::optional(select.Bytes(0)) : std::nullopt;
}

absl::StatusOr<std::vector<std::string>> RunTables::WithPrefix(const std::string& prefix) {
  StateDb::Statement select = db_.Prepare("SELECT id FROM runs WHERE substr(id, 1, ?1) = ?2");
  select.Bind(static_cast<int64_t>(prefix.size())).BindText(prefix);
  return Texts(select);
}

absl::StatusOr<std::optional<RunRow>> RunTables::Read(const std::string& id) {
  StateDb::Statement select = db_.Prepare("SELECT time_us, id, run FROM runs WHERE id = ?1");
  const absl::StatusOr<bool> row = select.BindText(id).Step();
  if (!row.ok()) return row.status();
  return *row ? std::optional(RowOf(select)) : std::nullopt;
}

absl::StatusOr<std::vector<std::string>> RunTables::ReadResults(const std::string& id) {
  StateDb::Statement select = db_.Prepare("SELECT result FROM measurements WHERE run = ?1 ORDER BY place");
  select.BindText(id);
  return Texts(select);
}

absl::StatusOr<std::vector<RunRow>> RunTables::List(const RunFilter& filter, const PagePlace& after, int count) {
  StateDb::Statement select = db_.Prepare(
      "SELECT time_us, id, run FROM runs WHERE (time_us, id) < (?1, ?2) AND (?3 = '' OR name = ?3) "
      "AND (?4 = '' OR testbed = ?4) ORDER BY time_us DESC, id DESC LIMIT ?5");
  select.Bind(after.time_us).BindText(after.id).BindText(filter.name).BindText(filter.fingerprint_hash).Bind(count);
  std::vector<RunRow> rows;
  absl::StatusOr<bool> found;
  while ((found = select.Step()).ok() && *found) rows.push_back(RowOf(select));
  if (!found.ok()) return found.status();
  return rows;
}

}  // namespace actbench
