#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`actbench compare` run as a process. Usage: compare_command_test.py ACTBENCH_PROGRAM ACTBENCH_SERVER_PROGRAM
DATA_DIRECTORY OWN_PLUGIN"""
import glob
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import xml.etree.ElementTree

from command_case import CommandTest, actbench_program, run, server_program
from server_process import ServerProcess

own_plugin = sys.argv[1]
del sys.argv[1]

# Of this test's own, so that no other waits for it.
lease_directory = tempfile.TemporaryDirectory()
os.environ["ACTBENCH_LEASE_FILE"] = os.path.join(lease_directory.name, "lease")

# Their times mean nothing, so no verdict is looked at.
SHORT = ["--processes", "8", "--max_processes", "8", "--time", "1", "--size", "1000"]
ANY_VERDICT = [0, 1, 3]


def refuse(constant):
    raise ValueError(constant)


class CompareTest(CommandTest):

    def setUp(self):
        super().setUp()
        os.environ["ACTBENCH_STATE_DIR"] = self.path("state")
        self.addCleanup(os.environ.__setitem__, "ACTBENCH_STATE_DIR", "none")

    def bench(self, name, *arguments):
        path = self.path(name + ".json")
        self.succeed("bench", *arguments, "--isa", "scalar", "--provider", "actbench", "--tier", "fast", "--size", "1000",
                     "--processes", "8", "--time", "0.2", "--save", name, "--json", path)
        return path

    def edit(self, path, change, name):
        with open(path, encoding="utf-8") as file:
            text = file.read()
        changed = change(json.loads(text))
        edited = self.path(name + ".json")
        with open(edited, "w", encoding="utf-8") as file:
            json.dump(changed, file)
        return edited

    def scaled(self, path, factor, name="scaled", only=""):
        """The run with all times of the cases with this beginning multiplied."""
        def change(file):
            for result in file["actbench"]["run"]["results"]:
                if result["name"].startswith(only):
                    result["time"] = self.scaled_time(result["time"], factor)
            return file

        return self.edit(path, change, name)

    def scaled_time(self, member, factor):
        if isinstance(member, dict):
            return {name: self.scaled_time(value, factor) if name.endswith("Ns") else value for name, value in member.items()}
        if isinstance(member, list):
            return [value * factor for value in member]
        return member * factor


class RunsTest(CompareTest):

    def test_a_run_is_as_fast_as_itself(self):
        path = self.bench("one", "sigmoid", "tanh")
        for base, head in [(path, path), ("one", "one"), (path, "one")]:
            result = run("compare", base, head)
            self.assertEqual(result.returncode, 0, result.stderr)
            lines = result.stdout.splitlines()
            self.assertRegex(lines[0], r"^case +ns/element +head to base +could see +speed +accuracy$")
            self.assertRegex(lines[1], r"^sigmoid/forward/f32/fast/scalar +[\d.]+ -> [\d.]+ +\+0\.0 % \(.*\) .* (same|ambiguous) +(same bits|ulp \S+ -> \S+)$")
            self.assertIn("All with n:1000, dist:normal, cache:hot.", lines)
            self.assertRegex(result.stderr.splitlines()[-1], "^no regression: ")

    def test_what_is_slower_is_status_1_and_told_everywhere(self):
        path = self.bench("one", "sigmoid", "tanh")
        slower = self.scaled(path, 3, only="tanh")
        files = {form: self.path("out." + form) for form in ["json", "markdown", "junit"]}
        result = run("compare", path, slower, *[word for form, file in files.items() for word in ["--" + form, file]])
        self.assertEqual(result.returncode, 1, result.stderr)
        self.assertRegex(result.stdout, r"(?m)^tanh/forward/f32/fast/scalar .* \+200\.0 % .* SLOWER")
        verdict = result.stderr.splitlines()[-1]
        self.assertRegex(verdict, "^REGRESSION: 1 slower; ")
        with open(files["json"], encoding="utf-8") as file:
            comparison = json.load(file, parse_constant=refuse)
        self.assertEqual((comparison["schema"], comparison["schema_version"]), ("actbench.comparison", 1))
        self.assertEqual((comparison["verdict"], comparison["exit_status"], comparison["text"]), ("regression", 1, verdict))
        self.assertEqual(comparison["cases"][1]["speed"], "slower")
        with open(files["markdown"], encoding="utf-8") as file:
            markdown = file.read()
        self.assertTrue(markdown.startswith(f"### {verdict}\n"), markdown)
        self.assertIn("**tanh/forward/f32/fast/scalar**", markdown)
        suite = xml.etree.ElementTree.parse(files["junit"]).getroot()
        self.assertEqual([suite.get(name) for name in ["tests", "failures", "errors"]], ["2", "1", "0"])
        failed = suite.find("testsuite/testcase/failure/..")
        self.assertEqual(failed.get("name"), "tanh/forward/f32/fast/scalar/n:1000/dist:normal/cache:hot")

    def test_too_few_processes_are_status_3(self):
        path = self.bench("one", "sigmoid", "tanh")

        def cut(file):
            for result in file["actbench"]["run"]["results"]:
                del result["time"]["processMediansNs"][2:]
            return file

        few = self.edit(path, cut, "few")
        for base, head, counts in [(few, self.scaled(few, 1.5), "2 and 2"), (path, few, "8 and 2")]:
            result = run("compare", base, head)
            self.assertEqual(result.returncode, 3, result.stderr)
            self.assertRegex(result.stdout, r"(?m)^tanh/forward/f32/fast/scalar .* %.*\)  +UNTRUSTED ")
            self.assertIn(f"untrusted: measured in {counts} processes; a difference can be told from chance from 8 of each on\n",
                          result.stderr)
            self.assertEqual(result.stderr.splitlines()[-1], "UNTRUSTED: 2 cannot be trusted")

    def test_what_is_accepted_is_no_regression(self):
        path = self.bench("one", "sigmoid", "tanh")
        slower = self.scaled(path, 3, only="tanh")
        result = run("compare", path, slower, "--accept", "tanh/*", "--accept", "relu/*")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("slower (accepted)", result.stdout)
        self.assertIn("--accept relu/* matches no case", result.stderr)
        self.assertEqual(run("compare", path, slower, "--accept", "sigmoid/*").returncode, 1)

    def test_a_larger_error_is_status_1(self):
        path = self.bench("one", "sigmoid")

        def worsen(file):
            accuracy = file["actbench"]["run"]["results"][0]["accuracy"]
            accuracy["maxUlp"] *= 1.5
            accuracy["outputHash"] = "0123456789abcdef"
            return file

        worse = self.edit(path, worsen, "worse")
        result = run("compare", path, worse)
        self.assertEqual(result.returncode, 1, result.stderr)
        self.assertRegex(result.stdout, r"WORSE: max ulp >=1\.\d+ -> >=2\.\d+")
        self.assertRegex(result.stderr, "REGRESSION: 1 less accurate; ")
        self.assertEqual(run("compare", path, worse, "--accuracy", "off").returncode, 0)
        self.assertEqual(run("compare", worse, path).returncode, 0)

    def test_runs_of_different_machines_need_force(self):
        path = self.bench("one", "sigmoid")

        def move(file):
            file["actbench"]["run"]["fingerprintHash"] = "0123456789abcdef"
            return file

        other = self.edit(path, move, "other")
        self.assertIn("--force", self.fail_with("compare", path, other))
        result = run("compare", path, other, "--force")
        self.assertEqual(result.returncode, 3, result.stderr)
        self.assertIn("measured on different machines: a ratio only", result.stderr)
        self.assertRegex(result.stdout, "DIFFERENT MACHINES, [0-9a-f]{16} and 0123456789abcdef")

    def test_what_only_one_has_is_skipped_and_nothing_in_common_an_error(self):
        both, one, other = self.bench("both", "sigmoid", "tanh"), self.bench("one", "sigmoid"), self.bench("other", "tanh")
        result = run("compare", both, one)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertRegex(result.stdout, r"(?m)^tanh/forward/f32/fast/scalar +skipped: only BASE has it$")
        self.assertEqual(run("compare", one, other).returncode, 2)

    def test_a_form_on_standard_output_has_it_alone(self):
        path = self.bench("one", "sigmoid")
        json.loads(self.succeed("compare", path, path, "--json", "-"), parse_constant=refuse)
        self.assertTrue(self.succeed("compare", path, path, "--markdown", "-").startswith("### no regression: "))


class MistakesTest(CompareTest):

    def test_wrong_usage_is_status_2(self):
        for arguments, part in [
            ([], "BASE"), (["a.json"], "HEAD"), ([own_plugin, "run.json"], "both kernels (plug-ins"),
            (["run.json", own_plugin], "is a run"), (["none.json", "none.json"], "none.json"),
            (["none.so", own_plugin], "cannot copy plug-in none.so: No such file"),
            (["nothing", "nothing"], "no run with the id or name"), (["actbench", "nothing"], "nothing is not; there are the providers"),
            (["actbench", "libm", "sigmoidd"], "sigmoidd"), (["actbench", "libm", "--dtype", "f16"], "--dtype is for activations"),
            (["actbench", "libm", "sigmoid/forward"], "ACTIVATION/DIRECTION/DTYPE"),
            (["actbench", "libm", "sigmoid", "--force"], "--force is for runs"),
            (["actbench", "libm", "sigmoid", "--layout", own_plugin], "actbench is no plug-in"),
            (["a.json", "b.json", "--processes", "9"], "--processes is for kernels"),
            (["a.json", "b.json", "sigmoid"], "CASES is for kernels"),
            (["a.json", "b.json", "--accuracy", "some"], "--accuracy"), (["a.json", "b.json", "--threshold", "0"], "--threshold"),
            (["a.json", "b.json", "--json", "-", "--junit", "-"], "are the same file"),
            (["a.json", "b.json", "--json", "/"], "cannot write /")]:
            self.assertIn(part, self.fail_with("compare", *arguments), arguments)

    def test_plugins_are_for_no_server_elsewhere(self):
        self.assertIn("--plugin base=FILE,head=FILE",
                      self.fail_with("--server", "localhost:1", "compare", own_plugin, own_plugin))

    def test_a_plugin_that_is_none_is_told_and_leaves_nothing_behind(self):
        with open(self.path("text.so"), "w", encoding="utf-8") as file:
            file.write("no code")
        self.assertIn("text.so", self.fail_with("compare", self.path("text.so"), own_plugin, env={"TMPDIR": self.directory.name}))
        self.assertEqual(glob.glob(self.path("actbench_compare.*")), [])


class KernelsTest(CompareTest):

    def compare(self, *arguments, **options):
        result = run("compare", *arguments, **options)
        self.assertIn(result.returncode, ANY_VERDICT, result.stderr)
        return result

    def test_a_plugin_is_as_accurate_as_itself(self):
        result = self.compare(own_plugin, own_plugin, "sigmoid/forward/f16/fast/scalar", "silu/gradient/f16/fast/scalar", *SHORT,
                              "--json", self.path("out.json"), "--junit", self.path("out.xml"), "--base_label", "before & after",
                              env={"TMPDIR": self.directory.name})
        self.assertEqual(glob.glob(self.path("actbench_compare.*")), [])
        self.assertRegex(result.stdout, r"(?m)^sigmoid/forward/f16/fast/scalar .* same bits$")
        self.assertRegex(result.stdout, r"(?m)^silu/gradient/f16/fast/scalar .* same bits$")
        self.assertRegex(result.stdout, r"(?m)^Controls: BASE against its copy .*, \+5\.0 % of work measured as ")
        with open(self.path("out.json"), encoding="utf-8") as file:
            comparison = json.load(file, parse_constant=refuse)
        self.assertTrue(comparison["paired"])
        self.assertEqual((comparison["base"], comparison["head"]), ("before & after", own_plugin))
        for case in comparison["cases"]:
            self.assertEqual(case["base_kernel"].replace("/base/", "/head/"), case["head_kernel"])
            self.assertEqual(len(case["process_ratios"]), case["processes"])
            self.assertEqual(len(case["process_control_ratios"]), case["processes"])
            self.assertEqual(case["accuracy"], {"verdict": "same_bits", "reasons": [], "differing": 0}, "not measured: the file is the same")
        self.assertEqual(len(xml.etree.ElementTree.parse(self.path("out.xml")).findall("testsuite/testcase")), 2)

    def test_providers_are_compared_and_what_only_one_has_is_skipped(self):
        result = self.compare("actbench", "libm", "sigmoid", "tanh/forward/f32/exact", "--accuracy", "sampled", *SHORT)
        self.assertRegex(result.stdout, r"(?m)^sigmoid/forward/f32/fast/\w+:native/scalar .* (ulp >=|WORSE)")
        self.assertRegex(result.stdout, r"(?m)^tanh/forward/f32/exact/\w+:native/scalar ")
        result = self.compare("libm", "actbench", "sigmoid", "--accuracy", "off", *SHORT)
        self.assertRegex(result.stdout, r"(?m)^sigmoid/forward/f32/native/scalar:fast/scalar ")

    def test_a_server_that_has_both_compares_them(self):
        server = ServerProcess(server_program, "--plugin", f"base={own_plugin},head={own_plugin}")
        self.addCleanup(server.stop)
        result = self.compare("--server", server.address, "base", "head", "sigmoid/forward/f16/fast/scalar", *SHORT,
                              "--json", self.path("out.json"))
        self.assertRegex(result.stdout, r"(?m)^sigmoid/forward/f16/fast/scalar .* same bits$")
        with open(self.path("out.json"), encoding="utf-8") as file:
            accuracy = json.load(file)["cases"][0]["accuracy"]
        self.assertEqual((accuracy["verdict"], accuracy["differing"]), ("same_bits", 0))
        self.assertEqual((accuracy["base"]["mode"], accuracy["base"]["checked"]), ("exhaustive", 65536))

    def test_ctrl_c_stops_the_work_and_leaves_nothing_behind(self):
        process = subprocess.Popen([actbench_program, "compare", own_plugin, own_plugin, "sigmoid/forward/f32/fast/scalar",
                                    "--processes", "1000", "--max_processes", "1000", "--json", self.path("out.json")],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                   env={**os.environ, "TMPDIR": self.directory.name})
        self.addCleanup(process.kill)
        before = time.monotonic()
        while not self.has_worker(process.pid):
            self.assertIsNone(process.poll())
            self.assertLess(time.monotonic(), before + 60)
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=60)
        self.assertEqual((process.returncode, output), (-signal.SIGINT, ""), errors)
        self.assertRegex(errors, r"^actbench: interrupted, the server's work is stopped; nothing is written\n$")
        self.assertEqual(glob.glob(self.path("actbench_compare.*")), [])
        self.assertFalse(os.path.exists(self.path("out.json")))

    def has_worker(self, pid):
        for path in glob.glob(f"/proc/{pid}/task/*/children"):
            try:
                with open(path, encoding="utf-8") as file:
                    for child in file.read().split():
                        with open(f"/proc/{child}/comm", encoding="utf-8") as name:
                            if name.read().startswith("actbench-worker"[:15]):
                                return True
            except OSError:  # of one that has just ended
                continue
        return False


if __name__ == "__main__":
    unittest.main()
