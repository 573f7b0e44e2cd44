// SPDX-License-Identifier: Apache-2.0
#include "client/load_json.h"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/load_fixture.h"

namespace actbench::client {
namespace {

using nlohmann::json;

json Parse(const LoadSetup& setup, const std::vector<LoadResult>& results) {
  return json::parse(LoadJson(setup, results));
}

TEST(LoadJsonTest, TheSetupIsThere) {
  const json object = Parse(MakeSetup(), {});
  EXPECT_EQ(object, json::parse(R"({"activation":"swish","direction":"forward",
      "kernel":"swish/forward/f32/actbench/fast/avx2","device":"cpu","parameters":{"beta":1.5},"dtype":"f32",
      "size":1000,"batch":2,"request_bytes":8123,"server":"127.0.0.1:50052","arrivals":"poisson","seed":3,
      "warm_up_seconds":1.0,"duration_seconds":10.0,"connections":4,"max_in_flight":256,"deadline_ms":500.0,
      "rates":[]})"));
}

TEST(LoadJsonTest, TheNumbersOfEachRateAreThere) {
  LoadResult result = MakeResult(1000);
  result.arrivals = 1234;
  result.errors = {{"UNAVAILABLE", 120}, {"RESOURCE_EXHAUSTED", 3}};
  result.dropped_in_flight = 100;
  result.dropped_late = 4;
  result.unfinished = 7;
  result.interrupted = true;
  const json object = Parse(MakeSetup(), {MakeResult(10), result});
  ASSERT_EQ(object["rates"].size(), 2U);
  const json& rate = object["rates"][1];
  EXPECT_EQ(rate["rate"], 100);
  EXPECT_EQ(rate["seconds"], 10);
  EXPECT_EQ(rate["offered_per_second"], 123.4);
  EXPECT_EQ(rate["achieved_per_second"], 100);
  EXPECT_EQ(rate["elements_per_second"], 200'000);
  EXPECT_EQ(rate["arrivals"], 1234);
  EXPECT_EQ(rate["succeeded"], 1000);
  EXPECT_EQ(rate["errors"], json({{"UNAVAILABLE", 120}, {"RESOURCE_EXHAUSTED", 3}}));
  EXPECT_EQ(rate["dropped_in_flight"], 100);
  EXPECT_EQ(rate["dropped_late"], 4);
  EXPECT_EQ(rate["unfinished"], 7);
  EXPECT_EQ(rate["interrupted"], true);
  EXPECT_EQ(rate["generator_late"], true);
  EXPECT_EQ(rate["lateness_ns"]["max"], 1000);
  EXPECT_EQ(rate["queue_ns"]["max"], kMillisecond / 4);
  EXPECT_EQ(rate["compute_ns"]["max"], kMillisecond / 2);
  EXPECT_EQ(rate["copy_ns"]["max"], kMillisecond / 8);
  EXPECT_EQ(rate["rest_ns"]["max"], kMillisecond);
  EXPECT_EQ(object["rates"][0]["generator_late"], false);
}

TEST(LoadJsonTest, QuantilesAreThereWhereTheCountAllows) {
  const auto latency = [](int64_t count) { return Parse(MakeSetup(), {MakeResult(count)})["rates"][0]["latency_ns"]; };
  EXPECT_EQ(latency(0), json({{"count", 0}}));
  EXPECT_EQ(latency(19), json({{"count", 19}, {"min", 2000000}, {"mean", 2e6}, {"max", 2000000}}));
  EXPECT_EQ(latency(1000), json({{"count", 1000},
                                 {"min", 2000000},
                                 {"mean", 2e6},
                                 {"p50", 2000000},
                                 {"p90", 2000000},
                                 {"p99", 2000000},
                                 {"max", 2000000}}));
  EXPECT_TRUE(latency(10000).contains("p999"));
}

TEST(LoadJsonTest, TheHistogramAddsUp) {
  LoadResult result = MakeResult(30);
  result.latency.Record(5);
  const json buckets = Parse(MakeSetup(), {result})["rates"][0]["latency_histogram"];
  ASSERT_EQ(buckets.size(), 2U);
  EXPECT_EQ(buckets[0], json({{"up_to_ns", 5}, {"count", 1}}));
  EXPECT_EQ(buckets[1]["count"], 30);
  EXPECT_GE(buckets[1]["up_to_ns"], 2 * kMillisecond);
}

TEST(LoadJsonTest, AGoalIsThereIfThereIsOne) {
  LoadSetup setup = MakeSetup();
  EXPECT_FALSE(Parse(setup, {MakeResult(1000)})["rates"][0].contains("slo"));
  setup.slo = {.limit_ms = 2.5, .quantile = 0.9};
  setup.max_late_ms = 0.25;
  LoadResult missed = MakeResult(1000);
  missed.within_slo = 500;
  const json object = Parse(setup, {MakeResult(1000), missed, MakeResult(10)});
  EXPECT_EQ(object["slo_ms"], 2.5);
  EXPECT_EQ(object["slo_quantile"], 0.9);
  EXPECT_EQ(object["max_late_ms"], 0.25);
  EXPECT_EQ(object["rates"][0]["slo"], "met");
  EXPECT_EQ(object["rates"][1]["slo"], "missed");
  EXPECT_EQ(object["rates"][1]["within_slo"], 0.5);
  EXPECT_EQ(object["rates"][2]["slo"], "too_few_requests");
}

TEST(LoadJsonTest, WhatIsNoFiniteNumberIsAString) {
  LoadSetup setup = MakeSetup();
  setup.parameters["beta"] = std::numeric_limits<double>::infinity();
  EXPECT_EQ(Parse(setup, {})["parameters"]["beta"], "Infinity");
}

}  // namespace
}  // namespace actbench::client
