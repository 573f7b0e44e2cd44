// SPDX-License-Identifier: Apache-2.0
// The certificates, in the state database. Several processes may use one at a time. Thread-safe: writes may wait for
// locks of other processes, reads wait for no one. Tested by certificate_store_test.cc and state_db_test.cc.
#ifndef ACTBENCH_SERVER_CERTIFICATE_STORE_H_
#define ACTBENCH_SERVER_CERTIFICATE_STORE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "actbench/v1/accuracy.pb.h"
#include "server/build_id.h"
#include "server/certificate_page.h"
#include "server/mutex.h"
#include "server/state_db.h"

namespace actbench {

class CertificateStore {
 public:
  // The largest certificate, serialized; a real one has at most a tenth of that.
  static constexpr size_t kMaxBytes = size_t{1} << 20;
  static constexpr int kDefaultPageSize = 100;
  static constexpr int kMaxPageSize = 1000;
  // The shortest part of an id that may stand for it.
  static constexpr size_t kMinPrefix = 4;
  // The newest that are kept: of one kernel, device, parameters, mode and build; of all stale ones; of all. Imported
  // ones are counted apart.
  static constexpr int kKeptAlike = 20;
  static constexpr int kKeptStale = 2'000;
  static constexpr int kKept = 10'000;

  // Opens, or makes, the database in `state_dir` (empty: none). One that cannot be written is read. What cannot be
  // written is kept in memory, and warning(), the log and `on_warning` say why. `build_id`: of this program's kernels,
  // and `plugin_build_ids` of those of plug-ins, by provider; they decide what is stale.
  CertificateStore(const std::string& state_dir, std::string build_id,
                   std::map<std::string, std::string> plugin_build_ids = {}, StateWarningFunction on_warning = nullptr);
  // Tries once more to save what is not.
  ~CertificateStore();

  // FAILED_PRECONDITION where there is a `state_dir`, but nothing will ever be written there.
  absl::Status CanWrite() const { return can_write_; }

  // Why certificates are kept in memory though there is a `state_dir`; empty where none is. Waits for no one.
  std::string warning() const;
  // Of the kernels of this provider.
  const std::string& build_id(const std::string& provider) const { return build_ids_.Of(provider); }

  // RESOURCE_EXHAUSTED if a certificate of so many bytes is larger than kMaxBytes.
  static absl::Status CheckSize(size_t bytes);

  struct Stored {
    std::string id;
    bool unsaved;  // as in Certificate
  };
  // Stores it under a new id, or finds the very same one (whatever its id), and returns the id. It is durable then; but
  // where it cannot be written, it is kept in memory, and SaveUnsaved tries again. One that was measured here is not
  // `imported`, even if it was before. RESOURCE_EXHAUSTED if it is larger than kMaxBytes or there is no room in memory
  // either. Errors of the database here and below: see StateDb.
  absl::StatusOr<Stored> Add(const v1::Certificate& certificate, bool imported = false);

  // Writes what could not be written before, without waiting for locks. Returns whether something is left for which
  // that may succeed later.
  bool SaveUnsaved();

  // `id` may be the beginning of one, of at least kMinPrefix characters: NOT_FOUND if there is none, INVALID_ARGUMENT
  // if it is shorter or there are several. DATA_LOSS if the certificate is damaged. Here and below FAILED_PRECONDITION
  // in place of none where the database cannot be read.
  absl::StatusOr<v1::Certificate> Get(const std::string& id) const;
  // The same; returns the whole id. A damaged one can be deleted too.
  absl::StatusOr<std::string> Delete(const std::string& id);

  using Filter = CertificateFilter;
  // As ListCertificates in accuracy.proto: newest first, without binades, worst inputs and special values. Pages stay
  // right while certificates are added. Damaged ones are left out, and logged. INVALID_ARGUMENT if `page_size` is
  // negative, or `page_token` is not one that was given for this filter.
  absl::StatusOr<v1::ListCertificatesResponse> List(const Filter& filter, int page_size,
                                                    const std::string& page_token) const;

  // The id of the newest current one of each kernel, device and parameters, newest first.
  absl::StatusOr<std::vector<std::string>> NewestCurrent() const;

  // Ends the wait of a write for another process's lock, and all later ones.
  void StopWaiting();

 private:
  // A certificate as it is stored.
  struct Row {
    std::string id;
    bool imported;
    v1::Certificate certificate;  // without what is not stored
    std::string bytes;            // of that
  };
  // What reading gives.
  struct ReadRow {
    PagePlace place;
    bool imported;
    bool unsaved;
    std::string bytes;
  };

  void SetWarning(std::string warning);
  // That there is none with this id, as far as that can be told.
  absl::Status NotFound(const std::string& id) const;

  absl::StatusOr<v1::Certificate> Parse(const ReadRow& row) const;
  static ReadRow RowOf(const StateDb::Statement& select);
  absl::StatusOr<std::string> WholeId(const std::string& id) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(reader_mutex_);
  // Of a whole id; nothing if there is none.
  absl::StatusOr<std::optional<ReadRow>> Read(const std::string& id) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(reader_mutex_);

  // Adds the row, or else only says of it that it is not imported, and drops what is not to be kept beside it.
  absl::Status Write(StateDb& db, const std::string& table, const Row& row) const;
  // Returns whether it is unsaved.
  absl::StatusOr<bool> WriteSomewhere(const Row& row) ABSL_EXCLUSIVE_LOCKS_REQUIRED(writer_mutex_);
  // Writes all that is unsaved, without waiting.
  absl::Status SaveAll() ABSL_EXCLUSIVE_LOCKS_REQUIRED(writer_mutex_);
  absl::Status SaveOne() ABSL_EXCLUSIVE_LOCKS_REQUIRED(writer_mutex_);
  absl::StatusOr<int64_t> CountUnsaved() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(writer_mutex_);

  const std::string state_dir_;
  const BuildIds build_ids_;
  const StateWarningFunction on_warning_;
  absl::Status can_read_;   // set by the constructor alone
  absl::Status can_write_;  // likewise
  // Written with `writer_`, which is null where nothing can be; what is not written is in a table in memory of
  // `reader_`. Who needs both mutexes locks the writer's first.
  Mutex writer_mutex_;
  std::unique_ptr<StateDb> writer_;  // set by the constructor alone
  mutable Mutex reader_mutex_;
  std::unique_ptr<StateDb> reader_ ABSL_PT_GUARDED_BY(reader_mutex_);     // never null
  mutable std::set<std::string> damaged_ ABSL_GUARDED_BY(reader_mutex_);  // that were logged

  mutable Mutex warning_mutex_;
  std::string warning_ ABSL_GUARDED_BY(warning_mutex_);
};

}  // namespace actbench

#endif  // ACTBENCH_SERVER_CERTIFICATE_STORE_H_
