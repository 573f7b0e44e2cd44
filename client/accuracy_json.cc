// SPDX-License-Identifier: Apache-2.0
#include "client/accuracy_json.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "client/accuracy_table.h"
#include "client/format.h"

namespace actbench::client {
namespace {

using Members = std::vector<JsonMember>;

// What the inputs of an output are called, with their bits. x [, gate] [, dy]
std::vector<std::pair<const char*, const char*>> InputNames(const v1::Certificate& certificate, int count) {
  constexpr std::pair<const char*, const char*> kX = {"x", "x_bits"};
  constexpr std::pair<const char*, const char*> kGate = {"gate", "gate_bits"};
  constexpr std::pair<const char*, const char*> kUpstream = {"dy", "dy_bits"};
  if (certificate.kernel().direction() != v1::DIRECTION_GRADIENT) return {kX, kGate};
  if (count < 3) return {kX, kUpstream};
  return {kX, kGate, kUpstream};
}

// {"x","x_bits" [,"gate","gate_bits"] [,"dy","dy_bits"] [,"output"],"got","expected","ulp"}
void AppendError(const v1::Certificate& certificate, const v1::InputError& error, Members& members) {
  const Dtype dtype = DtypeOf(certificate);
  const int count = std::min(error.inputs_size(), error.input_bits_size());
  const auto names = InputNames(certificate, count);
  for (int i = 0; i < std::min(count, static_cast<int>(names.size())); ++i) {
    members.emplace_back(names[i].first, JsonNumber(error.inputs(i), dtype));
    members.emplace_back(names[i].second, JsonString(error.input_bits(i)));
  }
  if (names.size() == 3) members.emplace_back("output", JsonString(error.output() == 0 ? "dx" : "dgate"));
  members.emplace_back("got", JsonNumber(error.got(), dtype));
  members.emplace_back("expected", JsonNumber(error.expected(), dtype));
  members.emplace_back("ulp", JsonNumber(error.ulp()));
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
    elements.push_back(JsonObject({{"negative", binade.negative() ? "true" : "false"},
                                   {"exponent", absl::StrCat(binade.exponent())},
                                   {"checked", absl::StrCat(binade.checked())},
                                   {"max_ulp", JsonNumber(binade.max_ulp())},
                                   {"mean_ulp", JsonNumber(binade.mean_ulp())}}));
  }
  return JsonArray(elements);
}

std::string ParametersJson(const v1::Certificate& certificate) {
  const std::map<std::string, double> sorted(certificate.parameters().begin(), certificate.parameters().end());
  Members members;
  for (const auto& [name, value] : sorted) members.emplace_back(name, JsonNumber(value));
  return JsonObject(members);
}

std::string DecidedByJson(const v1::AccuracyReport& report) {
  return JsonObject({{"f64", absl::StrCat(report.decided_by_f64())},
                     {"pair", absl::StrCat(report.decided_by_pair())},
                     {"mpfr", absl::StrCat(report.decided_by_mpfr())}});
}

}  // namespace

std::string AccuracyJson(const v1::Certificate& certificate) {
  const v1::AccuracyReport& report = certificate.report();
  return JsonObject(
      {{"kernel", JsonString(certificate.kernel().name())},
       {"device", JsonString(certificate.kernel().device())},
       {"parameters", ParametersJson(certificate)},
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
       {"time", JsonString(absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", TimeOf(certificate), absl::UTCTimeZone()))},
       {"certificate", JsonString(certificate.id())},
       {"binades", BinadesJson(report)},
       {"special_values", SpecialValuesJson(certificate)}});
}

std::string AccuracyJson(absl::Span<const v1::Certificate> certificates) {
  std::vector<std::string> elements;
  for (const v1::Certificate& certificate : certificates) elements.push_back(AccuracyJson(certificate));
  return JsonLines(elements) + "\n";
}

}  // namespace actbench::client
