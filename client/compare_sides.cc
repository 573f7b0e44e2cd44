// SPDX-License-Identifier: Apache-2.0
#include "client/compare_sides.h"

#include <stdlib.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/input_file.h"

namespace actbench::client {
namespace {

namespace fs = std::filesystem;

constexpr char kAllowed[] =
    "BASE and HEAD are both runs (ids or names of stored ones, or result files), or both kernels (plug-ins, which "
    "end in .so, or providers)";

absl::Status Mixed(const std::string& kernels, const std::string& what, const std::string& run) {
  return absl::InvalidArgumentError(absl::StrCat(kernels, " is ", what, ", but ", run, " is a run; ", kAllowed));
}

absl::Status CheckPlugins(const SideArguments& sides, const std::string& server) {
  const bool base_is_plugin = KindOf(sides.base) == SideKind::kPlugin;
  if (!sides.layout.empty() && !base_is_plugin) {
    return absl::InvalidArgumentError(
        absl::StrCat("--layout is BASE built with its functions elsewhere; ", sides.base, " is no plug-in"));
  }
  if (server.empty() || (!base_is_plugin && KindOf(sides.head) != SideKind::kPlugin)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      base_is_plugin ? sides.base : sides.head, " is a plug-in of this machine, but the server at ", server,
      " does the work: start that with --plugin base=FILE,head=FILE,control=COPY_OF_BASE and compare base with head, "
      "or give no --server"));
}

// False also if one cannot be read: the server will say so.
bool SameContent(const std::string& first, const std::string& second) {
  const absl::StatusOr<std::string> one = ReadText(first);
  const absl::StatusOr<std::string> other = ReadText(second);
  return one.ok() && other.ok() && *one == *other;
}

}  // namespace

SideKind KindOf(const std::string& argument) {
  if (absl::EndsWith(argument, ".so")) return SideKind::kPlugin;
  return IsFile(argument) ? SideKind::kRunFile : SideKind::kName;
}

absl::Status CheckSides(const SideArguments& sides, const std::string& server) {
  for (const auto& [one, other] : {std::pair(sides.base, sides.head), std::pair(sides.head, sides.base)}) {
    if (KindOf(one) == SideKind::kPlugin && KindOf(other) == SideKind::kRunFile) return Mixed(one, "a plug-in", other);
  }
  if (sides.base == "-" && sides.head == "-") {
    return absl::InvalidArgumentError("BASE and HEAD cannot both be standard input");
  }
  return CheckPlugins(sides, server);
}

absl::StatusOr<bool> AreKernels(const SideArguments& sides, absl::Span<const std::string> providers) {
  const auto is_kernels = [&](const std::string& side) {
    return KindOf(side) == SideKind::kPlugin ||
           (KindOf(side) == SideKind::kName && std::find(providers.begin(), providers.end(), side) != providers.end());
  };
  const bool base = is_kernels(sides.base);
  const bool head = is_kernels(sides.head);
  if (base == head) return base;
  const std::string& kernels = base ? sides.base : sides.head;
  const std::string& other = base ? sides.head : sides.base;
  if (KindOf(other) == SideKind::kRunFile) {
    // A run may have a provider's name.
    if (KindOf(kernels) == SideKind::kName) return false;
    return Mixed(kernels, "a plug-in", other);
  }
  return absl::InvalidArgumentError(
      absl::StrCat(kernels, " is ", KindOf(kernels) == SideKind::kPlugin ? "a plug-in" : "a provider", ", but ", other,
                   " is not; there are the providers ", absl::StrJoin(providers, ", "), "; ", kAllowed));
}

std::string ProviderOf(const std::string& argument, const char* plugin_name) {
  return KindOf(argument) == SideKind::kPlugin ? plugin_name : argument;
}

absl::StatusOr<SidePlugins> SidePlugins::Make(const SideArguments& sides) {
  SidePlugins plugins;
  if (KindOf(sides.base) == SideKind::kPlugin) {
    if (absl::Status copied = plugins.CopyBase(sides.base); !copied.ok()) return copied;
    plugins.flags_.insert(plugins.flags_.begin(), absl::StrCat(kBase, "?=", sides.base));
  }
  if (KindOf(sides.head) == SideKind::kPlugin) plugins.flags_.push_back(absl::StrCat(kHead, "?=", sides.head));
  if (plugins.flags_.size() == 3) plugins.same_content_ = SameContent(sides.base, sides.head);
  if (!sides.layout.empty()) plugins.flags_.push_back(absl::StrCat(kLayout, "?=", sides.layout));
  return plugins;
}

SidePlugins::SidePlugins(SidePlugins&& other) noexcept
    : flags_(std::move(other.flags_)),
      directory_(std::exchange(other.directory_, "")),
      same_content_(other.same_content_) {}

SidePlugins::~SidePlugins() {
  std::error_code ignored;
  if (!directory_.empty()) fs::remove_all(directory_, ignored);
}

absl::Status SidePlugins::CopyBase(const std::string& file) {
  std::error_code error;
  const fs::path parent = fs::temp_directory_path(error);
  if (error) return absl::ErrnoToStatus(error.value(), "there is no directory for temporary files (TMPDIR)");
  std::string directory = parent / "actbench_compare.XXXXXX";
  if (::mkdtemp(directory.data()) == nullptr) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot make a directory in ", parent.string()));
  }
  directory_ = directory;
  const std::string copy = fs::path(directory_) / "control.so";
  // Links are followed, so that the copy is another file.
  if (!fs::copy_file(file, copy, error)) {
    return absl::ErrnoToStatus(error.value(), absl::StrCat("cannot copy plug-in ", file));
  }
  flags_.push_back(absl::StrCat(kControl, "?=", copy));
  return absl::OkStatus();
}

}  // namespace actbench::client
