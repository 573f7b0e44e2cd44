#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""deploy/ci/perf_gate.sh as far as it goes without building, and what the CI files use beside it.

  perf_gate_test.py SOURCE_DIRECTORY
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

import yaml

source = pathlib.Path()


def run(*arguments, **options):
    return subprocess.run([str(argument) for argument in arguments], text=True, capture_output=True, check=False, **options)


@unittest.skipUnless(shutil.which("git"), "git is not installed")
class PerfGateTest(unittest.TestCase):
    """In a repository of its own, of which the newest commit builds nothing."""

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.repository = pathlib.Path(directory.name)
        (self.repository / "deploy/ci").mkdir(parents=True)
        shutil.copy(source / "deploy/ci/perf_gate.sh", self.repository / "deploy/ci/perf_gate.sh")
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("ACTBENCH_GATE_")}
        self.git("init", "--quiet")
        self.commit("first")

    def git(self, *arguments):
        result = run("git", "-c", "user.name=a", "-c", "user.email=a@b", *arguments, cwd=self.repository)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout

    def commit(self, message):
        self.git("add", ".")
        self.git("commit", "--quiet", "--allow-empty", "-m", message)

    def gate(self, *arguments):
        return run(self.repository / "deploy/ci/perf_gate.sh", *arguments, env=self.environment)

    def expect(self, result, status, part):
        self.assertEqual((result.returncode, part in result.stderr), (status, True), result.stderr)

    def test_wrong_usage_is_status_2(self):
        self.expect(self.gate(), 2, "give BASE_REF")
        self.expect(self.gate("HEAD", "HEAD", "HEAD"), 2, "give BASE_REF")
        self.expect(self.gate("nothing"), 2, "there is no commit nothing")
        self.expect(self.gate("HEAD", "nothing"), 2, "there is no commit nothing")

    def test_a_commit_can_say_that_nothing_is_to_be_compared(self):
        self.commit("second\n\nwhy\n\nGate-Skip: another ABI version")
        self.expect(self.gate("HEAD~1"), 0, "not compared: another ABI version")
        self.commit("third")
        self.assertNotIn("not compared", self.gate("HEAD~2").stderr, "it is of that commit alone")

    def test_what_cannot_be_built_is_status_2(self):
        (self.repository / "CMakeLists.txt").write_text("message(FATAL_ERROR no-such-build)\n")
        (self.repository / "kernels").mkdir()
        (self.repository / "kernels/empty").write_text("")
        self.commit("broken")
        self.expect(self.gate("HEAD"), 2, "no-such-build")


class CiFilesTest(unittest.TestCase):
    def test_worse_cases_are_arguments_of_another_comparison(self):
        result = run(source / "deploy/ci/worse_cases.py", source / "tests/data/comparison.json")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(result.stdout, "sigmoid/forward/f32/exact\n")
        self.assertEqual(run(source / "deploy/ci/worse_cases.py", "/nothing").stdout, "\n")

    def test_they_are_yaml_and_call_the_gate(self):
        workflow = yaml.safe_load((source / ".github/workflows/perf_gate.yml").read_text())
        for job in workflow["jobs"].values():
            scripts = [step.get("run", "") for step in job["steps"]]
            self.assertTrue(any("deploy/ci/perf_gate.sh" in script for script in scripts))
        job = yaml.safe_load((source / "deploy/ci/gitlab.yml").read_text())["perf_gate"]
        self.assertIn("deploy/ci/perf_gate.sh", job["script"][0])


if __name__ == "__main__":
    source = pathlib.Path(sys.argv.pop()).resolve()
    unittest.main()
