// SPDX-License-Identifier: Apache-2.0
#include "kernels/measure/worker_messages.h"

#include <cmath>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"

namespace actbench {
namespace {

using Json = nlohmann::json;

std::string Line(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"; }

absl::Status Strange(const std::string& line) {
  return absl::InternalError(
      absl::StrCat("the worker and who started it do not understand each other: ", line.substr(0, 200)));
}

// What `read` makes of the line. The library tells by exceptions what is missing or of another type.
template <class Read>
auto Parse(const std::string& line, const Read& read) -> absl::StatusOr<decltype(read(Json()))> {
  try {
    const Json json = Json::parse(line);
    if (const auto error = json.find("error"); error != json.end()) {
      return absl::Status(static_cast<absl::StatusCode>(error->at("code").get<int>()),
                          error->at("message").get<std::string>());
    }
    return read(json);
  } catch (const Json::exception&) {
    return Strange(line);
  }
}

template <class T>
Json OptionalJson(const std::optional<T>& value) {
  return value.has_value() ? Json(*value) : Json();
}

template <class T>
std::optional<T> OptionalFrom(const Json& json) {
  return json.is_null() ? std::optional<T>() : json.get<T>();
}

Json NoiseJson(const Noise& noise) {
  return {{"elapsed_s", noise.elapsed_s},
          {"steal_ratio", OptionalJson(noise.steal_ratio)},
          {"pressure_ratio", OptionalJson(noise.pressure_ratio)},
          {"throttled_periods", OptionalJson(noise.throttled_periods)},
          {"involuntary_switches", noise.involuntary_switches},
          {"minor_faults", noise.minor_faults},
          {"major_faults", noise.major_faults}};
}

Noise NoiseFrom(const Json& json) {
  return {.elapsed_s = json.at("elapsed_s"),
          .steal_ratio = OptionalFrom<double>(json.at("steal_ratio")),
          .pressure_ratio = OptionalFrom<double>(json.at("pressure_ratio")),
          .throttled_periods = OptionalFrom<int64_t>(json.at("throttled_periods")),
          .involuntary_switches = json.at("involuntary_switches"),
          .minor_faults = json.at("minor_faults"),
          .major_faults = json.at("major_faults")};
}

Json SelectorJson(const Kernel& kernel) {
  return {{"provider", kernel.provider}, {"tier", kernel.tier}, {"isa", kernel.isa}, {"device", kernel.device}};
}

KernelSelector SelectorFrom(const Json& json) {
  return {.provider = json.at("provider"), .tier = json.at("tier"), .isa = json.at("isa"), .device = json.at("device")};
}

Json PluginsJson(const LoadedPlugins& plugins) {
  return {{"arguments", plugins.arguments}, {"content_hashes", plugins.content_hashes}};
}

LoadedPlugins PluginsFrom(const Json& json) {
  return {.arguments = json.at("arguments").get<std::vector<std::string>>(),
          .content_hashes = json.at("content_hashes").get<std::map<std::string, std::string>>()};
}

// The task but for its kernels, and what these are.
struct NamedTask {
  WorkerTask task;
  std::string activation;
  Direction direction;
  Dtype dtype;
  std::vector<KernelSelector> selectors;  // the kernel, then the rivals
};

NamedTask NamedTaskFrom(const Json& json) {
  NamedTask named;
  BenchmarkCase& benchmark = named.task.benchmark;
  named.activation = json.at("activation");
  named.direction = static_cast<Direction>(json.at("direction").get<int>());
  named.dtype = static_cast<Dtype>(json.at("dtype").get<int>());
  named.selectors.push_back(SelectorFrom(json.at("kernel")));
  for (const Json& rival : json.at("rivals")) {
    named.selectors.push_back(SelectorFrom(rival.at("kernel")));
    benchmark.rivals.push_back({.kernel = nullptr, .work = rival.at("work")});
  }
  benchmark.parameters = json.at("parameters").get<std::vector<double>>();
  benchmark.elements = json.at("elements");
  benchmark.cache = static_cast<CacheState>(json.at("cache").get<int>());
  benchmark.distribution = static_cast<Distribution>(json.at("distribution").get<int>());
  benchmark.seed = json.at("seed");
  benchmark.threads = json.at("threads");
  benchmark.in_place = json.at("in_place");
  benchmark.launch = static_cast<LaunchTime>(json.at("launch").get<int>());
  named.task.layout_seed = json.at("layout_seed");
  named.task.cpus = json.at("cpus").get<std::vector<int>>();
  named.task.plugins = PluginsFrom(json.at("plugins"));
  return named;
}

}  // namespace

std::string ToLine(const WorkerTask& task) {
  const BenchmarkCase& benchmark = task.benchmark;
  const Kernel& kernel = *benchmark.kernel;
  Json rivals = Json::array();
  for (const Rival& rival : benchmark.rivals) {
    rivals.push_back({{"kernel", SelectorJson(*rival.kernel)}, {"work", rival.work}});
  }
  return Line({{"activation", kernel.activation},
               {"direction", static_cast<int>(kernel.direction)},
               {"dtype", static_cast<int>(kernel.dtype)},
               {"kernel", SelectorJson(kernel)},
               {"rivals", std::move(rivals)},
               {"parameters", benchmark.parameters},
               {"elements", benchmark.elements},
               {"cache", static_cast<int>(benchmark.cache)},
               {"distribution", static_cast<int>(benchmark.distribution)},
               {"seed", benchmark.seed},
               {"given", benchmark.given.size()},
               {"threads", benchmark.threads},
               {"in_place", benchmark.in_place},
               {"launch", static_cast<int>(benchmark.launch)},
               {"layout_seed", task.layout_seed},
               {"cpus", task.cpus},
               {"plugins", PluginsJson(task.plugins)}});
}

absl::StatusOr<WorkerTask> TaskFromLine(const std::string& line, const Catalog& catalog) {
  absl::StatusOr<NamedTask> named = Parse(line, NamedTaskFrom);
  if (!named.ok()) return named.status();
  BenchmarkCase& benchmark = named->task.benchmark;
  for (size_t i = 0; i < named->selectors.size(); ++i) {
    const absl::StatusOr<const Kernel*> kernel =
        catalog.FindKernel(named->activation, named->direction, named->dtype, named->selectors[i]);
    if (!kernel.ok()) return kernel.status();
    (i == 0 ? benchmark.kernel : benchmark.rivals[i - 1].kernel) = *kernel;
  }
  benchmark.activation = *Catalog::FindActivation(named->activation);
  return std::move(named->task);
}

absl::StatusOr<LoadedPlugins> PluginsOf(const std::string& line) {
  return Parse(line, [](const Json& json) { return PluginsFrom(json.at("plugins")); });
}

absl::StatusOr<bool> NeedsGpu(const std::string& line) {
  const absl::StatusOr<NamedTask> named = Parse(line, NamedTaskFrom);
  if (!named.ok()) return named.status();
  return std::any_of(named->selectors.begin(), named->selectors.end(),
                     [](const KernelSelector& selector) { return selector.device != "cpu"; });
}

absl::StatusOr<size_t> GivenInputsOf(const std::string& line) {
  return Parse(line, [](const Json& json) { return json.at("given").get<size_t>(); });
}

std::string ToLine(const WorkerRequest& request) {
  return Line({{"run_ns", request.run.count()}, {"error_samples", request.error_samples}});
}

absl::StatusOr<WorkerRequest> RequestFromLine(const std::string& line) {
  return Parse(line, [](const Json& json) {
    return WorkerRequest{.run = std::chrono::nanoseconds(json.at("run_ns").get<int64_t>()),
                         .error_samples = json.at("error_samples")};
  });
}

std::string ReadyLine() { return Line({{"ready", true}}); }

absl::Status ReadyFromLine(const std::string& line) {
  return Parse(line, [](const Json& json) { return json.at("ready").get<bool>(); }).status();
}

std::string ToLine(const Slice& slice) {
  return Line({{"ns_per_call", slice.ns_per_call},
               {"ratios", slice.ratios},
               {"copy_ns", slice.copy_ns},
               {"calls_per_sample", slice.calls_per_sample},
               {"noise", NoiseJson(slice.noise)},
               {"clock_ghz", slice.clock_ghz},
               {"gpu_throttled", slice.gpu_throttled}});
}

absl::StatusOr<Slice> SliceFromLine(const std::string& line) {
  return Parse(line, [](const Json& json) {
    return Slice{.ns_per_call = json.at("ns_per_call").get<std::vector<double>>(),
                 .ratios = json.at("ratios").get<std::vector<std::vector<double>>>(),
                 .copy_ns = json.at("copy_ns"),
                 .calls_per_sample = json.at("calls_per_sample"),
                 .noise = NoiseFrom(json.at("noise")),
                 .clock_ghz = json.at("clock_ghz"),
                 .gpu_throttled = json.at("gpu_throttled")};
  });
}

// JSON has no infinity: null.
std::string ToLine(const SampledError& error) {
  const std::optional<double> finite = std::isfinite(error.max_ulp) ? std::optional(error.max_ulp) : std::nullopt;
  return Line({{"max_ulp", OptionalJson(finite)},
               {"checked", error.checked},
               {"misrounded", error.misrounded},
               {"output_hash", error.output_hash}});
}

std::string BusyLine() { return Line({{"busy", true}}); }

absl::StatusOr<std::optional<SampledError>> ErrorFromLine(const std::string& line) {
  return Parse(line, [](const Json& json) -> std::optional<SampledError> {
    if (json.contains("busy")) return std::nullopt;
    const std::optional<double> max_ulp = OptionalFrom<double>(json.at("max_ulp"));
    return SampledError{.max_ulp = max_ulp.value_or(std::numeric_limits<double>::infinity()),
                        .checked = json.at("checked"),
                        .misrounded = json.at("misrounded"),
                        .output_hash = json.at("output_hash")};
  });
}

std::string ToLine(const absl::Status& status) {
  return Line({{"error", {{"code", static_cast<int>(status.code())}, {"message", std::string(status.message())}}}});
}

}  // namespace actbench
