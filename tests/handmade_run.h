// SPDX-License-Identifier: Apache-2.0
// A benchmark run made by hand, for tests of what the client makes of it.
#ifndef ACTBENCH_TESTS_HANDMADE_RUN_H_
#define ACTBENCH_TESTS_HANDMADE_RUN_H_

#include <limits>
#include <string>

#include "actbench/v1/benchmark.pb.h"

namespace actbench::client {

inline constexpr char kConditions[] = "n:65536/dist:normal/cache:hot";

// Sigmoid, forward, in f32.
inline void SetKernel(v1::Kernel& kernel, const std::string& provider, const std::string& tier,
                      const std::string& isa) {
  kernel.set_name("sigmoid/forward/f32/" + provider + "/" + tier + "/" + isa);
  kernel.set_activation("sigmoid");
  kernel.set_direction(v1::DIRECTION_FORWARD);
  kernel.set_dtype(v1::DTYPE_F32);
  kernel.set_provider(provider);
  kernel.set_tier(tier);
  kernel.set_device("cpu");
  kernel.set_isa(isa);
}

// A case of sigmoid, forward, in f32, with its name: `kernel` is "PROVIDER/TIER/ISA".
inline v1::BenchmarkResult& AddResult(v1::BenchmarkRun& run, const std::string& provider, const std::string& tier,
                                      const std::string& isa) {
  v1::BenchmarkResult& result = *run.add_results();
  SetKernel(*result.mutable_kernel(), provider, tier, isa);
  result.set_name(result.kernel().name() + "/" + kConditions);
  result.set_elements(65536);
  result.set_bytes(524288);
  result.set_working_set("l2");
  result.set_cache("hot");
  result.set_distribution("normal");
  result.set_threads(1);
  return result;
}

// Gives it times, and says that nothing disturbed it.
inline v1::BenchmarkResult& Measure(v1::BenchmarkResult& result, double median_ns) {
  result.set_outcome(v1::OUTCOME_MEASURED);
  v1::CallTime& time = *result.mutable_time();
  time.set_min_ns(median_ns * 0.96875);
  time.set_median_ns(median_ns);
  time.set_median_low_ns(median_ns * 0.9921875);
  time.set_median_high_ns(median_ns * 1.0078125);
  time.set_p90_ns(median_ns * 1.0625);
  time.set_p99_ns(median_ns * 1.25);
  for (const double factor : {0.9921875, 1.0, 1.0078125}) time.add_process_medians_ns(median_ns * factor);
  time.set_samples(3000);
  time.set_calls_per_sample(16);
  time.set_converged(true);
  result.set_copy_ns(4096);
  result.set_clock_ghz(2.5);
  v1::BenchmarkNoise& noise = *result.mutable_noise();
  noise.set_steal_ratio(0);
  noise.set_involuntary_switches(2);
  return result;
}

// Makes it one of a single process, which has no interval; by an old server it has one without a width.
inline void LeaveOneProcess(v1::BenchmarkResult& result, bool by_old_server = false) {
  v1::CallTime& time = *result.mutable_time();
  time.clear_process_medians_ns();
  time.add_process_medians_ns(time.median_ns());
  time.set_median_low_ns(by_old_server ? time.median_ns() : 0);
  time.set_median_high_ns(by_old_server ? time.median_ns() : 0);
  time.set_converged(by_old_server);
}

inline void SetAccuracy(v1::BenchmarkResult& result, double max_ulp, const std::string& mode) {
  result.mutable_accuracy()->set_max_ulp(max_ulp);
  result.mutable_accuracy()->set_mode(mode);
}

inline void AddFingerprint(v1::BenchmarkRun& run) {
  const auto add = [&](const char* name, const char* value) {
    v1::FingerprintField& field = *run.add_fingerprint();
    field.set_name(name);
    field.set_value(value);
  };
  add("processor", "A <Processor> & Co");
  add("caches", "l1 48 KiB, l2 1024 KiB, l3 32768 KiB");
  add("hypervisor", "unknown");
  run.set_fingerprint_hash("0123456789abcdef");
}

// All that can happen: fast, exact, noisy, infinitely wrong, of a name with odd characters and without accuracy, with a
// parameter, skipped, failed.
inline v1::BenchmarkRun MakeHandmadeRun() {
  v1::BenchmarkRun run;
  run.set_id("00c0ffee00c0ffee");
  run.set_name("nightly | <main>");
  run.mutable_time()->set_seconds(1764079391);  // 2025-11-25T14:03:11Z
  run.set_seconds(12.5);
  run.mutable_build()->set_version("0.1.0");
  run.mutable_build()->set_revision("abcdef0");
  run.mutable_build()->set_compiler("GNU 12.2.0");
  run.set_build_id("fedcba9876543210");
  run.mutable_machine()->set_cpu_model("A <Processor> & Co");
  run.mutable_machine()->set_cpu_count(2);
  AddFingerprint(run);
  run.mutable_plan()->set_min_processes(3);
  run.mutable_plan()->set_max_relative_width(0.01);

  v1::BenchmarkResult& fast = Measure(AddResult(run, "actbench", "fast", "avx512"), 8192);
  SetAccuracy(fast, 1.5, "exhaustive");
  fast.mutable_accuracy()->set_certificate_id("6f1d2a9c");
  v1::BenchmarkResult& exact = Measure(AddResult(run, "actbench", "exact", "avx512"), 16384);
  exact.mutable_time()->set_converged(false);
  SetAccuracy(exact, 0.5, "exhaustive");
  v1::BenchmarkResult& noisy = Measure(AddResult(run, "onednn", "native", "avx512"), 6144);
  noisy.mutable_noise()->add_reasons("steal");
  noisy.mutable_noise()->add_reasons("slow_clock");
  (*noisy.mutable_noise()->mutable_discarded_slices())["steal"] = 7;
  (*noisy.mutable_noise()->mutable_discarded_slices())["other_work"] = 1;
  noisy.mutable_noise()->set_steal_ratio(0.25);
  noisy.mutable_noise()->set_pressure_ratio(0.5);
  noisy.mutable_noise()->set_throttled_periods(0);
  SetAccuracy(noisy, 2.5e6, "sampled");
  SetAccuracy(Measure(AddResult(run, "libm", "native", "scalar"), 262144), std::numeric_limits<double>::infinity(),
              "sampled");
  Measure(AddResult(run, "a \"b\" <c> & 'd' | `e`, \\f", "native", "avx2"), 32768);

  v1::BenchmarkResult& swish = Measure(AddResult(run, "actbench", "fast", "avx2"), 24576);
  swish.mutable_kernel()->set_activation("swish");
  swish.mutable_kernel()->set_direction(v1::DIRECTION_GRADIENT);
  swish.mutable_kernel()->set_name("swish/gradient/f32/actbench/fast/avx2");
  swish.set_name("swish/gradient/f32/actbench/fast/avx2/" + std::string(kConditions) + "/beta=1.5");
  swish.set_bytes(786432);
  (*swish.mutable_parameters())["beta"] = 1.5;
  SetAccuracy(swish, 1.75, "sampled");

  v1::BenchmarkResult& skipped = AddResult(run, "onednn", "native", "avx2");
  skipped.set_outcome(v1::OUTCOME_SKIPPED);
  skipped.set_message("onednn has no \"avx2\" kernel,\nonly <avx512> & others\x01");
  v1::BenchmarkResult& failed = AddResult(run, "actbench", "fast", "avx2");
  failed.set_outcome(v1::OUTCOME_ERROR);
  failed.set_message("the worker ended by signal 11");
  run.set_measured(6);
  run.set_unmeasured(2);
  return run;
}

}  // namespace actbench::client

#endif  // ACTBENCH_TESTS_HANDMADE_RUN_H_
