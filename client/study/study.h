// SPDX-License-Identifier: Apache-2.0
// A study: statements, measured one after the other, and what is told of it. Tested by study_test.cc.
#ifndef ACTBENCH_CLIENT_STUDY_STUDY_H_
#define ACTBENCH_CLIENT_STUDY_STUDY_H_

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "actbench/v1/catalog.pb.h"
#include "client/study/statement.h"

namespace actbench::client {

// A statement and what became of it.
struct Answer {
  const Statement* statement;
  absl::Status status;  // why it could not be measured; then there is nothing else
  Findings findings = {};
  Conclusion conclusion = {};
};

struct Study {
  absl::Time time;
  v1::GetServerInfoResponse server;  // where the kernels ran
  LabOptions options;
  double seconds = 0;
  std::vector<Answer> answers;
};

// Measures and judges it.
Answer AnswerOf(const Statement& statement, Lab& lab);

// "confirmed", or "not measured".
std::string VerdictText(const Answer& answer);
// The deciding numbers, or why there are none.
std::string BecauseText(const Answer& answer);

// How many answers have each of these texts, in the order of the verdicts.
std::vector<std::pair<std::string, size_t>> CountVerdicts(const Study& study);

// "4 confirmed, 5 that depend on conditions"
std::string CountsText(const Study& study);

// "2026-11-30 12:00 UTC, Intel(R) Xeon(R) Processor, 2 processors, avx512, actbench 0.1.0 (abcdef0), 132 s, seed 1".
// `separator` stands between the parts.
std::string ConditionsText(const Study& study, const std::string& separator);

// What a quick study leaves out; empty for a whole one.
std::string QuickText(const Study& study);

// An array with an object for each statement that was measured.
std::string StudyJson(const Study& study);

// A self-contained page.
std::string StudyHtml(const Study& study);

// A page for GitHub and the like, and its plots by file name. `stem` begins their names, "study" that of
// "study_relu_zeros.svg".
struct StudyMarkdown {
  std::string text;
  std::map<std::string, std::string> plots;
};
StudyMarkdown MakeStudyMarkdown(const Study& study, const std::string& stem);

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_STUDY_STUDY_H_
