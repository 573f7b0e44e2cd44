// SPDX-License-Identifier: Apache-2.0
#include "kernels/plugin_table.h"

#include <hwy/targets.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "kernels/catalog.h"
#include "kernels/quoted.h"

namespace actbench {
namespace {

constexpr size_t kLongestName = 64;
constexpr size_t kLongestVersion = 128;
// Of one kernel: of a string that goes on longer no more is read.
constexpr size_t kLongestText = 256;

constexpr std::string_view kTiers[] = {"native", "fast", "exact"};

// An instruction set, and what the processor must have for it.
struct Isa {
  std::string_view name;
  int64_t target;  // of Highway; 0: nothing
};
constexpr Isa kIsas[] = {
    {"scalar", 0}, {"sse4", HWY_SSE4}, {"avx2", HWY_AVX2}, {"avx512", HWY_AVX3}, {"neon", HWY_NEON},
};

bool HasProcessor(const Isa& isa) { return isa.target == 0 || (hwy::SupportedTargets() & isa.target) != 0; }

absl::Status Invalid(const std::string& what) { return absl::InvalidArgumentError(what); }

// `member is "given"; there are: a, b`, if it is none of these.
template <class Names>
absl::Status CheckIsOneOf(const std::string& member, std::string_view given, const Names& names) {
  if (std::find(std::begin(names), std::end(names), given) != std::end(names)) return absl::OkStatus();
  const auto append = [](std::string* out, std::string_view name) { out->append(name); };
  return Invalid(absl::StrCat(member, " is ", Quoted(given), "; there are: ", absl::StrJoin(names, ", ", append)));
}

// A string of the table.
absl::StatusOr<std::string_view> ReadText(const std::string& member, const char* text, size_t longest) {
  if (text == nullptr) return Invalid(absl::StrCat(member, " is null; it must be a string"));
  const std::string_view read(text, strnlen(text, longest + 1));
  if (read.size() <= longest) return read;
  return Invalid(absl::StrCat(member, " is ", Quoted(read), " and more; at most ", longest, " characters are allowed"));
}

std::string ParametersOf(const ActivationInfo& activation) {
  const auto append = [](std::string* out, const Parameter& parameter) { out->append(parameter.name); };
  return absl::StrJoin(activation.Parameters(), ",", append);
}

absl::Status CheckActivation(const std::string& member, std::string_view activation, std::string_view parameters) {
  const absl::StatusOr<const ActivationInfo*> info = Catalog::FindActivation(activation);
  if (!info.ok()) return Invalid(absl::StrCat(member, ".activation: ", info.status().message()));
  if ((*info)->name != activation) {
    return Invalid(absl::StrCat(member, ".activation is ", Quoted(activation), ", a name of another library; give the ",
                                "id, ", Quoted((*info)->name)));
  }
  const std::string expected = ParametersOf(**info);
  if (parameters == expected) return absl::OkStatus();
  return Invalid(absl::StrCat(member, ".parameters is ", Quoted(parameters), "; for ", Quoted(activation),
                              " it must be ", Quoted(expected)));
}

absl::Status CheckFunctions(const std::string& member, const KernelFunctions& functions) {
  const std::pair<std::string_view, bool> given[] = {{"prepare", functions.prepare != nullptr},
                                                     {"run", functions.run != nullptr},
                                                     {"release", functions.release != nullptr}};
  for (const auto& [name, is_given] : given) {
    if (!is_given) return Invalid(absl::StrCat(member, ".functions.", std::string(name), " is null"));
  }
  return absl::OkStatus();
}

// Kernel number `index` of a table, as one of `provider`.
absl::StatusOr<Kernel> ReadKernel(const ActbenchKernel& given, size_t index, const std::string& provider) {
  const std::string member = absl::StrCat("kernels[", index, "]");
  const std::pair<std::string_view, const char*> texts[] = {{"activation", given.activation},
                                                            {"parameters", given.parameters},
                                                            {"direction", given.direction},
                                                            {"dtype", given.dtype},
                                                            {"tier", given.tier},
                                                            {"isa", given.isa}};
  std::map<std::string_view, std::string_view> read;
  for (const auto& [name, text] : texts) {
    const absl::StatusOr<std::string_view> value =
        ReadText(absl::StrCat(member, ".", std::string(name)), text, kLongestText);
    if (!value.ok()) return value.status();
    read[name] = *value;
  }
  absl::Status status = CheckActivation(member, read["activation"], read["parameters"]);
  std::vector<std::string_view> dtypes;
  for (const DtypeInfo& info : AllDtypes()) dtypes.push_back(info.name);
  std::vector<std::string_view> isas;
  for (const Isa& isa : kIsas) isas.push_back(isa.name);
  const std::string_view directions[] = {Name(Direction::kForward), Name(Direction::kGradient)};
  if (status.ok()) status = CheckIsOneOf(member + ".direction", read["direction"], directions);
  if (status.ok()) status = CheckIsOneOf(member + ".dtype", read["dtype"], dtypes);
  if (status.ok()) status = CheckIsOneOf(member + ".tier", read["tier"], kTiers);
  if (status.ok()) status = CheckIsOneOf(member + ".isa", read["isa"], isas);
  if (status.ok()) status = CheckFunctions(member, given.functions);
  if (!status.ok()) return status;
  return Kernel{.activation = std::string(read["activation"]),
                .direction = read["direction"] == directions[0] ? Direction::kForward : Direction::kGradient,
                .dtype = *ParseDtype(read["dtype"]),
                .provider = provider,
                .tier = std::string(read["tier"]),
                .device = "cpu",
                .isa = std::string(read["isa"]),
                .functions = given.functions};
}

absl::StatusOr<std::string> ReadName(const ActbenchPlugin& table) {
  const absl::StatusOr<std::string_view> name = ReadText("its name", table.name, kLongestName);
  if (!name.ok()) return name.status();
  if (absl::Status status = CheckProviderName("its name", *name); !status.ok()) return status;
  return std::string(*name);
}

absl::StatusOr<std::string> ReadVersion(const ActbenchPlugin& table) {
  const absl::StatusOr<std::string_view> version = ReadText("its version", table.version, kLongestVersion);
  if (!version.ok()) return version.status();
  const auto is_printable = [](char c) { return absl::ascii_isprint(static_cast<unsigned char>(c)); };
  if (std::all_of(version->begin(), version->end(), is_printable)) return std::string(*version);
  return Invalid(absl::StrCat("its version is ", Quoted(*version), "; only printable ASCII is allowed"));
}

}  // namespace

std::vector<std::string_view> IsasOfProcessor() {
  std::vector<std::string_view> names;
  for (const Isa& isa : kIsas) {
    if (HasProcessor(isa)) names.push_back(isa.name);
  }
  return names;
}

absl::Status CheckProviderName(std::string_view what, std::string_view name) {
  const auto is_lower = [](char c) { return absl::ascii_islower(static_cast<unsigned char>(c)); };
  const auto is_allowed = [&](char c) {
    return is_lower(c) || absl::ascii_isdigit(static_cast<unsigned char>(c)) || c == '_' || c == '.' || c == '-';
  };
  const bool is_good = !name.empty() && name.size() <= kLongestName && is_lower(name.front()) &&
                       std::all_of(name.begin(), name.end(), is_allowed);
  if (is_good && name != "all") return absl::OkStatus();
  return Invalid(absl::StrCat(std::string(what), " is ", Quoted(name), "; it must be a lower-case letter and up to ",
                              kLongestName - 1, " more of these, digits and _ . - , and not \"all\""));
}

absl::StatusOr<PluginTable> ReadTable(const ActbenchPlugin& table, std::string_view provider, StrangeKernels strange) {
  const absl::StatusOr<std::string> name = ReadName(table);
  if (!name.ok()) return name.status();
  const absl::StatusOr<std::string> version = ReadVersion(table);
  if (!version.ok()) return version.status();
  if (table.kernels == nullptr || table.kernel_count == 0) return Invalid("has no kernels; it must have at least one");
  const std::vector<std::string_view> isas = IsasOfProcessor();
  PluginTable read = {provider.empty() ? *name : std::string(provider), *version, {}, {}};
  std::set<std::string> names;
  std::map<std::string, size_t> left_out;  // by isa
  size_t strange_count = 0;
  absl::Status first_strange;
  for (size_t i = 0; i < table.kernel_count; ++i) {
    absl::StatusOr<Kernel> kernel = ReadKernel(table.kernels[i], i, read.provider);
    if (!kernel.ok() && strange == StrangeKernels::kLeaveOut) {
      if (strange_count++ == 0) first_strange = kernel.status();
      continue;
    }
    if (!kernel.ok()) return kernel.status();
    if (!names.insert(kernel->Name()).second) {
      return Invalid(absl::StrCat("kernels[", i, "] is ", kernel->Name(), ", which it has already"));
    }
    if (std::find(isas.begin(), isas.end(), kernel->isa) != isas.end()) {
      read.kernels.push_back(*std::move(kernel));
    } else {
      ++left_out[kernel->isa];
    }
  }
  if (strange_count > 0) {
    read.warnings.push_back(absl::StrCat(strange_count, " of its ", table.kernel_count,
                                         " kernels are left out, the first because ", first_strange.message()));
  }
  const auto append = [](std::string* out, std::string_view isa) { out->append(isa); };
  for (const auto& [isa, count] : left_out) {
    read.warnings.push_back(absl::StrCat("its kernels for ", isa, " (", count, " of ", table.kernel_count,
                                         ") are left out, as this processor has only ",
                                         absl::StrJoin(isas, ", ", append)));
  }
  if (read.kernels.empty()) return Invalid(absl::StrCat("no kernel is left: ", absl::StrJoin(read.warnings, "; ")));
  return read;
}

}  // namespace actbench
