#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the README shows is what one gets: its commands, its clients, the limits that it names.

Usage: readme_test.py SOURCE_DIRECTORY PROGRAM_DIRECTORY
"""
import os
import re
import subprocess
import sys
import tempfile
import unittest

from server_process import ServerProcess

# The tour's server, for which the tests' own stands in.
ADDRESS = "127.0.0.1:50052"
# What the tests have done already.
PREPARATIONS = ("cmake --preset release && ", "export PATH=$PWD/build/release/bin:", f"actbench-server --address {ADDRESS} ")


def read(name):
    with open(os.path.join(source_directory, name), encoding="utf-8") as file:
        return file.read()


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", read("README.md"), re.MULTILINE | re.DOTALL)


def comparable(output):
    """Without what depends on the processor: instruction sets, errors, times, the widths of columns."""
    output = re.sub(r"(/(?:fast|exact))/\w+", r"\1/ISA", output)
    output = re.sub(r"^error: max \S+ ulp, mean \S+ ulp, worst at x = \S+ \(\w+\)", "error", output, flags=re.MULTILINE)
    output = re.sub(r"within [\d.]+ ulp", "within N ulp", output)
    output = re.sub(r" +", " ", output)
    return re.sub(r"(/ISA [\d,^]+ \w+ (?:>=)?)[\d.]+ .* [0-9a-f]{16} \S+ ", r"\1N HASH SECONDS ", output)


class ReadmeTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        directory = tempfile.TemporaryDirectory()
        cls.addClassCleanup(directory.cleanup)
        cls.directory = directory.name
        for name in ["proto", "tests"]:
            os.symlink(os.path.join(source_directory, name), os.path.join(cls.directory, name))
        cls.server = ServerProcess(os.path.join(program_directory, "actbench-server"))
        cls.addClassCleanup(cls.server.stop)

    def run_here(self, command):
        environment = {**os.environ, "PATH": program_directory + ":" + os.environ["PATH"]}
        result = subprocess.run(["bash", "-c", command.replace(ADDRESS, self.server.address)], capture_output=True,
                                text=True, timeout=60, cwd=self.directory, env=environment)
        self.assertEqual(result.returncode, 0, f"{command}: {result.stderr}")
        return result.stdout

    def prepare_python_client(self):
        self.run_here(next(block for block in blocks("sh") if "protoc" in block))
        with open(os.path.join(self.directory, "build", "client.py"), "w", encoding="utf-8") as file:
            file.write(blocks("python")[0].replace(ADDRESS, self.server.address))

    def test_the_commands_print_what_is_shown(self):
        self.prepare_python_client()
        shown = re.findall(r"^\$ (.*)\n((?:[^$\n].*\n)*)", "".join(blocks("console")), re.MULTILINE)
        preparations = [command for command, _ in shown if command.startswith(PREPARATIONS)]
        self.assertEqual(len(preparations), len(PREPARATIONS))
        for command, expected in shown:
            if command in preparations:
                continue
            output = self.run_here(command)
            expected, more, _ = expected.partition("...\n")
            self.assertTrue(expected, f"{command} is shown without its output")
            expected, output = comparable(expected), comparable(output)
            self.assertEqual(output[:len(expected)] if more else output, expected, command)

    def test_the_cpp_client_is_the_one_that_is_built(self):
        self.assertTrue(read("client/example.cc").endswith(blocks("cpp")[0]))

    def test_the_activation_is_one_of_the_catalog(self):
        directory = "kernels/activations"
        files = [read(os.path.join(directory, name)) for name in os.listdir(os.path.join(source_directory, directory))]
        self.assertTrue(any(blocks("cpp")[1] in file for file in files))

    def test_the_times_are_those_of_the_page(self):
        page = [[cell.strip(" *`") for cell in line.strip("|").split("|")]
                for line in read("docs/performance.md").splitlines()]
        rows = re.findall(r"^\| `(\w+)`(?: gradient)? \| ([\d.]+) \| (\S+) \| (\w+) ([\d.]+) \| (\S+) \| ([\d.]+) \|$",
                          read("README.md"), re.MULTILINE)
        self.assertEqual(len(rows), 10)
        for row in rows:
            self.assertTrue(any(tuple(line[:7]) == row for line in page), row)

    def test_the_limits_are_the_servers(self):
        def value(number, unit):
            return int(number.replace(",", "")) * (1 << 20 if unit else 1)

        text = self.run_here("actbench-server --help")
        defaults = dict((flag, value(*default)) for flag, *default in
                        re.findall(r"^ +(--\w+) .*=(\d+) ?(MiB)? \(Env:", text, re.MULTILINE))
        rows = re.findall(r"^\| `(--\w+)` \| ([\d,]+) ?(MiB)? \|", read("README.md"), re.MULTILINE)
        self.assertGreaterEqual(len(rows), 6)
        for flag, *default in rows:
            self.assertEqual(value(*default), defaults[flag], flag)


if __name__ == "__main__":
    source_directory, program_directory = sys.argv[1:3]
    del sys.argv[1:3]
    unittest.main()
