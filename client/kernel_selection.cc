// SPDX-License-Identifier: Apache-2.0
#include "client/kernel_selection.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
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

// One property of kernels, as the list of its flag chooses it.
struct Property {
  const char* name;  // the flag without "--"
  std::string KernelFlags::*list;
  std::string (*of)(const v1::Kernel& kernel);
  void (*select)(const std::string& value, v1::ListKernelsRequest& request);
};

constexpr size_t kPropertyCount = 6;
constexpr size_t kNamed = 5;  // of these, the first, which the name of a kernel has
constexpr size_t kDevice = 5;
using Values = std::array<std::vector<std::string>, kPropertyCount>;

constexpr std::array<Property, kPropertyCount> kProperties = {{
    {"direction", &KernelFlags::direction, [](const v1::Kernel& kernel) { return DirectionName(kernel.direction()); },
     nullptr},
    {"dtype", &KernelFlags::dtype, [](const v1::Kernel& kernel) { return DtypeText(kernel.dtype()); }, nullptr},
    {"provider", &KernelFlags::provider, [](const v1::Kernel& kernel) { return kernel.provider(); },
     [](const std::string& value, v1::ListKernelsRequest& request) {
       request.mutable_selector()->set_provider(value);
     }},
    {"tier", &KernelFlags::tier, [](const v1::Kernel& kernel) { return kernel.tier(); },
     [](const std::string& value, v1::ListKernelsRequest& request) { request.mutable_selector()->set_tier(value); }},
    {"isa", &KernelFlags::isa, [](const v1::Kernel& kernel) { return kernel.isa(); },
     [](const std::string& value, v1::ListKernelsRequest& request) { request.mutable_selector()->set_isa(value); }},
    {"device", &KernelFlags::device, [](const v1::Kernel& kernel) { return kernel.device(); },
     [](const std::string& value, v1::ListKernelsRequest& request) { request.mutable_selector()->set_device(value); }},
}};

// What is wanted of an activation.
struct Query {
  std::string name;        // as typed
  std::string activation;  // empty: of all
  Values values;           // of each property those that will do; none: any
  bool default_tier = false;
  bool widest_isa = false;
  bool default_device = false;
};

bool Fits(const std::vector<std::string>& wanted, const std::string& value) {
  return wanted.empty() || std::find(wanted.begin(), wanted.end(), value) != wanted.end();
}

// Whether the kernel is as wanted, but for the properties that `ignored` says.
template <class Ignored>
bool Fits(const Values& wanted, const v1::Kernel& kernel, const Ignored& ignored) {
  for (size_t i = 0; i < kPropertyCount; ++i) {
    if (!ignored(i) && !Fits(wanted[i], kProperties[i].of(kernel))) return false;
  }
  return true;
}

bool Fits(const Values& wanted, const v1::Kernel& kernel) {
  return Fits(wanted, kernel, [](size_t /*property*/) { return false; });
}

// The error of a name that no kernel of any activation has: the server's, but for those that the API itself knows.
absl::Status CheckName(Client& client, const Property& property, const std::string& value) {
  const std::string flag = absl::StrCat("--", property.name);
  if (property.list == &KernelFlags::direction) return ParseDirectionFlag(value, flag).status();
  if (property.list == &KernelFlags::dtype) return ParseDtypeFlag(value, flag).status();
  v1::ListKernelsRequest request;
  property.select(value, request);
  return client.ListKernels(request).status();
}

// The names of a list, each one that exists; none for "all".
absl::StatusOr<std::vector<std::string>> ParseNames(Client& client, const Property& property, const std::string& text) {
  if (text == kAll) return std::vector<std::string>();
  const std::string flag = absl::StrCat("--", property.name);
  absl::StatusOr<std::vector<std::string>> names = ParseList(text, flag);
  if (!names.ok()) return names.status();
  for (const std::string& name : *names) {
    if (name == kAll) {
      return absl::InvalidArgumentError(absl::StrCat(
          flag, " \"", text, "\" has all beside names; it is names with commas between them, or all alone"));
    }
    if (absl::Status known = CheckName(client, property, name); !known.ok()) return known;
  }
  return names;
}

// What the flags want of every activation.
absl::StatusOr<Query> ParseFlags(Client& client, const KernelFlags& flags) {
  Query query;
  query.default_tier = flags.tier.empty();
  query.widest_isa = flags.isa.empty();
  for (size_t i = 0; i < kPropertyCount; ++i) {
    const std::string& text = flags.*kProperties[i].list;
    absl::StatusOr<std::vector<std::string>> names = ParseNames(client, kProperties[i], text.empty() ? kAll : text);
    if (!names.ok()) return names.status();
    query.values[i] = *std::move(names);
  }
  query.default_device = flags.device.empty();
  if (query.default_device) query.values[kDevice] = {"cpu"};
  return query;
}

// Whether a list that was given, as `wanted`, has what the name of a kernel says.
absl::Status CheckNamed(const Property& property, const std::string& value, const std::string& name,
                        const std::vector<std::string>& wanted, const std::set<std::string>& given) {
  if (given.count(property.name) == 0 || Fits(wanted, value)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("--", property.name, " is ", absl::StrJoin(wanted, ","), ", but ",
                                                 name, " is a kernel of ", property.name, " ", value,
                                                 "; the flag is for activations: name one, or leave it out"));
}

// `given`: the flags that the names of kernels have to agree with.
absl::StatusOr<Query> ParseName(const std::string& name, const Query& flags, const std::set<std::string>& given) {
  Query query = flags;
  query.name = name;
  query.activation = name;
  if (!IsKernelName(name)) return query;
  if (absl::Status form = CheckKernelName(name); !form.ok()) return form;
  const std::vector<std::string> parts = absl::StrSplit(name, '/');
  query.activation = parts[0];
  for (size_t i = 0; i < kNamed; ++i) {
    if (absl::Status same = CheckNamed(kProperties[i], parts[i + 1], name, flags.values[i], given); !same.ok()) {
      return same;
    }
    query.values[i] = {parts[i + 1]};
  }
  if (query.default_device) query.values[kDevice].clear();
  query.default_tier = false;
  query.widest_isa = false;
  return query;
}

// "forward, gradient": what the kernels that fit but for the property have of it.
std::string Others(const std::vector<v1::Kernel>& kernels, const Values& wanted, size_t property) {
  std::vector<std::string> others;
  for (const v1::Kernel& kernel : kernels) {
    const std::string value = kProperties[property].of(kernel);
    const bool is_new = std::find(others.begin(), others.end(), value) == others.end();
    if (is_new && Fits(wanted, kernel, [&](size_t i) { return i == property; })) others.push_back(value);
  }
  return absl::StrJoin(others, ", ");
}

// That none of the kernels has the one value of each property that is wanted, and what is the least to change.
absl::Status NoneFits(const std::vector<v1::Kernel>& kernels, const std::string& activation, const Values& wanted) {
  std::vector<std::string> combination;
  std::vector<std::string> changes;
  for (size_t i = 0; i < kPropertyCount; ++i) {
    const bool goes_without_saying = i == kDevice && wanted[i] == std::vector<std::string>{"cpu"};
    if (wanted[i].empty() || goes_without_saying) continue;
    combination.push_back(absl::StrCat(kProperties[i].name, " ", wanted[i].front()));
    const std::string others = Others(kernels, wanted, i);
    if (!others.empty()) changes.push_back(absl::StrCat(kProperties[i].name, " ", others));
  }
  return absl::NotFoundError(absl::StrCat(
      "no kernel", activation.empty() ? "" : " of ", activation, " has ", absl::StrJoin(combination, ", "),
      "; there is ",
      changes.empty() ? "none with one of these changed: see 'actbench list --kernels'"
                      : absl::StrCat("one with ", absl::StrJoin(changes, ", or with "), " and the rest as it is")));
}

// Each choice of one value of every list.
std::vector<Values> Combinations(const Values& values) {
  std::vector<Values> combinations = {values};
  for (size_t i = 0; i < kPropertyCount; ++i) {
    if (values[i].empty()) continue;
    std::vector<Values> longer;
    for (Values& combination : combinations) {
      for (const std::string& value : values[i]) {
        combination[i] = {value};
        longer.push_back(combination);
      }
    }
    combinations = std::move(longer);
  }
  return combinations;
}

// Whether each combination that is wanted is that of a kernel: what one was asked for is not left out in silence.
absl::Status CheckEachCombination(const std::vector<v1::Kernel>& kernels, const Query& query) {
  for (const Values& combination : Combinations(query.values)) {
    const bool fits = std::any_of(kernels.begin(), kernels.end(),
                                  [&](const v1::Kernel& kernel) { return Fits(combination, kernel); });
    if (!fits) return NoneFits(kernels, query.activation, combination);
  }
  return absl::OkStatus();
}

// What kernels that differ only in tier and isa share.
std::string WithoutTierAndIsa(const v1::Kernel& kernel) {
  return absl::StrCat(kernel.activation(), "/", kernel.direction(), "/", kernel.dtype(), "/", kernel.provider(), "/",
                      kernel.device());
}

// Of kernels that differ only in tier and isa, those of tier fast where there are any.
std::vector<v1::Kernel> KeepDefaultTier(const std::vector<v1::Kernel>& kernels) {
  const auto is_fast = [](const v1::Kernel& kernel) { return kernel.tier() == "fast"; };
  std::set<std::string> with_fast;
  for (const v1::Kernel& kernel : kernels) {
    if (is_fast(kernel)) with_fast.insert(WithoutTierAndIsa(kernel));
  }
  std::vector<v1::Kernel> kept;
  for (const v1::Kernel& kernel : kernels) {
    if (is_fast(kernel) || with_fast.count(WithoutTierAndIsa(kernel)) == 0) kept.push_back(kernel);
  }
  return kept;
}

// Of kernels that differ only in their isa, those for the widest. `isas` are the machine's, narrowest first.
std::vector<v1::Kernel> KeepWidest(const std::vector<v1::Kernel>& kernels, const std::vector<std::string>& isas) {
  const auto rank = [&](const v1::Kernel& kernel) {
    const auto found = std::find(isas.begin(), isas.end(), kernel.isa());
    return found == isas.end() ? -1 : static_cast<int>(found - isas.begin());
  };
  const auto key = [](const v1::Kernel& kernel) { return absl::StrCat(WithoutTierAndIsa(kernel), "/", kernel.tier()); };
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

// Every kernel of the activation, whatever else is wanted.
absl::StatusOr<std::vector<v1::Kernel>> KernelsOf(Client& client, const std::string& activation) {
  v1::ListKernelsRequest request;
  request.set_activation(activation);
  const absl::StatusOr<v1::ListKernelsResponse> list = client.ListKernels(request);
  if (!list.ok()) return list.status();
  return std::vector<v1::Kernel>(list->kernels().begin(), list->kernels().end());
}

absl::StatusOr<std::vector<v1::Kernel>> Find(Client& client, const Query& query, const std::vector<std::string>& isas) {
  const absl::StatusOr<std::vector<v1::Kernel>> kernels = KernelsOf(client, query.activation);
  if (!kernels.ok()) return kernels.status();
  if (absl::Status status = CheckEachCombination(*kernels, query); !status.ok()) return status;
  std::vector<v1::Kernel> fitting;
  for (const v1::Kernel& kernel : *kernels) {
    if (Fits(query.values, kernel)) fitting.push_back(kernel);
  }
  if (query.default_tier) fitting = KeepDefaultTier(fitting);
  return query.widest_isa ? KeepWidest(fitting, isas) : fitting;
}

bool NamesKernelsAlone(const KernelFlags& flags) {
  return !flags.names.empty() && std::all_of(flags.names.begin(), flags.names.end(), IsKernelName);
}

absl::StatusOr<std::vector<Query>> MakeQueries(Client& client, const KernelFlags& flags) {
  const absl::StatusOr<Query> wanted = ParseFlags(client, flags);
  if (!wanted.ok()) return wanted.status();
  if (flags.all) return std::vector<Query>{*wanted};
  // Where activations are named too, the flags are for those.
  const bool kernels_alone = NamesKernelsAlone(flags);
  std::vector<Query> queries;
  for (const std::string& name : flags.names) {
    const absl::StatusOr<Query> query = ParseName(name, *wanted, kernels_alone ? flags.given : std::set<std::string>());
    if (!query.ok()) return query.status();
    queries.push_back(*query);
  }
  return queries;
}

}  // namespace

bool IsKernelName(const std::string& name) { return absl::StrContains(name, '/'); }

absl::Status CheckKernelName(const std::string& name) {
  const std::vector<std::string> parts = absl::StrSplit(name, '/');
  if (parts.size() != kNamed + 1 ||
      std::any_of(parts.begin(), parts.end(), [](const auto& part) { return part.empty(); })) {
    return absl::InvalidArgumentError(absl::StrCat("\"", name, "\" is not of the form ", kKernelNameForm,
                                                   "; 'actbench list --kernels' has the names"));
  }
  if (absl::Status direction = ParseDirectionFlag(parts[1], name).status(); !direction.ok()) return direction;
  return ParseDtypeFlag(parts[2], name).status();
}

void AddKernelFlags(CLI::App& command, KernelFlags& flags, const char* names) {
  command
      .add_option(names, flags.names,
                  "Activations (ids or aliases), and kernels by full name, as 'actbench list --kernels' has them")
      ->type_name("");
  command.add_flag("--all", flags.all, "All activations");
  const auto add_list = [&](const char* flag, std::string& target, const char* help) {
    command.add_option(flag, target, help)
        ->type_name("NAME,...|all")
        ->each([&flags, flag](const std::string& /*list*/) { flags.given.insert(flag + 2); })  // after "--"
        ->group("Kernels of the activations");
  };
  add_list("--direction", flags.direction, "forward, gradient (default: forward)");
  add_list("--dtype", flags.dtype, "f64, f32, f16, bf16 (default: f32, with --in the file's)");
  add_list("--provider", flags.provider, "Who wrote them: actbench, or the library of others (default: actbench)");
  add_list("--tier", flags.tier, "The accuracy classes (default: fast, and native of a provider that has no fast)");
  add_list("--isa", flags.isa, "The instruction sets (default: the widest)");
  add_list("--device", flags.device, "Where they run, as cpu or cuda:0 (default: cpu)");
}

absl::StatusOr<std::vector<v1::Kernel>> SelectKernels(Client& client, const KernelFlags& flags) {
  const absl::StatusOr<std::vector<Query>> queries = MakeQueries(client, flags);
  if (!queries.ok()) return queries.status();
  const absl::StatusOr<v1::GetServerInfoResponse> info = client.GetServerInfo();
  if (!info.ok()) return info.status();
  const std::vector<std::string> isas(info->machine().isas().begin(), info->machine().isas().end());
  std::vector<v1::Kernel> selection;
  std::set<std::string> seen;
  for (const Query& query : *queries) {
    const absl::StatusOr<std::vector<v1::Kernel>> kernels = Find(client, query, isas);
    if (!kernels.ok()) return kernels.status();
    for (const v1::Kernel& kernel : *kernels) {
      if (seen.insert(absl::StrCat(kernel.name(), " ", kernel.device())).second) selection.push_back(kernel);
    }
  }
  if (selection.empty()) return absl::NotFoundError("the server has no kernels");
  return selection;
}

bool NamesDtype(const KernelFlags& flags) { return NamesKernelsAlone(flags) || flags.given.count("dtype") > 0; }

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
