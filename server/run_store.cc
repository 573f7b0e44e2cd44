// SPDX-License-Identifier: Apache-2.0
#include "server/run_store.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "server/log.h"

namespace actbench {
namespace {

std::string Quoted(const std::string& run) { return absl::StrCat("\"", absl::CHexEscape(run.substr(0, 64)), "\""); }

absl::StatusOr<v1::BenchmarkRun> Parse(const RunRow& row) {
  v1::BenchmarkRun run;
  if (!run.ParseFromString(row.bytes)) {
    return absl::DataLossError(absl::StrCat("the stored run \"", row.place.id, "\" is damaged; delete it"));
  }
  run.set_id(row.place.id);
  return run;
}

}  // namespace

RunStore::RunStore(const std::string& state_dir, int64_t kept, StateWarningFunction on_warning)
    : state_dir_(state_dir), kept_(kept), on_warning_(std::move(on_warning)), memory_(StateDb::OpenInMemory()) {
  OpenedState opened = OpenState(state_dir_);
  can_read_ = opened.can_read;
  can_write_ = opened.can_write;
  writer_ = std::move(opened.writer);
  reader_ = std::move(opened.reader);
  MutexLock lock(warning_mutex_);
  warning_ = opened.warning;
}

absl::Status RunStore::NotFound(const std::string& run) const {
  if (!can_read_.ok()) return can_read_;
  return absl::NotFoundError(
      absl::StrCat("there is no run with the id or name ", Quoted(run), "; ListRuns has them all"));
}

std::string RunStore::warning() const {
  MutexLock lock(warning_mutex_);
  return warning_;
}

void RunStore::SetWarning(std::string why) {
  if (!why.empty()) {
    why = absl::StrCat("benchmark runs are kept in memory, and lost at the end, as ", StateDb::PathIn(state_dir_),
                       " cannot be written: ", why);
  }
  MutexLock lock(warning_mutex_);
  if (!why.empty() && warning_.empty()) {
    Log(LogLevel::kWarning, why);
    if (on_warning_ != nullptr) on_warning_(why);
  }
  warning_ = std::move(why);
}

void RunStore::StopWaiting() {
  if (writer_ != nullptr) writer_->StopWaiting();
}

absl::Status RunStore::Add(v1::BenchmarkRun& run) {
  run.clear_id();
  run.clear_unsaved();
  // Two runs are never the same: the time is in them.
  run.set_id(HashText(SerializeDeterministically(run), 0));
  MutexLock writer_lock(writer_mutex_);
  if (writer_ != nullptr) {
    const absl::Status status = RunTables(*writer_).Insert(run, kept_);
    SetWarning(std::string(status.message()));
    if (status.ok()) return absl::OkStatus();
  }
  run.set_unsaved(true);
  MutexLock lock(mutex_);
  return RunTables(*memory_).Insert(run, kept_);
}

absl::StatusOr<RunStore::Found> RunStore::Find(const std::string& run) const {
  std::vector<Found> begun;
  for (StateDb* db : {reader_.get(), memory_.get()}) {
    if (db == nullptr) continue;
    const absl::StatusOr<std::optional<std::string>> id = RunTables(*db).Find(run);
    if (!id.ok()) return id.status();
    if (id->has_value()) return Found{db, **id};
    if (run.size() < kMinPrefix) continue;
    const absl::StatusOr<std::vector<std::string>> ids = RunTables(*db).WithPrefix(run);
    if (!ids.ok()) return ids.status();
    for (const std::string& one : *ids) begun.push_back({db, one});
  }
  if (begun.empty()) return NotFound(run);
  if (begun.size() == 1) return begun.front();
  return absl::InvalidArgumentError(
      absl::StrCat("run is ", Quoted(run), ", with which the ids of ", begun.size(), " runs begin; give more of it"));
}

absl::StatusOr<v1::BenchmarkRun> RunStore::Get(const std::string& run) const {
  MutexLock lock(mutex_);
  const absl::StatusOr<Found> found = Find(run);
  if (!found.ok()) return found.status();
  RunTables tables(*found->db);
  const absl::StatusOr<std::optional<RunRow>> row = tables.Read(found->id);
  if (!row.ok()) return row.status();
  if (!row->has_value()) return NotFound(run);  // another process deleted it this moment
  absl::StatusOr<v1::BenchmarkRun> whole = Parse(**row);
  if (!whole.ok()) return whole.status();
  whole->set_unsaved(found->db == memory_.get());
  const absl::StatusOr<std::vector<std::string>> results = tables.ReadResults(found->id);
  if (!results.ok()) return results.status();
  for (const std::string& bytes : *results) {
    if (whole->add_results()->ParseFromString(bytes)) continue;
    return absl::DataLossError(absl::StrCat("a result of the stored run \"", found->id, "\" is damaged; delete it"));
  }
  return whole;
}

absl::StatusOr<std::string> RunStore::Delete(const std::string& run) {
  MutexLock writer_lock(writer_mutex_);
  absl::StatusOr<Found> found;
  {
    MutexLock lock(mutex_);
    found = Find(run);
    if (!found.ok()) return found.status();
    if (found->db == memory_.get()) {
      if (absl::Status status = RunTables(*memory_).Delete(found->id); !status.ok()) return status;
      return found->id;
    }
  }
  if (writer_ == nullptr) {
    return absl::FailedPreconditionError(absl::StrCat("the run ", found->id, " stays: ", can_write_.message()));
  }
  const absl::Status status = RunTables(*writer_).Delete(found->id);
  // The server goes on, so that this is no UNAVAILABLE.
  if (absl::IsUnavailable(status)) {
    return absl::AbortedError(absl::StrCat("another process keeps ", StateDb::PathIn(state_dir_),
                                           " locked: ", std::string(status.message())));
  }
  if (!status.ok()) return status;
  return found->id;
}

absl::StatusOr<v1::ListRunsResponse> RunStore::List(const RunFilter& filter, int page_size,
                                                    const std::string& page_token) const {
  const absl::StatusOr<int> size = PageSize(page_size, kDefaultPageSize, kMaxPageSize);
  if (!size.ok()) return size.status();
  const std::string filter_text =
      absl::StrCat("runs,", filter.name.size(), ":", filter.name, ",", filter.fingerprint_hash);
  const absl::StatusOr<PagePlace> after = FromPageToken(page_token, filter_text);
  if (!after.ok()) return after.status();
  // Of both databases the newest.
  std::vector<std::pair<RunRow, bool>> rows;
  MutexLock lock(mutex_);
  for (StateDb* db : {reader_.get(), memory_.get()}) {
    if (db == nullptr) continue;
    absl::StatusOr<std::vector<RunRow>> some = RunTables(*db).List(filter, *after, *size + 1);
    if (!some.ok()) return some.status();
    for (RunRow& row : *some) rows.emplace_back(std::move(row), db == memory_.get());
  }
  std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) {
    const PagePlace& first = a.first.place;
    const PagePlace& second = b.first.place;
    return std::tie(first.time_us, first.id) > std::tie(second.time_us, second.id);
  });
  v1::ListRunsResponse response;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (i == static_cast<size_t>(*size)) {
      response.set_next_page_token(ToPageToken(rows[i - 1].first.place, filter_text));
      break;
    }
    absl::StatusOr<v1::BenchmarkRun> run = Parse(rows[i].first);
    if (!run.ok()) continue;
    run->set_unsaved(rows[i].second);
    *response.add_runs() = *std::move(run);
  }
  // Nothing would say that there is nothing.
  if (rows.empty() && !can_read_.ok()) return can_read_;
  return response;
}

}  // namespace actbench
