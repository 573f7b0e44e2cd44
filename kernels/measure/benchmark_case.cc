// SPDX-License-Identifier: Apache-2.0
#include "kernels/measure/benchmark_case.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "kernels/catalog.h"
#include "kernels/measure/hash.h"

namespace actbench {
namespace {

constexpr std::array<std::string_view, 4> kWorkingSetNames = {"l1", "l2", "l3", "dram"};
constexpr std::array<std::string_view, 2> kCacheStateNames = {"hot", "cold"};
constexpr std::array<std::string_view, 3> kLaunchTimeNames = {"none", "alone", "graph"};

template <class Enum, size_t kCount>
std::optional<Enum> Parse(std::string_view name, const std::array<std::string_view, kCount>& names) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return static_cast<Enum>(found - names.begin());
}

// The fewest digits that tell it from all others.
std::string Shortest(double value) {
  std::array<char, 32> text;
  const std::to_chars_result result = std::to_chars(text.data(), text.data() + text.size(), value);
  return {text.data(), result.ptr};
}

}  // namespace

std::span<const std::string_view> WorkingSetNames() { return kWorkingSetNames; }
std::string_view Name(WorkingSet set) { return kWorkingSetNames[static_cast<size_t>(set)]; }
std::optional<WorkingSet> ParseWorkingSet(std::string_view name) { return Parse<WorkingSet>(name, kWorkingSetNames); }

size_t SizeBytes(WorkingSet set, const CacheSizes& caches) {
  const size_t l3 = caches.l3.value_or(size_t{32} << 20);
  switch (set) {
    case WorkingSet::kL1:
      return caches.l1.value_or(size_t{32} << 10) / 2;
    case WorkingSet::kL2:
      return caches.l2.value_or(size_t{1} << 20) / 2;
    case WorkingSet::kL3:
      return l3 / 2;
    default:
      return 4 * l3;
  }
}

WorkingSet WorkingSetOf(size_t bytes, const CacheSizes& caches) {
  for (const WorkingSet set : {WorkingSet::kL1, WorkingSet::kL2, WorkingSet::kL3}) {
    if (bytes <= 2 * SizeBytes(set, caches)) return set;
  }
  return WorkingSet::kDram;
}

std::span<const std::string_view> CacheStateNames() { return kCacheStateNames; }
std::string_view Name(CacheState state) { return kCacheStateNames[static_cast<size_t>(state)]; }
std::optional<CacheState> ParseCacheState(std::string_view name) { return Parse<CacheState>(name, kCacheStateNames); }

std::span<const std::string_view> LaunchTimeNames() { return kLaunchTimeNames; }
std::string_view Name(LaunchTime launch) { return kLaunchTimeNames[static_cast<size_t>(launch)]; }
std::optional<LaunchTime> ParseLaunchTime(std::string_view name) { return Parse<LaunchTime>(name, kLaunchTimeNames); }

size_t BenchmarkCase::BytesPerElement() const {
  const Direction direction = kernel->direction;
  return element_bytes() * (InputCount(*activation, direction) + OutputCount(*activation, direction));
}

size_t BenchmarkCase::ElementsOf(const Rival& rival) const {
  return static_cast<size_t>(std::llround(static_cast<double>(elements) * rival.work));
}

size_t BenchmarkCase::MostElements() const {
  size_t most = elements;
  for (const Rival& rival : rivals) most = std::max(most, ElementsOf(rival));
  return most;
}

bool BenchmarkCase::IsUsual() const {
  const BenchmarkCase usual;
  for (size_t i = 0; i < parameters.size(); ++i) {
    if (parameters[i] != activation->Parameters()[i].default_value) return false;
  }
  return cache == usual.cache && distribution == usual.distribution && given.empty() && threads == usual.threads &&
         in_place == usual.in_place && launch == usual.launch;
}

std::string BenchmarkCase::Text() const {
  const BenchmarkCase usual;
  const std::string inputs =
      given.empty() ? std::string(Name(distribution)) : absl::StrCat("given-", Hash64(absl::StrJoin(given, "")));
  std::string text =
      absl::StrCat(kernel->Name(), "/n:", elements, "/dist:", inputs, "/cache:", std::string(Name(cache)));
  if (seed != usual.seed) absl::StrAppend(&text, "/seed:", seed);
  if (threads != usual.threads) absl::StrAppend(&text, "/threads:", threads);
  if (in_place) absl::StrAppend(&text, "/in_place");
  if (launch != usual.launch) absl::StrAppend(&text, "/launch:", std::string(Name(launch)));
  if (kernel->device != "cpu") absl::StrAppend(&text, "/dev:", kernel->device);
  for (size_t i = 0; i < parameters.size(); ++i) {
    const Parameter& parameter = activation->Parameters()[i];
    if (parameters[i] == parameter.default_value) continue;
    absl::StrAppend(&text, "/", std::string(parameter.name), "=", Shortest(parameters[i]));
  }
  return text;
}

}  // namespace actbench
