// SPDX-License-Identifier: Apache-2.0
#include "server/certificate_store.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <xxhash.h>

#include <algorithm>
#include <limits>
#include <map>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "server/log.h"

namespace actbench {
namespace {

// What cannot be written to the file goes to a table in memory beside it, and everything is read through a view of
// both.
constexpr char kSchema[] = R"sql(
PRAGMA temp_store = MEMORY;
CREATE TEMP TABLE unkept AS SELECT * FROM main.certificates LIMIT 0;
PRAGMA temp.max_page_count = 16384;
CREATE TEMP VIEW all_certificates AS SELECT * FROM main.certificates UNION ALL SELECT * FROM temp.unkept;
)sql";

constexpr char kListSql[] = R"sql(
SELECT id, time_us, certificate FROM temp.all_certificates
WHERE (time_us, id) < (?1, ?2)
  AND (?3 = '' OR activation = ?3) AND (?4 = 0 OR direction = ?4) AND (?5 = 0 OR dtype = ?5)
  AND (?6 = '' OR provider = ?6) AND (?7 = '' OR tier = ?7) AND (?8 = '' OR isa = ?8) AND (?9 = '' OR device = ?9)
ORDER BY time_us DESC, id DESC LIMIT ?10
)sql";

constexpr char kFindSql[] = R"sql(
SELECT id, certificate FROM temp.all_certificates
WHERE kernel = ?1 AND device = ?2 AND parameters = ?3 AND mode = ?4 AND build_id = ?5
ORDER BY time_us DESC, id DESC LIMIT 1
)sql";

// The same certificates give the same bytes, in the order of their maps too.
std::string Serialize(const v1::Certificate& certificate) {
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  certificate.SerializeToCodedStream(&coded);
  coded.Trim();
  return bytes;
}

// "alpha=1,beta=0.5", by name, each with as many digits as tell it from all others.
std::string ParametersText(const google::protobuf::Map<std::string, double>& parameters) {
  const std::map<std::string, double> sorted(parameters.begin(), parameters.end());
  return absl::StrJoin(sorted, ",", [](std::string* out, const auto& parameter) {
    absl::StrAppendFormat(out, "%s=%.17g", parameter.first, parameter.second);
  });
}

// In microseconds, as nanoseconds of the years that a timestamp can have do not fit. What is out of range is put at the
// ends: a certificate may come from anywhere.
int64_t TimeUs(const google::protobuf::Timestamp& time) {
  constexpr int64_t kFirst = -62'135'596'800;  // 0001-01-01
  constexpr int64_t kLast = 253'402'300'799;   // 9999-12-31
  return std::clamp(time.seconds(), kFirst, kLast) * 1'000'000 + std::clamp(time.nanos(), 0, 999'999'999) / 1000;
}

std::string Hash(std::string_view bytes, uint64_t seed) {
  return absl::StrFormat("%016x", XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed));
}

// Where a page ends: the time and the id of its last certificate.
struct Place {
  int64_t time_us = std::numeric_limits<int64_t>::max();
  std::string id = {};
};

// A page token is the place in hexadecimal, and a hash of it and the filter.
std::string TokenHash(const std::string& place, const CertificateStore::Filter& filter) {
  const v1::KernelSelector& selector = filter.selector;
  std::string text = absl::StrCat(place, ",", static_cast<int>(filter.direction), ",", static_cast<int>(filter.dtype));
  for (const std::string* name :
       {&filter.activation, &selector.provider(), &selector.tier(), &selector.isa(), &selector.device()}) {
    absl::StrAppend(&text, ",", name->size(), ":", *name);
  }
  return Hash(text, 0);
}

std::string ToToken(const Place& place, const CertificateStore::Filter& filter) {
  const std::string text = absl::StrFormat("%016x%s", static_cast<uint64_t>(place.time_us), place.id);
  return absl::StrCat(text, TokenHash(text, filter));
}

absl::StatusOr<Place> FromToken(const std::string& token, const CertificateStore::Filter& filter) {
  if (token.empty()) return Place();
  constexpr size_t kPart = 16;
  uint64_t time_us = 0;
  if (token.size() != 3 * kPart || !absl::SimpleHexAtoi(token.substr(0, kPart), &time_us) ||
      token.substr(2 * kPart) != TokenHash(token.substr(0, 2 * kPart), filter)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "page_token is \"", absl::CHexEscape(token.substr(0, 4 * kPart)),
        "\", which is not the next_page_token of a page with these filters; leave it empty for the first page"));
  }
  return Place{static_cast<int64_t>(time_us), token.substr(kPart, kPart)};
}

}  // namespace

CertificateStore::CertificateStore(const std::string& state_dir, std::string build_id)
    : build_id_(std::move(build_id)), db_(state_dir), warning_(db_.warning()) {
  const absl::Status status = db_.Execute(kSchema);
  if (!status.ok() && warning_.empty()) warning_ = absl::StrCat("no certificates are kept: ", status.message());
  if (!warning_.empty()) Log(LogLevel::kWarning, warning_);
}

const std::string& CertificateStore::warning() const {
  static const std::string* const none = new std::string;
  MutexLock lock(mutex_);
  return warning_.empty() ? *none : warning_;
}

absl::StatusOr<std::string> CertificateStore::Add(const v1::Certificate& certificate) {
  v1::Certificate stored = certificate;
  stored.clear_id();
  stored.clear_stale();
  const std::string bytes = Serialize(stored);
  if (bytes.size() > kMaxBytes) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the certificate has ", bytes.size(), " bytes; at most ", kMaxBytes, " are stored"));
  }
  MutexLock lock(mutex_);
  // The id comes from the content, so that the same is found again, here and in another process. The seed tells
  // different ones of one hash apart.
  for (uint64_t seed = 0;;) {
    std::string id = Hash(bytes, seed);
    const absl::StatusOr<std::optional<std::string>> present = Read(id);
    if (!present.ok()) return present.status();
    if (!present->has_value()) {
      if (absl::Status status = InsertSomewhere(id, stored, bytes); !status.ok()) return status;
    } else if (**present == bytes) {
      return id;
    } else {
      ++seed;
    }
  }
}

absl::Status CertificateStore::InsertSomewhere(const std::string& id, const v1::Certificate& certificate,
                                               const std::string& bytes) {
  absl::Status status = Insert("main.certificates", id, certificate, bytes);
  if (status.ok() || db_.in_memory()) return status;
  if (warning_.empty()) {
    warning_ = absl::StrCat("new certificates are kept in memory and lost at the end, as the state cannot be written: ",
                            status.message());
    Log(LogLevel::kWarning, warning_);
  }
  return Insert("temp.unkept", id, certificate, bytes);
}

absl::Status CertificateStore::Insert(const std::string& table, const std::string& id,
                                      const v1::Certificate& certificate, const std::string& bytes) {
  const v1::Kernel& kernel = certificate.kernel();
  const std::string parameters = ParametersText(certificate.parameters());
  StateDb::Statement insert =
      db_.Prepare(absl::StrCat("INSERT OR IGNORE INTO ", table, " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"));
  insert.BindText(id).BindText(kernel.name()).BindText(kernel.activation()).Bind(kernel.direction());
  insert.Bind(kernel.dtype()).BindText(kernel.provider()).BindText(kernel.tier()).BindText(kernel.isa());
  insert.BindText(kernel.device()).BindText(parameters).BindText(certificate.mode());
  insert.BindText(certificate.build_id()).Bind(TimeUs(certificate.time())).BindBlob(bytes);
  return insert.Step().status();
}

absl::StatusOr<std::optional<std::string>> CertificateStore::Read(const std::string& id) const {
  StateDb::Statement select = db_.Prepare("SELECT certificate FROM temp.all_certificates WHERE id = ?1");
  const absl::StatusOr<bool> row = select.BindText(id).Step();
  if (!row.ok()) return row.status();
  return *row ? std::optional(select.Bytes(0)) : std::nullopt;
}

absl::StatusOr<v1::Certificate> CertificateStore::Parse(const std::string& id, const std::string& bytes) const {
  v1::Certificate certificate;
  if (!certificate.ParseFromString(bytes)) {
    return absl::DataLossError(absl::StrCat("the stored certificate \"", id, "\" is damaged"));
  }
  certificate.set_id(id);
  certificate.set_stale(certificate.build_id() != build_id_);
  return certificate;
}

absl::StatusOr<v1::Certificate> CertificateStore::Get(const std::string& id) const {
  absl::StatusOr<std::optional<std::string>> bytes;
  {
    MutexLock lock(mutex_);
    bytes = Read(id);
  }
  if (!bytes.ok()) return bytes.status();
  if (bytes->has_value()) return Parse(id, **bytes);
  return absl::NotFoundError(absl::StrCat("there is no certificate with the id \"", absl::CHexEscape(id.substr(0, 64)),
                                          "\"; ListCertificates has them all"));
}

absl::StatusOr<v1::ListCertificatesResponse> CertificateStore::List(const Filter& filter, int page_size,
                                                                    const std::string& page_token) const {
  if (page_size < 0) {
    return absl::InvalidArgumentError(absl::StrCat("page_size is ", page_size, "; it must be at least 0"));
  }
  const size_t size = page_size == 0 ? kDefaultPageSize : std::min(page_size, kMaxPageSize);
  const absl::StatusOr<Place> after = FromToken(page_token, filter);
  if (!after.ok()) return after.status();
  std::vector<std::pair<Place, std::string>> rows;
  {
    MutexLock lock(mutex_);
    StateDb::Statement select = db_.Prepare(kListSql);
    const v1::KernelSelector& selector = filter.selector;
    select.Bind(after->time_us).BindText(after->id).BindText(filter.activation).Bind(filter.direction);
    select.Bind(filter.dtype).BindText(selector.provider()).BindText(selector.tier()).BindText(selector.isa());
    select.BindText(selector.device()).Bind(static_cast<int64_t>(size + 1));
    absl::StatusOr<bool> row;
    while ((row = select.Step()).ok() && *row) {
      rows.emplace_back(Place{select.Integer(1), select.Bytes(0)}, select.Bytes(2));
    }
    if (!row.ok()) return row.status();
  }
  v1::ListCertificatesResponse response;
  if (rows.size() > size) {
    rows.resize(size);
    response.set_next_page_token(ToToken(rows.back().first, filter));
  }
  for (const auto& [place, bytes] : rows) {
    absl::StatusOr<v1::Certificate> certificate = Parse(place.id, bytes);
    if (!certificate.ok()) return certificate.status();
    certificate->mutable_report()->clear_worst();
    certificate->mutable_report()->clear_binades();
    certificate->mutable_report()->clear_special_values();
    *response.add_certificates() = *std::move(certificate);
  }
  return response;
}

absl::StatusOr<std::optional<v1::Certificate>> CertificateStore::Find(
    const v1::Kernel& kernel, const google::protobuf::Map<std::string, double>& parameters,
    const std::string& mode) const {
  const std::string parameters_text = ParametersText(parameters);
  std::string id;
  std::string bytes;
  {
    MutexLock lock(mutex_);
    StateDb::Statement select = db_.Prepare(kFindSql);
    select.BindText(kernel.name()).BindText(kernel.device()).BindText(parameters_text).BindText(mode);
    const absl::StatusOr<bool> row = select.BindText(build_id_).Step();
    if (!row.ok()) return row.status();
    if (!*row) return std::nullopt;
    id = select.Bytes(0);
    bytes = select.Bytes(1);
  }
  return Parse(id, bytes);
}

}  // namespace actbench
