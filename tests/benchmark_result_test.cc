// SPDX-License-Identifier: Apache-2.0
#include "client/benchmark_result.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "tests/handmade_run.h"

namespace actbench::client {
namespace {

class BenchmarkResultTest : public testing::Test {
 protected:
  v1::BenchmarkRun run_ = MakeHandmadeRun();
};

TEST_F(BenchmarkResultTest, RatesFollowFromTheMedian) {
  const v1::BenchmarkResult& fast = run_.results(0);
  EXPECT_DOUBLE_EQ(NsPerElement(fast), 0.125);
  EXPECT_DOUBLE_EQ(ElementsPerSecond(fast), 8e9);
  EXPECT_DOUBLE_EQ(BytesPerSecond(fast), 64e9);
}

TEST_F(BenchmarkResultTest, TheCeilingIsTheBytesPerSecondOfACopy) {
  EXPECT_DOUBLE_EQ(CopyRatio(run_.results(0)).value(), 0.5);
  const v1::BenchmarkResult& gradient = run_.results(5);  // reads x and dy, writes dx
  EXPECT_DOUBLE_EQ(CopyRatio(gradient).value(), 4096.0 / 24576 * 1.5);
  run_.mutable_results(0)->set_copy_ns(0);
  EXPECT_FALSE(CopyRatio(run_.results(0)).has_value());
}

TEST_F(BenchmarkResultTest, OnlyTimesThatAreTimesCount) {
  v1::BenchmarkResult& result = *run_.mutable_results(0);
  EXPECT_TRUE(IsMeasured(result));
  for (const double median :
       {0.0, -1.0, std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
    result.mutable_time()->set_median_ns(median);
    EXPECT_FALSE(IsMeasured(result)) << median;
  }
  EXPECT_EQ(OutcomeText(result), "error");
  EXPECT_EQ(ReasonText(result), "the server gave neither times nor a reason");
  EXPECT_EQ(OutcomeText(run_.results(6)), "skipped");
  EXPECT_EQ(OutcomeText(run_.results(7)), "error");
  EXPECT_EQ(ReasonText(run_.results(7)), "the worker ended by signal 11");
}

TEST_F(BenchmarkResultTest, NotesTellOfNoiseAndWideIntervals) {
  EXPECT_EQ(NoteText(run_.results(0)), "");
  EXPECT_EQ(NoteText(run_.results(1)), "interval wider than asked");
  EXPECT_EQ(NoteText(run_.results(2)), "noisy: steal, slow_clock");
  EXPECT_TRUE(IsNoisy(run_.results(2)));
}

TEST_F(BenchmarkResultTest, OneProcessHasNoInterval) {
  EXPECT_TRUE(HasInterval(run_.results(0)));
  EXPECT_EQ(IntervalCell(run_.results(0)), "0.1240 to 0.1260");
  for (const bool by_old_server : {false, true}) {
    LeaveOneProcess(*run_.mutable_results(0), by_old_server);
    EXPECT_FALSE(HasInterval(run_.results(0)));
    EXPECT_EQ(IntervalCell(run_.results(0)), "-");
    EXPECT_EQ(NoteText(run_.results(0)), "one process: no interval");
  }
}

TEST_F(BenchmarkResultTest, ErrorsAtSamplesAreLowerBounds) {
  EXPECT_EQ(UlpCell(run_.results(0)), "1.5000");
  EXPECT_EQ(UlpCell(run_.results(2)), ">=2.500e+06");
  EXPECT_EQ(UlpCell(run_.results(3)), "inf");
  EXPECT_EQ(UlpCell(run_.results(4)), "");
}

TEST_F(BenchmarkResultTest, GroupsHoldTheAlternativesTheFastestFirst) {
  const std::vector<ResultGroup> groups = GroupResults(run_);
  ASSERT_EQ(groups.size(), 2U);
  EXPECT_EQ(groups[0].function, "sigmoid/forward/f32");
  EXPECT_EQ(groups[0].conditions, kConditions);
  ASSERT_EQ(groups[0].measured.size(), 5U);
  EXPECT_EQ(KernelCell(*groups[0].measured.front()), "onednn/native/avx512");
  EXPECT_EQ(KernelCell(*groups[0].measured.back()), "libm/native/scalar");
  EXPECT_EQ(groups[1].function, "swish/gradient/f32");
  EXPECT_EQ(groups[1].conditions, std::string(kConditions) + "/beta=1.5");
}

TEST_F(BenchmarkResultTest, OtherSizesAreNoAlternatives) {
  v1::BenchmarkResult& other = *run_.mutable_results(0);
  other.set_name(other.kernel().name() + "/n:1024/dist:normal/cache:hot");
  EXPECT_EQ(GroupResults(run_).size(), 3U);
}

TEST_F(BenchmarkResultTest, CountsLeaveOutWhatThereIsNot) {
  EXPECT_EQ(CountsText(run_), "6 measured (1 noisy), 1 skipped, 1 failed");
  run_.mutable_results()->DeleteSubrange(1, 7);
  EXPECT_EQ(CountsText(run_), "1 measured");
}

}  // namespace
}  // namespace actbench::client
