// SPDX-License-Identifier: Apache-2.0
#include "kernels/measure/machine_lease.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>

#include "absl/strings/str_cat.h"

namespace actbench {
namespace {

// Not with O_CREAT where it exists: systems refuse that for another user's file in a directory that all may write to.
int Open(const std::string& file) {
  int descriptor = open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor >= 0 || errno != ENOENT) return descriptor;
  descriptor = open(file.c_str(), O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (descriptor >= 0) {
    fchmod(descriptor, 0666);  // whatever this process's mask is
  } else if (errno == EEXIST) {
    descriptor = open(file.c_str(), O_RDONLY | O_CLOEXEC);  // another process made it this moment
  }
  return descriptor;
}

}  // namespace

std::string MachineLease::DefaultFile() {
  const char* const given = std::getenv("ACTBENCH_LEASE_FILE");
  return given != nullptr && *given != '\0' ? given : "/tmp/actbench.lease";
}

absl::StatusOr<std::unique_ptr<MachineLease>> MachineLease::Try(const std::string& file) {
  const int descriptor = Open(file);
  if (descriptor < 0) {
    return absl::UnavailableError(absl::StrCat("cannot open ", file, ", whose lock benchmarks of this machine hold: ",
                                               std::generic_category().message(errno)));
  }
  if (flock(descriptor, LOCK_EX | LOCK_NB) == 0) return std::unique_ptr<MachineLease>(new MachineLease(descriptor));
  close(descriptor);
  return nullptr;
}

MachineLease::~MachineLease() { close(descriptor_); }

}  // namespace actbench
