// SPDX-License-Identifier: Apache-2.0
#include "client/kernel_selection.h"

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "client/arguments.h"
#include "client/tensor.h"
#include "proto/tensor.h"

namespace actbench::client {
namespace {

constexpr char kAll[] = "all";
constexpr char kKernelNameForm[] = "ACTIVATION/DIRECTION/DTYPE/PROVIDER/TIER/ISA";

// What is wanted of an activation. An empty list: anything.
struct Query {
  std::string name;  // as typed
  std::string activation;
  std::vector<v1::Direction> directions;
  std::vector<v1::Dtype> dtypes;
  std::vector<std::string> providers;
  std::vector<std::string> tiers;
  std::vector<std::string> isas;
  bool widest_isa = false;
};

template <class T>
bool Fits(const std::vector<T>& wanted, const T& value) {
  return wanted.empty() || std::find(wanted.begin(), wanted.end(), value) != wanted.end();
}

bool Fits(const Query& query, const v1::Kernel& kernel) {
  return Fits(query.directions, kernel.direction()) && Fits(query.dtypes, kernel.dtype()) &&
         Fits(query.providers, kernel.provider()) && Fits(query.tiers, kernel.tier()) && Fits(query.isas, kernel.isa());
}

absl::StatusOr<std::vector<std::string>> ParseNames(const std::string& text, const char* flag) {
  if (text == kAll) return std::vector<std::string>();
  return ParseList(text, flag);
}

template <class T>
absl::StatusOr<std::vector<T>> ParseEach(const std::string& text, const char* flag,
                                         absl::StatusOr<T> (*parse)(const std::string&, absl::string_view)) {
  const absl::StatusOr<std::vector<std::string>> names = ParseNames(text, flag);
  if (!names.ok()) return names.status();
  std::vector<T> values;
  for (const std::string& name : *names) {
    const absl::StatusOr<T> value = parse(name, flag);
    if (!value.ok()) return value.status();
    values.push_back(*value);
  }
  return values;
}

// What the flags want of every activation.
absl::StatusOr<Query> ParseFlags(const KernelFlags& flags) {
  Query query;
  const auto directions = ParseEach(flags.direction, "--direction", ParseDirectionFlag);
  if (!directions.ok()) return directions.status();
  query.directions = *directions;
  const auto dtypes = ParseEach(flags.dtype, "--dtype", ParseDtypeFlag);
  if (!dtypes.ok()) return dtypes.status();
  query.dtypes = *dtypes;
  query.widest_isa = flags.isa.empty();
  const std::tuple<std::string, const char*, std::vector<std::string>&> lists[] = {
      {flags.provider, "--provider", query.providers},
      {flags.tier, "--tier", query.tiers},
      {query.widest_isa ? kAll : flags.isa, "--isa", query.isas}};
  for (const auto& [text, flag, target] : lists) {
    absl::StatusOr<std::vector<std::string>> names = ParseNames(text, flag);
    if (!names.ok()) return names.status();
    target = *std::move(names);
  }
  return query;
}

absl::StatusOr<Query> ParseName(const std::string& name, const Query& flags) {
  Query query = flags;
  query.name = name;
  query.activation = name;
  if (!IsKernelName(name)) return query;
  const absl::StatusOr<v1::ListKernelsRequest> parts = ParseKernelName(name);
  if (!parts.ok()) return parts.status();
  query.activation = parts->activation();
  query.directions = {parts->direction()};
  query.dtypes = {parts->dtype()};
  query.providers = {parts->selector().provider()};
  query.tiers = {parts->selector().tier()};
  query.isas = {parts->selector().isa()};
  query.widest_isa = false;
  return query;
}

// The server's error if no kernel has a provider, tier or isa of this name.
absl::Status CheckNames(Client& client, const Query& query) {
  using Setter = void (*)(v1::KernelSelector&, const std::string&);
  const std::pair<const std::vector<std::string>&, Setter> lists[] = {
      {query.providers, [](v1::KernelSelector& selector, const std::string& name) { selector.set_provider(name); }},
      {query.tiers, [](v1::KernelSelector& selector, const std::string& name) { selector.set_tier(name); }},
      {query.isas, [](v1::KernelSelector& selector, const std::string& name) { selector.set_isa(name); }}};
  for (const auto& [names, set] : lists) {
    for (const std::string& name : names) {
      v1::ListKernelsRequest request;
      request.set_activation(query.activation);
      set(*request.mutable_selector(), name);
      if (absl::Status status = client.ListKernels(request).status(); !status.ok()) return status;
    }
  }
  return absl::OkStatus();
}

// Why there is no such kernel, as the server says it.
absl::Status WhyNone(Client& client, const Query& query) {
  v1::MeasureAccuracyRequest request;
  request.set_activation(query.activation);
  request.set_direction(query.directions.empty() ? v1::DIRECTION_FORWARD : query.directions[0]);
  request.set_dtype(query.dtypes.empty() ? v1::DTYPE_F32 : query.dtypes[0]);
  if (!query.providers.empty()) request.mutable_selector()->set_provider(query.providers[0]);
  if (!query.tiers.empty()) request.mutable_selector()->set_tier(query.tiers[0]);
  if (!query.isas.empty()) request.mutable_selector()->set_isa(query.isas[0]);
  request.mutable_inputs()->mutable_sampled()->set_count(1);
  const absl::Status status = client.MeasureAccuracy(request).status();
  return status.ok() ? absl::NotFoundError(absl::StrCat("the server lists no kernel for ", query.name)) : status;
}

// Of kernels that differ only in their isa, those for the widest. `isas` are the machine's, narrowest first.
std::vector<v1::Kernel> KeepWidest(const std::vector<v1::Kernel>& kernels, const std::vector<std::string>& isas) {
  const auto rank = [&](const v1::Kernel& kernel) {
    const auto found = std::find(isas.begin(), isas.end(), kernel.isa());
    return found == isas.end() ? -1 : static_cast<int>(found - isas.begin());
  };
  const auto key = [](const v1::Kernel& kernel) {
    return absl::StrCat(kernel.activation(), "/", kernel.direction(), "/", kernel.dtype(), "/", kernel.provider(), "/",
                        kernel.tier());
  };
  std::map<std::string, int> widest;
  for (const v1::Kernel& kernel : kernels) {
    const auto [entry, is_new] = widest.insert({key(kernel), rank(kernel)});
    if (!is_new) entry->second = std::max(entry->second, rank(kernel));
  }
  std::vector<v1::Kernel> kept;
  for (const v1::Kernel& kernel : kernels) {
    if (rank(kernel) == widest[key(kernel)]) kept.push_back(kernel);
  }
  return kept;
}

absl::StatusOr<std::vector<v1::Kernel>> Find(Client& client, const Query& query, const std::vector<std::string>& isas) {
  v1::ListKernelsRequest request;
  request.set_activation(query.activation);
  const absl::StatusOr<v1::ListKernelsResponse> list = client.ListKernels(request);
  if (!list.ok()) return list.status();
  std::vector<v1::Kernel> fitting;
  for (const v1::Kernel& kernel : list->kernels()) {
    if (Fits(query, kernel)) fitting.push_back(kernel);
  }
  if (fitting.empty()) {
    if (absl::Status known = CheckNames(client, query); !known.ok()) return known;
  }
  return query.widest_isa ? KeepWidest(fitting, isas) : fitting;
}

absl::StatusOr<std::vector<Query>> MakeQueries(Client& client, const KernelFlags& flags) {
  const absl::StatusOr<Query> wanted = ParseFlags(flags);
  if (!wanted.ok()) return wanted.status();
  std::vector<std::string> names = flags.names;
  if (flags.all) {
    const absl::StatusOr<v1::ListActivationsResponse> list = client.ListActivations();
    if (!list.ok()) return list.status();
    for (const v1::Activation& activation : list->activations()) names.push_back(activation.name());
  }
  std::vector<Query> queries;
  for (const std::string& name : names) {
    const absl::StatusOr<Query> query = ParseName(name, *wanted);
    if (!query.ok()) return query.status();
    queries.push_back(*query);
  }
  return queries;
}

}  // namespace

bool IsKernelName(const std::string& name) { return absl::StrContains(name, '/'); }

absl::StatusOr<v1::ListKernelsRequest> ParseKernelName(const std::string& name) {
  const std::vector<std::string> parts = absl::StrSplit(name, '/');
  if (parts.size() != 6 || std::any_of(parts.begin(), parts.end(), [](const auto& part) { return part.empty(); })) {
    return absl::InvalidArgumentError(absl::StrCat("\"", name, "\" is not of the form ", kKernelNameForm,
                                                   "; 'actbench list --kernels' has the names"));
  }
  v1::ListKernelsRequest request;
  request.set_activation(parts[0]);
  const absl::StatusOr<v1::Direction> direction = ParseDirectionFlag(parts[1], name);
  if (!direction.ok()) return direction.status();
  request.set_direction(*direction);
  const absl::StatusOr<v1::Dtype> dtype = ParseDtypeFlag(parts[2], name);
  if (!dtype.ok()) return dtype.status();
  request.set_dtype(*dtype);
  request.mutable_selector()->set_provider(parts[3]);
  request.mutable_selector()->set_tier(parts[4]);
  request.mutable_selector()->set_isa(parts[5]);
  return request;
}

void AddKernelFlags(CLI::App& command, KernelFlags& flags) {
  command
      .add_option("NAMES", flags.names,
                  "Activations (ids or aliases), and kernels by full name, as 'actbench list --kernels' has them")
      ->type_name("");
  command.add_flag("--all", flags.all, "All activations");
  const auto add_list = [&](const char* flag, std::string& target, const char* help) {
    command.add_option(flag, target, help)->type_name("NAME,...|all")->group("Kernels of the activations");
  };
  add_list("--direction", flags.direction, "forward, gradient (default: forward)");
  add_list("--dtype", flags.dtype, "f64, f32, f16, bf16 (default: f32, with --in the file's)");
  add_list("--provider", flags.provider, "Who wrote them (default: actbench)");
  add_list("--tier", flags.tier, "The accuracy classes (default: fast)");
  add_list("--isa", flags.isa, "The instruction sets (default: the widest)");
}

absl::StatusOr<KernelSelection> SelectKernels(Client& client, const KernelFlags& flags) {
  const absl::StatusOr<std::vector<Query>> queries = MakeQueries(client, flags);
  if (!queries.ok()) return queries.status();
  const absl::StatusOr<v1::GetServerInfoResponse> info = client.GetServerInfo();
  if (!info.ok()) return info.status();
  const std::vector<std::string> isas(info->machine().isas().begin(), info->machine().isas().end());
  KernelSelection selection;
  std::set<std::string> seen;
  for (const Query& query : *queries) {
    const absl::StatusOr<std::vector<v1::Kernel>> kernels = Find(client, query, isas);
    if (!kernels.ok()) return kernels.status();
    if (kernels->empty()) {
      // A kernel that was named by its full name is meant.
      if (IsKernelName(query.name)) return WhyNone(client, query);
      selection.without.push_back(query.name);
    }
    for (const v1::Kernel& kernel : *kernels) {
      if (seen.insert(absl::StrCat(kernel.name(), " ", kernel.device())).second) selection.kernels.push_back(kernel);
    }
  }
  if (selection.kernels.empty()) {
    if (queries->empty()) return absl::NotFoundError("the server has no activations");
    return WhyNone(client, queries->front());
  }
  return selection;
}

v1::MeasureAccuracyRequest RequestFor(const v1::Kernel& kernel) {
  v1::MeasureAccuracyRequest request;
  request.set_activation(kernel.activation());
  request.set_direction(kernel.direction());
  request.set_dtype(kernel.dtype());
  v1::KernelSelector& selector = *request.mutable_selector();
  selector.set_provider(kernel.provider());
  selector.set_tier(kernel.tier());
  selector.set_isa(kernel.isa());
  selector.set_device(kernel.device());
  return request;
}

}  // namespace actbench::client
