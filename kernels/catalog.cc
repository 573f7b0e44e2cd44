// SPDX-License-Identifier: Apache-2.0
#include "kernels/catalog.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <numeric>
#include <set>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "kernels/quoted.h"

namespace actbench {
namespace {

// The number of single-character edits that turn `a` into `b`.
size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i);
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, substituted}));
    }
  }
  return row.back();
}

constexpr size_t kLongestName = 64;  // of those that are compared with all others: it takes time

// `name` as names of different libraries are compared: "Hardswish" and "hard_swish" are the same.
std::string Folded(std::string_view name) {
  std::string folded;
  for (char c : name) {
    if (c != '_') folded.push_back(absl::ascii_tolower(static_cast<unsigned char>(c)));
  }
  return folded;
}

// An activation that a bare name may mean, and the aliases that say so.
struct Candidate {
  const ActivationInfo* info;
  std::vector<std::string> aliases;

  std::string Text() const {
    const std::string name(info->name);
    return aliases.empty() ? name : absl::StrCat(name, " (", absl::StrJoin(aliases, ", "), ")");
  }
};

// Whether the first words of an id are `folded`.
bool BeginsWith(std::string_view id, std::string_view folded) {
  for (size_t end = id.find('_');; end = id.find('_', end + 1)) {
    if (Folded(id.substr(0, end)) == folded) return true;
    if (end == std::string_view::npos) return false;
  }
}

// The activations whose ids begin with `given` or that some library calls so.
std::vector<Candidate> CandidatesFor(std::string_view given) {
  std::vector<Candidate> candidates;
  const std::string folded = given.size() <= kLongestName ? Folded(given) : "";
  if (folded.empty()) return candidates;
  for (const ActivationInfo* info : AllActivations()) {
    Candidate candidate{info, {}};
    for (std::string_view alias : info->Aliases()) {
      if (Folded(alias.substr(alias.find(':') + 1)) == folded) candidate.aliases.emplace_back(alias);
    }
    if (!candidate.aliases.empty() || BeginsWith(info->name, folded)) candidates.push_back(std::move(candidate));
  }
  return candidates;
}

std::string DidYouMean(const std::vector<std::string>& names) {
  return absl::StrCat("; did you mean ", absl::StrJoin(names, " or "), "?");
}

// `; did you mean "X" or "Y"?` for the nearest of `names`, or nothing if none is near. A name is as near as its part
// before the first underscore, so that "gelu" finds all that begin with it. Case does not count, and what differs in
// nothing else is what was meant.
template <class Names>
std::string Suggestion(std::string_view given, const Names& names) {
  constexpr size_t kMostNamed = 3;
  if (given.empty() || given.size() > kLongestName) return "";
  const std::string wanted = absl::AsciiStrToLower(absl::string_view(given.data(), given.size()));
  std::vector<std::string> best;
  std::vector<std::string> same;
  size_t best_distance = std::max<size_t>(2, given.size() / 3);
  for (std::string_view name : names) {
    const std::string lower = absl::AsciiStrToLower(absl::string_view(name.data(), name.size()));
    if (lower == wanted) same.push_back(Quoted(name));
    const std::string first_word = lower.substr(0, lower.find('_'));
    const size_t distance = std::min(EditDistance(wanted, lower), EditDistance(wanted, first_word));
    if (distance > best_distance) continue;
    if (distance < best_distance) best.clear();
    best_distance = distance;
    best.push_back(Quoted(name));
  }
  if (!same.empty()) best = std::move(same);
  if (best.size() > kMostNamed) best.resize(kMostNamed);
  return best.empty() ? "" : DidYouMean(best);
}

std::string CaseKey(std::string_view activation, Direction direction, Dtype dtype) {
  std::string key(activation);
  for (std::string_view part : {Name(direction), Name(dtype)}) key.append("/").append(part);
  return key;
}

// A field of KernelSelector beside the field of Kernel that it picks by, and its default; isa's is the widest. The
// first default matters most.
struct SelectorField {
  std::string_view name;
  std::string KernelSelector::*wanted;
  std::string Kernel::*actual;
  std::string_view best;
};
constexpr SelectorField kSelectorFields[] = {
    {"device", &KernelSelector::device, &Kernel::device, "cpu"},
    {"provider", &KernelSelector::provider, &Kernel::provider, kOwnProvider},
    {"tier", &KernelSelector::tier, &Kernel::tier, "fast"},
    {"isa", &KernelSelector::isa, &Kernel::isa, ""},
};

std::set<std::string> ValuesOf(const SelectorField& field, const std::vector<const Kernel*>& kernels) {
  std::set<std::string> values;
  for (const Kernel* kernel : kernels) values.insert(kernel->*field.actual);
  return values;
}

// Whether `a` has a default, in the order of the fields, that `b` has not.
bool IsBetter(const Kernel* a, const Kernel* b) {
  for (const SelectorField& field : kSelectorFields) {
    const bool a_has_it = a->*field.actual == field.best;
    if (a_has_it != (b->*field.actual == field.best)) return a_has_it;
  }
  return false;
}

bool Fits(const Kernel* kernel, const KernelSelector& selector, const SelectorField& field) {
  const std::string& wanted = selector.*field.wanted;
  return wanted.empty() || kernel->*field.actual == wanted;
}

// Why none of `candidates`, the kernels of one case, fits: the first field of the selector that rules out the last.
absl::Status NoSuchKernel(const std::string& key, std::vector<const Kernel*> candidates,
                          const KernelSelector& selector) {
  std::string reason;
  for (const SelectorField& field : kSelectorFields) {
    const std::set<std::string> offered = ValuesOf(field, candidates);
    std::erase_if(candidates, [&](const Kernel* kernel) { return !Fits(kernel, selector, field); });
    if (!candidates.empty()) continue;
    reason = absl::StrCat(" with ", std::string(field.name), " ", Quoted(selector.*field.wanted),
                          " here; there are: ", absl::StrJoin(offered, ", "));
    break;
  }
  return absl::UnimplementedError(absl::StrCat(key, " has no kernel", reason));
}

// Whatever the other parameters are.
bool IsInRange(const Parameter& parameter, double value) {
  const bool is_between = value >= parameter.min_value && value <= parameter.max_value;  // NaN is not
  return is_between && !(parameter.excludes_zero && value == 0);
}

// `more` follows the range.
absl::Status OutOfRange(const Parameter& parameter, double value, const std::string& more = "") {
  const std::string range = RangeOf(parameter);
  return absl::InvalidArgumentError(absl::StrCat("parameters: ", std::string(parameter.name), " is ", value,
                                                 "; it must be finite", range.empty() ? "" : " and ", range, more));
}

}  // namespace

std::string Kernel::Name() const {
  return absl::StrCat(CaseKey(activation, direction, dtype), "/", provider, "/", tier, "/", isa);
}

Catalog::Catalog(const std::vector<std::unique_ptr<Backend>>& backends, std::vector<std::string> warnings)
    : warnings_(std::move(warnings)) {
  // Activation by activation, so that listings are grouped; within one, the widest backend first.
  std::map<std::string, std::vector<Kernel>, std::less<>> by_activation;
  for (auto backend = backends.rbegin(); backend != backends.rend(); ++backend) {
    for (Kernel& kernel : (*backend)->Kernels()) {
      std::string activation = kernel.activation;
      by_activation[std::move(activation)].push_back(std::move(kernel));
    }
  }
  for (const ActivationInfo* info : AllActivations()) {
    const auto found = by_activation.find(info->name);
    if (found == by_activation.end()) continue;
    std::move(found->second.begin(), found->second.end(), std::back_inserter(kernels_));
  }
  for (const Kernel& kernel : kernels_) {
    by_case_[CaseKey(kernel.activation, kernel.direction, kernel.dtype)].push_back(&kernel);
  }
  for (auto& [key, candidates] : by_case_) std::stable_sort(candidates.begin(), candidates.end(), IsBetter);
  for (auto backend = backends.rbegin(); backend != backends.rend(); ++backend) {
    const PluginInfo* const plugin = (*backend)->Plugin();
    const auto is_it = [&](const PluginInfo& known) { return known.provider == plugin->provider; };
    if (plugin != nullptr && std::none_of(plugins_.begin(), plugins_.end(), is_it)) plugins_.push_back(*plugin);
  }
  for (const auto& backend : backends) {
    const bool is_ours = backend->Device() == "cpu" && backend->Provider() == kOwnProvider;
    if (is_ours && std::count(isas_.begin(), isas_.end(), backend->Isa()) == 0) isas_.push_back(backend->Isa());
    if (std::count(devices_.begin(), devices_.end(), backend->Device()) != 0) continue;
    devices_.push_back(backend->Device());
    if (backend->gpu() != nullptr) gpus_.push_back(backend->gpu());
  }
}

const Catalog& Catalog::Default() {
  static const Catalog* const catalog = [] {
    std::vector<std::string> warnings;
    const std::vector<std::unique_ptr<Backend>> backends = DefaultBackends({}, &warnings);
    return new Catalog(backends, std::move(warnings));
  }();
  return *catalog;
}

absl::StatusOr<const ActivationInfo*> Catalog::FindActivation(std::string_view name) {
  for (const ActivationInfo* info : AllActivations()) {
    const auto aliases = info->Aliases();
    if (info->name == name || std::count(aliases.begin(), aliases.end(), name) != 0) return info;
  }
  const std::vector<Candidate> candidates = CandidatesFor(name);
  if (candidates.size() > 1) {
    const auto append = [](std::string* out, const Candidate& candidate) { out->append(candidate.Text()); };
    return absl::NotFoundError(
        absl::StrCat("ambiguous activation ", Quoted(name), ": it may be ", absl::StrJoin(candidates, " or ", append)));
  }
  std::vector<std::string_view> names;
  for (const ActivationInfo* info : AllActivations()) {
    const auto aliases = info->Aliases();
    names.push_back(info->name);
    names.insert(names.end(), aliases.begin(), aliases.end());
  }
  const std::string suggestion =
      candidates.empty() ? Suggestion(name, names) : DidYouMean({Quoted(candidates[0].info->name)});
  return absl::NotFoundError(absl::StrCat("unknown activation ", Quoted(name), suggestion,
                                          " (ListActivations and `actbench list` have all of them)"));
}

absl::Status Catalog::CheckSelector(const KernelSelector& selector) const {
  std::vector<const Kernel*> all;
  for (const Kernel& kernel : kernels_) all.push_back(&kernel);
  for (const SelectorField& field : kSelectorFields) {
    const std::string& wanted = selector.*field.wanted;
    const std::set<std::string> existing = ValuesOf(field, all);
    if (wanted.empty() || existing.contains(wanted)) continue;
    std::string why;
    if (field.name == "device") {
      for (const std::string& warning : warnings_) absl::StrAppend(&why, "; ", warning);
    }
    return absl::NotFoundError(absl::StrCat("no kernel here has ", std::string(field.name), " ", Quoted(wanted),
                                            "; there are: ", absl::StrJoin(existing, ", "),
                                            Suggestion(wanted, existing), why));
  }
  return absl::OkStatus();
}

absl::StatusOr<const Kernel*> Catalog::FindKernel(std::string_view activation, Direction direction, Dtype dtype,
                                                  const KernelSelector& selector) const {
  const std::string key = CaseKey(activation, direction, dtype);
  const auto found = by_case_.find(key);
  if (found == by_case_.end()) {
    if (absl::Status known = CheckSelector(selector); !known.ok()) return known;
    return absl::UnimplementedError(absl::StrCat(key, " has no kernel here"));
  }
  for (const Kernel* kernel : found->second) {
    const auto fits = [&](const SelectorField& field) { return Fits(kernel, selector, field); };
    if (std::all_of(std::begin(kSelectorFields), std::end(kSelectorFields), fits)) return kernel;
  }
  if (absl::Status known = CheckSelector(selector); !known.ok()) return known;
  return NoSuchKernel(key, found->second, selector);
}

std::string RangeOf(const Parameter& parameter) {
  const Parameter any;
  std::vector<std::string> parts;
  const bool is_positive = parameter.min_value == 0 && parameter.excludes_zero;
  if (is_positive) {
    parts.emplace_back("greater than 0");
  } else if (parameter.min_value != any.min_value) {
    parts.push_back(absl::StrCat("at least ", parameter.min_value));
  }
  if (parameter.max_value != any.max_value) parts.push_back(absl::StrCat("at most ", parameter.max_value));
  if (parameter.excludes_zero && !is_positive) parts.emplace_back("not 0");
  if (!parameter.at_most.empty()) parts.push_back(absl::StrCat("at most ", std::string(parameter.at_most)));
  return absl::StrJoin(parts, " and ");
}

absl::StatusOr<std::vector<double>> ResolveParameters(const ActivationInfo& activation,
                                                      const std::map<std::string, double>& given) {
  std::vector<double> values;
  std::vector<std::string> names;
  for (const Parameter& parameter : activation.Parameters()) {
    values.push_back(parameter.default_value);
    names.emplace_back(parameter.name);
  }
  for (const auto& [name, value] : given) {
    const size_t index = static_cast<size_t>(std::find(names.begin(), names.end(), name) - names.begin());
    if (index == names.size()) {
      return absl::InvalidArgumentError(
          absl::StrCat("parameters: ", std::string(activation.name), " has no parameter ", Quoted(name), "; it has ",
                       names.empty() ? "none" : absl::StrJoin(names, ", "), Suggestion(name, names)));
    }
    const Parameter& parameter = activation.Parameters()[index];
    if (!IsInRange(parameter, value)) {
      return OutOfRange(parameter, value);
    }
    values[index] = value;
  }
  for (size_t i = 0; i < values.size(); ++i) {
    const Parameter& parameter = activation.Parameters()[i];
    if (parameter.at_most.empty()) continue;
    const double bound = values[std::find(names.begin(), names.end(), parameter.at_most) - names.begin()];
    if (values[i] <= bound) continue;
    return OutOfRange(parameter, values[i], absl::StrCat(", which is ", bound));
  }
  return values;
}

}  // namespace actbench
