// SPDX-License-Identifier: Apache-2.0
#include "client/benchmark_inputs.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "client/accuracy_inputs.h"
#include "client/arguments.h"
#include "client/kernel_selection.h"
#include "proto/usage.h"

namespace actbench::client {
namespace {

// The parts of a list; one empty part, which means the usual, if nothing is listed.
absl::StatusOr<std::vector<std::string>> Parts(const std::string& list, const char* flag) {
  if (list.empty()) return std::vector<std::string>{""};
  return ParseList(list, flag);
}

absl::StatusOr<std::vector<int64_t>> Numbers(const std::string& list, const char* flag) {
  const absl::StatusOr<std::vector<std::string>> parts = Parts(list, flag);
  if (!parts.ok()) return parts.status();
  std::vector<int64_t> numbers;
  for (const std::string& part : *parts) {
    int64_t number = 0;
    if (!part.empty() && (!absl::SimpleAtoi(part, &number) || number < 1)) {
      return absl::InvalidArgumentError(
          absl::StrCat(flag, " is \"", list, "\"; it must be whole numbers from 1, with commas between them"));
    }
    numbers.push_back(number);
  }
  return numbers;
}

// What a case has beside its kernel.
struct Manner {
  int64_t elements = 0;
  std::string working_set;
  std::string cache;
  std::string distribution;
  int64_t threads = 0;
  std::string launch;
};

// Each of them with each of the values.
template <class T>
void Combine(std::vector<Manner>& manners, T Manner::*part, const std::vector<T>& values) {
  std::vector<Manner> combined;
  for (Manner& manner : manners) {
    for (const T& value : values) {
      manner.*part = value;
      combined.push_back(manner);
    }
  }
  manners = std::move(combined);
}

// Every combination, the last flag's values following each other.
absl::StatusOr<std::vector<Manner>> MakeManners(const BenchmarkInputFlags& flags) {
  const absl::StatusOr<std::vector<int64_t>> sizes = Numbers(flags.size, "--size");
  const absl::StatusOr<std::vector<std::string>> sets = Parts(flags.working_set, "--working_set");
  const absl::StatusOr<std::vector<std::string>> caches = Parts(flags.cache, "--cache");
  const absl::StatusOr<std::vector<std::string>> distributions = Parts(flags.distribution, "--distribution");
  const absl::StatusOr<std::vector<int64_t>> threads = Numbers(flags.threads, "--threads");
  const absl::StatusOr<std::vector<std::string>> launches = Parts(flags.launch, "--launch");
  for (const absl::Status& status :
       {sizes.status(), sets.status(), caches.status(), distributions.status(), threads.status(), launches.status()}) {
    if (!status.ok()) return status;
  }
  std::vector<Manner> manners(1);
  Combine(manners, &Manner::elements, *sizes);
  Combine(manners, &Manner::working_set, *sets);
  Combine(manners, &Manner::cache, *caches);
  Combine(manners, &Manner::distribution, *distributions);
  Combine(manners, &Manner::threads, *threads);
  Combine(manners, &Manner::launch, *launches);
  return manners;
}

v1::BenchmarkCase MakeCase(const v1::Kernel& kernel, const std::map<std::string, double>& parameters,
                           const Manner& manner, const BenchmarkInputFlags& flags) {
  const v1::MeasureAccuracyRequest named = RequestFor(kernel);
  v1::BenchmarkCase made;
  made.set_activation(named.activation());
  made.set_direction(named.direction());
  made.set_dtype(named.dtype());
  *made.mutable_selector() = named.selector();
  made.mutable_parameters()->insert(parameters.begin(), parameters.end());
  if (manner.elements > 0) made.set_elements(manner.elements);
  if (!manner.working_set.empty()) made.set_working_set(manner.working_set);
  made.set_cache(manner.cache);
  made.set_distribution(manner.distribution);
  made.set_threads(static_cast<int>(std::min<int64_t>(manner.threads, std::numeric_limits<int32_t>::max())));
  made.set_seed(flags.seed.value_or(0));
  made.set_in_place(flags.in_place);
  made.set_launch(manner.launch);
  return made;
}

// The files as the inputs of each case.
absl::Status SetInputs(Client& client, const BenchmarkInputFlags& flags, std::vector<v1::BenchmarkCase>& cases) {
  InputFlags files;
  files.x = flags.x;
  files.gate = flags.gate;
  files.upstream = flags.upstream;
  files.convert = flags.convert;
  const absl::StatusOr<AccuracyInputs> inputs = AccuracyInputs::Load(files);
  if (!inputs.ok()) return inputs.status();
  const absl::StatusOr<v1::ListActivationsResponse> list = client.ListActivations();
  if (!list.ok()) return list.status();
  for (v1::BenchmarkCase& one : cases) {
    const auto of = std::find_if(list->activations().begin(), list->activations().end(),
                                 [&](const auto& activation) { return activation.name() == one.activation(); });
    const int count = of == list->activations().end() ? 1 : of->input_count();
    absl::StatusOr<v1::InputPlan> plan = inputs->PlanFor(one.direction(), one.dtype(), count);
    if (!plan.ok()) return plan.status();
    one.mutable_inputs()->Swap(plan->mutable_given()->mutable_inputs());
  }
  return absl::OkStatus();
}

}  // namespace

void AddBenchmarkInputFlags(CLI::App& command, BenchmarkInputFlags& flags) {
  const auto add = [&](const char* flag, std::string& target, const char* type, const char* help) {
    return command.add_option(flag, target, help)->type_name(type)->group("Inputs");
  };
  CLI::Option* size = add("--size", flags.size, "N,...", "Elements of each input and output");
  CLI::Option* set = add("--working_set", flags.working_set, "SET,...", "l1, l2, l3 or dram (default: l2)");
  add("--cache", flags.cache, "STATE,...", "hot, or cold: nothing is in a cache when a call begins (default: hot)");
  CLI::Option* distribution = add("--distribution", flags.distribution, "NAME,...",
                                  "normal, wide, uniform, bits, tails, subnormal, saturated (default: normal)");
  add("--threads", flags.threads, "N,...", "Threads that share a call (default: 1)");
  add("--launch", flags.launch, "KIND,...",
      "On a GPU, time a launch until the host knows that it is done: alone, or by a graph; or none (default: none)");
  CLI::Option* seed = command.add_option("--seed", flags.seed, "Of the inputs that are drawn (default: 0)")
                          ->type_name("N")
                          ->transform(NumberIn(uint64_t{0}, std::numeric_limits<uint64_t>::max()))
                          ->group("Inputs");
  command.add_flag("--in_place", flags.in_place, "Outputs replace inputs")->group("Inputs");
  CLI::Option* x = add("--in", flags.x, "FILE.npy", "These inputs, in the dtypes of the kernels");
  add("--gate", flags.gate, "FILE.npy", "The gate, of gated activations")->needs(x);
  add("--upstream", flags.upstream, "FILE.npy", "dy, of gradients (default: ones)")->needs(x);
  size->excludes(set);
  for (CLI::Option* other : {size, set, distribution, seed}) x->excludes(other);
}

absl::StatusOr<std::vector<v1::BenchmarkCase>> MakeCases(Client& client, absl::Span<const v1::Kernel> kernels,
                                                         const std::map<std::string, double>& parameters,
                                                         const BenchmarkInputFlags& flags) {
  const absl::StatusOr<std::vector<Manner>> manners = MakeManners(flags);
  if (!manners.ok()) return manners.status();
  // Kernels that are alternatives, in the order of the first of each.
  std::vector<std::vector<const v1::Kernel*>> groups;
  for (const v1::Kernel& kernel : kernels) {
    const auto is_group = [&](const auto& group) {
      const v1::Kernel& first = *group.front();
      return first.activation() == kernel.activation() && first.direction() == kernel.direction() &&
             first.dtype() == kernel.dtype();
    };
    const auto group = std::find_if(groups.begin(), groups.end(), is_group);
    group == groups.end() ? groups.push_back({&kernel}) : group->push_back(&kernel);
  }
  std::vector<v1::BenchmarkCase> cases;
  for (const auto& group : groups) {
    for (const Manner& manner : *manners) {
      for (const v1::Kernel* kernel : group) cases.push_back(MakeCase(*kernel, parameters, manner, flags));
    }
  }
  if (flags.x.empty()) return cases;
  if (absl::Status status = SetInputs(client, flags, cases); !status.ok()) return status;
  return cases;
}

}  // namespace actbench::client
