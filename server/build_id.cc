// SPDX-License-Identifier: Apache-2.0
#include "server/build_id.h"

#include <elf.h>
#include <link.h>
#include <xxhash.h>

#include <cstring>
#include <string_view>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

// Generated once the library of the kernels has been built.
#include "kernel_build_id.h"

namespace actbench {
namespace {

std::string Hash(const std::string& text) { return absl::StrFormat("%016x", XXH3_64bits(text.data(), text.size())); }

constexpr char kVendor[] = "GNU";  // of the note, with its end
constexpr std::string_view kCalled[] = {"libdnnl.so", "libgmp.so", "libm.so", "libmpfr.so", "libsleef.so"};

// The build id in a loaded segment of notes, nothing if there is none. Each note is a header, a name and its content,
// both padded to `alignment`.
std::string BuildIdIn(const char* notes, size_t size, size_t alignment) {
  const auto padded = [&](size_t length) { return (length + alignment - 1) / alignment * alignment; };
  size_t at = 0;
  while (at + sizeof(ElfW(Nhdr)) <= size) {
    ElfW(Nhdr) header;
    std::memcpy(&header, notes + at, sizeof(header));
    const size_t name = at + sizeof(header);
    const size_t content = name + padded(header.n_namesz);
    if (header.n_type == NT_GNU_BUILD_ID &&
        std::string_view(notes + name, header.n_namesz) == std::string_view(kVendor, sizeof(kVendor))) {
      return absl::BytesToHexString(absl::string_view(notes + content, header.n_descsz));
    }
    at = content + padded(header.n_descsz);
  }
  return "";
}

// For dl_iterate_phdr.
int AddIfCalled(dl_phdr_info* object, size_t /*size*/, void* libraries) {
  const std::string_view path = object->dlpi_name;
  const std::string_view file = path.substr(path.rfind('/') + 1);
  for (const std::string_view called : kCalled) {
    if (!file.starts_with(called)) continue;
    std::string& id = (*static_cast<std::map<std::string, std::string>*>(libraries))[std::string(file)];
    for (size_t i = 0; i < object->dlpi_phnum; ++i) {
      const ElfW(Phdr)& segment = object->dlpi_phdr[i];
      if (segment.p_type != PT_NOTE || !id.empty()) continue;
      // NOLINTNEXTLINE(performance-no-int-to-ptr): so the dynamic linker has it
      const auto* const notes = reinterpret_cast<const char*>(object->dlpi_addr + segment.p_vaddr);
      id = BuildIdIn(notes, segment.p_memsz, segment.p_align == 8 ? 8 : 4);
    }
  }
  return 0;
}

}  // namespace

std::map<std::string, std::string> CalledLibraries() {
  std::map<std::string, std::string> libraries;
  dl_iterate_phdr(&AddIfCalled, &libraries);
  return libraries;
}

std::string BuildIdOf(const std::string& kernels, const std::map<std::string, std::string>& libraries) {
  std::string all = kernels;
  for (const auto& [file, id] : libraries) absl::StrAppend(&all, " ", file, " ", id);
  return Hash(all);
}

std::string KernelBuildId() { return BuildIdOf(ACTBENCH_KERNEL_BUILD_ID, CalledLibraries()); }

std::map<std::string, std::string> PluginBuildIds(absl::Span<const PluginInfo> plugins) {
  const std::string ours = plugins.empty() ? "" : KernelBuildId();
  std::map<std::string, std::string> ids;
  for (const PluginInfo& plugin : plugins) {
    ids[plugin.provider] = Hash(absl::StrCat(ours, " ", plugin.provider, " ", plugin.content_hash));
  }
  return ids;
}

BuildIds::BuildIds(std::string own, std::map<std::string, std::string> plugins)
    : own_(std::move(own)), plugins_(std::move(plugins)), json_(absl::StrCat("[\"", own_, "\"")) {
  for (const auto& [provider, id] : plugins_) absl::StrAppend(&json_, ",\"", id, "\"");
  json_ += "]";
}

const std::string& BuildIds::Of(const std::string& provider) const {
  const auto plugin = plugins_.find(provider);
  return plugin == plugins_.end() ? own_ : plugin->second;
}

}  // namespace actbench
