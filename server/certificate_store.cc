// SPDX-License-Identifier: Apache-2.0
#include "server/certificate_store.h"

#include <algorithm>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "server/certificate.h"
#include "server/log.h"

namespace actbench {
namespace {

constexpr char kSaved[] = "main.certificates";
constexpr char kUnsaved[] = "temp.unsaved";

// What cannot be written to the file goes to a table in memory (of 64 MiB) beside it, and everything is read through a
// view of both.
constexpr char kSchema[] = R"sql(
PRAGMA temp_store = MEMORY;
CREATE TEMP TABLE unsaved AS SELECT * FROM main.certificates LIMIT 0;
CREATE UNIQUE INDEX temp.unsaved_by_id ON unsaved (id);
PRAGMA temp.max_page_count = 16384;
CREATE TEMP VIEW all_certificates AS
  SELECT *, 0 AS unsaved FROM main.certificates
  UNION ALL SELECT *, 1 FROM temp.unsaved WHERE id NOT IN (SELECT id FROM main.certificates);
)sql";

// The columns of a ReadRow.
constexpr char kSelect[] = "SELECT id, time_us, imported, unsaved, certificate FROM temp.all_certificates ";
// ?1: all current build ids. ?2: CertificateFilter::unit_upstream. A dtype of 2 is f32, whose gradients are always
// measured at dy = 1 alone.
constexpr char kCurrent[] =
    "build_id IN (SELECT value FROM json_each(?1)) AND imported = 0 AND "
    "(mode = 'exhaustive' OR (mode = 'exhaustive_unit_upstream' AND (?2 = 1 OR dtype = 2)))";
static_assert(v1::DTYPE_F32 == 2);

constexpr char kListWhere[] = R"sql(
  AND (time_us, id) < (?4, ?5) AND (?6 = 0 OR parameters = ?7)
  AND (?8 = '' OR activation = ?8) AND (?9 = 0 OR direction = ?9) AND (?10 = 0 OR dtype = ?10)
  AND (?11 = '' OR provider = ?11) AND (?12 = '' OR tier = ?12) AND (?13 = '' OR isa = ?13)
  AND (?14 = '' OR device = ?14)
ORDER BY time_us DESC, id DESC LIMIT ?15
)sql";

absl::Status Drop(StateDb& db, const char* table, const std::string& id) {
  return db.Prepare(absl::StrCat("DELETE FROM ", table, " WHERE id = ?1")).BindText(id).Step().status();
}

// Of some certificates the newest `kept` stay.
struct Retention {
  std::string_view which;  // ?1 to ?7 are kernel, device, parameters, mode, build_id, all current ones, imported
  int kept;
};
constexpr Retention kRetentions[] = {
    {"kernel = ?1 AND device = ?2 AND parameters = ?3 AND mode = ?4 AND build_id = ?5", CertificateStore::kKeptAlike},
    {"build_id NOT IN (SELECT value FROM json_each(?6))", CertificateStore::kKeptStale},
    {"TRUE", CertificateStore::kKept},
};

}  // namespace

CertificateStore::CertificateStore(const std::string& state_dir, std::string build_id,
                                   std::map<std::string, std::string> plugin_build_ids, StateWarningFunction on_warning)
    : state_dir_(state_dir),
      build_ids_(std::move(build_id), std::move(plugin_build_ids)),
      on_warning_(std::move(on_warning)) {
  OpenedState opened = OpenState(state_dir_);
  can_read_ = opened.can_read;
  can_write_ = opened.can_write;
  writer_ = std::move(opened.writer);
  SetWarning(opened.warning);
  MutexLock lock(reader_mutex_);
  reader_ = opened.reader == nullptr ? StateDb::OpenInMemory() : std::move(opened.reader);
  const absl::Status status = reader_->Execute(kSchema);
  if (!status.ok()) SetWarning(absl::StrCat("no certificates are kept: ", status.message()));
}

CertificateStore::~CertificateStore() { SaveUnsaved(); }

std::string CertificateStore::warning() const {
  MutexLock lock(warning_mutex_);
  return warning_;
}

void CertificateStore::SetWarning(std::string warning) {
  MutexLock lock(warning_mutex_);
  if (warning == warning_) return;
  if (warning.empty()) {
    Log(LogLevel::kInfo, "all certificates are saved now");
  } else if (warning_.empty()) {
    Log(LogLevel::kWarning, warning);
    if (on_warning_ != nullptr) on_warning_(warning);
  }
  warning_ = std::move(warning);
}

void CertificateStore::StopWaiting() {
  if (writer_ != nullptr) writer_->StopWaiting();
}

absl::Status CertificateStore::CheckSize(size_t bytes) {
  if (bytes <= kMaxBytes) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      absl::StrCat("the certificate has ", bytes, " bytes; at most ", kMaxBytes, " are stored"));
}

absl::StatusOr<CertificateStore::Stored> CertificateStore::Add(const v1::Certificate& certificate, bool imported) {
  Row row = {.id = {}, .imported = imported, .certificate = certificate, .bytes = {}};
  row.certificate.clear_id();
  row.certificate.clear_stale();
  row.certificate.clear_imported();
  row.certificate.clear_unsaved();
  row.certificate.clear_claim();
  row.bytes = SerializeDeterministically(row.certificate);
  if (absl::Status status = CheckSize(row.bytes.size()); !status.ok()) return status;
  MutexLock lock(writer_mutex_);
  // The id comes from the content, so that the same is found again, here and in another process. The seed tells
  // different ones of one hash apart.
  for (uint64_t seed = 0;; ++seed) {
    row.id = HashText(row.bytes, seed);
    absl::StatusOr<std::optional<ReadRow>> present;
    {
      MutexLock reader_lock(reader_mutex_);
      present = Read(row.id);
    }
    if (!present.ok()) return present.status();
    if (present->has_value() && (*present)->bytes != row.bytes) continue;
    const bool known = present->has_value() && (imported || !(*present)->imported);
    if (known) return Stored{row.id, (*present)->unsaved};
    const absl::StatusOr<bool> unsaved = WriteSomewhere(row);
    if (!unsaved.ok()) return unsaved.status();
    return Stored{row.id, *unsaved};
  }
}

absl::StatusOr<bool> CertificateStore::WriteSomewhere(const Row& row) {
  if (writer_ != nullptr) {
    // Who waited for a lock in vain waits no second time.
    absl::Status status = SaveAll();
    if (status.ok()) status = Write(*writer_, kSaved, row);
    if (status.ok()) return false;
    SetWarning(absl::StrCat("certificates are kept in memory, and lost if that stays so to the end, as ",
                            StateDb::PathIn(state_dir_), " cannot be written: ", status.message()));
  }
  MutexLock lock(reader_mutex_);
  if (absl::Status status = Write(*reader_, kUnsaved, row); !status.ok()) return status;
  return true;
}

absl::Status CertificateStore::Write(StateDb& db, const std::string& table, const Row& row) const {
  const v1::Certificate& certificate = row.certificate;
  const v1::Kernel& kernel = certificate.kernel();
  const std::string parameters = ParametersText(certificate.parameters());
  if (absl::Status status = db.Execute("BEGIN IMMEDIATE"); !status.ok()) return status;
  StateDb::Statement insert =
      db.Prepare(absl::StrCat("INSERT INTO ", table, " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ",
                              "ON CONFLICT (id) DO UPDATE SET imported = min(imported, excluded.imported)"));
  insert.BindText(row.id).BindText(kernel.name()).BindText(kernel.activation()).Bind(kernel.direction());
  insert.Bind(kernel.dtype()).BindText(kernel.provider()).BindText(kernel.tier()).BindText(kernel.isa());
  insert.BindText(kernel.device()).BindText(parameters).BindText(certificate.mode());
  insert.BindText(certificate.build_id()).Bind(TimeUs(certificate.time())).BindBlob(row.bytes).Bind(row.imported);
  absl::Status status = insert.Step().status();
  for (const Retention& retention : kRetentions) {
    if (!status.ok()) break;
    StateDb::Statement drop = db.Prepare(absl::StrCat(
        "DELETE FROM ", table, " WHERE id != ?8 AND id IN (SELECT id FROM ", table, " WHERE imported = ?7 AND ",
        std::string(retention.which), " ORDER BY time_us DESC, id DESC LIMIT -1 OFFSET ", retention.kept, ")"));
    drop.BindText(kernel.name()).BindText(kernel.device()).BindText(parameters).BindText(certificate.mode());
    drop.BindText(certificate.build_id()).BindText(build_ids_.Json()).Bind(row.imported).BindText(row.id);
    status = drop.Step().status();
  }
  if (status.ok()) status = db.Execute("COMMIT");
  if (!status.ok()) db.Execute("ROLLBACK").IgnoreError();
  return status;
}

absl::StatusOr<int64_t> CertificateStore::CountUnsaved() const {
  MutexLock lock(reader_mutex_);
  StateDb::Statement count = reader_->Prepare(absl::StrCat("SELECT count(*) FROM ", kUnsaved));
  const absl::StatusOr<bool> row = count.Step();
  if (!row.ok()) return row.status();
  return count.Integer(0);
}

absl::Status CertificateStore::SaveAll() {
  const absl::StatusOr<int64_t> count = CountUnsaved();
  absl::Status status = count.status();
  writer_->set_patience(absl::ZeroDuration());
  for (int64_t i = 0; status.ok() && i < *count; ++i) status = SaveOne();
  writer_->set_patience(StateDb::kPatience);
  if (status.ok()) SetWarning("");
  return status;
}

absl::Status CertificateStore::SaveOne() {
  Row row;
  {
    MutexLock lock(reader_mutex_);
    StateDb::Statement select =
        reader_->Prepare(absl::StrCat("SELECT id, imported, certificate FROM ", kUnsaved, " LIMIT 1"));
    const absl::StatusOr<bool> found = select.Step();
    if (!found.ok()) return found.status();
    row = {.id = select.Bytes(0), .imported = select.Integer(1) != 0, .certificate = {}, .bytes = select.Bytes(2)};
  }
  row.certificate.ParseFromString(row.bytes);
  if (absl::Status status = Write(*writer_, kSaved, row); !status.ok()) return status;
  MutexLock lock(reader_mutex_);
  return Drop(*reader_, kUnsaved, row.id);
}

bool CertificateStore::SaveUnsaved() {
  MutexLock lock(writer_mutex_);
  return writer_ != nullptr && !SaveAll().ok();
}

absl::StatusOr<std::string> CertificateStore::Delete(const std::string& id) {
  MutexLock lock(writer_mutex_);
  absl::StatusOr<std::string> whole;
  absl::StatusOr<std::optional<ReadRow>> row;
  {
    MutexLock reader_lock(reader_mutex_);
    whole = WholeId(id);
    if (!whole.ok()) return whole.status();
    row = Read(*whole);
    if (!row.ok()) return row.status();
    if (!row->has_value()) return NotFound(id);
  }
  if (!(*row)->unsaved) {
    absl::Status status = writer_ == nullptr ? can_write_ : Drop(*writer_, kSaved, *whole);
    if (!status.ok()) {
      // UNAVAILABLE would say that the server is.
      const bool locked = absl::IsUnavailable(status);
      return absl::Status(locked ? absl::StatusCode::kAborted : status.code(),
                          absl::StrCat("the certificate ", *whole, " stays: ", status.message()));
    }
  }
  MutexLock reader_lock(reader_mutex_);
  if (absl::Status status = Drop(*reader_, kUnsaved, *whole); !status.ok()) return status;
  return whole;
}

absl::Status CertificateStore::NotFound(const std::string& id) const {
  if (!can_read_.ok()) return can_read_;
  return absl::NotFoundError(absl::StrCat("there is no certificate with the id \"", absl::CHexEscape(id.substr(0, 64)),
                                          "\"; ListCertificates has them all"));
}

CertificateStore::ReadRow CertificateStore::RowOf(const StateDb::Statement& select) {
  return {.place = {select.Integer(1), select.Bytes(0)},
          .imported = select.Integer(2) != 0,
          .unsaved = select.Integer(3) != 0,
          .bytes = select.Bytes(4)};
}

absl::StatusOr<std::optional<CertificateStore::ReadRow>> CertificateStore::Read(const std::string& id) const {
  StateDb::Statement select = reader_->Prepare(absl::StrCat(kSelect, "WHERE id = ?1"));
  const absl::StatusOr<bool> row = select.BindText(id).Step();
  if (!row.ok()) return row.status();
  return *row ? std::optional(RowOf(select)) : std::nullopt;
}

absl::StatusOr<std::string> CertificateStore::WholeId(const std::string& id) const {
  if (id.size() < kMinPrefix) {
    return absl::InvalidArgumentError(absl::StrCat("id is \"", absl::CHexEscape(id), "\"; it must be an id, or its ",
                                                   "first characters, at least ", kMinPrefix));
  }
  StateDb::Statement select =
      reader_->Prepare("SELECT count(*), max(id) FROM temp.all_certificates WHERE substr(id, 1, ?1) = ?2");
  const absl::StatusOr<bool> row = select.Bind(static_cast<int64_t>(id.size())).BindText(id).Step();
  if (!row.ok()) return row.status();
  const int64_t count = select.Integer(0);
  if (count == 0) return NotFound(id);
  if (count == 1) return select.Bytes(1);
  return absl::InvalidArgumentError(absl::StrCat("id is \"", absl::CHexEscape(id), "\", with which the ids of ", count,
                                                 " certificates begin; give more of it"));
}

absl::StatusOr<v1::Certificate> CertificateStore::Parse(const ReadRow& row) const {
  v1::Certificate certificate;
  if (!certificate.ParseFromString(row.bytes)) {
    return absl::DataLossError(absl::StrCat("the stored certificate \"", row.place.id, "\" is damaged; delete it"));
  }
  certificate.set_id(row.place.id);
  certificate.set_stale(certificate.build_id() != build_id(certificate.kernel().provider()));
  certificate.set_imported(row.imported);
  certificate.set_unsaved(row.unsaved);
  SetClaim(certificate);
  return certificate;
}

absl::StatusOr<v1::Certificate> CertificateStore::Get(const std::string& id) const {
  absl::StatusOr<std::optional<ReadRow>> row;
  {
    MutexLock lock(reader_mutex_);
    const absl::StatusOr<std::string> whole = WholeId(id);
    if (!whole.ok()) return whole.status();
    row = Read(*whole);
  }
  if (!row.ok()) return row.status();
  if (!row->has_value()) return NotFound(id);
  return Parse(**row);
}

absl::StatusOr<v1::ListCertificatesResponse> CertificateStore::List(const Filter& filter, int page_size,
                                                                    const std::string& page_token) const {
  const absl::StatusOr<int> size = PageSize(page_size, kDefaultPageSize, kMaxPageSize);
  if (!size.ok()) return size.status();
  const absl::StatusOr<PagePlace> after = FromPageToken(page_token, filter);
  if (!after.ok()) return after.status();
  MutexLock lock(reader_mutex_);
  const std::string parameters = ParametersText(filter.parameters.value_or(ParameterMap()));
  StateDb::Statement select = reader_->Prepare(absl::StrCat(kSelect, "WHERE (?3 = 0 OR (", kCurrent, "))", kListWhere));
  const v1::KernelSelector& selector = filter.selector;
  select.BindText(build_ids_.Json()).Bind(filter.unit_upstream).Bind(filter.current_only);
  select.Bind(after->time_us)
      .BindText(after->id)
      .Bind(filter.parameters.has_value())
      .BindText(parameters)
      .BindText(filter.activation)
      .Bind(filter.direction);
  select.Bind(filter.dtype).BindText(selector.provider()).BindText(selector.tier()).BindText(selector.isa());
  select.BindText(selector.device()).Bind(*size + 1);
  v1::ListCertificatesResponse response;
  absl::StatusOr<bool> found;
  PagePlace last;
  for (int rows = 0; (found = select.Step()).ok() && *found; ++rows) {
    if (rows == *size) {
      response.set_next_page_token(ToPageToken(last, filter));
      break;
    }
    const ReadRow row = RowOf(select);
    last = row.place;
    absl::StatusOr<v1::Certificate> certificate = Parse(row);
    if (!certificate.ok()) {
      const bool is_new = damaged_.size() < kMaxPageSize && damaged_.insert(row.place.id).second;
      if (is_new) Log(LogLevel::kError, std::string(certificate.status().message()));
      continue;
    }
    certificate->mutable_report()->clear_worst();
    certificate->mutable_report()->clear_binades();
    certificate->mutable_report()->clear_special_values();
    *response.add_certificates() = *std::move(certificate);
  }
  if (!found.ok()) return found.status();
  // Nothing would say that there is nothing.
  if (response.certificates().empty() && !can_read_.ok()) return can_read_;
  return response;
}

absl::StatusOr<std::vector<std::string>> CertificateStore::NewestCurrent() const {
  MutexLock lock(reader_mutex_);
  StateDb::Statement select =
      reader_->Prepare(absl::StrCat("SELECT id, max(time_us) FROM temp.all_certificates WHERE ", kCurrent,
                                    " GROUP BY kernel, device, parameters ORDER BY 2 DESC"));
  select.BindText(build_ids_.Json()).Bind(false);
  std::vector<std::string> ids;
  absl::StatusOr<bool> found;
  while ((found = select.Step()).ok() && *found) ids.push_back(select.Bytes(0));
  if (!found.ok()) return found.status();
  return ids;
}

}  // namespace actbench
