// SPDX-License-Identifier: Apache-2.0
#include "client/benchmark_json.h"

#include <gmock/gmock.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "client/benchmark_result.h"
#include "tests/handmade_run.h"

namespace actbench::client {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

std::string ErrorOf(const std::string& text) {
  const absl::StatusOr<v1::BenchmarkRun> run = ParseBenchmarkJson(text);
  EXPECT_EQ(run.status().code(), absl::StatusCode::kInvalidArgument) << text.substr(0, 80);
  EXPECT_EQ(run.status().message().find('\n'), absl::string_view::npos) << run.status();
  return std::string(run.status().message());
}

// The members of rows that Google Benchmark 1.7.1 always writes.
constexpr const char* kGoogleMembers[] = {"name",
                                          "family_index",
                                          "per_family_instance_index",
                                          "run_name",
                                          "run_type",
                                          "repetitions",
                                          "repetition_index",
                                          "threads",
                                          "iterations",
                                          "real_time",
                                          "cpu_time",
                                          "time_unit"};

class BenchmarkJsonTest : public testing::Test {
 protected:
  v1::BenchmarkRun run_ = MakeHandmadeRun();
  const json file_ = json::parse(GoogleBenchmarkJson(run_));
  const json& rows_ = file_["benchmarks"];
};

TEST_F(BenchmarkJsonTest, EachMeasuredCaseIsARowOfItsOwnName) {
  ASSERT_EQ(rows_.size(), 6U);
  std::set<std::string> names;
  for (size_t i = 0; i < rows_.size(); ++i) {
    for (const char* member : kGoogleMembers) EXPECT_TRUE(rows_[i].contains(member)) << member;
    EXPECT_EQ(rows_[i]["name"], run_.results(static_cast<int>(i)).name());
    EXPECT_EQ(rows_[i]["run_name"], rows_[i]["name"]);
    EXPECT_EQ(rows_[i]["run_type"], "iteration");
    EXPECT_TRUE(names.insert(rows_[i]["name"]).second);
  }
}

TEST_F(BenchmarkJsonTest, TimesAreMediansInNanoseconds) {
  const json& row = rows_[0];
  EXPECT_EQ(row["real_time"], 8192);
  EXPECT_EQ(row["cpu_time"], 8192);
  EXPECT_EQ(row["time_unit"], "ns");
  EXPECT_EQ(row["iterations"], 48000);
  EXPECT_EQ(row["items_per_second"], 8e9);
  EXPECT_EQ(row["bytes_per_second"], 64e9);
  EXPECT_EQ(row["median_low_ns"], 8128);
  EXPECT_EQ(row["copy_ratio"], 0.5);
  EXPECT_EQ(row["max_ulp"], 1.5);
  EXPECT_EQ(row["noisy"], 0);
  EXPECT_FALSE(row.contains("label"));
  EXPECT_EQ(rows_[2]["noisy"], 1);
  EXPECT_EQ(rows_[2]["label"], "noisy: steal, slow_clock");
}

TEST_F(BenchmarkJsonTest, OneProcessHasNoIntervalAndCanBeRead) {
  for (const bool by_old_server : {false, true}) {
    LeaveOneProcess(*run_.mutable_results(0), by_old_server);
    const std::string text = GoogleBenchmarkJson(run_);
    const json row = json::parse(text)["benchmarks"][0];
    EXPECT_EQ(row["processes"], 1);
    EXPECT_FALSE(row.contains("median_low_ns"));
    EXPECT_FALSE(row.contains("median_high_ns"));
    EXPECT_EQ(row["label"], "one process: no interval");
    const absl::StatusOr<v1::BenchmarkRun> read = ParseBenchmarkJson(text);
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_FALSE(HasInterval(read->results(0)));
  }
}

TEST_F(BenchmarkJsonTest, FamiliesAreFunctions) {
  const auto place = [&](size_t row) {
    return std::pair<int, int>(rows_[row]["family_index"], rows_[row]["per_family_instance_index"]);
  };
  EXPECT_EQ(place(0), std::pair(0, 0));
  EXPECT_EQ(place(4), std::pair(0, 4));
  EXPECT_EQ(place(5), std::pair(1, 0));
}

TEST_F(BenchmarkJsonTest, ErrorsThatAreInfiniteOrUnknownAreLeftOut) {
  EXPECT_FALSE(rows_[3].contains("max_ulp"));
  EXPECT_FALSE(rows_[4].contains("max_ulp"));
  run_.mutable_results(0)->mutable_time()->set_p99_ns(kNan);
  run_.mutable_results(0)->mutable_time()->set_min_ns(kInfinity);
  const json row = json::parse(GoogleBenchmarkJson(run_))["benchmarks"][0];
  EXPECT_FALSE(row.contains("p99_ns"));
  EXPECT_FALSE(row.contains("min_ns"));
  EXPECT_EQ(row["real_time"], 8192);
}

TEST_F(BenchmarkJsonTest, NoRowHasATimeOfZero) {
  run_.mutable_results(0)->mutable_time()->set_median_ns(0);
  run_.mutable_results(1)->clear_time();
  const json file = json::parse(GoogleBenchmarkJson(run_));
  ASSERT_EQ(file["benchmarks"].size(), 4U);
  for (const json& row : file["benchmarks"]) EXPECT_GT(row["real_time"], 0);
  EXPECT_TRUE(json::parse(GoogleBenchmarkJson({}))["benchmarks"].empty());
}

TEST_F(BenchmarkJsonTest, TheContextIsThatOfGoogleBenchmark) {
  const json& context = file_["context"];
  EXPECT_EQ(context["date"], "2025-11-25T14:03:11+00:00");
  EXPECT_EQ(context["host_name"], "0123456789abcdef");
  EXPECT_EQ(context["num_cpus"], 2);
  EXPECT_EQ(context["mhz_per_cpu"], 2500);
  EXPECT_EQ(context["library_build_type"], "release");
  EXPECT_EQ(context["load_avg"], json::array());
  ASSERT_EQ(context["caches"].size(), 3U);
  EXPECT_EQ(context["caches"][0], (json{{"type", "Data"}, {"level", 1}, {"size", 49152}, {"num_sharing", 0}}));
  EXPECT_EQ(context["caches"][2]["type"], "Unified");
  for (const auto& [name, value] : context.items()) {
    EXPECT_TRUE(value.is_string() || name.rfind("actbench_", 0) != 0) << name;
  }
  EXPECT_EQ(context["actbench_run_name"], "nightly | <main>");
}

TEST_F(BenchmarkJsonTest, CachesThatAreNotKnownAreAnEmptyArray) {
  for (const char* text : {"unknown", "", "l1", "l1 x KiB", "l1 -1 KiB", "L1 1 KiB", "l1 99999999999999999999 KiB",
                           "l1 9223372036854775807 KiB", "l 4 KiB", ", ,"}) {
    run_.mutable_fingerprint(1)->set_value(text);
    EXPECT_EQ(json::parse(GoogleBenchmarkJson(run_))["context"]["caches"], json::array()) << text;
  }
}

TEST_F(BenchmarkJsonTest, WhatIsWrittenIsReadAgain) {
  const absl::StatusOr<v1::BenchmarkRun> read = ParseBenchmarkJson(GoogleBenchmarkJson(run_));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(*read, run_)) << read->DebugString();
  EXPECT_EQ(GoogleBenchmarkJson(*read), GoogleBenchmarkJson(run_));
}

TEST_F(BenchmarkJsonTest, ItIsTheSameTextForEqualRuns) {
  for (const char* name : {"steal", "throttled", "page_faults", "other_work"}) {
    (*run_.mutable_results(0)->mutable_noise()->mutable_discarded_slices())[name] = 1;
  }
  const std::string text = GoogleBenchmarkJson(run_);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(GoogleBenchmarkJson(v1::BenchmarkRun(run_)), text);
}

TEST_F(BenchmarkJsonTest, ATimeThatHasNoTextIsLeftOut) {
  run_.mutable_time()->set_seconds(std::numeric_limits<int64_t>::max());
  const absl::StatusOr<v1::BenchmarkRun> read = ParseBenchmarkJson(GoogleBenchmarkJson(run_));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_FALSE(read->has_time());
  EXPECT_EQ(read->results_size(), 8);
}

TEST_F(BenchmarkJsonTest, HugeCountsAreNoNegativeIterations) {
  run_.mutable_results(0)->mutable_time()->set_samples(int64_t{1} << 62);
  EXPECT_GT(json::parse(GoogleBenchmarkJson(run_))["benchmarks"][0]["iterations"], int64_t{1} << 62);
}

// report_command_test.py reads it.
TEST_F(BenchmarkJsonTest, TheFileOfTheTestsIsWhatIsWritten) {
  std::ifstream file(ACTBENCH_SOURCE_DIRECTORY "/tests/data/benchmark_run.json");
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_EQ(text.str(), GoogleBenchmarkJson(run_));
}

TEST(ParseBenchmarkJsonTest, OtherFilesAreToldWhatTheyAre) {
  for (const char* text : {"", "[]", "null", "\x89PNG", "name,median_ns\n"}) {
    EXPECT_EQ(ErrorOf(text), "it is not a JSON object") << text;
  }
  for (const char* text : {"{", "{]", "{\"a\":1,}}", "{} x", "{\"actbench\":{\"run\":"}) {
    EXPECT_THAT(ErrorOf(text), HasSubstr("it is not JSON: ")) << text;
  }
  EXPECT_THAT(ErrorOf("{}"), HasSubstr("of no benchmark run"));
  EXPECT_THAT(ErrorOf(R"({"context":{},"benchmarks":[{"name":"BM_x","real_time":1}]})"),
              HasSubstr("Google Benchmark's JSON of another program"));
}

TEST(ParseBenchmarkJsonTest, OtherSchemasAreRefused) {
  EXPECT_EQ(ErrorOf(R"({"actbench":{"schema_version":2,"run":{}}})"),
            "it has schema version 2; this program reads 1: use the actbench that wrote it, or a newer one");
  for (const char* text : {R"({"actbench":{}})", R"({"actbench":{"schema_version":"1"}})"}) {
    EXPECT_THAT(ErrorOf(text), HasSubstr("no number \"schema_version\"")) << text;
  }
}

TEST(ParseBenchmarkJsonTest, DamagedRunsAreRefused) {
  for (const auto& [run, reason] :
       std::vector<std::pair<std::string, std::string>>{{"", "\"run\": it is not there"},
                                                        {R"(,"run":null)", "it is damaged"},
                                                        {R"(,"run":[])", "\"run\": "},
                                                        {R"(,"run":"x")", "\"run\": "},
                                                        {R"(,"run":{"results":3})", "results"},
                                                        {R"(,"run":{"seconds":"soon"})", "seconds"},
                                                        {R"(,"run":{"time":"yesterday"})", "time"},
                                                        {R"(,"run":{}))", "JSON"},
                                                        {R"(,"run":{})", "no results"}}) {
    EXPECT_THAT(ErrorOf(R"({"actbench":{"schema_version":1)" + run + "}}"), HasSubstr(reason)) << run;
  }
}

TEST_F(BenchmarkJsonTest, DamagedResultsAreNamed) {
  using Damage = std::function<void(v1::BenchmarkResult&)>;
  const std::vector<std::pair<std::string, Damage>> damages = {
      {"has no name", [](v1::BenchmarkResult& result) { result.clear_name(); }},
      {"has no outcome", [](v1::BenchmarkResult& result) { result.clear_outcome(); }},
      {"no time above 0", [](v1::BenchmarkResult& result) { result.mutable_time()->set_median_ns(0); }},
      {"no time above 0", [](v1::BenchmarkResult& result) { result.mutable_time()->set_median_ns(kNan); }},
      {"no elements", [](v1::BenchmarkResult& result) { result.clear_elements(); }},
      {"no interval", [](v1::BenchmarkResult& result) { result.mutable_time()->set_median_low_ns(kInfinity); }},
      {"no interval", [](v1::BenchmarkResult& result) { result.mutable_time()->set_median_high_ns(1); }},
      {"times of processes", [](v1::BenchmarkResult& result) { result.mutable_time()->clear_process_medians_ns(); }},
      {"times of processes", [](v1::BenchmarkResult& result) { result.mutable_time()->add_process_medians_ns(-1); }},
      {"an error that is", [](v1::BenchmarkResult& result) { result.mutable_accuracy()->set_max_ulp(kNan); }},
  };
  for (const auto& [reason, damage] : damages) {
    v1::BenchmarkRun run = run_;
    damage(*run.mutable_results(1));
    EXPECT_THAT(ErrorOf(GoogleBenchmarkJson(run)), testing::AllOf(HasSubstr("result 2 (\""), HasSubstr(reason)));
  }
  run_.mutable_results(1)->set_name(run_.results(0).name());
  EXPECT_THAT(ErrorOf(GoogleBenchmarkJson(run_)), HasSubstr("has another one's name"));
}

TEST_F(BenchmarkJsonTest, MembersOfLaterProgramsAreIgnored) {
  std::string text = GoogleBenchmarkJson(run_);
  text.replace(text.find("\"run\":{"), 7, "\"mood\":\"good\",\"run\":{\"weather\":[{\"rain\":1}],");
  const absl::StatusOr<v1::BenchmarkRun> read = ParseBenchmarkJson(text);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->results_size(), 8);
}

TEST_F(BenchmarkJsonTest, GarbageIsRefusedOrRead) {
  const std::string good = GoogleBenchmarkJson(run_);
  for (size_t size = 0; size + 3 < good.size(); size += 37) EXPECT_FALSE(ParseBenchmarkJson(good.substr(0, size)).ok());
  std::mt19937 random(1);
  for (int i = 0; i < 500; ++i) {
    std::string text = good;
    for (int change = 0; change < 3; ++change) text[random() % text.size()] = static_cast<char>(random());
    const absl::StatusOr<v1::BenchmarkRun> read = ParseBenchmarkJson(text);
    EXPECT_NE(read.ok(), read.status().message().size() > 0);
    EXPECT_GT(GoogleBenchmarkJson(read.value_or(v1::BenchmarkRun())).size(), 2U);
  }
  std::string deep = R"({"actbench":)";
  for (int i = 0; i < 100000; ++i) deep += R"({"a":)";
  EXPECT_FALSE(ParseBenchmarkJson(deep).ok());
}

}  // namespace
}  // namespace actbench::client
