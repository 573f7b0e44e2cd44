// SPDX-License-Identifier: Apache-2.0
#include "server/benchmark_plan.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "kernels/measure/fingerprint.h"
#include "kernels/measure/host.h"
#include "kernels/quoted.h"
#include "proto/tensor.h"
#include "server/certificate.h"
#include "server/convert.h"
#include "server/request_checks.h"

namespace actbench {
namespace {

constexpr size_t kMaxName = 128;
constexpr uint64_t kErrorSamples = 1'000'000;
// Of the memory that is left on the machine so much may be taken.
constexpr double kMemoryShare = 0.8;

std::string Listed(std::span<const std::string_view> names) {
  return absl::StrJoin(names, ", ", [](std::string* out, std::string_view name) { out->append(name); });
}

// Whether a run may have this name: no command may take it for a file, standard input, a plug-in or a provider, nor a
// table or a terminal for more than text.
absl::Status CheckRunName(const std::string& name, const Catalog& catalog) {
  constexpr std::string_view kPunctuation = " _-.+@:";
  const auto is_allowed = [&](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || kPunctuation.find(c) != std::string_view::npos;
  };
  const auto ends = [&](std::string_view end) { return std::string_view(name).ends_with(end); };
  const bool is_provider = std::any_of(catalog.kernels().begin(), catalog.kernels().end(),
                                       [&](const Kernel& kernel) { return kernel.provider == name; });
  const bool good =
      name.empty() || (name.size() <= kMaxName && absl::ascii_isalnum(static_cast<unsigned char>(name.front())) &&
                       std::all_of(name.begin(), name.end(), is_allowed) && !ends(" ") && !ends(".json") &&
                       !ends(".so") && !is_provider);
  if (good) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "name is ", Quoted(name), "; it must have at most ", kMaxName,
      " characters, letters, digits, spaces and any of _-.+@:, begin with a letter or digit, not end in a space, .json "
      "or .so, and not be the name of a provider"));
}

// The value that `name` names, or `usual` if it is empty.
template <class Enum, class Parse>
absl::StatusOr<Enum> Choose(const char* field, const std::string& name, std::span<const std::string_view> names,
                            const Parse& parse, Enum usual) {
  if (name.empty()) return usual;
  if (absl::Status status = CheckName(field, name); !status.ok()) return status;
  const std::optional<Enum> known = parse(name);
  if (known.has_value()) return *known;
  return absl::InvalidArgumentError(
      absl::StrCat(field, " is \"", name, "\"; it must be one of ", Listed(names), ", or not given"));
}

// Of a device the second-level cache is the first that a kernel can be in, and the last.
CacheSizes CachesOf(const Kernel& kernel) {
  if (kernel.on_device == nullptr) return ReadCacheSizes();
  const auto l2 = static_cast<size_t>(kernel.on_device->gpu().info().l2_bytes);
  return {.l1 = 0, .l2 = l2, .l3 = l2};
}

size_t ElementsOf(WorkingSet set, const BenchmarkCase& benchmark) {
  return SizeBytes(set, CachesOf(*benchmark.kernel)) / benchmark.BytesPerElement();
}

// Sets how many elements there are, and the inputs if they are given.
absl::Status SetInputs(const v1::BenchmarkCase& request, const Limits& limits, BenchmarkCase& benchmark) {
  const absl::StatusOr<std::optional<Distribution>> distribution =
      CheckDistribution("distribution", request.distribution());
  if (!distribution.ok()) return distribution.status();
  benchmark.distribution = distribution->value_or(benchmark.distribution);
  if (!request.inputs().empty()) {
    if (request.size_case() != v1::BenchmarkCase::SIZE_NOT_SET || distribution->has_value()) {
      return absl::InvalidArgumentError("inputs are given, and a size or a distribution too; give one or the other");
    }
    const absl::StatusOr<TensorInfo> x =
        CheckInputs(request.inputs(), "inputs", *benchmark.activation, benchmark.kernel->direction, limits);
    if (!x.ok()) return x.status();
    if (x->dtype != benchmark.kernel->dtype) {
      return absl::InvalidArgumentError(absl::StrCat("inputs[0].dtype is ", std::string(Name(x->dtype)),
                                                     ", but dtype is ", DtypeText(request.dtype()),
                                                     "; they must be the same"));
    }
    benchmark.elements = x->elements;
    for (const v1::Tensor& tensor : request.inputs()) benchmark.given.push_back(tensor.data());
  } else if (request.size_case() == v1::BenchmarkCase::kElements) {
    benchmark.elements = request.elements() > 0 ? static_cast<size_t>(request.elements()) : 0;
  } else {
    const absl::StatusOr<WorkingSet> set =
        Choose("working_set", request.working_set(), WorkingSetNames(), ParseWorkingSet, WorkingSet::kL2);
    if (!set.ok()) return set.status();
    if (benchmark.kernel->on_device != nullptr && (*set == WorkingSet::kL1 || *set == WorkingSet::kL3)) {
      return absl::InvalidArgumentError(absl::StrCat("working_set is \"", request.working_set(), "\", but ",
                                                     benchmark.kernel->device, " has l2 and dram alone"));
    }
    benchmark.elements = ElementsOf(*set, benchmark);
  }
  if (benchmark.elements > 0) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("there are ", request.elements(), " elements; at least 1 is needed"));
}

absl::Status SetManner(const v1::BenchmarkCase& request, BenchmarkCase& benchmark) {
  const absl::StatusOr<CacheState> cache =
      Choose("cache", request.cache(), CacheStateNames(), ParseCacheState, CacheState::kHot);
  if (!cache.ok()) return cache.status();
  const absl::StatusOr<LaunchTime> launch =
      Choose("launch", request.launch(), LaunchTimeNames(), ParseLaunchTime, LaunchTime::kNone);
  if (!launch.ok()) return launch.status();
  if (*launch != LaunchTime::kNone && benchmark.kernel->on_device == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat("launch is \"", request.launch(), "\", but ",
                                                   benchmark.kernel->Name(),
                                                   " runs on the CPU, where it is called, not launched; give a device "
                                                   "that is a GPU, or no launch"));
  }
  const int cpus = AvailableCpus();
  if (request.threads() < 0 || request.threads() > cpus) {
    return absl::InvalidArgumentError(absl::StrCat("threads is ", request.threads(), "; it must be from 1 to ", cpus,
                                                   ", the processors of the server, or 0 for 1"));
  }
  benchmark.cache = *cache;
  benchmark.seed = request.seed();
  benchmark.threads = std::max(request.threads(), 1);
  benchmark.in_place = request.in_place();
  benchmark.launch = *launch;
  return absl::OkStatus();
}

// What a result says of its case.
void Describe(const BenchmarkCase& benchmark, v1::BenchmarkResult& result) {
  result.set_name(benchmark.Text());
  ToProto(*benchmark.kernel, *result.mutable_kernel());
  *result.mutable_parameters() = NamedParameters(*benchmark.activation, benchmark.parameters);
  result.set_elements(static_cast<int64_t>(benchmark.elements));
  result.set_bytes(static_cast<int64_t>(benchmark.Bytes()));
  result.set_working_set(std::string(Name(WorkingSetOf(benchmark.Bytes(), CachesOf(*benchmark.kernel)))));
  result.set_cache(std::string(Name(benchmark.cache)));
  result.set_distribution(benchmark.given.empty() ? std::string(Name(benchmark.distribution)) : "given");
  result.set_threads(benchmark.threads);
  result.set_in_place(benchmark.in_place);
  result.set_launch(std::string(Name(benchmark.launch)));
}

// The words of a case that no kernel has, as far as they are known.
PlannedCase Skip(const CheckedCase& of, const v1::KernelSelector& selector, const absl::Status& why) {
  PlannedCase skipped;
  v1::Kernel& kernel = *skipped.result.mutable_kernel();
  kernel.set_activation(std::string(of.activation->name));
  kernel.set_direction(ToProto(of.direction));
  kernel.set_dtype(ToProto(of.dtype));
  kernel.set_provider(selector.provider());
  kernel.set_tier(selector.tier());
  kernel.set_isa(selector.isa());
  kernel.set_device(selector.device());
  std::string name = absl::StrCat(std::string(of.activation->name), "/", std::string(Name(of.direction)), "/",
                                  std::string(Name(of.dtype)));
  for (const std::string* part : {&selector.provider(), &selector.tier(), &selector.isa()}) {
    absl::StrAppend(&name, "/", part->empty() ? "best" : *part);
  }
  skipped.result.set_name(std::move(name));
  skipped.result.set_outcome(v1::OUTCOME_SKIPPED);
  skipped.result.set_message(std::string(why.message()));
  return skipped;
}

absl::StatusOr<CasePlan> PlanEach(const v1::BenchmarkPlan& request) {
  const std::pair<std::pair<const char*, int32_t>, int32_t> numbers[] = {
      {{"min_processes", kMaxProcesses}, request.min_processes()},
      {{"max_processes", kMaxProcesses}, request.max_processes()},
      {{"process_ms", kMaxProcessMs}, request.process_ms()}};
  for (const auto& [field, value] : numbers) {
    if (value >= 0 && value <= field.second) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("plan.", field.first, " is ", value, "; it must be from 0 to ", field.second));
  }
  if (!(request.max_relative_width() >= 0 && std::isfinite(request.max_relative_width()))) {
    return absl::InvalidArgumentError(
        absl::StrCat("plan.max_relative_width is ", request.max_relative_width(), "; it must be finite, at least 0"));
  }
  CasePlan each;
  // Who gives only the most processes means fewer than usual if that is less.
  each.max_processes =
      request.max_processes() > 0 ? request.max_processes() : std::max(each.max_processes, request.min_processes());
  each.min_processes =
      request.min_processes() > 0 ? request.min_processes() : std::min(each.min_processes, each.max_processes);
  if (each.min_processes > each.max_processes) {
    return absl::InvalidArgumentError(absl::StrCat("plan.min_processes is ", each.min_processes,
                                                   ", more than plan.max_processes, which is ", each.max_processes));
  }
  if (request.process_ms() > 0) each.process_time = std::chrono::milliseconds(request.process_ms());
  if (request.max_relative_width() > 0) each.max_relative_width = request.max_relative_width();
  return each;
}

absl::Status CheckTime(const BenchmarkPlan& plan, const Limits& limits) {
  double seconds = 0;
  for (const PlannedCase& planned : plan.cases) {
    if (!planned.benchmark.has_value()) continue;
    seconds += std::chrono::duration<double>(ProcessDuration(plan.each)).count() * plan.each.max_processes;
  }
  if (seconds <= static_cast<double>(limits.benchmark_seconds)) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrCat("the run would take up to ", std::ceil(seconds), " s; at most ",
                                                   limits.benchmark_seconds,
                                                   " s are allowed (--max_benchmark_seconds); ask for fewer cases or "
                                                   "processes at a time"));
}

// Whether the second is to be measured in turns with the first.
bool SameGroup(const v1::BenchmarkResult& first, const v1::BenchmarkResult& second) {
  return first.kernel().activation() == second.kernel().activation() &&
         first.kernel().direction() == second.kernel().direction() &&
         first.kernel().dtype() == second.kernel().dtype() && first.elements() == second.elements();
}

}  // namespace

bool HasSizeOfWorkingSet(const BenchmarkCase& benchmark) {
  const WorkingSet set = WorkingSetOf(benchmark.Bytes(), CachesOf(*benchmark.kernel));
  return benchmark.elements == ElementsOf(set, benchmark);
}

absl::Status CheckMemory(const BenchmarkCase& benchmark, const Limits& limits) {
  const auto allowed = static_cast<size_t>(limits.benchmark_bytes);
  const size_t elements = benchmark.MostElements();
  if (elements > allowed / benchmark.BytesPerElement()) {
    return absl::ResourceExhaustedError(
        absl::StrCat("elements is ", elements, ", each with ", benchmark.BytesPerElement(),
                     " bytes of inputs and outputs; at most ", allowed, " bytes are allowed (--max_benchmark_bytes)"));
  }
  const std::optional<size_t> left = AvailableMemory();
  const size_t bytes = elements * benchmark.BytesPerElement();
  if (!left.has_value() || static_cast<double>(bytes) <= kMemoryShare * static_cast<double>(*left)) {
    return absl::OkStatus();
  }
  return absl::ResourceExhaustedError(
      absl::StrCat("elements is ", elements, ", which takes ", bytes, " bytes; the machine has ", *left, " left"));
}

absl::StatusOr<PlannedCase> PlanCase(const v1::BenchmarkCase& request, const Catalog& catalog, const Limits& limits) {
  absl::StatusOr<CheckedCase> of =
      CheckCase(request.activation(), request.direction(), request.dtype(), request.parameters());
  if (!of.ok()) return of.status();
  if (absl::Status status = CheckSelectorNames(request.selector()); !status.ok()) return status;
  const absl::StatusOr<const Kernel*> kernel =
      catalog.FindKernel(of->activation->name, of->direction, of->dtype, FromProto(request.selector()));
  absl::Status possible = kernel.status();
  if (possible.ok()) possible = Prepare(**kernel, of->parameters).status();
  if (possible.ok() && (*kernel)->on_device != nullptr) possible = (*kernel)->on_device->gpu().health();
  if (absl::IsUnimplemented(possible)) return Skip(*of, request.selector(), possible);
  if (!possible.ok()) return possible;
  PlannedCase planned;
  planned.benchmark.emplace();
  BenchmarkCase& benchmark = *planned.benchmark;
  benchmark.activation = of->activation;
  benchmark.kernel = *kernel;
  benchmark.parameters = std::move(of->parameters);
  absl::Status status = SetManner(request, benchmark);
  if (status.ok()) status = SetInputs(request, limits, benchmark);
  if (status.ok()) status = CheckMemory(benchmark, limits);
  if (!status.ok()) return status;
  Describe(benchmark, planned.result);
  return planned;
}

absl::Status CheckCaseCount(int count, const Limits& limits) {
  if (count == 0) return absl::InvalidArgumentError("cases has 0 elements; at least 1 is needed");
  if (count <= limits.benchmark_cases) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrCat("cases has ", count, " elements; at most ", limits.benchmark_cases,
                                                   " are allowed (--max_benchmark_cases)"));
}

absl::Status InCase(int i, const absl::Status& status) {
  return absl::Status(status.code(), absl::StrCat("cases[", i, "]: ", std::string(status.message())));
}

absl::Status UniqueCases::Add(int i, const std::string& name) {
  const auto [place, is_new] = places_.emplace(name, i);
  if (is_new) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("cases[", i, "] and cases[", place->second, "] are the same: ", name, "; give each once"));
}

absl::StatusOr<BenchmarkPlan> PlanBenchmark(const v1::RunBenchmarkRequest& request, const Catalog& catalog,
                                            const Limits& limits) {
  if (absl::Status status = CheckCaseCount(request.cases_size(), limits); !status.ok()) return status;
  if (absl::Status status = CheckRunName(request.name(), catalog); !status.ok()) return status;
  absl::StatusOr<CasePlan> each = PlanEach(request.plan());
  if (!each.ok()) return each.status();
  each->error_samples = request.measure_accuracy() ? kErrorSamples : 0;
  BenchmarkPlan plan{.cases = {}, .each = *each, .name = request.name()};
  UniqueCases unique;
  for (int i = 0; i < request.cases_size(); ++i) {
    absl::StatusOr<PlannedCase> planned = PlanCase(request.cases(i), catalog, limits);
    if (!planned.ok()) return InCase(i, planned.status());
    if (absl::Status status = unique.Add(i, planned->result.name()); !status.ok()) return status;
    if (i > 0) {
      const PlannedCase& before = plan.cases.back();
      planned->group = before.group + (SameGroup(before.result, planned->result) ? 0 : 1);
    }
    plan.cases.push_back(*std::move(planned));
  }
  if (absl::Status status = CheckTime(plan, limits); !status.ok()) return status;
  return plan;
}

}  // namespace actbench
