// SPDX-License-Identifier: Apache-2.0
#include "kernels/measure/benchmark_case.h"

#include <gtest/gtest.h>

#include "tests/bench_fixture.h"

namespace actbench {
namespace {

constexpr CacheSizes kCaches = {.l1 = 48 << 10, .l2 = 2 << 20, .l3 = 64 << 20};

TEST(BenchmarkCaseTest, AWorkingSetIsHalfOfItsCacheAndDramIsFourTimesTheLast) {
  EXPECT_EQ(SizeBytes(WorkingSet::kL1, kCaches), size_t{24} << 10);
  EXPECT_EQ(SizeBytes(WorkingSet::kL2, kCaches), size_t{1} << 20);
  EXPECT_EQ(SizeBytes(WorkingSet::kL3, kCaches), size_t{32} << 20);
  EXPECT_EQ(SizeBytes(WorkingSet::kDram, kCaches), size_t{256} << 20);
  EXPECT_EQ(SizeBytes(WorkingSet::kL1, {}), size_t{16} << 10) << "of a cache whose size is not known";
}

TEST(BenchmarkCaseTest, AWorkingSetIsFoundByItsSizeAndItsName) {
  for (const std::string_view name : WorkingSetNames()) {
    const WorkingSet set = *ParseWorkingSet(name);
    EXPECT_EQ(Name(set), name);
    EXPECT_EQ(WorkingSetOf(SizeBytes(set, kCaches), kCaches), set);
  }
  EXPECT_EQ(WorkingSetOf(48 << 10, kCaches), WorkingSet::kL1) << "the whole cache";
  EXPECT_EQ(WorkingSetOf((48 << 10) + 1, kCaches), WorkingSet::kL2);
  EXPECT_FALSE(ParseWorkingSet("l4").has_value());
}

TEST(BenchmarkCaseTest, BytesCountAllThatACallReadsAndWrites) {
  EXPECT_EQ(CaseOf("sigmoid").Bytes(), 8000u);
  EXPECT_EQ(CaseOf("sigmoid", Direction::kGradient).Bytes(), 12000u);
  EXPECT_EQ(CaseOf("swiglu").Bytes(), 12000u);
  EXPECT_EQ(CaseOf("swiglu", Direction::kGradient).Bytes(), 20000u);
}

TEST(BenchmarkCaseTest, TheTextNamesWhatIsNotUsual) {
  EXPECT_EQ(CaseOf("sigmoid").Text(), "sigmoid/forward/f32/actbench/fast/scalar/n:1000/dist:normal/cache:hot");
  BenchmarkCase benchmark = CaseOf("swish");
  benchmark.cache = CacheState::kCold;
  benchmark.distribution = Distribution::kTails;
  benchmark.seed = 7;
  benchmark.threads = 2;
  benchmark.in_place = true;
  benchmark.launch = LaunchTime::kAlone;
  benchmark.parameters = {0.1};
  EXPECT_EQ(
      benchmark.Text(),
      "swish/forward/f32/actbench/fast/scalar/n:1000/dist:tails/cache:cold/seed:7/threads:2/in_place/launch:alone/"
      "beta=0.1");
}

TEST(BenchmarkCaseTest, WhatIsChosenBesideKernelAndSizeIsNotUsual) {
  EXPECT_TRUE(CaseOf("swish").IsUsual());
  for (const auto& change : std::vector<void (*)(BenchmarkCase&)>{
           [](BenchmarkCase& benchmark) { benchmark.cache = CacheState::kCold; },
           [](BenchmarkCase& benchmark) { benchmark.distribution = Distribution::kTails; },
           [](BenchmarkCase& benchmark) { benchmark.given = {"x"}; },
           [](BenchmarkCase& benchmark) { benchmark.threads = 2; },
           [](BenchmarkCase& benchmark) { benchmark.in_place = true; },
           [](BenchmarkCase& benchmark) { benchmark.launch = LaunchTime::kGraph; },
           [](BenchmarkCase& benchmark) { benchmark.parameters = {2}; }}) {
    BenchmarkCase benchmark = CaseOf("swish");
    change(benchmark);
    EXPECT_FALSE(benchmark.IsUsual()) << benchmark.Text();
  }
}

TEST(BenchmarkCaseTest, TheTextTellsGivenInputsApart) {
  BenchmarkCase first = CaseOf("sigmoid");
  first.given = {"1234"};
  BenchmarkCase second = first;
  EXPECT_EQ(first.Text(), second.Text());
  EXPECT_NE(first.Text().find("/dist:given-"), std::string::npos) << first.Text();
  second.given = {"1235"};
  EXPECT_NE(first.Text(), second.Text());
}

}  // namespace
}  // namespace actbench
