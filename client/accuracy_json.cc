// SPDX-License-Identifier: Apache-2.0
#include "client/accuracy_json.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/accuracy_table.h"
#include "client/format.h"
#include "client/timestamp.h"
#include "proto/kernel.h"

namespace actbench::client {
namespace {

using Members = std::vector<JsonMember>;

// {"x","x_bits" [,"gate","gate_bits"] [,"dy","dy_bits"] [,"output"]: which output of a kernel an error is of.
void AppendInputs(const v1::Certificate& certificate, const v1::InputError& error, Members& members) {
  const Dtype dtype = DtypeOf(certificate);
  const int count = std::min(error.inputs_size(), error.input_bits_size());
  const std::vector<std::string> names = InputNames(certificate.kernel().direction(), count);
  for (int i = 0; i < std::min(count, static_cast<int>(names.size())); ++i) {
    members.emplace_back(names[i], JsonNumber(error.inputs(i), dtype));
    members.emplace_back(names[i] + "_bits", JsonString(error.input_bits(i)));
  }
  if (names.size() == 3) members.emplace_back("output", JsonString(error.output() == 0 ? "dx" : "dgate"));
}

// The inputs, and "got","expected","ulp".
void AppendError(const v1::Certificate& certificate, const v1::InputError& error, Members& members) {
  const Dtype dtype = DtypeOf(certificate);
  AppendInputs(certificate, error, members);
  members.emplace_back("got", JsonNumber(error.got(), dtype));
  members.emplace_back("expected", JsonNumber(error.expected(), dtype));
  members.emplace_back("ulp", JsonNumber(error.ulp()));
}

// The inputs, "expected", and "got" and "ulp" of each of the two.
std::string DifferencesJson(const v1::Comparison& comparison) {
  const v1::Certificate& certificate = comparison.first();
  const Dtype dtype = DtypeOf(certificate);
  std::vector<std::string> elements;
  for (const v1::Difference& difference : comparison.differences()) {
    Members members;
    AppendInputs(certificate, difference.first(), members);
    members.emplace_back("expected", JsonNumber(difference.first().expected(), dtype));
    members.emplace_back("first_got", JsonNumber(difference.first().got(), dtype));
    members.emplace_back("first_ulp", JsonNumber(difference.first().ulp()));
    members.emplace_back("second_got", JsonNumber(difference.second().got(), dtype));
    members.emplace_back("second_ulp", JsonNumber(difference.second().ulp()));
    elements.push_back(JsonObject(members));
  }
  return JsonArray(elements);
}

std::string WorstJson(const v1::Certificate& certificate) {
  std::vector<std::string> elements;
  for (const v1::InputError& error : certificate.report().worst()) {
    Members members;
    AppendError(certificate, error, members);
    elements.push_back(JsonObject(members));
  }
  return JsonArray(elements);
}

std::string SpecialValuesJson(const v1::Certificate& certificate) {
  std::vector<std::string> elements;
  for (const v1::SpecialValue& value : certificate.report().special_values()) {
    Members members = {{"name", JsonString(value.name())}};
    AppendError(certificate, value.error(), members);
    elements.push_back(JsonObject(members));
  }
  return JsonArray(elements);
}

std::string BinadesJson(const v1::AccuracyReport& report) {
  std::vector<std::string> elements;
  for (const v1::BinadeError& binade : report.binades()) {
    elements.push_back(JsonObject({{"negative", JsonBoolean(binade.negative())},
                                   {"exponent", absl::StrCat(binade.exponent())},
                                   {"checked", absl::StrCat(binade.checked())},
                                   {"max_ulp", JsonNumber(binade.max_ulp())},
                                   {"mean_ulp", JsonNumber(binade.mean_ulp())}}));
  }
  return JsonArray(elements);
}

std::string DecidedByJson(const v1::AccuracyReport& report) {
  return JsonObject({{"f64", absl::StrCat(report.decided_by_f64())},
                     {"pair", absl::StrCat(report.decided_by_pair())},
                     {"mpfr", absl::StrCat(report.decided_by_mpfr())}});
}

// "claim", where the kernel has one.
void AppendClaim(const v1::Certificate& certificate, Members& members) {
  if (!certificate.has_claim()) return;
  const v1::Claim& claim = certificate.claim();
  members.emplace_back("claim", JsonObject({{"max_ulp", JsonNumber(claim.max_ulp())},
                                            {"correctly_rounded", JsonBoolean(claim.correctly_rounded())},
                                            {"kept", JsonBoolean(claim.kept())}}));
}

}  // namespace

std::string AccuracyJson(const v1::Certificate& certificate) {
  const v1::AccuracyReport& report = certificate.report();
  Members members = {{"kernel", JsonString(certificate.kernel().name())},
                     {"device", JsonString(certificate.kernel().device())},
                     {"parameters", JsonNumbers({certificate.parameters().begin(), certificate.parameters().end()})},
                     {"mode", JsonString(certificate.mode())},
                     {"checked", absl::StrCat(report.checked())},
                     {"max_ulp", JsonNumber(report.max_ulp())},
                     {"mean_ulp", JsonNumber(report.mean_ulp())},
                     {"misrounded", absl::StrCat(report.misrounded())},
                     {"worst", WorstJson(certificate)},
                     {"wrong_nan", absl::StrCat(report.wrong_nan())},
                     {"wrong_inf", absl::StrCat(report.wrong_inf())},
                     {"spurious_zero", absl::StrCat(report.spurious_zero())},
                     {"wrong_sign", absl::StrCat(report.wrong_sign())},
                     {"falls", absl::StrCat(report.falls())},
                     {"output_hash", JsonString(report.output_hash())},
                     {"seconds", JsonNumber(certificate.seconds())},
                     {"decided_by", DecidedByJson(report)},
                     {"build_id", JsonString(certificate.build_id())},
                     {"time", JsonString(Rfc3339(ToTime(certificate.time())))},
                     {"certificate", JsonString(certificate.id())},
                     {"binades", BinadesJson(report)},
                     {"special_values", SpecialValuesJson(certificate)}};
  AppendClaim(certificate, members);
  return JsonObject(members);
}

std::string AccuracyJson(absl::Span<const v1::Certificate> certificates) {
  std::vector<std::string> elements;
  for (const v1::Certificate& certificate : certificates) elements.push_back(AccuracyJson(certificate));
  return JsonLines(elements) + "\n";
}

std::string ComparisonJson(const v1::Comparison& comparison) {
  return JsonObject({{"checked", absl::StrCat(comparison.first().report().checked())},
                     {"differing", absl::StrCat(comparison.differing())},
                     {"differences", DifferencesJson(comparison)},
                     {"first", AccuracyJson(comparison.first())},
                     {"second", AccuracyJson(comparison.second())}}) +
         "\n";
}

}  // namespace actbench::client
