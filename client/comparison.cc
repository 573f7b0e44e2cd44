// SPDX-License-Identifier: Apache-2.0
#include "client/comparison.h"

#include <fnmatch.h>

#include <algorithm>
#include <cmath>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "client/accuracy_table.h"
#include "client/format.h"

namespace actbench::client {
namespace {

// The parts of a kernel's name.
constexpr size_t kProvider = 3;
constexpr size_t kNameParts = 6;

constexpr char kExact[] = "exact";
constexpr char kOwn[] = "actbench";  // the provider of our kernels
constexpr absl::string_view kUnitUpstream = "_unit_upstream";

// Only one of the kernels is known of what only one side has.
const v1::Kernel& AnyKernel(const v1::SpeedComparison& speed) {
  return speed.base().name().empty() ? speed.head() : speed.base();
}

bool IsPositive(double value) { return std::isfinite(value) && value > 0; }

// Whether both errors were measured at the same inputs: then counts and hashes can be compared.
bool AtSameInputs(const v1::BenchmarkAccuracy& base, const v1::BenchmarkAccuracy& head) {
  return base.mode() == head.mode() && base.checked() == head.checked() && base.checked() > 0;
}

// Whether base was measured wherever head was, so that a larger error of head is one that base has not.
bool CoversInputs(const v1::BenchmarkAccuracy& base, const v1::BenchmarkAccuracy& head) {
  // Not known are the samples of old runs, which were the same for all.
  if (base.mode() == head.mode() && base.checked() == head.checked()) return true;
  return IsExhaustive(base.mode()) &&
         (!absl::EndsWith(base.mode(), kUnitUpstream) || absl::EndsWith(head.mode(), kUnitUpstream));
}

// Nothing if it is not known.
std::optional<bool> SameBits(const ComparisonRow& row) {
  if (row.differing.has_value()) return *row.differing == 0;
  const v1::BenchmarkAccuracy& base = row.speed.base_accuracy();
  const v1::BenchmarkAccuracy& head = row.speed.head_accuracy();
  if (!AtSameInputs(base, head) || base.output_hash().empty() || head.output_hash().empty()) return std::nullopt;
  return base.output_hash() == head.output_hash();
}

// "1.6200 -> 1.8000", with more digits where these are the same.
std::string UlpChangeText(const v1::BenchmarkAccuracy& base, const v1::BenchmarkAccuracy& head) {
  const std::string from = MaxUlpText(base.max_ulp(), base.mode());
  const std::string to = MaxUlpText(head.max_ulp(), head.mode());
  if (from != to || base.max_ulp() == head.max_ulp()) return absl::StrCat(from, " -> ", to);
  return absl::StrCat(ShortestDecimal(base.max_ulp(), Dtype::kF64), " -> ",
                      ShortestDecimal(head.max_ulp(), Dtype::kF64));
}

std::string ChangedBitsText(const ComparisonRow& row) {
  if (!row.differing.has_value()) return "output bits changed";
  return absl::StrCat("bits of ", GroupedDecimal(*row.differing), " outputs changed");
}

// "9 the same, 1 faster", without what there is none of.
std::string CountsText(const std::vector<std::pair<int, const char*>>& counts) {
  std::vector<std::string> parts;
  for (const auto& [count, what] : counts) {
    if (count > 0) parts.push_back(absl::StrCat(count, " ", what));
  }
  return absl::StrJoin(parts, ", ");
}

void Count(const ComparisonRow& row, Judgement& judgement) {
  const SpeedVerdict speed = SpeedOf(row);
  const AccuracyVerdict accuracy = JudgeAccuracy(row).verdict;
  const bool slower = speed == SpeedVerdict::kSlower;
  const bool worse = accuracy == AccuracyVerdict::kWorse;
  if (row.accepted && (slower || worse)) ++judgement.accepted;
  if (worse && !row.accepted) ++judgement.less_accurate;
  if (accuracy == AccuracyVerdict::kFailed) ++judgement.unmeasured_accuracy;
  if (slower && !row.accepted) ++judgement.slower;
  if (speed == SpeedVerdict::kSame) ++judgement.same;
  if (speed == SpeedVerdict::kFaster) ++judgement.faster;
  if (speed == SpeedVerdict::kAmbiguous) ++judgement.ambiguous;
  if (speed == SpeedVerdict::kUntrusted) ++judgement.untrusted;
  if (speed == SpeedVerdict::kSkipped) ++judgement.skipped;
  if (speed == SpeedVerdict::kError) ++judgement.errors;
  const bool decided = HasTimes(row) && speed != SpeedVerdict::kUntrusted;
  if (decided && IsPositive(row.speed.detectable())) {
    judgement.detectable = std::max(judgement.detectable, row.speed.detectable());
  }
}

std::string VerdictText(const Judgement& judgement, bool any_compared) {
  const std::vector<std::pair<int, const char*>> bad = {{judgement.slower, "slower"},
                                                        {judgement.less_accurate, "less accurate"}};
  const std::vector<std::pair<int, const char*>> failed = {{judgement.errors, "failed"},
                                                           {judgement.unmeasured_accuracy, "accuracy not measured"}};
  const std::vector<std::pair<int, const char*>> untrusted = {{judgement.untrusted, "cannot be trusted"}};
  const std::vector<std::pair<int, const char*>> rest = {{judgement.same, "the same"},
                                                         {judgement.faster, "faster"},
                                                         {judgement.ambiguous, "ambiguous"},
                                                         {judgement.accepted, "worse as accepted"},
                                                         {judgement.skipped, "skipped"}};
  std::vector<std::string> parts;
  for (const auto& counts : {bad, failed, untrusted, rest}) {
    if (std::string text = CountsText(counts); !text.empty()) parts.push_back(std::move(text));
  }
  if (!any_compared) parts.insert(parts.begin(), "nothing was compared");
  if (judgement.detectable > 0) {
    const double percent = std::ceil(judgement.detectable * 1e3 * (1 - 0x1p-50)) / 10;
    parts.push_back(absl::StrFormat("could have seen %.1f %% or more", percent));
  }
  const char* const names[] = {"no regression", "REGRESSION", "ERROR", "UNTRUSTED"};
  return absl::StrCat(names[static_cast<int>(judgement.verdict)], ": ", absl::StrJoin(parts, "; "));
}

}  // namespace

std::string KernelText(const ComparisonRow& row) {
  const v1::SpeedComparison& speed = row.speed;
  const v1::Kernel& kernel = AnyKernel(speed);
  std::vector<std::string> parts = absl::StrSplit(kernel.name().empty() ? speed.name() : kernel.name(), '/');
  if (parts.size() < kNameParts) return speed.name();
  const v1::Kernel& head = speed.head();
  const bool anothers = !kernel.provider().empty() && kernel.provider() != kOwn && head.provider() == kernel.provider();
  parts.resize(kNameParts);
  if (!anothers) parts.erase(parts.begin() + kProvider);
  std::string text = absl::StrJoin(parts, "/");
  if (head.name().empty() || (head.tier() == kernel.tier() && head.isa() == kernel.isa())) return text;
  return absl::StrCat(text, ":", head.tier(), "/", head.isa());
}

std::string ConditionsText(const ComparisonRow& row) {
  const std::vector<absl::string_view> parts = absl::StrSplit(row.speed.name(), '/');
  if (parts.size() <= kNameParts) return "";
  return absl::StrJoin(parts.begin() + kNameParts, parts.end(), "/");
}

std::string FullName(const ComparisonRow& row) {
  const std::string conditions = ConditionsText(row);
  return absl::StrCat(KernelText(row), conditions.empty() ? "" : "/", conditions);
}

bool HasTimes(const ComparisonRow& row) {
  const v1::SpeedComparison& speed = row.speed;
  return speed.outcome() == v1::OUTCOME_MEASURED && IsPositive(speed.base_ns()) && IsPositive(speed.head_ns()) &&
         speed.elements() > 0 && IsPositive(speed.ratio().ratio()) && IsPositive(speed.ratio().low()) &&
         IsPositive(speed.ratio().high());
}

SpeedVerdict SpeedOf(const ComparisonRow& row) {
  if (row.speed.outcome() == v1::OUTCOME_SKIPPED) return SpeedVerdict::kSkipped;
  if (!HasTimes(row)) return SpeedVerdict::kError;
  switch (row.speed.verdict()) {
    case v1::VERDICT_SAME:
      return SpeedVerdict::kSame;
    case v1::VERDICT_FASTER:
      return SpeedVerdict::kFaster;
    case v1::VERDICT_SLOWER:
      return SpeedVerdict::kSlower;
    case v1::VERDICT_AMBIGUOUS:
      return SpeedVerdict::kAmbiguous;
    case v1::VERDICT_UNTRUSTED:
      return SpeedVerdict::kUntrusted;
    default:
      return SpeedVerdict::kError;
  }
}

std::string ReasonText(const ComparisonRow& row) {
  const SpeedVerdict verdict = SpeedOf(row);
  if (verdict == SpeedVerdict::kSkipped || verdict == SpeedVerdict::kError) {
    return row.speed.message().empty() ? "the server gave neither a verdict nor a reason" : row.speed.message();
  }
  return verdict == SpeedVerdict::kAmbiguous || verdict == SpeedVerdict::kUntrusted ? row.speed.reason() : "";
}

AccuracyJudgement JudgeAccuracy(const ComparisonRow& row) {
  if (!row.accuracy_failure.empty()) return {AccuracyVerdict::kFailed, {row.accuracy_failure}};
  const v1::SpeedComparison& speed = row.speed;
  if (row.differing == 0) return {AccuracyVerdict::kSameBits, {}};
  if (!speed.has_base_accuracy() || !speed.has_head_accuracy()) return {};
  const v1::BenchmarkAccuracy& base = speed.base_accuracy();
  const v1::BenchmarkAccuracy& head = speed.head_accuracy();
  const std::optional<bool> same_bits = SameBits(row);
  if (same_bits == true) return {AccuracyVerdict::kSameBits, {}};
  std::vector<std::string> reasons;
  if (CoversInputs(base, head) && head.max_ulp() > base.max_ulp()) {
    reasons.push_back(absl::StrCat("max ulp ", UlpChangeText(base, head)));
  }
  if (AtSameInputs(base, head) && head.misrounded() > base.misrounded()) {
    reasons.push_back(
        absl::StrCat("misrounded ", GroupedDecimal(base.misrounded()), " -> ", GroupedDecimal(head.misrounded())));
  }
  if (speed.base().tier() == kExact && speed.head().tier() == kExact && same_bits == false) {
    reasons.push_back(ChangedBitsText(row));
  }
  if (!reasons.empty()) return {AccuracyVerdict::kWorse, reasons};
  // Of less accurate samples nothing follows.
  return {CoversInputs(base, head) ? AccuracyVerdict::kNotWorse : AccuracyVerdict::kUnknown, {}};
}

bool IsRegression(const ComparisonRow& row) {
  return !row.accepted &&
         (SpeedOf(row) == SpeedVerdict::kSlower || JudgeAccuracy(row).verdict == AccuracyVerdict::kWorse);
}

Judgement Judge(absl::Span<const ComparisonRow> rows) {
  Judgement judgement;
  for (const ComparisonRow& row : rows) Count(row, judgement);
  const bool any_compared = std::any_of(rows.begin(), rows.end(), HasTimes);
  if (judgement.slower + judgement.less_accurate > 0) {
    judgement.verdict = OverallVerdict::kRegression;
    judgement.exit_status = kAnswerIsNo;
  } else if (judgement.errors + judgement.unmeasured_accuracy > 0 || !any_compared) {
    judgement.verdict = OverallVerdict::kError;
    judgement.exit_status = kFailure;
  } else if (judgement.untrusted > 0) {
    judgement.verdict = OverallVerdict::kUntrusted;
    judgement.exit_status = kUntrusted;
  } else {
    judgement.verdict = OverallVerdict::kNoRegression;
    judgement.exit_status = kSuccess;
  }
  judgement.text = VerdictText(judgement, any_compared);
  return judgement;
}

bool MatchesAny(const ComparisonRow& row, absl::Span<const std::string> patterns) {
  return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
    return ::fnmatch(pattern.c_str(), KernelText(row).c_str(), 0) == 0 ||
           ::fnmatch(pattern.c_str(), FullName(row).c_str(), 0) == 0;
  });
}

}  // namespace actbench::client
