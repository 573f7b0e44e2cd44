// SPDX-License-Identifier: Apache-2.0
#include "client/input_file.h"

#include <cerrno>
#include <cstdio>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/npy.h"

namespace actbench::client {
namespace {

// Far more than a server stores.
constexpr size_t kMostBytes = size_t{1} << 30;

}  // namespace

bool IsFile(const std::string& argument) {
  return argument == "-" || absl::EndsWith(argument, ".json") || absl::StrContains(argument, '/');
}

absl::StatusOr<std::string> ReadText(const std::string& path) {
  const File opened(path == "-" ? nullptr : std::fopen(path.c_str(), "rbe"));
  std::FILE* const file = path == "-" ? stdin : opened.get();
  if (file == nullptr) return absl::ErrnoToStatus(errno, absl::StrCat("cannot open ", path));
  std::string text;
  constexpr size_t kBlock = 1 << 16;
  for (std::string block(kBlock, '\0');;) {
    const size_t size = std::fread(block.data(), 1, kBlock, file);
    text.append(block, 0, size);
    if (text.size() > kMostBytes) {
      return absl::InvalidArgumentError(absl::StrCat(path, " is larger than ", kMostBytes, " bytes"));
    }
    if (size < kBlock) break;
  }
  if (std::ferror(file) != 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot read ", path));
  return text;
}

}  // namespace actbench::client
