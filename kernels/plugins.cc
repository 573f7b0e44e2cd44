// SPDX-License-Identifier: Apache-2.0
#include "kernels/plugins.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "kernels/backends.h"
#include "kernels/plugin_file.h"
#include "kernels/plugin_table.h"
#include "kernels/plugin_trial.h"
#include "kernels/quoted.h"

namespace actbench {
namespace {

// What a flag says.
struct Argument {
  std::string name;  // empty: the plug-in's own
  std::string file;
  StrangeKernels strange = StrangeKernels::kRefuse;
};

absl::StatusOr<Argument> ParseArgument(const std::string& text) {
  const size_t end = text.find('=');
  if (end == std::string::npos || text.substr(0, end).find('/') != std::string::npos) return Argument{"", text};
  Argument argument = {text.substr(0, end), text.substr(end + 1)};
  if (absl::EndsWith(argument.name, "?")) {
    argument.name.pop_back();
    argument.strange = StrangeKernels::kLeaveOut;
  }
  absl::Status status = CheckProviderName("the NAME in NAME=FILE", argument.name);
  if (!status.ok()) return status;
  return argument;
}

absl::Status NameIsTaken(const std::string& name, const std::set<std::string>& taken) {
  return absl::InvalidArgumentError(absl::StrCat(
      "its name is ", Quoted(name), ", but there is a provider of that name; taken are: ", absl::StrJoin(taken, ", "),
      "; NAME=FILE gives it another name"));
}

// A plug-in that has been loaded and checked.
struct Loaded {
  PluginInfo info;
  std::vector<Kernel> kernels;
};

// `taken` are the providers that there are.
absl::StatusOr<Loaded> Load(const Argument& argument, const std::set<std::string>& taken) {
  if (absl::Status status = CheckSharedObject(argument.file); !status.ok()) return status;
  absl::StatusOr<std::string> hash = HashFile(argument.file);
  if (!hash.ok()) return hash.status();
  const absl::StatusOr<const ActbenchPlugin*> table = LoadTable(argument.file);
  if (!table.ok()) return table.status();
  absl::StatusOr<PluginTable> read = ReadTable(**table, argument.name, argument.strange);
  if (!read.ok()) return read.status();
  if (taken.contains(read->provider)) return NameIsTaken(read->provider, taken);
  return Loaded{{read->provider, read->version, argument.file, *std::move(hash), std::move(read->warnings)},
                std::move(read->kernels)};
}

absl::StatusOr<Loaded> TryAndLoad(const std::string& text, const std::set<std::string>& taken, PluginTrial trial) {
  const absl::StatusOr<Argument> argument = ParseArgument(text);
  if (!argument.ok()) return argument.status();
  if (trial == PluginTrial::kFirst) {
    const auto load = [&]() -> absl::StatusOr<std::vector<Kernel>> {
      absl::StatusOr<Loaded> loaded = Load(*argument, taken);
      if (!loaded.ok()) return loaded.status();
      return std::move(loaded->kernels);
    };
    if (absl::Status status = TryInChild(load); !status.ok()) return status;
  }
  return Load(*argument, taken);
}

absl::Status OfPlugin(const std::string& plugin, const absl::Status& status) {
  return absl::Status(status.code(), absl::StrCat("plug-in ", plugin, ": ", status.message()));
}

// The kernels of one plug-in and instruction set.
class PluginBackend final : public Backend {
 public:
  PluginBackend(PluginInfo plugin, std::string_view isa, const std::vector<Kernel>& kernels)
      : plugin_(std::move(plugin)), isa_(isa) {
    std::copy_if(kernels.begin(), kernels.end(), std::back_inserter(kernels_),
                 [&](const Kernel& kernel) { return kernel.isa == isa; });
  }

  std::string Isa() const override { return isa_; }
  std::string Provider() const override { return plugin_.provider; }
  const PluginInfo* Plugin() const override { return &plugin_; }
  std::vector<Kernel> Kernels() const override { return kernels_; }

 private:
  const PluginInfo plugin_;
  const std::string isa_;
  std::vector<Kernel> kernels_;
};

}  // namespace

absl::StatusOr<std::shared_ptr<const Catalog>> MakeCatalog(absl::Span<const std::string> plugins,
                                                           const GpuLimits& gpu_limits, PluginTrial trial) {
  if (plugins.empty() && gpu_limits == GpuLimits())
    return std::shared_ptr<const Catalog>(std::shared_ptr<const Catalog>(), &Catalog::Default());
  std::vector<std::unique_ptr<Backend>> backends = CpuBackends();
  std::set<std::string> taken;
  for (const auto& backend : backends) taken.insert(backend->Provider());
  std::map<std::string, std::string> by_provider;  // plug-ins
  for (const std::string& plugin : plugins) {
    absl::StatusOr<Loaded> loaded = TryAndLoad(plugin, taken, trial);
    if (!loaded.ok()) return OfPlugin(plugin, loaded.status());
    by_provider[loaded->info.provider] = plugin;
    taken.insert(loaded->info.provider);
    // Before all others: later backends are preferred.
    std::vector<std::unique_ptr<Backend>> made;
    for (const std::string_view isa : IsasOfProcessor()) {
      auto backend = std::make_unique<PluginBackend>(loaded->info, isa, loaded->kernels);
      if (!backend->Kernels().empty()) made.push_back(std::move(backend));
    }
    backends.insert(backends.begin(), std::make_move_iterator(made.begin()), std::make_move_iterator(made.end()));
  }
  std::vector<std::string> warnings;
  for (auto& backend : GpuBackends(gpu_limits, warnings)) {
    const auto found = by_provider.find(backend->Provider());
    if (found != by_provider.end()) return OfPlugin(found->second, NameIsTaken(found->first, taken));
    backends.push_back(std::move(backend));
  }
  return std::make_shared<const Catalog>(backends, std::move(warnings));
}

LoadedPlugins LoadedOf(absl::Span<const std::string> arguments, const Catalog& catalog) {
  LoadedPlugins loaded = {.arguments = {arguments.begin(), arguments.end()}};
  for (const PluginInfo& plugin : catalog.plugins()) loaded.content_hashes[plugin.provider] = plugin.content_hash;
  return loaded;
}

absl::StatusOr<std::shared_ptr<const Catalog>> MakeSameCatalog(const LoadedPlugins& plugins,
                                                               const GpuLimits& gpu_limits) {
  absl::StatusOr<std::shared_ptr<const Catalog>> catalog =
      MakeCatalog(plugins.arguments, gpu_limits, PluginTrial::kNone);
  if (!catalog.ok()) return catalog.status();
  for (const PluginInfo& plugin : (*catalog)->plugins()) {
    const auto hash = plugins.content_hashes.find(plugin.provider);
    if (hash == plugins.content_hashes.end() || hash->second == plugin.content_hash) continue;
    return absl::FailedPreconditionError(
        absl::StrCat("plug-in ", plugin.file, " is another file since it was loaded; start again with this one"));
  }
  return catalog;
}

}  // namespace actbench
