// SPDX-License-Identifier: Apache-2.0
#include "client/study/study.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "client/benchmark_result.h"
#include "client/format.h"
#include "client/timestamp.h"

namespace actbench::client {

Answer AnswerOf(const Statement& statement, Lab& lab) {
  absl::StatusOr<Findings> findings = statement.measure(lab);
  if (!findings.ok()) return {&statement, findings.status()};
  Conclusion conclusion = statement.judge(findings->measurements);
  return {&statement, absl::OkStatus(), *std::move(findings), std::move(conclusion)};
}

std::string VerdictText(const Answer& answer) {
  return answer.status.ok() ? VerdictName(answer.conclusion.verdict) : "not measured";
}

std::string BecauseText(const Answer& answer) {
  return answer.status.ok() ? answer.conclusion.because : std::string(answer.status.message());
}

std::vector<std::pair<std::string, size_t>> CountVerdicts(const Study& study) {
  std::vector<std::pair<std::string, size_t>> counts;
  std::vector<std::string> texts;
  for (const Verdict verdict : {Verdict::kConfirmed, Verdict::kCorrected, Verdict::kRefuted, Verdict::kDepends}) {
    texts.emplace_back(VerdictName(verdict));
  }
  texts.emplace_back("not measured");
  for (const std::string& text : texts) {
    const auto count = std::count_if(study.answers.begin(), study.answers.end(),
                                     [&](const Answer& answer) { return VerdictText(answer) == text; });
    if (count > 0) counts.emplace_back(text, static_cast<size_t>(count));
  }
  return counts;
}

std::string CountsText(const Study& study) {
  std::vector<std::string> counts;
  for (const auto& [text, count] : CountVerdicts(study)) {
    const bool depends = text == VerdictName(Verdict::kDepends);
    counts.push_back(absl::StrCat(count, " ",
                                  !depends     ? text
                                  : count == 1 ? "that depends on conditions"
                                               : "that depend on conditions"));
  }
  return absl::StrJoin(counts, ", ");
}

std::string ConditionsText(const Study& study, const std::string& separator) {
  const v1::MachineInfo& machine = study.server.machine();
  std::vector<std::string> parts = {
      TimeText(study.time), machine.cpu_model(),
      absl::StrCat(machine.cpu_count(), machine.cpu_count() == 1 ? " processor" : " processors")};
  if (!machine.isas().empty()) parts.push_back(*machine.isas().rbegin());
  for (const v1::Gpu& gpu : study.server.gpus()) parts.push_back(gpu.model());
  parts.push_back(VersionText(study.server.build()));
  parts.push_back(absl::StrCat(WholeSeconds(study.seconds), " s"));
  parts.push_back(absl::StrCat("seed ", study.options.seed, study.options.quick ? ", quick" : ""));
  return absl::StrJoin(parts, separator);
}

std::string QuickText(const Study& study) {
  if (!study.options.quick) return "";
  const TrainingPlan plan = PlanFor(study.options, 4);
  return absl::StrCat(" This study was a quick one, with less than the method says: one of ", Lab::kStride,
                      " inputs in f32, samples to see how exact kernels are, ", plan.seeds, " seeds, ", plan.epochs,
                      " epochs, ", plan.rates.size(),
                      " learning rates to choose from, two depths, and times in L1 and L2, in two rounds, of the "
                      "narrowest and the widest instruction set and of GPUs alone.");
}

std::string StudyJson(const Study& study) {
  std::vector<std::string> answers;
  for (const Answer& answer : study.answers) {
    if (!answer.status.ok()) continue;
    std::vector<std::string> measurements;
    for (const Measurement& one : answer.findings.measurements.all()) {
      measurements.push_back(JsonObject(
          {{"name", JsonString(one.name)}, {"value", JsonNumber(one.value)}, {"unit", JsonString(one.unit)}}));
    }
    answers.push_back(JsonObject({{"name", JsonString(answer.statement->name)},
                                  {"statement", JsonString(answer.statement->statement)},
                                  {"method", JsonString(absl::StrCat(answer.statement->method, QuickText(study)))},
                                  {"measurements", JsonArray(measurements)},
                                  {"verdict", JsonString(VerdictText(answer))},
                                  {"because", JsonString(answer.conclusion.because)}}));
  }
  return absl::StrCat(JsonLines(answers), "\n");
}

}  // namespace actbench::client
