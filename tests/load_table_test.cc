// SPDX-License-Identifier: Apache-2.0
#include "client/load_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "tests/load_fixture.h"

namespace actbench::client {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// The cells of a line, which have two or more spaces between them.
std::vector<std::string> Cells(const std::string& line) {
  std::vector<std::string> cells;
  for (const absl::string_view part : absl::StrSplit(line, "  ", absl::SkipWhitespace())) {
    cells.emplace_back(absl::StripAsciiWhitespace(part));
  }
  return cells;
}

std::string AllRemarks(const LoadSetup& setup, const LoadResult& result) {
  return absl::StrJoin(Remarks(setup, result), "\n");
}

TEST(LoadTableTest, ALineHasRatesQuantilesAndCounts) {
  const LoadTable table(MakeSetup());
  EXPECT_THAT(Cells(table.Header()),
              ElementsAre("rate/s", "offered/s", "achieved/s", "elements/s", "p50 ms", "p90 ms", "p99 ms", "p99.9 ms",
                          "max ms", "succeeded", "errors", "dropped", "late p99 ms", "notes"));
  LoadResult result = MakeResult(2000);
  result.errors = {{"UNAVAILABLE", 120}, {"DEADLINE_EXCEEDED", 1000}};
  result.dropped_in_flight = 7;
  result.dropped_late = 1;
  result.interrupted = true;
  result.unfinished = 5;
  result.latency.Record(5 * kMillisecond);
  EXPECT_THAT(
      Cells(table.Line(result)),
      ElementsAre("100", "200", "200", "400 k", "2.01", "2.01", "2.01", "-", "5.00", "2,000", "1,120", "8", "0.00100",
                  "DEADLINE_EXCEEDED 1,000, UNAVAILABLE 120, interrupted, unfinished 5, generator "
                  "late"));
}

TEST(LoadTableTest, ColumnsStandBelowTheirNames) {
  const LoadTable table(MakeSetup());
  const std::string header = table.Header();
  const std::string line = table.Line(MakeResult(2000));
  EXPECT_EQ(header.find("elements/s") + std::string("elements/s").size(), line.find("400 k") + 5);
}

TEST(LoadTableTest, AQuantileOfTooFewRequestsIsNotShown) {
  EXPECT_THAT(Cells(LoadTable(MakeSetup()).Line(MakeResult(99)))[4], "2.00");
  EXPECT_THAT(Cells(LoadTable(MakeSetup()).Line(MakeResult(99)))[5], "-");
  EXPECT_THAT(Cells(LoadTable(MakeSetup()).Line(MakeResult(100)))[5], "2.00");
  const std::vector<LoadResult> some = {MakeResult(20000), MakeResult(500)};
  EXPECT_EQ(MissingQuantilesText(some),
            "-: too few requests; a quantile takes ten beyond it: p99 1,000, p99.9 10,000\n");
  EXPECT_EQ(MissingQuantilesText({some.data(), 1}), "");
}

TEST(LoadTableTest, TheShareWithinTheLimitIsAColumnIfThereIsOne) {
  LoadSetup setup = MakeSetup();
  setup.slo = {.limit_ms = 2.5, .quantile = 0.99};
  LoadResult result = MakeResult(100'000);
  result.within_slo = 98'999;
  EXPECT_EQ(Cells(LoadTable(setup).Header())[9], "in 2.5 ms");
  EXPECT_EQ(Cells(LoadTable(setup).Line(result))[9], "98.99 %");
}

TEST(LoadTableTest, NothingAtAllIsDashes) {
  EXPECT_THAT(Cells(LoadTable(MakeSetup()).Line(LoadResult())),
              ElementsAre("0", "0", "0", "0", "-", "-", "-", "-", "-", "0", "0", "0", "-", "-"));
}

TEST(PhasesTextTest, TheServersTimesStandBesideTheClients) {
  const std::vector<LoadResult> results = {MakeResult(1000), MakeResult(20)};
  const std::vector<std::string> lines = absl::StrSplit(PhasesText(results), '\n');
  EXPECT_THAT(Cells(lines[0]), ElementsAre("rate/s", "quantile", "latency", "generator late", "server: queue",
                                           "compute", "copies", "network and client"));
  EXPECT_THAT(Cells(lines[1]), ElementsAre("100", "p50", "2.00", "0.00100", "0.250", "0.500", "0.125", "1.00"));
  EXPECT_EQ(Cells(lines[2])[1], "p99");
  EXPECT_THAT(Cells(lines[4]), ElementsAre("100", "p99", "-", "-", "-", "-", "-", "-"));
}

TEST(SetupTextTest, SaysWhatIsSentToWhom) {
  LoadSetup setup = MakeSetup();
  EXPECT_EQ(SetupText(setup),
            "swish/forward/f32/actbench/fast/avx2 on cpu: requests of 2 x 1,000 elements (8,123 bytes), poisson "
            "arrivals, 4 connections, 10 s each after 1 s of warm-up");
  setup.server.clear();
  EXPECT_THAT(SetupText(setup), HasSubstr("a server in this process"));
}

TEST(RemarksTest, AGoodResultHasNone) {
  LoadSetup setup = MakeSetup();
  setup.slo = Slo();
  EXPECT_THAT(Remarks(setup, MakeResult(1000)), IsEmpty());
}

TEST(RemarksTest, ErrorsAndDroppedRequestsAreTold) {
  LoadResult result = MakeResult(1000);
  result.arrivals = 1300;
  result.errors = {{"UNAVAILABLE", 200}};
  result.first_error = "UNAVAILABLE: Connection refused";
  result.dropped_in_flight = 100;
  EXPECT_THAT(Remarks(MakeSetup(), result),
              ElementsAre("200 of 1,300 requests failed, the first with UNAVAILABLE: Connection refused",
                          "100 of 1,300 requests were dropped, being more than --max_in_flight 256: the quantiles are "
                          "of the others"));
  EXPECT_EQ(AllRemarks(MakeSetup(), LoadResult()), "no request fell into the measured time");
}

TEST(RemarksTest, ALateGeneratorIsNotToBeTrusted) {
  LoadResult result = MakeResult(1000);
  for (int i = 0; i < 100; ++i) result.lateness.Record(3 * kMillisecond);
  EXPECT_EQ(AllRemarks(MakeSetup(), result),
            "the generator was late: it sent 1 % of the requests 3.00 ms or more after their time (up to 0.500 ms is "
            "allowed); the latencies have that in them, so do not trust them");
  result.dropped_late = 50;
  EXPECT_THAT(AllRemarks(MakeSetup(), result), HasSubstr("came to 50 of 1,000 requests over a second late"));
}

TEST(RemarksTest, AMissedGoalIsTold) {
  LoadSetup setup = MakeSetup();
  setup.slo = {.limit_ms = 1.5, .quantile = 0.99};
  LoadResult result = MakeResult(1000);
  result.within_slo = 985;
  EXPECT_EQ(AllRemarks(setup, result), "98.50 % of the requests succeeded in time, not 99 % within 1.5 ms");
  EXPECT_EQ(AllRemarks(setup, MakeResult(500)),
            "whether 99 % within 1.5 ms cannot be said of 500 requests: it takes 1,000");
}

}  // namespace
}  // namespace actbench::client
