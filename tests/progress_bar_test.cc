// SPDX-License-Identifier: Apache-2.0
// On a terminal itself it is tested by accuracy_command_test.py.
#include "client/progress_bar.h"

#include <gtest/gtest.h>

#include <string>

namespace actbench::client {
namespace {

v1::AccuracyProgress Progress(int64_t done, int64_t remaining_ms, int queue_place = 0) {
  v1::AccuracyProgress progress;
  progress.set_inputs_done(done);
  progress.set_inputs_total(int64_t{1} << 32);
  progress.set_remaining_ms(remaining_ms);
  progress.set_queue_place(queue_place);
  return progress;
}

constexpr absl::Duration kSecond = absl::Seconds(1);

TEST(ProgressBarTest, HasABarPercentRateAndTimeLeft) {
  EXPECT_EQ(ProgressText("2/3 k", StateOf(Progress(int64_t{1} << 31, 1200), kSecond), 80),
            "2/3 k [##########..........]  50 %, 2.15 G inputs/s, 2 s left");
  EXPECT_EQ(ProgressText("k", StateOf(Progress(500, 61000), kSecond), 80),
            "k [....................]   0 %, 500 inputs/s, 1 min 01 s left");
  EXPECT_EQ(ProgressText("k", StateOf(Progress(int64_t{1} << 32, 0), kSecond), 80),
            "k [####################] 100 %, 4.29 G inputs/s, 0 s left");
  EXPECT_EQ(ProgressText("k", StateOf(Progress(43000, 7260000), kSecond), 80),
            "k [....................]   0 %, 43 k inputs/s, 2 h 01 min left");
}

TEST(ProgressBarTest, SaysNothingThatIsNotKnown) {
  EXPECT_EQ(ProgressText("k", StateOf(Progress(0, -1), kSecond), 80), "k [....................]   0 %");
  EXPECT_EQ(ProgressText("k", StateOf(Progress(1000, -1), kSecond), 80),
            "k [....................]   0 %, 1 k inputs/s");
  v1::AccuracyProgress nothing;
  EXPECT_EQ(ProgressText("k", StateOf(nothing, absl::ZeroDuration()), 80), "k [....................]   0 %");
}

TEST(ProgressBarTest, TellsThePlaceInTheQueue) {
  EXPECT_EQ(ProgressText("k", StateOf(Progress(0, -1, 2), kSecond), 80), "k waits; 2 before it");
}

TEST(ProgressBarTest, ARunOfBenchmarksHasItsCasesAndTimeLeft) {
  v1::BenchmarkProgress progress;
  progress.set_share(0.25);
  progress.set_remaining_ms(7300);
  EXPECT_EQ(ProgressText("k", StateOf(progress), 80), "k [#####...............]  25 %, 8 s left");
  progress.set_waits_for_machine(true);
  EXPECT_EQ(ProgressText("k", StateOf(progress), 80), "k waits; another process of this machine measures");
  progress.set_queue_place(2);
  EXPECT_EQ(ProgressText("k", StateOf(progress), 80), "k waits; 2 before it");
  EXPECT_EQ(ProgressText("k", StateOf(v1::BenchmarkProgress()), 80), "k [....................]   0 %, 0 s left");
}

TEST(ProgressBarTest, FitsTheTerminal) {
  const v1::AccuracyProgress progress = Progress(int64_t{1} << 31, 1200);
  const std::string title = "1/2 sigmoid/forward/f32/actbench/fast/avx512";
  EXPECT_EQ(ProgressText(title, StateOf(progress, kSecond), 80),
            "1/2 sigmoid/forward/f... [##########..........]  50 %, 2.15 G inputs/s, 2 s left");
  EXPECT_EQ(ProgressText(title, StateOf(progress, kSecond), 100),
            "1/2 sigmoid/forward/f32/actbench/fast/avx512 [##########..........]  50 %, 2.15 G inputs/s, 2 s left");
  EXPECT_EQ(ProgressText(title, StateOf(progress, kSecond), 67),
            "1/2 sigmoid/forwar... [##########..........]  50 %, 2.15 G inputs/s")
      << "without the time left";
  EXPECT_EQ(ProgressText(title, StateOf(progress, kSecond), 58),
            "1/2 sigmo... [##########..........]  50 %, 2.15 G inputs/s");
  EXPECT_EQ(ProgressText(title, StateOf(progress, kSecond), 57), "[##########..........]  50 %, 2.15 G inputs/s");
  EXPECT_EQ(ProgressText("k", StateOf(progress, kSecond), 10), "[#########");
  EXPECT_EQ(ProgressText(title, StateOf(Progress(0, -1, 2), kSecond), 40), "1/2 sigmoid/forwar... waits; 2 before it");
}

}  // namespace
}  // namespace actbench::client
