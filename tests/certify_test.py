#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tests/certify.py, of little.

Usage: certify_test.py ACTBENCH_PROGRAM
"""
import os
import stat
import subprocess
import sys
import tempfile
import unittest

import server_process  # forgets the user's settings

CERTIFY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "certify.py")
BEGIN = "<!-- made by tests/certify.sh --table: begin -->"
END = "<!-- end -->"


class CertifyTest(unittest.TestCase):

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = directory.name
        self.program = actbench_program

    def certify(self, *arguments):
        environment = {**os.environ, "ACTBENCH_STATE_DIR": os.path.join(self.directory, "state")}
        return subprocess.run([sys.executable, CERTIFY, self.program, *arguments], capture_output=True, text=True,
                              timeout=250, env=environment)

    def write(self, name, text):
        path = os.path.join(self.directory, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def test_one_activation_that_keeps_its_claims(self):
        result = self.certify("--activation", "relu", "--dtype", "bf16")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("all keep their claim.\n", result.stdout)
        self.assertIn("\n| `relu` | - | - | - | - | - | 0 | 0 |\n", result.stdout)
        self.assertNotIn("`tanh`", result.stdout)

    def test_what_is_certified_is_not_measured_again(self):
        for expected in [self.assertNotIn, self.assertIn]:
            result = self.certify("--activation", "relu", "--dtype", "f16")
            expected("(certificate of ", result.stderr.split("\nkernel ")[0])

    def test_sweeps_wait_where_there_is_no_time(self):
        result = self.certify("--activation", "relu", "--dtype", "f32", "--minutes", "0")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("certify: out of time, 4 sweeps are left\n", result.stderr)
        self.assertRegex(result.stdout, r"\n\| `relu` \| >= 0\.0000 \| .* \| 0; of samples f32/forward, f32/gradient \|\n")

    def test_a_kernel_that_misses_its_claim_is_status_1_and_named(self):
        self.program = self.write("actbench", f"#!/bin/bash\nset -o pipefail\n'{actbench_program}' \"$@\" | "
                                  "sed -E '/exact.scalar/s/\"kept\":true/\"kept\":false/'\n")
        os.chmod(self.program, stat.S_IRWXU)
        result = self.certify("--activation", "relu", "--dtype", "bf16")
        self.assertEqual(result.returncode, 1, result.stderr)
        self.assertIn("; 2 miss their claim:\n", result.stdout)
        for direction in ["forward", "gradient"]:
            self.assertRegex(result.stdout, rf"\n- relu/{direction}/bf16/actbench/exact/scalar: 0\.0 ulp, 0 misrounded \(.*\); it "
                             r"claims 0\.5000001 ulp, 0 misrounded\n")

    def test_the_table_of_a_file_is_replaced(self):
        path = self.write("page.md", f"before\n{BEGIN}\nold\n{END}\nafter\n")
        result = self.certify("--activation", "relu", "--dtype", "bf16", "--table", path)
        self.assertEqual(result.returncode, 0, result.stderr)
        with open(path, encoding="utf-8") as file:
            text = file.read()
        self.assertEqual(text, f"before\n{BEGIN}\n{result.stdout}{END}\nafter\n")
        self.assertIn("| `tanh` |", text, "which was not asked for, but has its row")

    def test_wrong_usage_is_status_2(self):
        for arguments, reason in [(["--activation", "relo"], "no activation is named relo; there are sigmoid, "),
                                  (["--table", self.write("page.md", BEGIN)], "no place for the table"),
                                  (["--table", "/nonexistent/x"], "cannot read /nonexistent/x: No such file"),
                                  (["--dtype", "f8"], "invalid choice")]:
            result = self.certify(*arguments)
            self.assertEqual((result.returncode, result.stdout), (2, ""))
            self.assertIn(reason, result.stderr)

    def test_the_page_has_a_place_for_the_table(self):
        with open(os.path.join(os.path.dirname(CERTIFY), "..", "docs", "accuracy.md"), encoding="utf-8") as file:
            text = file.read()
        self.assertEqual((text.count(f"\n{BEGIN}\n"), text.count(f"\n{END}\n")), (1, 1))


if __name__ == "__main__":
    actbench_program = sys.argv[1]
    del sys.argv[1]
    unittest.main()
