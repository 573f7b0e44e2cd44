#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`actbench report` run as a process: on files and on stored runs, its formats read by those who know them."""
import html.parser
import json
import os
import pty
import re
import shlex
import shutil
import subprocess
import unittest
import xml.etree.ElementTree

from command_case import CommandTest, actbench_program, data_directory, run, server_program
from server_process import ServerProcess

RUN = os.path.join(data_directory, "benchmark_run.json")  # which benchmark_json_test.cc knows
NAMES = [f"sigmoid/forward/f32/{kernel}/n:65536/dist:normal/cache:hot" for kernel in [
    "actbench/fast/avx512", "actbench/exact/avx512", "onednn/native/avx512", "libm/native/scalar",
    "a \"b\" <c> & 'd' | `e`, \\f/native/avx2"]] + [
        "swish/gradient/f32/actbench/fast/avx2/n:65536/dist:normal/cache:hot/beta=1.5"]
FORMATS = ["markdown", "bencher", "junit", "openmetrics", "html"]
# Elements that HTML never closes.
VOID = {"meta", "link", "img", "br", "hr", "input"}


class Page(html.parser.HTMLParser):
    """Finds elements that are not closed, and what a page would load."""

    def __init__(self, text):
        super().__init__()
        self.open, self.problems, self.outside, self.text = [], [], [], ""
        self.feed(text)
        self.close()
        self.problems += self.open

    def handle_starttag(self, tag, attributes):
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attributes:
            if name in ("src", "href", "action", "data") and not value.startswith(("#", "data:,")):
                self.outside.append((tag, name, value))

    def handle_startendtag(self, tag, attributes):
        pass

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.problems.append(tag)

    def handle_data(self, data):
        self.text += data


class ReportCase(CommandTest):

    def report(self, run_argument, to, *arguments):
        return self.succeed("report", run_argument, "--to", to, *arguments)


class ReportTest(ReportCase):

    def test_junit_is_xml_with_a_test_for_each_case(self):
        root = xml.etree.ElementTree.fromstring(self.report(RUN, "junit").encode())
        self.assertEqual((root.tag, root[0].tag), ("testsuites", "testsuite"))
        cases = root.findall("testsuite/testcase")
        for element in [root, root[0]]:
            self.assertEqual([element.get(name) for name in ["tests", "failures", "errors", "skipped"]], ["8", "0", "1", "1"])
        self.assertEqual([case.get("name") for case in cases[:6]], NAMES)
        self.assertEqual([[child.tag for child in case] for case in cases],
                         [["system-out"]] * 6 + [["skipped"], ["error"]])
        self.assertEqual(cases[6][0].get("message"), "onednn has no \"avx2\" kernel, only <avx512> & others")

    def test_bencher_is_strict_json(self):
        def refuse(constant):
            self.fail(constant)

        measures = json.loads(self.report(RUN, "bencher"), parse_constant=refuse)
        self.assertEqual(list(measures), NAMES)
        self.assertEqual(measures[NAMES[0]]["latency"], {"value": 8192, "lower_value": 8128, "upper_value": 8256})

    def test_markdown_has_tables_of_equal_columns(self):
        tables = re.findall(r"(?:^\|.*\n)+", self.report(RUN, "markdown"), re.MULTILINE)
        self.assertEqual(len(tables), 3)
        for table in tables:
            # An escaped | is none between cells.
            columns = {len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) for line in table.splitlines()}
            self.assertEqual(len(columns), 1, table)

    def test_openmetrics_is_what_gitlab_reads(self):
        # Its parser splits lines as a shell does, and takes the first two words.
        metrics = {}
        for line in self.report(RUN, "openmetrics").splitlines():
            if not line.startswith("#"):
                name, value, time = shlex.split(line)
                self.assertNotIn(name, metrics)
                metrics[name] = float(value)
                self.assertEqual(time, "1764079391")
        self.assertEqual(metrics['actbench_bench_cases{outcome=measured,fingerprint=0123456789abcdef}'], 6)

    @unittest.skipUnless(shutil.which("promtool"), "promtool (package prometheus) is not here")
    def test_openmetrics_is_what_prometheus_reads(self):
        path = self.path("metrics.txt")
        self.report(RUN, "openmetrics", "--out", path)
        with open(path, encoding="utf-8") as file:
            checked = subprocess.run(["promtool", "check", "metrics"], stdin=file, capture_output=True, text=True)
        self.assertEqual((checked.returncode, checked.stdout + checked.stderr), (0, ""))
        blocks = subprocess.run(["promtool", "tsdb", "create-blocks-from", "openmetrics", path, self.path("blocks")],
                                capture_output=True, text=True)
        self.assertEqual(blocks.returncode, 0, blocks.stderr)
        self.assertIn("1764079391000", blocks.stdout)

    def test_html_is_whole_and_needs_nothing_else(self):
        text = self.report(RUN, "html")
        page = Page(text)
        self.assertEqual(page.problems, [])
        self.assertEqual(page.outside, [])
        self.assertNotRegex(text, r"https?:|@import|url\(|<script[^>]+src")
        self.assertIn("default-src 'none'", text)
        for name in NAMES:
            self.assertIn(name, page.text)
        pictures = re.findall(r"<svg.*?</svg>", text, re.DOTALL)
        self.assertGreater(len(pictures), 10)
        for picture in pictures:
            xml.etree.ElementTree.fromstring(picture)

    def test_a_file_is_written_as_a_whole(self):
        for to in FORMATS:
            path = self.path(to)
            result = run("report", RUN, "--to", to, "--out", path)
            self.assertEqual((result.returncode, result.stdout, result.stderr), (0, "", f"wrote {path}\n"))
            with open(path, encoding="utf-8") as file:
                self.assertEqual(file.read(), self.report(RUN, to))
        self.assertIn("cannot write /", self.fail_with("report", RUN, "--to", "junit", "--out", "/"))

    def test_a_run_comes_from_standard_input_too(self):
        with open(RUN, encoding="utf-8") as file:
            self.assertEqual(self.succeed("report", "-", "--to", "bencher", stdin=file), self.report(RUN, "bencher"))
        self.assertIn("actbench: standard input: it is not a JSON object",
                      self.fail_with("report", "-", "--to", "bencher", input="hello"))

    def test_html_is_not_written_to_a_terminal(self):
        controller, terminal = pty.openpty()
        self.addCleanup(os.close, controller)
        result = subprocess.run([actbench_program, "report", RUN, "--to", "html"], stdout=terminal, stderr=subprocess.PIPE,
                                text=True, timeout=60)
        os.close(terminal)
        self.assertEqual((result.returncode, result.stderr.count("\n")), (2, 1))
        self.assertIn("--out report.html", result.stderr)

    def test_wrong_usage_is_status_2(self):
        for arguments, reason in [([], "RUN"), ([RUN], "--to"), ([RUN, "--to", "pdf"], "markdown,bencher,junit"),
                                  ([self.path("missing.json"), "--to", "junit"], "missing.json: No such file")]:
            self.assertIn(reason, self.fail_with("report", *arguments), arguments)

    def test_damaged_and_foreign_files_are_told(self):
        path = self.path("run.json")
        with open(RUN, encoding="utf-8") as file:
            good = file.read()
        for text, reason in [("", "not a JSON object"), (good[:1000], "not JSON"), ("{}", "no benchmark run"),
                             ('{"context":{},"benchmarks":[]}', "another program"),
                             (good.replace('"schema_version":1', '"schema_version":7'), "schema version 7"),
                             (good.replace('"medianNs":8192,', '"medianNs":0,'), "result 1")]:
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            error = self.fail_with("report", path, "--to", "markdown")
            self.assertIn(f"actbench: {path}: it ", error)
            self.assertIn(reason, error)


class StoredRunTest(ReportCase):

    def test_a_stored_run_is_found_by_name_and_by_id(self):
        os.environ["ACTBENCH_LEASE_FILE"] = self.path("lease")  # not to wait for others
        self.addCleanup(os.environ.pop, "ACTBENCH_LEASE_FILE")
        server = ServerProcess(server_program)
        self.addCleanup(server.stop)
        connection = ["--server", server.address]
        path = self.path("run.json")
        self.succeed(*connection, "bench", "sigmoid", "--isa", "scalar", "--size", "1000", "--processes", "2", "--time",
                     "0.02", "--save", "nightly", "--json", path)
        with open(path, encoding="utf-8") as file:
            run_id = json.load(file)["context"]["actbench_run"]
        for to in FORMATS:
            by_file = self.report(path, to)
            self.assertIn("sigmoid/forward/f32", by_file)
            for which in ["nightly", run_id, run_id[:8]]:
                self.assertEqual(self.succeed(*connection, "report", which, "--to", to), by_file)
        self.assertIn("weekly", self.fail_with(*connection, "report", "weekly", "--to", "junit"))


if __name__ == "__main__":
    unittest.main()
