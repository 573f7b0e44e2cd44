# SPDX-License-Identifier: Apache-2.0
"""What the tests of the command share. They are run as TEST.py ACTBENCH_PROGRAM ACTBENCH_SERVER_PROGRAM DATA_DIRECTORY."""
import os
import subprocess
import sys
import tempfile
import unittest

import numpy

import server_process  # which cleans the environment

actbench_program, server_program, data_directory = sys.argv[1:4]
del sys.argv[1:4]


def run(*arguments, env=None, **options):
    return subprocess.run([actbench_program, *arguments], capture_output=True, text=True, timeout=100,
                          env={**os.environ, **(env or {})}, **options)


class CommandTest(unittest.TestCase):

    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)

    def path(self, name):
        return os.path.join(self.directory.name, name)

    def save(self, name, array):
        numpy.save(self.path(name), array)
        return self.path(name)

    def succeed(self, *arguments, **options):
        result = run(*arguments, **options)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout

    def fail_with(self, *arguments, status=2, **options):
        """Expects nothing on stdout and one line on stderr, which is returned."""
        result = run(*arguments, **options)
        self.assertEqual(result.returncode, status, result.stderr)
        self.assertEqual(result.stdout, "")
        self.assertEqual(result.stderr.count("\n"), 1, result.stderr)
        self.assertTrue(result.stderr.startswith("actbench: "), result.stderr)
        return result.stderr
