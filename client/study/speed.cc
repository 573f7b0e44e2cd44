// SPDX-License-Identifier: Apache-2.0
#include "client/study/speed.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "client/benchmark_result.h"
#include "client/kernel_selection.h"

namespace actbench::client {
namespace {

// Kinds of memory that are timed alike. Ratios of 1.25 and more are looked for, not percents: a few processes will do,
// and where making the inputs takes longer than the kernels do, two.
struct Part {
  std::vector<const char*> working_sets;
  int processes;
  int process_ms;
};

std::vector<Part> PartsOf(const Lab& lab) {
  if (lab.quick()) return {{{"l1", "l2"}, 2, 20}};
  return {{{"l1", "l2", "l3"}, 3, 40}, {{"dram"}, 2, 40}};
}

std::string PlaceOf(const v1::Kernel& kernel) { return kernel.device() == "cpu" ? kernel.isa() : kernel.device(); }

// By where they run, in the server's order, the kernels of all of the activations.
absl::StatusOr<std::vector<std::vector<v1::Kernel>>> FindKernels(Lab& lab,
                                                                 const std::vector<std::string>& activations) {
  std::vector<std::vector<v1::Kernel>> by_place;
  for (const std::string& activation : activations) {
    v1::ListKernelsRequest request;
    request.set_activation(activation);
    request.set_direction(v1::DIRECTION_FORWARD);
    request.set_dtype(v1::DTYPE_F32);
    request.mutable_selector()->set_provider("actbench");
    request.mutable_selector()->set_tier("fast");
    const absl::StatusOr<v1::ListKernelsResponse> list = lab.client().ListKernels(request);
    if (!list.ok()) return list.status();
    for (const v1::Kernel& kernel : list->kernels()) {
      const auto place = std::find_if(by_place.begin(), by_place.end(),
                                      [&](const auto& kernels) { return PlaceOf(kernels.front()) == PlaceOf(kernel); });
      place == by_place.end() ? by_place.push_back({kernel}) : place->push_back(kernel);
    }
  }
  std::erase_if(by_place, [&](const auto& kernels) { return kernels.size() != activations.size(); });
  std::reverse(by_place.begin(), by_place.end());  // the narrowest first
  if (lab.quick() && by_place.size() > 2) by_place.erase(by_place.begin() + 1, by_place.end() - 1);
  return by_place;
}

v1::RunBenchmarkRequest MakeRequest(const Part& part, const std::vector<std::vector<v1::Kernel>>& by_place) {
  v1::RunBenchmarkRequest request;
  // Kernels that are compared follow each other, so that the machine is much the same for both.
  for (const char* set : part.working_sets) {
    for (const std::vector<v1::Kernel>& kernels : by_place) {
      for (const v1::Kernel& kernel : kernels) {
        const v1::MeasureAccuracyRequest named = RequestFor(kernel);
        v1::BenchmarkCase& one = *request.add_cases();
        one.set_activation(named.activation());
        one.set_direction(named.direction());
        one.set_dtype(named.dtype());
        *one.mutable_selector() = named.selector();
        one.set_working_set(set);
      }
    }
  }
  request.mutable_plan()->set_min_processes(part.processes);
  request.mutable_plan()->set_max_processes(part.processes);
  request.mutable_plan()->set_process_ms(part.process_ms);
  request.set_name("study");
  return request;
}

// Adds the times of one part; `reason` becomes that of a case that has none.
absl::Status TimePart(Lab& lab, const v1::RunBenchmarkRequest& request, std::vector<Timing>& timings,
                      std::string& reason) {
  const auto on_progress = [&](const v1::BenchmarkProgress& progress) {
    const bool waits = progress.waits_for_machine() || progress.queue_place() > 0;
    lab.Progress(waits ? "waits for another benchmark" : absl::StrCat("timing ", progress.current_case()),
                 progress.share());
  };
  const absl::StatusOr<v1::BenchmarkRun> run =
      lab.client().RunBenchmark(request, {.progress = on_progress, .result = nullptr});
  if (!run.ok()) return run.status();
  for (int i = 0; i < std::min(run->results_size(), request.cases_size()); ++i) {
    const v1::BenchmarkResult& result = run->results(i);
    if (!IsMeasured(result)) {
      reason = ReasonText(result);
      continue;
    }
    timings.push_back(
        {result.kernel().activation(), PlaceOf(result.kernel()), request.cases(i).working_set(), NsPerElement(result)});
  }
  return absl::OkStatus();
}

template <class Get>
std::vector<std::string> Different(const std::vector<Timing>& timings, const Get& get) {
  std::vector<std::string> values;
  for (const Timing& timing : timings) {
    if (std::find(values.begin(), values.end(), get(timing)) == values.end()) values.push_back(get(timing));
  }
  return values;
}

}  // namespace

absl::StatusOr<std::vector<Timing>> TimeKernels(Lab& lab, const std::vector<std::string>& activations) {
  const absl::StatusOr<std::vector<std::vector<v1::Kernel>>> kernels = FindKernels(lab, activations);
  if (!kernels.ok()) return kernels.status();
  if (kernels->empty()) return absl::NotFoundError("the server has no instruction set with kernels of all of them");
  std::vector<Timing> timings;
  std::string reason;
  for (const Part& part : PartsOf(lab)) {
    absl::Status timed = TimePart(lab, MakeRequest(part, *kernels), timings, reason);
    if (!timed.ok()) return timed;
  }
  if (timings.empty()) return absl::FailedPreconditionError(absl::StrCat("nothing could be timed: ", reason));
  return timings;
}

std::vector<std::string> IsasOf(const std::vector<Timing>& timings) {
  return Different(timings, [](const Timing& timing) { return timing.isa; });
}

std::vector<std::string> WorkingSetsOf(const std::vector<Timing>& timings) {
  return Different(timings, [](const Timing& timing) { return timing.working_set; });
}

void AddTimes(const std::vector<Timing>& timings, const std::string& costly, const std::string& cheap,
              Measurements& measurements) {
  std::map<std::string, double> of_costly;
  std::map<std::string, double> of_cheap;
  for (const Timing& timing : timings) {
    const std::string end = absl::StrCat(".", timing.isa, ".", timing.working_set);
    measurements.Add(absl::StrCat("ns.", timing.activation, end), timing.ns, "ns");
    if (timing.activation == costly) of_costly[end] = timing.ns;
    if (timing.activation == cheap) of_cheap[end] = timing.ns;
  }
  for (const Timing& timing : timings) {
    const std::string end = absl::StrCat(".", timing.isa, ".", timing.working_set);
    if (timing.activation != costly || of_cheap.count(end) == 0) continue;
    measurements.Add("ratio" + end, of_costly[end] / of_cheap[end]);
  }
}

Figure CostFigure(const std::vector<Timing>& timings) {
  Figure figure = {
      "Nanoseconds an element, on a logarithmic scale, by the memory that inputs and outputs lie in: a chart for each "
      "instruction set.",
      {}};
  const std::vector<std::string> sets = WorkingSetsOf(timings);
  std::vector<std::string> names;
  names.reserve(sets.size());
  for (const std::string& set : sets)
    names.push_back(set == "dram" ? "memory" : absl::StrReplaceAll(set, {{"l", "L"}}));
  double least = timings.front().ns;
  double greatest = least;
  for (const Timing& timing : timings) {
    least = std::min(least, timing.ns);
    greatest = std::max(greatest, timing.ns);
  }
  for (const std::string& isa : IsasOf(timings)) {
    // One scale for all, so that they can be compared.
    Chart chart = {isa, {"", false, names}, {"", true, {}, least, greatest}, {}};
    for (const std::string& activation : Different(timings, [](const Timing& timing) { return timing.activation; })) {
      Series series = {activation, ColorOf(activation), {}, false, /*marked=*/true};
      for (const Timing& timing : timings) {
        if (timing.isa != isa || timing.activation != activation) continue;
        const auto place = std::find(sets.begin(), sets.end(), timing.working_set) - sets.begin();
        series.points.push_back({static_cast<double>(place), timing.ns});
      }
      chart.series.push_back(std::move(series));
    }
    figure.charts.push_back(std::move(chart));
  }
  return figure;
}

Ratios RatiosOf(const Measurements& measurements) {
  Ratios ratios;
  for (const Measurement& one : measurements.all()) {
    absl::string_view name = one.name;
    if (!absl::ConsumePrefix(&name, "ratio.")) continue;
    const std::string at = absl::StrReplaceAll(name, {{".", ", "}});
    if (ratios.count == 0 || one.value < ratios.least) {
      ratios.least = one.value;
      ratios.least_at = at;
    }
    if (ratios.count == 0 || one.value > ratios.greatest) {
      ratios.greatest = one.value;
      ratios.greatest_at = at;
    }
    ++ratios.count;
    if (one.value >= kCheaper) {
      ++ratios.cheaper;
    } else {
      ratios.not_cheaper_at.push_back(at);
    }
  }
  return ratios;
}

std::string RatiosText(const Ratios& ratios) {
  return absl::StrCat("In ", ratios.cheaper, " of ", ratios.count, " cases it takes ", NumberText(kCheaper),
                      " times as long or longer",
                      ratios.not_cheaper_at.empty() || ratios.cheaper == 0
                          ? "."
                          : absl::StrCat("; not so with ", absl::StrJoin(ratios.not_cheaper_at, "; "), "."));
}

}  // namespace actbench::client
