// SPDX-License-Identifier: Apache-2.0
#include "server/log.h"

#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <nlohmann/json.hpp>
#include <regex>
#include <string>
#include <thread>
#include <vector>

#include "server/metrics.h"
#include "tests/metrics_text.h"

namespace actbench {
namespace {

constexpr char kHostile[] = "a \"quoted\" \\ line\nand\tanother\x01\x7f é";

std::string Stderr(const std::function<void()>& function) {
  testing::internal::CaptureStderr();
  function();
  return testing::internal::GetCapturedStderr();
}

class LogTest : public testing::Test {
 protected:
  ~LogTest() override { StartLogging(LogFormat::kText, "off").IgnoreError(); }
};

TEST_F(LogTest, TextLinesHaveTimeLevelMessageAndFields) {
  ASSERT_TRUE(StartLogging(LogFormat::kText, "info").ok());
  const std::string line = Stderr([] {
    Log(LogLevel::kWarning, "cannot open \"x\"",
        {{"path", "/a/b"}, {"why", "no such file"}, {"empty", ""}, {"count", int64_t{-3}}, {"ratio", 0.25}});
  });
  EXPECT_TRUE(std::regex_match(
      line, std::regex(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z warning cannot open "x" path=/a/b why="no such file" )"
                       "empty=\"\" count=-3 ratio=0.25\n")))
      << line;
}

TEST_F(LogTest, TextMessagesStayOnOneLine) {
  ASSERT_TRUE(StartLogging(LogFormat::kText, "info").ok());
  const std::string line = Stderr([] { Log(LogLevel::kError, kHostile, {{"value", kHostile}}); });
  EXPECT_EQ(Lines(line).size(), 1u) << line;
  EXPECT_NE(
      line.find(R"(a "quoted" \ line\nand\tanother\001\177 é value="a \"quoted\" \\ line\nand\tanother\001\177 é")"),
      std::string::npos)
      << line;
}

TEST_F(LogTest, JsonLinesHoldWhatWasLogged) {
  ASSERT_TRUE(StartLogging(LogFormat::kJson, "info").ok());
  const std::string line = Stderr([] {
    Log(LogLevel::kInfo, kHostile,
        {{"value", kHostile},
         {"count", std::numeric_limits<int64_t>::max()},
         {"ratio", 0.1},
         {"nan", std::numeric_limits<double>::quiet_NaN()}});
  });
  EXPECT_EQ(Lines(line).size(), 1u) << line;
  const nlohmann::json json = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
  ASSERT_TRUE(json.is_object()) << line;
  EXPECT_TRUE(
      std::regex_match(json["time"].get<std::string>(), std::regex(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)")));
  EXPECT_EQ(json["level"], "info");
  EXPECT_EQ(json["message"], kHostile);
  EXPECT_EQ(json["value"], kHostile);
  EXPECT_EQ(json["count"], std::numeric_limits<int64_t>::max());
  EXPECT_EQ(json["ratio"], 0.1);
  EXPECT_TRUE(json["nan"].is_null());
  EXPECT_EQ(json.size(), 7u);
}

TEST_F(LogTest, JsonStaysValidForBytesThatAreNoText) {
  ASSERT_TRUE(StartLogging(LogFormat::kJson, "info").ok());
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) bytes.push_back(static_cast<char>(byte));
  const std::string line = Stderr([&bytes] { Log(LogLevel::kInfo, bytes, {{"bytes", bytes}}); });
  EXPECT_EQ(Lines(line).size(), 1u);
  EXPECT_TRUE(nlohmann::json::accept(line)) << line;
}

TEST_F(LogTest, PercentSignsAndBracesAreNoFormat) {
  for (LogFormat format : {LogFormat::kText, LogFormat::kJson}) {
    ASSERT_TRUE(StartLogging(format, "info").ok());
    const std::string line = Stderr([] { Log(LogLevel::kInfo, "100%s {} %v {0}", {{"value", "{}%l"}}); });
    EXPECT_NE(line.find("100%s {} %v {0}"), std::string::npos) << line;
    EXPECT_NE(line.find("{}%l"), std::string::npos) << line;
  }
}

TEST_F(LogTest, OnlyMessagesOfTheLevelAndAboveAreWrittenAndCounted) {
  const char* const names[] = {"debug", "info", "warning", "error", "off"};
  for (size_t threshold = 0; threshold < 5; ++threshold) {
    ASSERT_TRUE(StartLogging(LogFormat::kText, names[threshold]).ok());
    std::vector<int64_t> before;
    for (LogLevel level : kLogLevels) before.push_back(LogMessages(level));
    const std::string lines = Stderr([] {
      for (LogLevel level : kLogLevels) Log(level, "message");
    });
    EXPECT_EQ(Lines(lines).size(), 4 - threshold);
    for (LogLevel level : kLogLevels) {
      const auto index = static_cast<size_t>(level);
      EXPECT_EQ(LogEnabled(level), index >= threshold);
      EXPECT_EQ(LogMessages(level) - before[index], index >= threshold ? 1 : 0);
      EXPECT_EQ(lines.find(std::string(Name(level)) + " message") != std::string::npos, index >= threshold);
    }
  }
}

TEST_F(LogTest, UnknownLevelsAreRefusedAndChangeNothing) {
  ASSERT_TRUE(StartLogging(LogFormat::kText, "error").ok());
  for (const char* level : {"", "INFO", "verbose", "warn", "info "}) {
    const absl::Status status = StartLogging(LogFormat::kJson, level);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << level;
    EXPECT_NE(status.message().find("debug, info, warning, error or off"), absl::string_view::npos);
  }
  EXPECT_TRUE(LogEnabled(LogLevel::kError));
  EXPECT_FALSE(LogEnabled(LogLevel::kWarning));
}

TEST_F(LogTest, ThreadsDoNotMixTheirLinesAndMetricsCountThem) {
  ASSERT_TRUE(StartLogging(LogFormat::kJson, "info").ok());
  const Metrics metrics;
  const std::string series = "actbench_log_messages_total{level=\"info\"}";
  const double before = MetricValue(metrics.Text(), series);
  const std::string lines = Stderr([] {
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([] {
        for (int n = 0; n < 250; ++n) Log(LogLevel::kInfo, std::string(100, 'x'), {{"n", int64_t{n}}});
      });
    }
    for (std::thread& thread : threads) thread.join();
  });
  EXPECT_EQ(Lines(lines).size(), 1000u);
  for (const std::string& line : Lines(lines)) EXPECT_TRUE(nlohmann::json::accept(line)) << line;
  EXPECT_EQ(MetricValue(metrics.Text(), series) - before, 1000);
}

}  // namespace
}  // namespace actbench
