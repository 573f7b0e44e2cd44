// SPDX-License-Identifier: Apache-2.0
#include "client/benchmark_table.h"

#include <gtest/gtest.h>

#include <string>

namespace actbench::client {
namespace {

// 1000 elements of sigmoid in f32, each read and written.
v1::BenchmarkResult MakeResult(const std::string& provider, double median_ns) {
  v1::BenchmarkResult result;
  v1::Kernel& kernel = *result.mutable_kernel();
  kernel.set_activation("sigmoid");
  kernel.set_direction(v1::DIRECTION_FORWARD);
  kernel.set_dtype(v1::DTYPE_F32);
  kernel.set_name("sigmoid/forward/f32/" + provider + "/fast/avx2");
  result.set_name(kernel.name() + "/n:1000/dist:normal/cache:hot");
  result.set_elements(1000);
  result.set_bytes(8000);
  result.set_working_set("l1");
  result.set_cache("hot");
  result.set_distribution("normal");
  result.set_threads(1);
  result.set_outcome(v1::OUTCOME_MEASURED);
  v1::CallTime& time = *result.mutable_time();
  time.set_median_ns(median_ns);
  time.set_median_low_ns(median_ns * 0.99);
  time.set_median_high_ns(median_ns * 1.01);
  time.set_converged(true);
  result.set_copy_ns(100);
  result.mutable_accuracy()->set_max_ulp(1.87654);
  result.mutable_accuracy()->set_mode("exhaustive");
  return result;
}

TEST(BenchmarkTableTest, TheFastestOfItsAlternativesIsMarked) {
  v1::BenchmarkRun run;
  *run.add_results() = MakeResult("actbench", 200);
  *run.add_results() = MakeResult("another", 1200);
  EXPECT_EQ(BenchmarkTableText(run),
            "kernel                                    elements  in    ns/element         +-  of a copy      max ulp\n"
            "sigmoid/forward/f32/actbench/fast/avx2       1,000  l1         0.200  *   1.0 %       50 %       1.8766\n"
            "sigmoid/forward/f32/another/fast/avx2        1,000  l1          1.20      1.0 %      8.3 %       1.8766\n")
      << BenchmarkTableText(run);
}

TEST(BenchmarkTableTest, OneProcessHasNoInterval) {
  v1::BenchmarkRun run;
  *run.add_results() = MakeResult("actbench", 200);
  run.mutable_results(0)->mutable_time()->add_process_medians_ns(200);
  EXPECT_NE(BenchmarkTableText(run).find("     0.200          -       50 %       1.8766  one process: no interval\n"),
            std::string::npos)
      << BenchmarkTableText(run);
}

TEST(BenchmarkTableTest, AlternativesDifferInTheirKernelAlone) {
  const v1::BenchmarkResult result = MakeResult("actbench", 200);
  v1::BenchmarkResult other = MakeResult("another", 200);
  EXPECT_TRUE(AreAlternatives(result, other));
  other.set_name(other.kernel().name() + "/n:1000/dist:normal/cache:cold");
  EXPECT_FALSE(AreAlternatives(result, other));
  other = MakeResult("another", 200);
  other.mutable_kernel()->set_direction(v1::DIRECTION_GRADIENT);
  EXPECT_FALSE(AreAlternatives(result, other));
}

TEST(BenchmarkTableTest, OneAloneIsNoWinner) {
  BenchmarkTable table(10);
  EXPECT_EQ(table.Add(MakeResult("actbench", 200)), "") << "an alternative may come";
  EXPECT_EQ(table.Finish().find('*'), std::string::npos);
}

TEST(BenchmarkTableTest, WhatHasNoTimesIsNeverTheFastestAndSaysWhy) {
  v1::BenchmarkRun run;
  v1::BenchmarkResult& failed = *run.add_results();
  failed = MakeResult("another", 1);
  failed.clear_time();
  failed.set_outcome(v1::OUTCOME_ERROR);
  failed.set_message("the worker was ended by signal 11 (Segmentation fault)");
  v1::BenchmarkResult& skipped = *run.add_results();
  skipped.set_name("sigmoid/forward/f64/best/exact/avx2");
  skipped.set_outcome(v1::OUTCOME_SKIPPED);
  skipped.set_message("there is none");
  const std::string text = BenchmarkTableText(run);
  EXPECT_NE(text.find("error: the worker was ended by signal 11"), std::string::npos) << text;
  EXPECT_NE(text.find("sigmoid/forward/f64/best/exact/avx2"), std::string::npos) << text;
  EXPECT_NE(text.find("skipped: there is none"), std::string::npos) << text;
  EXPECT_EQ(text.find('*'), std::string::npos) << text;
  EXPECT_EQ(Fastest(std::vector<v1::BenchmarkResult>(run.results().begin(), run.results().end())), std::nullopt);
}

TEST(BenchmarkTableTest, NoiseAndWhatIsUnusualStandInTheLine) {
  v1::BenchmarkResult result = MakeResult("actbench", 200);
  result.mutable_time()->set_converged(false);
  result.mutable_noise()->add_reasons("slow_clock");
  result.mutable_noise()->add_reasons("steal");
  result.set_cache("cold");
  result.set_threads(2);
  result.set_in_place(true);
  result.set_launch("graph");
  BenchmarkTable table(10);
  table.Add(result);
  EXPECT_NE(table.Finish().find(
                "cold, 2 threads, in place, launch: graph; noisy: slow_clock, steal; interval wider than asked\n"),
            std::string::npos);
}

}  // namespace
}  // namespace actbench::client
