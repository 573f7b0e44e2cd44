// SPDX-License-Identifier: Apache-2.0
#include "client/study/speed.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "client/benchmark_result.h"
#include "client/kernel_selection.h"
#include "client/study/averages.h"

namespace actbench::client {
namespace {

// Kinds of memory that are timed alike, and how often: most where it decides, and least where making the inputs takes
// seconds, as they are to be several times as large as the last cache. Ratios of 1.25 and more are looked for, not
// percents: a process of each round will do.
struct Part {
  std::vector<const char*> working_sets;
  int rounds;
  int process_ms;
};

std::vector<Part> PartsOf(const Lab& lab) {
  if (lab.quick()) return {{{"l1", "l2"}, 2, 20}};
  return {{{"l1", "l2"}, 3, 40}, {{"l3"}, 2, 40}, {{"dram"}, 1, 40}};
}

bool IsCpu(const v1::Kernel& kernel) { return kernel.device() == "cpu"; }
std::string PlaceOf(const v1::Kernel& kernel) { return IsCpu(kernel) ? kernel.isa() : kernel.device(); }

// A GPU has no L1 that outlives a kernel, and one cache beside it.
bool HasMemory(const v1::Kernel& kernel, absl::string_view set) {
  return IsCpu(kernel) || set == "l2" || set == "dram";
}

using Place = std::vector<v1::Kernel>;  // the kernels that run at one place

struct Places {
  std::vector<Place> all;  // that have kernels of all activations
  std::vector<std::string> left_out;
};

// Of the instruction sets the first and the last; devices stay.
void KeepEnds(std::vector<Place>& places) {
  const auto is_cpu = [](const Place& place) { return IsCpu(place.front()); };
  const auto devices = std::stable_partition(places.begin(), places.end(), is_cpu);
  if (devices - places.begin() > 2) places.erase(places.begin() + 1, devices - 1);
}

// In the server's order, the narrowest first.
absl::StatusOr<Places> FindKernels(Lab& lab, const std::vector<std::string>& activations) {
  Places places;
  for (const std::string& activation : activations) {
    v1::ListKernelsRequest request;
    request.set_activation(activation);
    request.set_direction(v1::DIRECTION_FORWARD);
    request.set_dtype(v1::DTYPE_F32);
    request.mutable_selector()->set_provider("actbench");
    request.mutable_selector()->set_tier("fast");
    const absl::StatusOr<v1::ListKernelsResponse> list = lab.client().ListKernels(request);
    if (!list.ok()) return list.status();
    if (list->kernels().empty()) {
      return absl::NotFoundError(absl::StrCat("the server has no actbench fast f32 kernel of ", activation));
    }
    for (const v1::Kernel& kernel : list->kernels()) {
      const auto place = std::find_if(places.all.begin(), places.all.end(),
                                      [&](const Place& one) { return PlaceOf(one.front()) == PlaceOf(kernel); });
      place == places.all.end() ? places.all.push_back({kernel}) : place->push_back(kernel);
    }
  }
  std::reverse(places.all.begin(), places.all.end());
  std::erase_if(places.all, [&](const Place& place) {
    if (place.size() == activations.size()) return false;
    places.left_out.push_back(PlaceOf(place.front()));
    return true;
  });
  if (lab.quick()) KeepEnds(places.all);
  return places;
}

// Of one round: the server wants each case once in a run.
v1::RunBenchmarkRequest MakeRequest(const Part& part, const std::vector<Place>& places) {
  v1::RunBenchmarkRequest request;
  // Kernels that are compared follow each other. The lab takes in turns only cases of one activation, so what changes
  // between them shows as rounds that differ.
  for (const char* set : part.working_sets) {
    for (const Place& place : places) {
      for (const v1::Kernel& kernel : place) {
        if (!HasMemory(kernel, set)) continue;
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
  request.mutable_plan()->set_min_processes(1);
  request.mutable_plan()->set_max_processes(1);
  request.mutable_plan()->set_process_ms(part.process_ms);
  request.set_name("study");
  return request;
}

void AddRound(const v1::BenchmarkResult& result, const std::string& set, std::vector<Timing>& timings) {
  const std::string place = PlaceOf(result.kernel());
  auto timing = std::find_if(timings.begin(), timings.end(), [&](const Timing& one) {
    return one.activation == result.kernel().activation() && one.isa == place && one.working_set == set;
  });
  if (timing == timings.end()) {
    timing = timings.insert(timings.end(), {result.kernel().activation(), place, set, {}});
  }
  timing->rounds.push_back({NsPerElement(result), IsNoisy(result)});
}

// Adds the times of one round; `reason` becomes that of a case that has none.
absl::Status TimeRound(Lab& lab, const v1::RunBenchmarkRequest& request, std::vector<Timing>& timings,
                       std::string& reason) {
  const auto on_progress = [&](const v1::BenchmarkProgress& progress) {
    const bool waits = progress.waits_for_machine() || progress.queue_place() > 0;
    lab.Progress(waits ? "waits for another benchmark" : absl::StrCat("timing ", progress.current_case()),
                 progress.share());
  };
  if (request.cases().empty()) return absl::OkStatus();
  const absl::StatusOr<v1::BenchmarkRun> run =
      lab.client().RunBenchmark(request, {.progress = on_progress, .result = nullptr});
  if (!run.ok()) return run.status();
  for (int i = 0; i < std::min(run->results_size(), request.cases_size()); ++i) {
    if (IsMeasured(run->results(i))) {
      AddRound(run->results(i), request.cases(i).working_set(), timings);
    } else {
      reason = ReasonText(run->results(i));
    }
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

void AddRatio(const Timing& costly, const Timing& cheap, const std::string& end, Measurements& measurements) {
  std::vector<double> ratios;
  std::vector<double> quiet;
  for (size_t i = 0; i < std::min(costly.rounds.size(), cheap.rounds.size()); ++i) {
    ratios.push_back(costly.rounds[i].ns / cheap.rounds[i].ns);
    if (!costly.rounds[i].noisy && !cheap.rounds[i].noisy) quiet.push_back(ratios.back());
  }
  measurements.Add("ratio" + end, Median(ratios));
  if (quiet.size() < std::min<size_t>(2, ratios.size())) return;
  measurements.Add("ratio_least" + end, Least(quiet));
  measurements.Add("ratio_greatest" + end, Greatest(quiet));
}

// "with avx2, l1; scalar, l2"
std::string PlacesText(const std::vector<std::string>& places) {
  return absl::StrCat("with ", absl::StrJoin(places, "; "));
}

}  // namespace

double Timing::ns() const {
  std::vector<double> values;
  values.reserve(rounds.size());
  for (const RoundTime& round : rounds) values.push_back(round.ns);
  return Median(values);
}

absl::StatusOr<Timings> TimeKernels(Lab& lab, const std::vector<std::string>& activations) {
  absl::StatusOr<Places> places = FindKernels(lab, activations);
  if (!places.ok()) return places.status();
  if (places->all.empty()) {
    return absl::NotFoundError(absl::StrCat(
        "the server has no instruction set with actbench fast f32 kernels of ", absl::StrJoin(activations, ", "),
        " together: each of these lacks one: ", absl::StrJoin(places->left_out, ", ")));
  }
  Timings timings = {{}, std::move(places->left_out)};
  std::string reason;
  for (const Part& part : PartsOf(lab)) {
    const v1::RunBenchmarkRequest request = MakeRequest(part, places->all);
    for (int round = 0; round < part.rounds; ++round) {
      absl::Status timed = TimeRound(lab, request, timings.all, reason);
      if (!timed.ok()) return timed;
    }
  }
  if (timings.all.empty()) return absl::FailedPreconditionError(absl::StrCat("nothing could be timed: ", reason));
  return timings;
}

std::vector<std::string> IsasOf(const std::vector<Timing>& timings) {
  return Different(timings, [](const Timing& timing) { return timing.isa; });
}

std::vector<std::string> WorkingSetsOf(const std::vector<Timing>& timings) {
  return Different(timings, [](const Timing& timing) { return timing.working_set; });
}

void AddTimes(const Timings& timings, const std::string& costly, const std::string& cheap, Measurements& measurements) {
  std::map<std::string, const Timing*> of_cheap;
  std::map<std::string, double> fastest;  // by kind of memory
  size_t times = 0;
  size_t noisy = 0;
  for (const Timing& timing : timings.all) {
    const std::string end = absl::StrCat(".", timing.isa, ".", timing.working_set);
    measurements.Add(absl::StrCat("ns.", timing.activation, end), timing.ns(), "ns");
    if (timing.activation == cheap) of_cheap[end] = &timing;
    const auto [least, is_first] = fastest.try_emplace(timing.working_set, timing.ns());
    least->second = std::min(least->second, timing.ns());
    times += timing.rounds.size();
    for (const RoundTime& round : timing.rounds) noisy += round.noisy ? 1 : 0;
  }
  for (const Timing& timing : timings.all) {
    const auto other = of_cheap.find(absl::StrCat(".", timing.isa, ".", timing.working_set));
    if (timing.activation != costly || other == of_cheap.end()) continue;
    AddRatio(timing, *other->second, other->first, measurements);
    measurements.Add("of_fastest" + other->first, other->second->ns() / fastest[timing.working_set]);
  }
  measurements.Add("times", static_cast<double>(times));
  measurements.Add("noisy_times", static_cast<double>(noisy));
  for (const std::string& place : timings.left_out) measurements.Add("left_out." + place, 1);
}

Figure CostFigure(const std::vector<Timing>& timings) {
  Figure figure = {
      "Nanoseconds an element, on a logarithmic scale, by the memory that inputs and outputs lie in: a chart for each "
      "instruction set, the medians of the rounds.",
      {}};
  const std::vector<std::string> sets = WorkingSetsOf(timings);
  std::vector<std::string> names;
  names.reserve(sets.size());
  for (const std::string& set : sets) {
    names.push_back(set == "dram" ? "memory" : absl::StrReplaceAll(set, {{"l", "L"}}));
  }
  double least = timings.front().ns();
  double greatest = least;
  for (const Timing& timing : timings) {
    least = std::min(least, timing.ns());
    greatest = std::max(greatest, timing.ns());
  }
  for (const std::string& isa : IsasOf(timings)) {
    // One scale for all, so that they can be compared.
    Chart chart = {isa, {"", false, names}, {"ns", true, {}, least, greatest}, {}};
    for (const std::string& activation : Different(timings, [](const Timing& timing) { return timing.activation; })) {
      Series series = {activation, ColorOf(activation), {}, false, /*marked=*/true};
      for (const Timing& timing : timings) {
        if (timing.isa != isa || timing.activation != activation) continue;
        const auto place = std::find(sets.begin(), sets.end(), timing.working_set) - sets.begin();
        series.points.push_back({static_cast<double>(place), timing.ns()});
      }
      chart.series.push_back(std::move(series));
    }
    figure.charts.push_back(std::move(chart));
  }
  return figure;
}

Ratios RatiosOf(const Measurements& measurements) {
  // How near to the fastest of all is taken for waiting for memory.
  constexpr double kNearFastest = 1.5;
  Ratios ratios;
  bool is_first = true;
  for (const Measurement& one : measurements.all()) {
    absl::string_view name = one.name;
    if (!absl::ConsumePrefix(&name, "ratio.")) continue;
    const std::string at = absl::StrReplaceAll(name, {{".", ", "}});
    if (is_first || one.value < ratios.least) {
      ratios.least = one.value;
      ratios.least_at = at;
    }
    if (is_first || one.value > ratios.greatest) {
      ratios.greatest = one.value;
      ratios.greatest_at = at;
    }
    is_first = false;
    const bool decides = absl::EndsWith(name, ".l1") || absl::EndsWith(name, ".l2");
    const bool dearer = measurements[absl::StrCat("ratio_least.", name)] >= kDearer;
    const bool not_dearer = measurements[absl::StrCat("ratio_greatest.", name)] < kDearer;
    const bool in_l1 = absl::EndsWith(name, ".l1");
    const bool waits = !in_l1 && measurements[absl::StrCat("of_fastest.", name)] <= kNearFastest;
    ratios.count += decides ? 1 : 0;
    ratios.dearer += decides && dearer ? 1 : 0;
    ratios.not_dearer += decides && not_dearer ? 1 : 0;
    if (dearer) continue;
    std::vector<std::string>& others = !not_dearer ? ratios.undecided_at
                                       : waits     ? ratios.by_memory
                                                   : ratios.not_dearer_at;
    others.push_back(at);
  }
  return ratios;
}

Verdict JudgeRatios(const Ratios& ratios) {
  return ratios.count == 0                   ? Verdict::kDepends
         : ratios.dearer == ratios.count     ? Verdict::kConfirmed
         : ratios.not_dearer == ratios.count ? Verdict::kRefuted
                                             : Verdict::kDepends;
}

std::string RangeText(const Ratios& ratios) {
  return absl::StrCat(NumberText(ratios.least), " (", ratios.least_at, ") to ", NumberText(ratios.greatest), " (",
                      ratios.greatest_at, ")");
}

std::string RatiosText(const Measurements& measurements, const std::string& costly, const std::string& cheap) {
  const Ratios ratios = RatiosOf(measurements);
  std::string text = absl::StrCat("An element of ", costly, " takes ", RangeText(ratios), " times as long as one of ",
                                  cheap, ". In ", ratios.dearer, " of ", ratios.count, " cases in L1 and L2 it takes ",
                                  NumberText(kDearer), " times as long or longer in each round.");
  if (!ratios.by_memory.empty()) {
    absl::StrAppend(&text, " The difference disappears behind memory, which the cheaper one waits for too, ",
                    PlacesText(ratios.by_memory), ".");
  }
  if (!ratios.not_dearer_at.empty()) {
    absl::StrAppend(&text, " It is small for another reason ", PlacesText(ratios.not_dearer_at), ".");
  }
  if (!ratios.undecided_at.empty()) {
    absl::StrAppend(&text, " Rounds disagree, or too few were quiet, ", PlacesText(ratios.undecided_at), ".");
  }
  if (const double noisy = measurements["noisy_times"]; noisy > 0) {
    absl::StrAppend(&text, " Of ", NumberText(measurements["times"]), " times ", NumberText(noisy),
                    " were disturbed by other work and decide nothing.");
  }
  std::vector<std::string> left_out;
  for (const Measurement& one : measurements.all()) {
    absl::string_view name = one.name;
    if (absl::ConsumePrefix(&name, "left_out.")) left_out.emplace_back(name);
  }
  if (!left_out.empty()) {
    absl::StrAppend(&text, " Not timed, as not all of the kernels are there: ", absl::StrJoin(left_out, ", "), ".");
  }
  return text;
}

}  // namespace actbench::client
