// SPDX-License-Identifier: Apache-2.0
#include "client/compare_cases.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "client/arguments.h"
#include "client/compare_sides.h"

namespace actbench::client {
namespace {

constexpr char kNative[] = "native";

// Of how many parts the name of a case may be, if it is no activation's.
constexpr size_t kFewestParts = 3;
constexpr size_t kMostParts = 5;

bool IsSameFunction(const v1::Kernel& first, const v1::Kernel& second) {
  return first.activation() == second.activation() && first.direction() == second.direction() &&
         first.dtype() == second.dtype() && first.device() == second.device();
}

bool IsSameTarget(const v1::Kernel& first, const v1::Kernel& second) {
  return first.tier() == second.tier() && first.isa() == second.isa();
}

// The provider's kernel of this function, tier and ISA.
std::optional<v1::Kernel> FindSame(const v1::Kernel& kernel, const std::string& provider,
                                   absl::Span<const v1::Kernel> kernels) {
  const auto found = std::find_if(kernels.begin(), kernels.end(), [&](const v1::Kernel& other) {
    return other.provider() == provider && IsSameFunction(kernel, other) && IsSameTarget(kernel, other);
  });
  if (found == kernels.end()) return std::nullopt;
  return *found;
}

// What the name of a case wants, beside what the flags do.
absl::StatusOr<KernelFlags> FlagsOf(const std::string& name, KernelFlags flags) {
  const std::vector<std::string> parts = absl::StrSplit(name, '/');
  flags.names = {parts[0]};
  if (parts.size() == 1) return flags;
  const bool empty = std::any_of(parts.begin(), parts.end(), [](const auto& part) { return part.empty(); });
  if (parts.size() < kFewestParts || parts.size() > kMostParts || empty) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", name,
                     "\" is neither an activation nor of the form ACTIVATION/DIRECTION/DTYPE[/TIER[/ISA]], which is a "
                     "kernel's name without its provider"));
  }
  if (absl::Status good = ParseDirectionFlag(parts[1], name).status(); !good.ok()) return good;
  if (absl::Status good = ParseDtypeFlag(parts[2], name).status(); !good.ok()) return good;
  flags.direction = parts[1];
  flags.dtype = parts[2];
  if (parts.size() > 3) flags.tier = parts[3];
  if (parts.size() > 4) flags.isa = parts[4];
  return flags;
}

// Those of one provider; none if it has none.
absl::StatusOr<std::vector<v1::Kernel>> SelectOf(Client& client, KernelFlags flags, const std::string& provider) {
  flags.provider = provider;
  absl::StatusOr<std::vector<v1::Kernel>> kernels = SelectKernels(client, flags);
  if (absl::IsNotFound(kernels.status())) return std::vector<v1::Kernel>();
  return kernels;
}

class Pairing {
 public:
  Pairing(std::vector<v1::Kernel> kernels, std::vector<std::string> isas, std::string base, std::string head)
      : kernels_(std::move(kernels)), isas_(std::move(isas)), base_(std::move(base)), head_(std::move(head)) {}

  // Each of these of base with what head has for it, and each of head that is left.
  void Add(const std::vector<v1::Kernel>& of_base, const std::vector<v1::Kernel>& of_head) {
    for (const v1::Kernel& kernel : of_base) {
      const std::optional<v1::Kernel> other = Counterpart(kernel, head_, kernels_, isas_);
      other.has_value() ? AddPair(kernel, *other)
                        : Skip(kernel, v1::Kernel(), absl::StrCat("only BASE (", base_, ") has it"));
    }
    for (const v1::Kernel& kernel : of_head) {
      if (seen_.count(kernel.name()) > 0) continue;
      const std::optional<v1::Kernel> other = FindSame(kernel, base_, kernels_);
      other.has_value() ? AddPair(*other, kernel)
                        : Skip(v1::Kernel(), kernel, absl::StrCat("only HEAD (", head_, ") has it"));
    }
  }

  void SkipName(const std::string& name, const std::string& reason) {
    v1::SpeedComparison skipped;
    skipped.set_name(name);
    skipped.set_outcome(v1::OUTCOME_SKIPPED);
    skipped.set_message(reason);
    paired_.skipped.push_back(std::move(skipped));
  }

  PairedKernels Finish() { return std::move(paired_); }

 private:
  void AddPair(const v1::Kernel& base, const v1::Kernel& head) {
    seen_.insert(head.name());
    if (!seen_pairs_.insert({base.name(), head.name()}).second) return;
    KernelPair pair = {base, head};
    // Another provider's copies are none of this one.
    if (base_ == kBase) {
      pair.control = FindSame(base, kControl, kernels_);
      pair.layout = FindSame(base, kLayout, kernels_);
    }
    paired_.pairs.push_back(std::move(pair));
  }

  void Skip(const v1::Kernel& base, const v1::Kernel& head, const std::string& reason) {
    const std::string& name = base.name().empty() ? head.name() : base.name();
    if (!seen_pairs_.insert({base.name(), head.name()}).second) return;
    SkipName(name, reason);
    if (!base.name().empty()) *paired_.skipped.back().mutable_base() = base;
    if (!head.name().empty()) *paired_.skipped.back().mutable_head() = head;
  }

  const std::vector<v1::Kernel> kernels_;  // all that there are
  const std::vector<std::string> isas_;
  const std::string base_;
  const std::string head_;
  PairedKernels paired_;
  std::set<std::string> seen_;                                // kernels of head
  std::set<std::pair<std::string, std::string>> seen_pairs_;  // of base and head
};

}  // namespace

std::optional<v1::Kernel> Counterpart(const v1::Kernel& kernel, const std::string& provider,
                                      absl::Span<const v1::Kernel> kernels, absl::Span<const std::string> isas) {
  if (std::optional<v1::Kernel> same = FindSame(kernel, provider, kernels); same.has_value()) return same;
  // Better ones are larger.
  const auto rank = [&](const v1::Kernel& other) {
    const auto isa = std::find(isas.begin(), isas.end(), other.isa());
    return std::tuple(other.tier() == "fast", other.isa() == kernel.isa(), isa == isas.end() ? -1 : isa - isas.begin());
  };
  std::optional<v1::Kernel> best;
  for (const v1::Kernel& other : kernels) {
    if (other.provider() != provider || !IsSameFunction(kernel, other)) continue;
    // One of the same tier that is for another ISA is not what is meant.
    if (other.tier() == kernel.tier() && kernel.tier() != kNative) return std::nullopt;
    if (!best.has_value() || rank(other) > rank(*best)) best = other;
  }
  return best;
}

absl::StatusOr<PairedKernels> PairKernels(Client& client, const KernelFlags& flags, const std::string& base_provider,
                                          const std::string& head_provider) {
  const absl::StatusOr<v1::ListKernelsResponse> list = client.ListKernels();
  if (!list.ok()) return list.status();
  const absl::StatusOr<v1::GetServerInfoResponse> info = client.GetServerInfo();
  if (!info.ok()) return info.status();
  const bool use_default = flags.names.empty() && !flags.all;
  std::vector<std::string> names = flags.names;
  if (use_default) names.assign(std::begin(kDefaultCases), std::end(kDefaultCases));
  if (flags.all) names = {""};
  Pairing pairing({list->kernels().begin(), list->kernels().end()},
                  {info->machine().isas().begin(), info->machine().isas().end()}, base_provider, head_provider);
  for (const std::string& name : names) {
    absl::StatusOr<KernelFlags> one = flags.all ? flags : FlagsOf(name, flags);
    if (!one.ok()) return one.status();
    const absl::StatusOr<std::vector<v1::Kernel>> of_base = SelectOf(client, *one, base_provider);
    if (!of_base.ok()) return of_base.status();
    const absl::StatusOr<std::vector<v1::Kernel>> of_head = SelectOf(client, *one, head_provider);
    if (!of_head.ok()) return of_head.status();
    pairing.Add(*of_base, *of_head);
    if (!of_base->empty() || !of_head->empty()) continue;
    if (use_default) {
      pairing.SkipName(name, "neither BASE nor HEAD has it");
      continue;
    }
    one->provider = base_provider;
    return SelectKernels(client, *one).status();
  }
  return pairing.Finish();
}

absl::StatusOr<std::vector<v1::PairedCase>> MakePairedCases(Client& client, absl::Span<const KernelPair> pairs,
                                                            const std::map<std::string, double>& parameters,
                                                            const BenchmarkInputFlags& inputs) {
  std::vector<v1::PairedCase> cases;
  for (const KernelPair& pair : pairs) {
    absl::StatusOr<std::vector<v1::BenchmarkCase>> of_base = MakeCases(client, {&pair.base, 1}, parameters, inputs);
    if (!of_base.ok()) return of_base.status();
    for (v1::BenchmarkCase& base : *of_base) {
      v1::PairedCase& one = cases.emplace_back();
      *one.mutable_base() = std::move(base);
      *one.mutable_head() = RequestFor(pair.head).selector();
      if (pair.control.has_value()) *one.mutable_control() = RequestFor(*pair.control).selector();
      if (pair.layout.has_value()) *one.mutable_layout() = RequestFor(*pair.layout).selector();
    }
  }
  return cases;
}

}  // namespace actbench::client
