// SPDX-License-Identifier: Apache-2.0
#include "client/comparison_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "tests/handmade_comparison.h"

namespace actbench::client {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

TEST(ComparisonTableTest, ALineForEachRowThenReasonsAndNotes) {
  EXPECT_EQ(
      ComparisonTableText(MakeHandmadeComparison()),
      R"(case                                              ns/element              head to base  could see  speed              accuracy
sigmoid/forward/f32/fast/avx512               0.125 -> 0.125     +0.0 % (-0.8 to +0.8)      4.1 %  same               same bits
sigmoid/forward/f32/fast/avx2                 0.125 -> 0.109  -12.5 % (-13.3 to -11.7)      4.1 %  faster             ulp 1.5000 -> 1.2500
sigmoid/forward/f32/exact/avx512              0.125 -> 0.133     +6.2 % (+5.5 to +7.0)      4.1 %  slower (accepted)
sigmoid/forward/f32/exact/avx2                0.125 -> 0.131     +4.7 % (+3.9 to +5.5)      4.1 %  SLOWER             WORSE: bits of 1,234 outputs changed
sigmoid/forward/f32/exact/sse4                0.125 -> 0.129     +3.1 % (+2.3 to +3.9)      4.1 %  ambiguous
sigmoid/forward/f32/exact/scalar              0.125 -> 0.125     +0.0 % (-0.8 to +0.8)      4.1 %  same               WORSE: max ulp 1.5000 -> 1.6250; misrounded 100 -> 101; output bits changed
sigmoid/forward/f32/fast/avx2:native/avx512  0.125 -> 0.0625  -50.0 % (-50.8 to -49.2)      4.1 %  faster             NOT MEASURED: no room
sigmoid/forward/f32/fast/sse4                skipped: only BASE has <it> & | no other
sigmoid/forward/f32/fast/scalar              ERROR: the worker ended by signal 11
sigmoid/forward/f32/exact/sse4: ambiguous: the interval holds 1.03 after 64 processes
All with n:65536, dist:normal, cache:hot.
Controls: BASE against its copy +0.1 %, +5.0 % of work measured as +4.7 %, BASE in another layout +1.0 %.
)");
}

TEST(ComparisonTableTest, ALineIsShortUnlessItHasReasons) {
  const std::vector<std::string> lines = absl::StrSplit(ComparisonTableText(MakeHandmadeComparison()), '\n');
  for (const std::string& line : lines) {
    if (!absl::StrContains(line, "WORSE")) {
      EXPECT_THAT(line, SizeIs(testing::Le(140U)));
    }
  }
}

TEST(ComparisonTableTest, ASmallDifferenceIsNeverMinusZero) {
  v1::RatioEstimate estimate;
  SetEstimate(estimate, 0.9999, 0.0003);
  EXPECT_EQ(RatioText(estimate), "+0.0 % (+0.0 to +0.0)");
  SetEstimate(estimate, 1.048, 0.007);
  EXPECT_EQ(RatioText(estimate), "+4.8 % (+4.1 to +5.5)");
}

TEST(ComparisonTableTest, ConditionsAreInTheNameWhereRowsDiffer) {
  Comparison comparison;
  comparison.rows = {MakeRow(v1::VERDICT_SAME, 1), MakeSkippedRow()};
  EXPECT_EQ(SharedConditions(comparison), "n:65536/dist:normal/cache:hot");
  EXPECT_THAT(NotesOf(comparison), testing::Contains("All with n:65536, dist:normal, cache:hot."));
  comparison.rows.push_back(comparison.rows[0]);
  comparison.rows.back().speed.set_name(comparison.rows[0].speed.base().name() + "/n:9/dist:normal/cache:hot");
  EXPECT_EQ(SharedConditions(comparison), "");
  EXPECT_THAT(ComparisonTableText(comparison), HasSubstr("\nsigmoid/forward/f32/fast/avx2/n:9/dist:normal/cache:hot "));
}

TEST(ComparisonTableTest, RunsOfDifferentMachinesAreLabelled) {
  Comparison comparison = MakeHandmadeComparison();
  comparison.summary.set_paired(false);
  comparison.summary.set_head_fingerprint_hash("fedcba9876543210");
  const std::string text = ComparisonTableText(comparison);
  EXPECT_THAT(text, HasSubstr("DIFFERENT MACHINES, 0123456789abcdef and fedcba9876543210"));
  EXPECT_THAT(text, HasSubstr("Measured one after the other"));
  comparison.summary.set_head_fingerprint_hash("0123456789abcdef");
  EXPECT_THAT(ComparisonTableText(comparison), Not(HasSubstr("DIFFERENT")));
}

TEST(ComparisonTableTest, WithoutControlsThereIsNoNoteOfThem) {
  Comparison comparison;
  comparison.summary.set_paired(true);
  EXPECT_THAT(NotesOf(comparison), IsEmpty());
  comparison.rows = {MakeRow(v1::VERDICT_SAME, 1)};
  SetEstimate(*comparison.rows[0].speed.mutable_layout(), 1.01, 0.001);
  EXPECT_THAT(NotesOf(comparison),
              ElementsAre("All with n:65536, dist:normal, cache:hot.",
                          "Controls: BASE against its copy +0.1 %, +5.0 % of work measured as +4.7 %, BASE in another "
                          "layout +1.0 %."));
}

TEST(ComparisonTableTest, TheAccuracyOfACaseWithoutTimesIsShownToo) {
  Comparison comparison;
  comparison.rows = {MakeFailedRow()};
  SetErrors(comparison.rows[0], 1.5, 1.75);
  EXPECT_THAT(ComparisonTableText(comparison),
              HasSubstr("ERROR: the worker ended by signal 11; accuracy: WORSE: max ulp 1.5000 -> 1.7500\n"));
}

}  // namespace
}  // namespace actbench::client
