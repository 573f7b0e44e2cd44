// SPDX-License-Identifier: Apache-2.0
#include "kernels/plugin_file.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "kernels/float_environment.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace actbench {
namespace {

constexpr char kSymbol[] = "actbench_plugin";
constexpr char kHowToBuild[] = "docs/plugins.md says how to build one";

// The beginning of every ELF file for this kind of machine.
using Header = ElfW(Ehdr);

// Nothing if it is shorter than that, or cannot be read.
std::optional<Header> ReadHeader(const std::string& path) {
  Header header;
  std::ifstream file(path, std::ios::binary);
  if (!file.read(reinterpret_cast<char*>(&header), sizeof(header))) return std::nullopt;
  return header;
}

bool IsElf(const Header& header) { return std::memcmp(header.e_ident, ELFMAG, SELFMAG) == 0; }

// Of the width of addresses too. The machine's number is at one place in all ELF files, in the file's own byte order.
std::string MachineName(const Header& header) {
  const std::string bits = header.e_ident[EI_CLASS] == ELFCLASS64 ? "64-bit " : "32-bit ";
  switch (header.e_machine) {
    case EM_386:
    case EM_X86_64:
      return bits + "x86";
    case EM_ARM:
    case EM_AARCH64:
      return bits + "ARM";
    default:
      return absl::StrCat(bits, "machine ", header.e_machine, " of elf.h");
  }
}

absl::Status Invalid(std::string_view what) { return absl::InvalidArgumentError(std::string(what)); }

}  // namespace

absl::Status CheckSharedObject(const std::string& path) {
  std::error_code error;
  const std::filesystem::file_status status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status)) {
    return absl::NotFoundError(error ? error.message() : "there is no such file");
  }
  if (!std::filesystem::is_regular_file(status)) return Invalid("it is no file but a directory, device or the like");
  errno = 0;
  if (!std::ifstream(path, std::ios::binary)) return absl::ErrnoToStatus(errno, "cannot be read");
  const std::optional<Header> header = ReadHeader(path);
  if (!header.has_value() || !IsElf(*header)) return Invalid(absl::StrCat("it is no shared object; ", kHowToBuild));
  const std::optional<Header> ours = ReadHeader("/proc/self/exe");
  const std::string machine = MachineName(*header);
  if (ours.has_value() && machine != MachineName(*ours)) {
    return Invalid(absl::StrCat("it is built for ", machine, "; this program is for ", MachineName(*ours)));
  }
  if (header->e_type == ET_DYN) return absl::OkStatus();
  return Invalid(absl::StrCat("it is ", header->e_type == ET_REL ? "an object file" : "a program",
                              ", no shared object: link it with -shared; ", kHowToBuild));
}

absl::StatusOr<std::string> HashFile(const std::string& path) {
  constexpr size_t kPiece = size_t{1} << 20;
  std::ifstream file(path, std::ios::binary);
  std::vector<char> piece(kPiece);
  XXH3_state_t state;
  XXH3_64bits_reset(&state);
  while (file.read(piece.data(), kPiece) || file.gcount() > 0) {
    XXH3_64bits_update(&state, piece.data(), static_cast<size_t>(file.gcount()));
  }
  if (!file.eof()) return absl::UnavailableError("cannot be read to its end");
  return absl::StrFormat("%016x", XXH3_64bits_digest(&state));
}

absl::StatusOr<const ActbenchPlugin*> LoadTable(const std::string& path) {
  // Without a directory it would be looked for among the system's libraries.
  const std::string file = path.find('/') == std::string::npos ? "./" + path : path;
  const FloatEnvironment before;
  void* const library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  const std::string changed = before.Restore();
  if (library == nullptr) {
    const char* const error = dlerror();
    absl::string_view reason = error == nullptr ? "unknown error" : error;
    absl::ConsumePrefix(&reason, absl::StrCat(file, ": "));
    return Invalid(absl::StrCat("cannot be loaded: ", reason));
  }
  if (!changed.empty()) {
    return Invalid(absl::StrCat("loading it changed how all kernels compute: ", changed,
                                "; link it without -ffast-math and -Ofast"));
  }
  void* const symbol = dlsym(library, kSymbol);
  if (symbol == nullptr) {
    return Invalid(absl::StrCat("exports no function ", kSymbol, ", as every plug-in does; ", kHowToBuild));
  }
  const ActbenchPlugin* const table = reinterpret_cast<decltype(&actbench_plugin)>(symbol)(ACTBENCH_PLUGIN_ABI_VERSION);
  if (table == nullptr) {
    return Invalid(absl::StrCat("has no table for this machine, or none of ABI version ", ACTBENCH_PLUGIN_ABI_VERSION,
                                ", which this program takes: ", kSymbol, "() returned null"));
  }
  if (table->abi_version != ACTBENCH_PLUGIN_ABI_VERSION) {
    return Invalid(absl::StrCat("is built for ABI version ", table->abi_version, "; this program takes ",
                                ACTBENCH_PLUGIN_ABI_VERSION, ": build it with the plugin.h of this program"));
  }
  return table;
}

}  // namespace actbench
