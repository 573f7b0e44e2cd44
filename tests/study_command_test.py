#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`actbench study` runs as a process."""
import html.parser
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
import unittest
import xml.etree.ElementTree

from command_case import CommandTest, actbench_program, run, server_program
from server_process import ServerProcess

# Of this test's own, so that no other waits for it.
lease_directory = tempfile.TemporaryDirectory()
os.environ["ACTBENCH_LEASE_FILE"] = os.path.join(lease_directory.name, "lease")

NAMES = ["sigmoid_vanishes", "shallow_layers_stall", "relu_gradient", "relu_trains_better", "relu_zeros",
         "relu6_low_precision", "hard_sigmoid_cheaper", "swish_too_heavy", "hard_swish_approximates",
         "printed_hard_sigmoid", "printed_hard_swish", "swish_beta"]
# The committed study.
PAGE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "docs", "study.md")
# Those that time nothing, but for what others do too.
REPEATED = ["shallow_layers_stall", "relu_gradient", "relu6_low_precision", "swish_beta"]
VOID = {"meta", "link", "br"}


class PageParser(html.parser.HTMLParser):
    """Whether what is opened is closed, and what the page refers to."""

    def __init__(self):
        super().__init__()
        self.open = []
        self.ids = set()
        self.references = []

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if "id" in attributes:
            self.ids.add(attributes["id"])
        self.references += [attributes[name] for name in ("href", "src") if name in attributes]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, f"</{tag}> closes {self.open[-1:]}"
        self.open.pop()


class StudyTest(CommandTest):

    def test_a_quick_study_is_told_in_each_form(self):
        paths = [self.path(name) for name in ["study.html", "study.json", "study.md"]]
        result = run("study", "--quick", "--html", paths[0], "--json", paths[1], "--markdown", paths[2])
        self.assertEqual(result.returncode, 0, result.stderr)
        lines = result.stdout.splitlines()
        self.assertRegex(lines[0], r"^verdict +statement +deciding numbers$")
        self.assertEqual([line.split()[1] for line in lines[1:]], NAMES)
        with open(paths[1]) as file:
            answers = json.load(file)
        self.assertEqual([answer["name"] for answer in answers], NAMES)
        for line, answer in zip(lines[1:], answers):
            self.assertIn(answer["verdict"], ["confirmed", "corrected", "refuted", "depends"])
            self.assertEqual(line.split(maxsplit=2), [answer["verdict"], answer["name"], answer["because"]])
            self.assertTrue(answer["measurements"], answer["name"])
        # What no machine and no seed changes.
        verdicts = {answer["name"]: answer["verdict"] for answer in answers}
        for name in ["sigmoid_vanishes", "relu_gradient", "swish_beta"]:
            self.assertEqual(verdicts[name], "confirmed", name)
        for name in ["printed_hard_sigmoid", "printed_hard_swish"]:
            self.assertEqual(verdicts[name], "corrected", name)
        self.check_page(paths[0])
        self.check_markdown(paths[2])

    def check_page(self, path):
        with open(path, encoding="utf-8") as file:
            page = file.read()
        parser = PageParser()
        parser.feed(page)
        self.assertEqual(parser.open, [])
        self.assertLessEqual(set(NAMES), parser.ids)
        for reference in parser.references:
            self.assertTrue(reference.startswith(("#", "data:")), f"{reference} is outside")
        self.assertIn("prefers-color-scheme: dark", page)

    def check_markdown(self, path):
        with open(path, encoding="utf-8") as file:
            text = file.read()
        plots = re.findall(r"\]\(([^)#]*\.svg)\)", text)
        self.assertGreaterEqual(len(plots), len(NAMES))
        written = {name for name in os.listdir(os.path.dirname(path)) if name.endswith(".svg")}
        self.assertEqual(written, set(plots))
        for plot in plots:
            self.assertTrue(plot.startswith("study_"))
            xml.etree.ElementTree.parse(os.path.join(os.path.dirname(path), plot))
        for name in NAMES:
            self.assertIn(f"\n## {name}\n", text)
            self.assertIn(f"](#{name})", text)
        # The committed one was measured in the same way.
        with open(PAGE, encoding="utf-8") as file:
            committed = file.read()
        for line in [r"^> .*$", r"^How it is measured: .*$"]:
            self.assertEqual(re.findall(line, committed, re.MULTILINE), re.findall(line, text, re.MULTILINE))

    def test_the_same_seed_gives_the_same_numbers(self):
        def study(seed, names):
            return json.loads(self.succeed("study", "--quick", "--only", ",".join(names), "--seed", seed, "--json", "-"))

        first = study("3", REPEATED)
        self.assertEqual([answer["name"] for answer in first], REPEATED)
        self.assertEqual(first, study("3", REPEATED))
        # Also where no other statement had its networks trained before.
        self.assertEqual(first[2:3], study("3", ["relu6_low_precision"]))
        self.assertNotEqual(first[2:3], study("4", ["relu6_low_precision"]))

    def test_only_takes_lists_and_may_be_repeated(self):
        result = run("study", "--quick", "--only", "swish_beta", "--only", "relu_gradient,swish_beta")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual([line.split()[1] for line in result.stdout.splitlines()[1:]], ["relu_gradient", "swish_beta"])
        self.assertRegex(result.stderr, r"^2 confirmed; .* s, seed 1, quick\n$")

    def test_bad_input_is_told_before_anything_is_measured(self):
        self.assertIn("there is no statement \"relu\"; there are sigmoid_vanishes, ",
                      self.fail_with("study", "--only", "relu"))
        self.assertIn("empty part", self.fail_with("study", "--only", "relu_zeros,"))
        for flag in ["--html", "--json", "--markdown"]:
            self.assertIn("/no/such/file", self.fail_with("study", flag, "/no/such/file"))
        self.assertIn("are the same file", self.fail_with("study", "--html", self.path("x"), "--json", self.path("x")))
        self.assertIn("--markdown needs a file", self.fail_with("study", "--markdown", "-"))
        self.assertIn("--seed", self.fail_with("study", "--seed", "-1"))

    def test_a_plot_that_cannot_be_written_costs_nothing_else(self):
        os.mkdir(self.path("study_swish_beta.svg"))
        result = run("study", "--quick", "--only", "swish_beta,relu_gradient", "--markdown", self.path("study.md"))
        self.assertEqual(result.returncode, 2, result.stderr)
        self.assertIn("study_swish_beta.svg", result.stderr)
        for name in ["study.md", "study_relu_gradient.svg"]:
            self.assertTrue(os.path.isfile(self.path(name)), name)

    def test_a_server_does_the_work(self):
        server = ServerProcess(server_program)
        self.addCleanup(server.stop)
        output = self.succeed("--server", server.address, "study", "--quick", "--only", "swish_beta,relu_gradient")
        self.assertEqual(len(output.splitlines()), 3)

    def test_a_statement_that_cannot_be_measured_costs_no_other(self):
        # A command that has no actbench-worker beside it.
        alone = self.path("actbench")
        shutil.copy(actbench_program, alone)
        result = subprocess.run([alone, "study", "--quick", "--only", "hard_sigmoid_cheaper,swish_beta", "--json",
                                 self.path("study.json")], capture_output=True, text=True, timeout=100)
        self.assertEqual(result.returncode, 2, result.stderr)
        self.assertRegex(result.stdout, r"\nnot measured +hard_sigmoid_cheaper .*\nconfirmed +swish_beta ")
        with open(self.path("study.json")) as file:
            self.assertEqual([answer["name"] for answer in json.load(file)], ["swish_beta"])

    def test_ctrl_c_keeps_what_is_done(self):
        process = subprocess.Popen(
            [actbench_program, "study", "--quick", "--only", "relu_gradient,relu_trains_better", "--json",
             self.path("study.json")], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        process.stdout.readline()
        self.assertIn("relu_gradient", process.stdout.readline())
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=30)
        self.assertEqual(process.returncode, -signal.SIGINT, errors)
        self.assertEqual(output, "")
        self.assertIn("interrupted; 1 of 2 statements were measured", errors)
        with open(self.path("study.json")) as file:
            self.assertEqual([answer["name"] for answer in json.load(file)], ["relu_gradient"])


if __name__ == "__main__":
    unittest.main()
