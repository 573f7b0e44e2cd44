// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "client/command.h"
#include "client/output_file.h"
#include "client/report_bencher.h"
#include "client/report_html.h"
#include "client/report_junit.h"
#include "client/report_markdown.h"
#include "client/report_openmetrics.h"
#include "client/run_source.h"

namespace actbench::client {
namespace {

constexpr char kNotes[] = R"(Examples:
  actbench report nightly --to html --out report.html
  actbench report 6f1d2a9c --to markdown >> "$GITHUB_STEP_SUMMARY"
  actbench report run.json --to junit --out junit.xml
  actbench report run.json --to bencher --out bmf.json && bencher run --adapter json --file bmf.json

RUN is the id of a stored run, the first characters of one (at least 4), a name, which means the newest run of it, or a
file: one that 'actbench bench --json' or 'actbench runs export' wrote, of which the name ends in .json or has a /; - is
standard input.

Formats:
  markdown     a summary for CI jobs and comments, of GitHub's kind
  bencher      Bencher Metric Format, JSON: latency in ns, throughput, max_ulp
  junit        JUnit's XML: a test for each case, passed, skipped or an error
  openmetrics  gauges with the time of the run: GitLab's metrics report, or
               promtool tsdb create-blocks-from openmetrics FILE
  html         one page for a browser, which needs no network: speed against accuracy, tables, what disturbed it
docs/formats.md says what each of them has.)";

struct ReportFlags {
  std::string run;
  std::string format;
  std::string out = "-";
};

struct Format {
  const char* name;
  std::string (*report)(const v1::BenchmarkRun&);
};

constexpr Format kFormats[] = {{"markdown", MarkdownReport},
                               {"bencher", BencherReport},
                               {"junit", JUnitReport},
                               {"openmetrics", OpenMetricsReport},
                               {"html", HtmlReport}};

ExitStatus RunReport(const ReportFlags& flags, const ServerFlags& server) {
  const absl::StatusOr<OutputFile> file = OutputFile::Open(flags.out);
  if (!file.ok()) return Fail(file.status());
  if (flags.format == "html" && file->is_stdout() && ::isatty(STDOUT_FILENO) != 0) {
    return Fail(absl::InvalidArgumentError("html is for a browser, not for a terminal: give --out report.html"));
  }
  const absl::StatusOr<v1::BenchmarkRun> run = LoadRun(flags.run, server);
  if (!run.ok()) return Fail(run.status(), server);
  for (const Format& format : kFormats) {
    if (flags.format != format.name) continue;
    if (absl::Status written = file->Write(format.report(*run)); !written.ok()) return Fail(written);
  }
  if (!file->is_stdout()) std::cerr << "wrote " << file->path() << "\n";
  return kSuccess;
}

}  // namespace

void AddReportCommand(CLI::App& app, const ServerFlags& server, int& exit_status) {
  auto flags = std::make_shared<ReportFlags>();
  CLI::App* command = app.add_subcommand("report", "Show a benchmark run as a web page, or as what CI systems read");
  command->fallthrough()->group("Commands");
  command->footer(kNotes);
  command->add_option("RUN", flags->run, "The run: its id, its name or its file")->required()->type_name("");
  std::vector<std::string> names;
  for (const Format& format : kFormats) names.emplace_back(format.name);
  command->add_option("--to", flags->format, "The format; see below")
      ->required()
      ->check(CLI::IsMember(names))
      ->type_name("FORMAT");
  command->add_option("--out", flags->out, "Write it there instead of to standard output")->type_name("FILE");
  command->final_callback([flags, &server, &exit_status] { exit_status = RunReport(*flags, server); });
}

}  // namespace actbench::client
