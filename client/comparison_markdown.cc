// SPDX-License-Identifier: Apache-2.0
#include "client/comparison_markdown.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/comparison_table.h"
#include "client/format.h"
#include "client/markup.h"
#include "client/timestamp.h"

namespace actbench::client {
namespace {

// Whether the reader is to look at it: all but what is as it was.
bool IsNotable(const ComparisonRow& row) {
  const AccuracyVerdict accuracy = JudgeAccuracy(row).verdict;
  return SpeedOf(row) != SpeedVerdict::kSame || accuracy == AccuracyVerdict::kWorse ||
         accuracy == AccuracyVerdict::kFailed;
}

class RowTable {
 public:
  explicit RowTable(std::string shared)
      : shared_(std::move(shared)),
        table_(
            {"case", "base ns/element", "head ns/element", "head to base", "could see", "speed", "accuracy", "reason"},
            {1, 2, 3, 4}) {}

  void Add(const ComparisonRow& row) {
    const ComparisonCells cells = CellsOf(row);
    std::vector<std::string> line;
    for (const std::string& cell : {RowName(row, shared_), cells.base_ns, cells.head_ns, cells.ratio, cells.detectable,
                                    cells.speed, cells.accuracy, ReasonText(row)}) {
      line.push_back(PlainMarkdown(cell));
    }
    if (IsRegression(row)) line[0] = absl::StrCat("**", line[0], "**");
    table_.AddRow(std::move(line));
    ++rows_;
  }

  int rows() const { return rows_; }
  std::string Text() const { return rows_ == 0 ? "" : absl::StrCat(table_.Markdown(), "\n"); }

 private:
  const std::string shared_;
  Table table_;
  int rows_ = 0;
};

// Where, when and how.
std::string ContextText(const Comparison& comparison) {
  const v1::ComparisonSummary& summary = comparison.summary;
  std::string text =
      absl::StrCat("`", PlainMarkdown(comparison.head), "` against `", PlainMarkdown(comparison.base), "`");
  if (!summary.machine().cpu_model().empty()) {
    absl::StrAppend(&text, " on ", PlainMarkdown(summary.machine().cpu_model()));
  }
  if (summary.has_time()) absl::StrAppend(&text, ", ", TimeText(ToTime(summary.time())));
  if (summary.paired()) {
    absl::StrAppend(&text, ", in turns in the same processes, ", WholeSeconds(summary.seconds()), " s");
  }
  return absl::StrCat(
      text, absl::StrFormat("; differences below %.3g %% do not matter.\n\n", summary.plan().threshold() * 100));
}

std::string FingerprintText(const v1::ComparisonSummary& summary) {
  if (summary.fingerprint_hash().empty()) return "";
  Table table({"what times depend on", ""});
  for (const v1::FingerprintField& field : summary.fingerprint()) {
    table.AddRow({PlainMarkdown(field.name()), PlainMarkdown(field.value())});
  }
  return absl::StrCat("<details><summary>Fingerprint ", PlainMarkdown(summary.fingerprint_hash()), "</summary>\n\n",
                      summary.fingerprint().empty() ? "" : table.Markdown(), "\n</details>\n");
}

}  // namespace

std::string ComparisonMarkdown(const Comparison& comparison) {
  const std::string shared = SharedConditions(comparison);
  RowTable notable(shared);
  RowTable others(shared);
  for (const ComparisonRow& row : comparison.rows) (IsNotable(row) ? notable : others).Add(row);
  std::string text =
      absl::StrCat("### ", PlainMarkdown(Judge(comparison.rows).text), "\n\n", ContextText(comparison), notable.Text());
  for (const std::string& note : NotesOf(comparison)) absl::StrAppend(&text, PlainMarkdown(note), "\n");
  absl::StrAppend(&text, "\n");
  if (others.rows() > 0) {
    absl::StrAppend(&text, "<details><summary>", others.rows(), " the same</summary>\n\n", others.Text(),
                    "</details>\n\n");
  }
  return absl::StrCat(text, FingerprintText(comparison.summary));
}

}  // namespace actbench::client
