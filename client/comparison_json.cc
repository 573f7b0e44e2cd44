// SPDX-License-Identifier: Apache-2.0
#include "client/comparison_json.h"

#include <google/protobuf/repeated_field.h>

#include <vector>

#include "absl/strings/str_cat.h"
#include "client/comparison_table.h"
#include "client/format.h"
#include "client/proto_json.h"

namespace actbench::client {
namespace {

using Members = std::vector<JsonMember>;

// To be raised when what old programs would read of a new file is no longer right.
constexpr int kSchemaVersion = 1;
constexpr char kSchema[] = "actbench.comparison";

const char* NameOf(OverallVerdict verdict) {
  constexpr const char* kNames[] = {"no_regression", "regression", "error", "untrusted"};
  return kNames[static_cast<int>(verdict)];
}

const char* NameOf(SpeedVerdict verdict) {
  constexpr const char* kNames[] = {"same", "faster", "slower", "ambiguous", "untrusted", "skipped", "error"};
  return kNames[static_cast<int>(verdict)];
}

const char* NameOf(AccuracyVerdict verdict) {
  constexpr const char* kNames[] = {"unknown", "same_bits", "not_worse", "worse", "failed"};
  return kNames[static_cast<int>(verdict)];
}

std::string EstimateJson(const v1::RatioEstimate& estimate) {
  return JsonObject({{"ratio", JsonNumber(estimate.ratio())},
                     {"low", JsonNumber(estimate.low())},
                     {"high", JsonNumber(estimate.high())}});
}

std::string NumbersJson(const google::protobuf::RepeatedField<double>& numbers) {
  std::vector<std::string> elements;
  for (const double number : numbers) elements.push_back(JsonNumber(number));
  return JsonArray(elements);
}

std::string ErrorJson(const v1::BenchmarkAccuracy& accuracy) {
  return JsonObject({{"max_ulp", JsonNumber(accuracy.max_ulp())},
                     {"mode", JsonString(accuracy.mode())},
                     {"checked", absl::StrCat(accuracy.checked())},
                     {"misrounded", absl::StrCat(accuracy.misrounded())},
                     {"output_hash", JsonString(accuracy.output_hash())}});
}

std::string AccuracyJson(const ComparisonRow& row) {
  const AccuracyJudgement judgement = JudgeAccuracy(row);
  std::vector<std::string> reasons;
  for (const std::string& reason : judgement.reasons) reasons.push_back(JsonString(reason));
  Members members = {{"verdict", JsonString(NameOf(judgement.verdict))}, {"reasons", JsonArray(reasons)}};
  if (row.differing.has_value()) members.emplace_back("differing", absl::StrCat(*row.differing));
  if (row.speed.has_base_accuracy()) members.emplace_back("base", ErrorJson(row.speed.base_accuracy()));
  if (row.speed.has_head_accuracy()) members.emplace_back("head", ErrorJson(row.speed.head_accuracy()));
  return JsonObject(members);
}

// What there is only where both were timed.
void AppendTimes(const v1::SpeedComparison& speed, Members& members) {
  members.insert(members.end(), {{"elements", absl::StrCat(speed.elements())},
                                 {"base_ns", JsonNumber(speed.base_ns())},
                                 {"head_ns", JsonNumber(speed.head_ns())},
                                 {"ratio", EstimateJson(speed.ratio())},
                                 {"p_value", JsonNumber(speed.p_value())},
                                 {"q_value", JsonNumber(speed.q_value())},
                                 {"threshold", JsonNumber(speed.threshold())},
                                 {"detectable", JsonNumber(speed.detectable())},
                                 {"processes", absl::StrCat(speed.processes())}});
  if (speed.has_confirmation()) members.emplace_back("confirmation", EstimateJson(speed.confirmation()));
  if (speed.has_control()) members.emplace_back("control", EstimateJson(speed.control()));
  if (speed.has_injected()) {
    members.emplace_back("injected", EstimateJson(speed.injected()));
    members.emplace_back("injected_work", JsonNumber(speed.injected_work()));
  }
  if (speed.has_layout()) members.emplace_back("layout", EstimateJson(speed.layout()));
  members.emplace_back("process_ratios", NumbersJson(speed.process_ratios()));
  members.emplace_back("process_control_ratios", NumbersJson(speed.process_control_ratios()));
  members.emplace_back("process_injected_ratios", NumbersJson(speed.process_injected_ratios()));
}

std::string RowJson(const ComparisonRow& row) {
  Members members = {{"name", JsonString(FullName(row))},
                     {"base_kernel", JsonString(row.speed.base().name())},
                     {"head_kernel", JsonString(row.speed.head().name())},
                     {"speed", JsonString(NameOf(SpeedOf(row)))},
                     {"reason", JsonString(ReasonText(row))},
                     {"accepted", JsonBoolean(row.accepted)},
                     {"accuracy", AccuracyJson(row)}};
  if (HasTimes(row)) AppendTimes(row.speed, members);
  return JsonObject(members);
}

std::string CountsJson(const Judgement& judgement) {
  return JsonObject({{"same", absl::StrCat(judgement.same)},
                     {"faster", absl::StrCat(judgement.faster)},
                     {"slower", absl::StrCat(judgement.slower)},
                     {"ambiguous", absl::StrCat(judgement.ambiguous)},
                     {"untrusted", absl::StrCat(judgement.untrusted)},
                     {"skipped", absl::StrCat(judgement.skipped)},
                     {"errors", absl::StrCat(judgement.errors)},
                     {"less_accurate", absl::StrCat(judgement.less_accurate)},
                     {"unmeasured_accuracy", absl::StrCat(judgement.unmeasured_accuracy)},
                     {"accepted", absl::StrCat(judgement.accepted)}});
}

// By protobuf's JSON mapping, which has a text for all but some times.
std::string SummaryJson(v1::ComparisonSummary summary) {
  if (!ToJson(summary.time()).ok()) summary.clear_time();
  return ToJson(summary).value_or("{}");
}

}  // namespace

std::string ComparisonJson(const Comparison& comparison) {
  const Judgement judgement = Judge(comparison.rows);
  std::vector<std::string> rows;
  for (const ComparisonRow& row : comparison.rows) rows.push_back(RowJson(row));
  const Members members = {{"schema", JsonString(kSchema)},
                           {"schema_version", absl::StrCat(kSchemaVersion)},
                           {"verdict", JsonString(NameOf(judgement.verdict))},
                           {"exit_status", absl::StrCat(judgement.exit_status)},
                           {"text", JsonString(judgement.text)},
                           {"base", JsonString(comparison.base)},
                           {"head", JsonString(comparison.head)},
                           {"paired", JsonBoolean(comparison.summary.paired())},
                           {"counts", CountsJson(judgement)},
                           {"detectable", JsonNumber(judgement.detectable)},
                           {"cases", JsonLines(rows)},
                           {"summary", SummaryJson(comparison.summary)}};
  return absl::StrCat(JsonObject(members), "\n");
}

}  // namespace actbench::client
