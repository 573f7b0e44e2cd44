// SPDX-License-Identifier: Apache-2.0
#include "client/report_markdown.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "client/benchmark_result.h"
#include "client/format.h"
#include "client/markup.h"
#include "client/timestamp.h"

namespace actbench::client {
namespace {

// More rows are folded.
constexpr size_t kMostRows = 50;

std::string Bold(const std::string& text, bool bold) {
  return bold && !text.empty() ? absl::StrCat("**", text, "**") : text;
}

// "n:65536, dist:normal, cache:hot"
std::string Conditions(const ResultGroup& group) { return absl::StrReplaceAll(group.conditions, {{"/", ", "}}); }

// A table that has a column of conditions only where groups differ in them.
class CaseTable {
 public:
  explicit CaseTable(const std::vector<ResultGroup>& groups)
      : differ_(std::any_of(groups.begin(), groups.end(),
                            [&](const ResultGroup& group) { return group.conditions != groups[0].conditions; })),
        table_(Header(), differ_ ? std::set<size_t>{3, 4, 5, 6, 7} : std::set<size_t>{2, 3, 4, 5, 6}) {}

  void Add(const ResultGroup& group, const v1::BenchmarkResult& result) {
    const bool fastest = &result == group.measured.front();
    std::vector<std::string> row = {PlainMarkdown(group.function)};
    if (differ_) row.push_back(PlainMarkdown(Conditions(group)));
    for (const std::string& cell : {KernelCell(result), NsPerElementCell(result), IntervalCell(result)}) {
      row.push_back(Bold(PlainMarkdown(cell), fastest));
    }
    const double ratio = NsPerElement(result) / NsPerElement(*group.measured.front());
    for (const std::string& cell :
         {absl::StrFormat("%.2f", ratio), CopyCell(result), UlpCell(result), NoteText(result)})
      row.push_back(PlainMarkdown(cell));
    table_.AddRow(std::move(row));
  }

  std::string Text() const { return table_.Markdown(); }

 private:
  std::vector<std::string> Header() const {
    std::vector<std::string> header = {"activation"};
    if (differ_) header.emplace_back("conditions");
    header.insert(header.end(),
                  {"kernel", "ns per element", "95 % interval", "relative", "of copying", "max ulp", "notes"});
    return header;
  }

  bool differ_;
  Table table_;
};

std::string MeasuredText(const std::vector<ResultGroup>& groups) {
  if (groups.empty()) return "";
  CaseTable all(groups);
  CaseTable fastest(groups);
  size_t rows = 0;
  bool differ = false;
  for (const ResultGroup& group : groups) {
    fastest.Add(group, *group.measured.front());
    for (const v1::BenchmarkResult* result : group.measured) all.Add(group, *result);
    rows += group.measured.size();
    differ = differ || group.conditions != groups[0].conditions;
  }
  const std::string conditions = differ ? "" : absl::StrCat("All with ", PlainMarkdown(Conditions(groups[0])), ". ");
  const std::string legend = absl::StrCat(
      conditions, "In bold: the fastest kernel of an activation. Errors after >= are of samples: lower bounds.\n\n");
  if (rows <= kMostRows) return absl::StrCat(legend, all.Text(), "\n");
  return absl::StrCat(legend, fastest.Text(), "\n<details><summary>All ", rows, " measured cases</summary>\n\n",
                      all.Text(), "\n</details>\n\n");
}

std::string UnmeasuredText(const v1::BenchmarkRun& run) {
  Table table({"not measured", "outcome", "why"});
  bool any = false;
  for (const v1::BenchmarkResult& result : run.results()) {
    if (IsMeasured(result)) continue;
    any = true;
    table.AddRow({PlainMarkdown(result.name()), OutcomeText(result), PlainMarkdown(ReasonText(result))});
  }
  return any ? absl::StrCat(table.Markdown(), "\n") : "";
}

std::string FingerprintText(const v1::BenchmarkRun& run) {
  Table table({"what times depend on", ""});
  for (const v1::FingerprintField& field : run.fingerprint())
    table.AddRow({PlainMarkdown(field.name()), PlainMarkdown(field.value())});
  table.AddRow({"build of the kernels", PlainMarkdown(run.build_id())});
  return absl::StrCat("<details><summary>Fingerprint ", PlainMarkdown(run.fingerprint_hash()),
                      ": times of others are not to be compared</summary>\n\n", table.Markdown(), "\n</details>\n");
}

}  // namespace

std::string MarkdownReport(const v1::BenchmarkRun& run) {
  const std::string name = run.name().empty() ? "" : absl::StrCat(" ", PlainMarkdown(run.name()));
  return absl::StrCat("### Benchmark", name, ": ", CountsText(run), "\n\n", "Run ", PlainMarkdown(run.id()), " of ",
                      TimeText(ToTime(run.time())), " on ", PlainMarkdown(run.machine().cpu_model()), ", ",
                      PlainMarkdown(VersionText(run.build())), ".\n\n", MeasuredText(GroupResults(run)),
                      UnmeasuredText(run), FingerprintText(run));
}

}  // namespace actbench::client
