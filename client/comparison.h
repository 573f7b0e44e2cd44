// SPDX-License-Identifier: Apache-2.0
// What `actbench compare` makes of comparisons: what each says of speed and of accuracy, and what all of them say
// together. Every renderer tells the same. Tested by comparison_test.cc.
#ifndef ACTBENCH_CLIENT_COMPARISON_H_
#define ACTBENCH_CLIENT_COMPARISON_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "actbench/v1/benchmark.pb.h"
#include "client/session.h"

namespace actbench::client {

// One case.
struct ComparisonRow {
  v1::SpeedComparison speed;              // with the errors of both kernels, where they are known
  std::optional<int64_t> differing = {};  // outputs whose bits differ, where that is known
  std::string accuracy_failure = {};      // why the errors could not be measured; empty if they were, or needed not
  bool accepted = false;                  // whether it may be slower and less accurate: that is meant
};

struct Comparison {
  std::string base;  // as the user called them
  std::string head;
  v1::ComparisonSummary summary;
  std::vector<ComparisonRow> rows;
};

// "sigmoid/forward/f32/fast/avx2", with "fast/avx2:native/avx2" for kernels of another tier or ISA, and with the
// provider where that is the same library of both runs, which may have several; and what a case has besides,
// "n:65536/dist:normal/cache:hot", empty where there was none.
std::string KernelText(const ComparisonRow& row);
std::string ConditionsText(const ComparisonRow& row);
// Both: what --accept's patterns are matched with.
std::string FullName(const ComparisonRow& row);

// Of speed: the server's verdict, if there are times to go with it.
enum class SpeedVerdict { kSame, kFaster, kSlower, kAmbiguous, kUntrusted, kSkipped, kError };
SpeedVerdict SpeedOf(const ComparisonRow& row);
// Why there is no clear one; empty if there is.
std::string ReasonText(const ComparisonRow& row);
// Whether the times can be divided by each other and by the elements.
bool HasTimes(const ComparisonRow& row);

// Of accuracy. Worse is: a larger error at the same inputs, or than the largest at all inputs; more misrounded results
// of as many; of two exact kernels any other bits. Errors at different samples say nothing.
enum class AccuracyVerdict { kUnknown, kSameBits, kNotWorse, kWorse, kFailed };
struct AccuracyJudgement {
  AccuracyVerdict verdict = AccuracyVerdict::kUnknown;
  std::vector<std::string> reasons = {};  // why it is worse, such as "max ulp 1.6200 -> 1.8000"; or why it failed
};
AccuracyJudgement JudgeAccuracy(const ComparisonRow& row);

// Whether it is slower or less accurate, and not accepted.
bool IsRegression(const ComparisonRow& row);

// What all rows say together.
enum class OverallVerdict { kNoRegression, kRegression, kError, kUntrusted };
struct Judgement {
  OverallVerdict verdict = OverallVerdict::kError;
  ExitStatus exit_status = kFailure;
  // "no regression: 9 the same, 1 faster; could have seen 4.1 % or more".
  std::string text = {};
  int same = 0;
  int faster = 0;
  int slower = 0;  // those that are accepted left out
  int ambiguous = 0;
  int untrusted = 0;
  int skipped = 0;
  int errors = 0;
  int less_accurate = 0;  // those that are accepted left out
  int unmeasured_accuracy = 0;
  int accepted = 0;       // that are slower or less accurate
  double detectable = 0;  // the slowdown that would most likely have been found in every case; 0: not known
};
// A regression comes first, then what went wrong, then what cannot be trusted.
Judgement Judge(absl::Span<const ComparisonRow> rows);

// Whether any of the patterns, of fnmatch(3), in which * also takes slashes, matches KernelText or FullName.
bool MatchesAny(const ComparisonRow& row, absl::Span<const std::string> patterns);

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_COMPARISON_H_
