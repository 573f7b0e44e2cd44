#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the README shows is what one gets: its commands, its C++ client, the flags that it names.

Usage: readme_test.py SOURCE_DIRECTORY ACTBENCH_PROGRAM ACTBENCH_SERVER_PROGRAM
"""
import os
import re
import shlex
import subprocess
import sys
import tempfile
import unittest


def read(name):
    with open(os.path.join(source_directory, name), encoding="utf-8") as file:
        return file.read()


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", read("README.md"), re.MULTILINE | re.DOTALL)


class ReadmeTest(unittest.TestCase):

    def test_the_commands_print_what_is_shown(self):
        shown = re.findall(r"^\$ actbench (.*)\n((?:[^$\n].*\n)*)", "".join(blocks("console")), re.MULTILINE)
        self.assertGreaterEqual(len(shown), 6)
        environment = {key: value for key, value in os.environ.items() if key != "ACTBENCH_SERVER"}
        with tempfile.TemporaryDirectory() as directory:
            os.symlink(os.path.join(source_directory, "tests"), os.path.join(directory, "tests"))
            for command, output in shown:
                arguments = shlex.split(command, comments=True)
                if "--server" in arguments:
                    continue  # needs one at a fixed port
                result = subprocess.run([actbench_program, *arguments], capture_output=True, text=True, timeout=60,
                                        cwd=directory, env=environment)
                self.assertEqual(result.returncode, 0, f"{command}: {result.stderr}")
                if output:
                    self.assertEqual(result.stdout, output, command)

    def test_the_cpp_client_is_the_one_that_is_built(self):
        self.assertTrue(read("client/example.cc").endswith(blocks("cpp")[0]))

    def test_the_flags_are_the_servers(self):
        text = subprocess.run([server_program, "--help"], capture_output=True, text=True, check=True).stdout
        flags = re.findall(r"^\| `(--\w+)` \|", read("README.md"), re.MULTILINE)
        self.assertGreaterEqual(len(flags), 6)
        for flag in flags:
            self.assertIn(flag, text)


if __name__ == "__main__":
    source_directory, actbench_program, server_program = sys.argv[1:4]
    del sys.argv[1:4]
    unittest.main()
