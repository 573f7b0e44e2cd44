// SPDX-License-Identifier: Apache-2.0
// The certificates, in the state database. Several processes may use one at a time. Thread-safe. Tested by
// certificate_store_test.cc.
#ifndef ACTBENCH_SERVER_CERTIFICATE_STORE_H_
#define ACTBENCH_SERVER_CERTIFICATE_STORE_H_

#include <google/protobuf/map.h>

#include <cstdint>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "actbench/v1/accuracy.pb.h"
#include "server/mutex.h"
#include "server/state_db.h"

namespace actbench {

class CertificateStore {
 public:
  // The largest certificate, serialized; a real one has at most a tenth of that.
  static constexpr size_t kMaxBytes = size_t{1} << 20;
  static constexpr int kDefaultPageSize = 100;
  static constexpr int kMaxPageSize = 1000;

  // Opens, or makes, the database in `state_dir` (empty: none). Where that cannot be read or written, certificates are
  // kept in memory, and warning() and the log say why. `build_id`: of this program's kernels; decides what is stale.
  CertificateStore(const std::string& state_dir, std::string build_id);

  // Why not all certificates are kept, though there is a `state_dir`. Empty if they are; later it may still turn out
  // that they are not, as when the disk is full. Never changes once it says something.
  const std::string& warning() const;
  const std::string& build_id() const { return build_id_; }

  // Stores it under a new id, or finds the very same one (whatever its id), and returns the id. It is durable then; but
  // where it cannot be written, it is kept in memory and warning() says why. RESOURCE_EXHAUSTED if it is larger than
  // kMaxBytes or there is no room in memory either. Errors of the database here and below: see StateDb.
  absl::StatusOr<std::string> Add(const v1::Certificate& certificate);

  // NOT_FOUND if there is none with that id.
  absl::StatusOr<v1::Certificate> Get(const std::string& id) const;

  // What is empty or unspecified matches everything. `activation` is an id.
  struct Filter {
    std::string activation = {};
    v1::Direction direction = v1::DIRECTION_UNSPECIFIED;
    v1::Dtype dtype = v1::DTYPE_UNSPECIFIED;
    v1::KernelSelector selector = {};
  };
  // As ListCertificates in accuracy.proto: newest first, without binades, worst inputs and special values. Pages stay
  // right while certificates are added. INVALID_ARGUMENT if `page_size` is negative, or `page_token` is not one that
  // was given for this filter.
  absl::StatusOr<v1::ListCertificatesResponse> List(const Filter& filter, int page_size,
                                                    const std::string& page_token) const;

  // The newest that is not stale of this kernel (name and device), these parameters and this mode, if there is one.
  absl::StatusOr<std::optional<v1::Certificate>> Find(const v1::Kernel& kernel,
                                                      const google::protobuf::Map<std::string, double>& parameters,
                                                      const std::string& mode) const;

 private:
  // A row as it is stored.
  absl::StatusOr<v1::Certificate> Parse(const std::string& id, const std::string& bytes) const;
  // The stored bytes; nothing if there is none with that id.
  absl::StatusOr<std::optional<std::string>> Read(const std::string& id) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Does nothing if the id is there.
  absl::Status Insert(const std::string& table, const std::string& id, const v1::Certificate& certificate,
                      const std::string& bytes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status InsertSomewhere(const std::string& id, const v1::Certificate& certificate, const std::string& bytes)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::string build_id_;
  mutable Mutex mutex_;
  mutable StateDb db_ ABSL_GUARDED_BY(mutex_);
  std::string warning_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace actbench

#endif  // ACTBENCH_SERVER_CERTIFICATE_STORE_H_
