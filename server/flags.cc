// SPDX-License-Identifier: Apache-2.0
#include "server/flags.h"

#include <CLI/CLI.hpp>
#include <iostream>
#include <map>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "proto/usage.h"
#include "server/build_info.h"
#include "server/state_db.h"

namespace actbench {
namespace {

constexpr char kFooter[] =
    "Every flag can also come from the environment: --drain_timeout from ACTBENCH_DRAIN_TIMEOUT, and so on.\n"
    "Sizes take suffixes: 64MiB (b, kb, mb, ... count in 1024 too).\n\n"
    "SIGTERM or SIGINT: stop taking work, finish what was accepted, exit. A second one: exit at once.\n"
    "Exit status: 0 all accepted work was finished; 1 some was not (--drain_timeout or a second signal);\n"
    "2 a mistake in a flag, or an address that cannot be listened on.";

// In place of an address or a directory.
constexpr char kNone[] = "none";

constexpr double kAccuracySampleRate = 0.001;

// "30s", "1m30s" or a plain number of seconds; the empty string if it is one of these.
std::string CheckDuration(const std::string& text) {
  absl::Duration duration;
  const bool good =
      absl::ParseDuration(text, &duration) && duration >= absl::ZeroDuration() && duration < absl::InfiniteDuration();
  return good ? "" : absl::StrCat("\"", text, "\" is not a duration such as 30s, 500ms or 1m30s");
}

// "30" is "30s".
std::string WithUnit(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789.") == std::string::npos ? text + "s" : text;
}

// What a script left empty is a mistake, not a wish.
std::string CheckNotEmpty(const std::string& text) { return text.empty() ? "must not be empty" : ""; }

// Adds flags that can come from the environment too.
class FlagAdder {
 public:
  explicit FlagAdder(CLI::App& app) : app_(app) {}

  template <class T>
  CLI::Option* Add(const std::string& name, T& value, const std::string& description) {
    return app_.add_option("--" + name, value, description)
        ->check(CheckNotEmpty)
        ->envname(EnvironmentName(name))
        ->capture_default_str();
  }

  void AddFlag(const std::string& name, bool& value, const std::string& description) {
    app_.add_flag("--" + name, value, description)->envname(EnvironmentName(name));
  }

  template <class T>
  void AddNumber(const OptionRange& range, T& value, const std::string& description) {
    Add(range.flag, value, description)
        ->type_name(absl::StrCat("INT in [", range.min, " - ", range.max, "]"))
        ->transform(NumberIn(static_cast<T>(range.min), static_cast<T>(range.max)));
  }

  // With or without a suffix such as MiB.
  void AddSize(const OptionRange& range, int64_t& value, const std::string& description) {
    Add(range.flag, value, description)
        ->type_name(absl::StrCat("SIZE in [", range.min, " - ", range.max, "]"))
        ->transform(SizeIn(range.min, range.max));
  }

 private:
  static std::string EnvironmentName(const std::string& flag) {
    return absl::StrCat("ACTBENCH_", absl::AsciiStrToUpper(flag));
  }

  CLI::App& app_;
};

void AddAddresses(FlagAdder& flags, ServerOptions& options) {
  flags.Add("address", options.address, "Serve gRPC here: HOST:PORT (port 0: any free one) or unix:PATH");
  flags.Add("metrics_address", options.metrics_address,
            "Serve Prometheus metrics here, at /metrics: HOST:PORT (IPv4), or none");
  flags.AddFlag("allow_insecure_bind", options.allow_insecure_bind,
                "Allow addresses that other machines can reach, without encryption or authentication");
  flags.AddNumber(kThreadsRange, options.threads,
                  "Worker threads; 0: as many as the processors this process may use (affinity, cgroup quota)");
}

void AddPlugins(FlagAdder& flags, ServerOptions& options) {
  flags
      .Add("plugin", options.plugins,
           "Add the kernels of a plug-in, under its own name or NAME (docs/plugins.md); several: again, or with commas")
      ->type_name("[NAME=]FILE")
      ->default_str("")
      ->delimiter(',')
      ->allow_extra_args(false);
}

void AddLimits(FlagAdder& flags, ServerOptions& options) {
  Limits& limits = options.limits;
  flags.AddSize(kMessageSizeRange, limits.message_size_bytes, "The largest request or response");
  flags.AddNumber(kTensorElementsRange, limits.tensor_elements, "The most elements of one tensor");
  flags.AddNumber(kBatchItemsRange, limits.batch_items, "The most items of one Evaluate request");
  flags.AddNumber(kQueueLengthRange, limits.queue_length,
                  "The most requests of a kind, as Evaluate, that may wait for a worker, or for one of two accuracy "
                  "measurements to end");
  flags.AddSize(kInflightBytesRange, limits.inflight_bytes,
                "The most memory that requests in work and their results may take at a time");
  flags.AddNumber(kAccuracySamplesRange, limits.accuracy_samples, "The most inputs of a sampled accuracy measurement");
  flags.AddNumber(kBenchmarkCasesRange, limits.benchmark_cases, "The most cases of a benchmark run");
  flags.AddSize(kBenchmarkBytesRange, limits.benchmark_bytes, "The most memory that a benchmark case may take");
  flags.AddNumber(kBenchmarkSecondsRange, limits.benchmark_seconds,
                  "The longest that a benchmark run may take, as planned, in seconds");
  flags.AddSize(
      kGpuMemoryRange, options.gpu_limits.memory_bytes,
      "The most memory of each GPU that evaluating and measuring accuracy on it may take, 4 MiB at a time; less: no "
      "GPU is used. Benchmarks take theirs beside it, up to --max_benchmark_bytes");
  flags.AddSize(kGpuPinnedRange, options.gpu_limits.pinned_bytes,
                "The most of this machine's memory that each GPU reads and writes directly, likewise");
  flags.AddSize(kMemoryQuotaRange, options.memory_quota_bytes,
                "The most memory for gRPC's own buffers; give 3 x the largest messages that come at a time");
}

void AddAccuracy(FlagAdder& flags, ServerOptions& options) {
  options.state_dir = DefaultStateDir();
  if (options.state_dir.empty()) options.state_dir = kNone;
  flags.Add("state_dir", options.state_dir,
            "Keep certificates and benchmark runs here, in actbench.sqlite, which several servers may share; or none");
  flags.AddNumber(kRunsRange, options.max_runs, "Of benchmark runs the newest so many are kept");
  options.accuracy_sample_rate = kAccuracySampleRate;
  flags
      .Add("accuracy_sample_rate", options.accuracy_sample_rate,
           "The fraction of the elements that Evaluate answers whose errors are measured afterwards, for the metrics")
      ->type_name("FLOAT in [0 - 1]")
      ->transform(NumberIn(0.0, 1.0));
  options.self_check = true;
  flags
      .Add("self_check", options.self_check,
           "Check the kernels that have served slowly in the background, for the metrics: true or false")
      ->type_name("true|false");
}

// Prints the mistake, unless help was asked for; gives the exit status.
int Refuse(const CLI::App& app, const CLI::ParseError& mistake, const std::vector<std::string>& arguments) {
  if (AsksForHelp(app)) {
    app.exit(CLI::CallForHelp());
    return std::cout.flush() ? 0 : 2;
  }
  std::cerr << "actbench-server: " << DescribeMistake(app, mistake, arguments) << "; see 'actbench-server --help'"
            << std::endl;
  return 2;
}

}  // namespace

Flags ParseFlags(int argc, const char* const* argv, std::optional<int>& exit_status) {
  Flags flags;
  CLI::App app("Evaluates neural-network activation functions for remote clients, by gRPC.", "actbench-server");
  app.footer(kFooter);
  const BuildInfo& build = GetBuildInfo();
  app.set_version_flag(
      "--version", absl::StrCat("actbench-server ", build.version,
                                build.revision.empty() ? "" : absl::StrCat(" (", build.revision, ")"), ", ",
                                build.compiler, ", gRPC ", build.grpc_version, ", protobuf ", build.protobuf_version));
  FlagAdder adder(app);
  AddAddresses(adder, flags.server);
  AddPlugins(adder, flags.server);
  AddLimits(adder, flags.server);
  AddAccuracy(adder, flags.server);
  std::string drain_timeout = absl::FormatDuration(flags.drain_timeout);
  adder.Add("drain_timeout", drain_timeout, "How long accepted work may take to finish after SIGTERM")
      ->transform(WithUnit)
      ->check(CheckDuration);
  adder.Add("log_level", flags.log_level, "The least severe messages to log, to stderr")
      ->check(CLI::IsMember({"debug", "info", "warning", "error", "off"}));
  const std::map<std::string, LogFormat> formats = {{"text", LogFormat::kText}, {"json", LogFormat::kJson}};
  std::string log_format = "text";
  adder.Add("log_format", log_format, "How to log")->check(CLI::IsMember({"text", "json"}));

  const std::vector<std::string> arguments(argv + 1, argv + argc);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    app.exit(success);  // prints help or version
    exit_status = std::cout.flush() ? 0 : 2;
    return flags;
  } catch (const CLI::ParseError& error) {
    exit_status = Refuse(app, error, arguments);
    return flags;
  }
  flags.variables = VariablesInUse(app, arguments);
  if (flags.server.metrics_address == kNone) flags.server.metrics_address.clear();
  if (flags.server.state_dir == kNone) flags.server.state_dir.clear();
  absl::ParseDuration(drain_timeout, &flags.drain_timeout);
  flags.log_format = formats.at(log_format);
  return flags;
}

}  // namespace actbench
