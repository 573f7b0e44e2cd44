// SPDX-License-Identifier: Apache-2.0
#include "client/output_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"

namespace actbench::client {
namespace {

constexpr mode_t kNewFileMode = 0666;  // less the umask

absl::Status CannotWrite(const std::string& path) {
  return absl::ErrnoToStatus(errno, absl::StrCat("cannot write ", path));
}

// Where symbolic links lead; the path itself if nothing is there.
std::string Resolve(const std::string& path) {
  struct Free {
    void operator()(char* text) const { std::free(text); }
  };
  const std::unique_ptr<char, Free> resolved(::realpath(path.c_str(), nullptr));
  return resolved == nullptr ? path : resolved.get();
}

std::string DirectoryOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash + 1);
}

// Writes all of it and closes.
bool WriteAndClose(int descriptor, absl::string_view text, bool sync) {
  bool good = true;
  while (good && !text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written >= 0) text.remove_prefix(static_cast<size_t>(written));
    good = written >= 0 || errno == EINTR;
  }
  if (good && sync) good = ::fsync(descriptor) == 0;
  const int error = errno;
  const bool closed = ::close(descriptor) == 0;
  if (!good) errno = error;
  return good && closed;
}

}  // namespace

OutputFile::OutputFile(std::string path, std::string target, bool replace)
    : path_(std::move(path)), target_(std::move(target)), replace_(replace) {}

absl::StatusOr<OutputFile> OutputFile::Open(const std::string& path) {
  if (path == "-") return OutputFile(path, path, /*replace=*/false);
  const std::string target = Resolve(path);
  struct stat status {};
  const bool exists = ::stat(target.c_str(), &status) == 0;
  if (!exists && (errno != ENOENT || path.empty() || path.back() == '/')) return CannotWrite(path);
  if (exists && S_ISDIR(status.st_mode)) {
    errno = EISDIR;
    return CannotWrite(path);
  }
  if (exists && ::access(target.c_str(), W_OK) != 0) return CannotWrite(path);
  const bool replace = !exists || S_ISREG(status.st_mode);
  if (replace && ::access(DirectoryOf(target).c_str(), W_OK | X_OK) != 0) return CannotWrite(path);
  return OutputFile(path, target, replace);
}

absl::Status OutputFile::Write(absl::string_view text) const {
  if (is_stdout()) {
    std::cout << text;
    return absl::OkStatus();
  }
  if (replace_) return Replace(text);
  const int descriptor = ::open(target_.c_str(), O_WRONLY | O_CLOEXEC);
  if (descriptor < 0 || !WriteAndClose(descriptor, text, /*sync=*/false)) return CannotWrite(path_);
  return absl::OkStatus();
}

absl::Status OutputFile::WriteAndTell(absl::string_view text, size_t count, absl::string_view noun) const {
  absl::Status written = Write(text);
  if (written.ok() && !is_stdout()) {
    std::cerr << "wrote " << path_ << ": " << count << " " << noun << (count == 1 ? "\n" : "s\n");
  }
  return written;
}

absl::StatusOr<std::vector<std::optional<OutputFile>>> OpenOutputFiles(absl::Span<const FileFlag> flags) {
  std::vector<std::optional<OutputFile>> files(flags.size());
  for (size_t i = 0; i < flags.size(); ++i) {
    if (flags[i].path.empty()) continue;
    for (size_t j = 0; j < i; ++j) {
      if (flags[j].path != flags[i].path) continue;
      return absl::InvalidArgumentError(
          absl::StrCat(flags[j].flag, " and ", flags[i].flag, " are the same file, ", flags[i].path));
    }
    absl::StatusOr<OutputFile> file = OutputFile::Open(flags[i].path);
    if (!file.ok()) return file.status();
    files[i] = *std::move(file);
  }
  return files;
}

absl::Status OutputFile::Replace(absl::string_view text) const {
  std::string temporary = target_ + ".XXXXXX";
  const int descriptor = ::mkostemp(temporary.data(), O_CLOEXEC);
  if (descriptor < 0) return CannotWrite(path_);
  // As the file was, or as a new one would be: what is temporary is made for its owner alone.
  struct stat status {};
  if (::stat(target_.c_str(), &status) != 0) {
    const mode_t mask = ::umask(0);
    ::umask(mask);
    status.st_mode = kNewFileMode & ~mask;
  }
  const bool kept = ::fchmod(descriptor, status.st_mode & 07777) == 0;
  if (WriteAndClose(descriptor, text, /*sync=*/true) && kept && ::rename(temporary.c_str(), target_.c_str()) == 0) {
    return absl::OkStatus();
  }
  absl::Status error = CannotWrite(path_);
  ::unlink(temporary.c_str());
  return error;
}

}  // namespace actbench::client
