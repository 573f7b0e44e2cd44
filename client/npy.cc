// SPDX-License-Identifier: Apache-2.0
#include "client/npy.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "client/npy_header.h"
#include "client/tensor.h"

namespace actbench::client {
namespace {

constexpr absl::string_view kMagic = "\x93NUMPY";
constexpr size_t kLongestHeader = size_t{1} << 20;  // NumPy's own are below 1 KiB; this only bounds a damaged length
constexpr size_t kAlignment = 64;                   // of the data in a written file, as NumPy does it
constexpr size_t kBlockBytes = size_t{16} << 20;

absl::Status ErrnoError(absl::string_view doing, const std::string& path) {
  const int error = errno;
  return absl::ErrnoToStatus(error, absl::StrCat("cannot ", doing, " ", path));
}

absl::Status FormatError(const std::string& path, absl::string_view reason) {
  return absl::InvalidArgumentError(absl::StrCat(path, ": ", reason));
}

// Reads `size` bytes. Grows in blocks, so that a damaged size cannot allocate more than the file or pipe holds.
absl::StatusOr<std::string> ReadBytes(std::FILE* file, const std::string& path, size_t size, absl::string_view what) {
  std::string result;
  struct stat status {};
  if (fstat(fileno(file), &status) == 0 && S_ISREG(status.st_mode)) {
    result.reserve(std::min(size, static_cast<size_t>(status.st_size)));
  }
  while (result.size() < size) {
    const size_t begin = result.size();
    const size_t wanted = std::min(size - begin, kBlockBytes);
    result.resize(begin + wanted);
    const size_t got = std::fread(result.data() + begin, 1, wanted, file);
    if (std::ferror(file)) return ErrnoError("read", path);
    if (got < wanted) {
      return FormatError(path,
                         absl::StrCat("truncated: ", what, " needs ", size, " bytes, the file has ", begin + got));
    }
  }
  return result;
}

// Makes the file's size what it will be, with room on the disk for all of it; else sets errno and leaves it as it was.
// Pipes and devices have no size, and some file systems cannot say that there is room.
bool SetSize(int descriptor, size_t size) {
  struct stat status {};
  if (fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) return true;
  if (::fallocate(descriptor, 0, 0, static_cast<off_t>(size)) != 0 && errno != EOPNOTSUPP && errno != ENOSYS) {
    const int error = errno;
    if (::ftruncate(descriptor, status.st_size) == 0) errno = error;
    return false;
  }
  return ::ftruncate(descriptor, static_cast<off_t>(size)) == 0;
}

// The magic and the version. A file that ends before may still be none.
absl::StatusOr<std::string> ReadStart(std::FILE* file, const std::string& path) {
  constexpr size_t kSize = kMagic.size() + 2;
  std::string start(kSize, '\0');
  start.resize(std::fread(start.data(), 1, kSize, file));
  if (std::ferror(file)) return ErrnoError("read", path);
  const absl::string_view magic = absl::string_view(start).substr(0, kMagic.size());
  if (magic != kMagic.substr(0, magic.size())) return FormatError(path, "not a .npy file: it lacks the magic bytes");
  if (start.size() == kSize) return start;
  return FormatError(
      path, absl::StrCat("truncated: the start of a .npy file needs ", kSize, " bytes, the file has ", start.size()));
}

// The dictionary's text, after the magic, the version and the length.
absl::StatusOr<std::string> ReadHeaderText(std::FILE* file, const std::string& path) {
  const absl::StatusOr<std::string> start = ReadStart(file, path);
  if (!start.ok()) return start.status();
  const int major = static_cast<unsigned char>((*start)[kMagic.size()]);
  const int minor = static_cast<unsigned char>((*start)[kMagic.size() + 1]);
  if (major < 1 || major > 3 || minor != 0) {
    return FormatError(path, absl::StrCat("unknown .npy version ", major, ".", minor, "; known are 1.0, 2.0 and 3.0"));
  }
  const absl::StatusOr<std::string> length_bytes = ReadBytes(file, path, major == 1 ? 2 : 4, "the header's length");
  if (!length_bytes.ok()) return length_bytes.status();
  size_t length = 0;
  for (size_t i = 0; i < length_bytes->size(); ++i) {
    length |= static_cast<size_t>(static_cast<unsigned char>((*length_bytes)[i])) << (8 * i);
  }
  if (length > kLongestHeader) return FormatError(path, absl::StrCat("absurd header length, ", length, " bytes"));
  return ReadBytes(file, path, length, "the header");
}

}  // namespace

absl::StatusOr<v1::Tensor> ReadNpy(const std::string& argument) {
  const bool is_stdin = argument == "-";
  const std::string path = is_stdin ? "standard input" : argument;
  const File file(is_stdin ? ::fdopen(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0), "rb")
                           : std::fopen(path.c_str(), "rbe"));
  if (file == nullptr) return ErrnoError("open", path);
  const absl::StatusOr<std::string> text = ReadHeaderText(file.get(), path);
  if (!text.ok()) return text.status();
  const absl::StatusOr<NpyHeader> header = ParseNpyHeader(*text);
  if (!header.ok()) return FormatError(path, header.status().message());
  v1::Tensor tensor;
  tensor.set_dtype(ToProto(header->dtype));
  tensor.mutable_shape()->Add(header->shape.begin(), header->shape.end());
  const absl::StatusOr<size_t> count = CountElements(tensor, header->dtype);
  if (!count.ok()) return FormatError(path, count.status().message());

  absl::StatusOr<std::string> data = ReadBytes(file.get(), path, *count * SizeBytes(header->dtype), "the array");
  if (!data.ok()) return data.status();
  if (std::fgetc(file.get()) != EOF) return FormatError(path, "there is more data than the header's shape needs");
  tensor.set_data(*std::move(data));
  return tensor;
}

absl::Status CheckOneStdin(absl::Span<const FileArgument> files) {
  const FileArgument* first = nullptr;
  for (const FileArgument& file : files) {
    if (file.path != "-") continue;
    if (first != nullptr) {
      return absl::InvalidArgumentError(absl::StrCat(first->flag, " and ", file.flag, " are both standard input"));
    }
    first = &file;
  }
  return absl::OkStatus();
}

absl::StatusOr<NpyWriter> NpyWriter::Open(const std::string& path) {
  if (path == "-") {
    const int output = ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
    if (output < 0) return ErrnoError("write", "standard output");
    NpyWriter writer("standard output", File(::fdopen(output, "wb")));
    writer.is_stdout_ = true;
    return writer;
  }
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (descriptor >= 0) return NpyWriter(path, File(::fdopen(descriptor, "wb")));
  // A new file is made only by Write, so that none is left behind when the work fails or is interrupted.
  const size_t slash = path.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const bool possible = errno == ENOENT && !path.empty() && ::access(directory.c_str(), W_OK | X_OK) == 0;
  if (!possible) return ErrnoError("write", path);
  return NpyWriter(path, nullptr);
}

absl::Status NpyWriter::Write(const v1::Tensor& tensor) {
  const bool is_new = file_ == nullptr;
  if (is_new) file_.reset(std::fopen(path_.c_str(), "wbe"));
  if (file_ == nullptr) return ErrnoError("write", path_);
  absl::Status written = WriteAll(tensor);
  // The last bytes leave the buffer only here, where a full disk shows.
  if (std::fclose(file_.release()) != 0 && written.ok()) written = ErrnoError("write", path_);
  if (!written.ok() && is_new) ::unlink(path_.c_str());
  return written;
}

absl::Status NpyWriter::WriteAll(const v1::Tensor& tensor) {
  const absl::StatusOr<TensorView> view = TensorView::Of(tensor);
  if (!view.ok()) return FormatError(path_, view.status().message());
  std::string header = FormatNpyHeader(view->dtype(), tensor.shape());
  const size_t prefix = kMagic.size() + 4;  // magic, version, length
  const size_t padding = kAlignment - 1 - (prefix + header.size()) % kAlignment;
  header += std::string(padding, ' ') + '\n';
  if (header.size() > UINT16_MAX) return FormatError(path_, "too many dimensions for a .npy file of version 1.0");
  const std::string start =
      absl::StrCat(kMagic, absl::string_view("\x01\x00", 2), std::string(1, static_cast<char>(header.size() & 0xff)),
                   std::string(1, static_cast<char>(header.size() >> 8)), header);
  // Standard output may have something in it already.
  const bool has_room = is_stdout_ || SetSize(fileno(file_.get()), start.size() + tensor.data().size());
  if (!has_room) return ErrnoError("write", path_);
  for (const absl::string_view part : {absl::string_view(start), absl::string_view(tensor.data())}) {
    if (std::fwrite(part.data(), 1, part.size(), file_.get()) != part.size()) return ErrnoError("write", path_);
  }
  return absl::OkStatus();
}

}  // namespace actbench::client
