#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`actbench bench` and `actbench runs` run as processes."""
import csv
import glob
import io
import json
import os
import signal
import sqlite3
import subprocess
import tempfile
import time
import unittest

from command_case import CommandTest, actbench_program, run, server_program
from server_process import ServerProcess

# Of this test's own, so that no other waits for it.
lease_directory = tempfile.TemporaryDirectory()
os.environ["ACTBENCH_LEASE_FILE"] = os.path.join(lease_directory.name, "lease")

# Their times mean nothing.
SHORT = ["--isa", "scalar", "--provider", "actbench", "--tier", "fast", "--time", "0.02", "--processes", "2"]


def children_of(pid):
    children = []
    for path in glob.glob("/proc/[0-9]*/stat"):
        try:
            with open(path) as file:
                fields = file.read().rpartition(")")[2].split()  # after the name: state, parent
        except OSError:  # of a process that has just ended
            continue
        if int(fields[1]) == pid:
            children.append(path.split("/")[2])
    return children


class BenchTest(CommandTest):

    def setUp(self):
        super().setUp()
        os.environ["ACTBENCH_STATE_DIR"] = self.path("state")
        self.addCleanup(os.environ.__setitem__, "ACTBENCH_STATE_DIR", "none")

    def test_a_line_for_each_case_and_the_run_is_stored(self):
        result = run("bench", "sigmoid", "tanh", *SHORT, "--size", "100,200", "--save", "a name")
        self.assertEqual(result.returncode, 0, result.stderr)
        lines = result.stdout.splitlines()
        self.assertEqual(len(lines), 5, result.stdout)
        self.assertRegex(lines[0], r"^kernel +elements +in +ns/element +\+- +of a copy +max ulp$")
        self.assertRegex(lines[1], r"^sigmoid/forward/f32/actbench/fast/scalar +100  l1 +\d+\.\d+ +\d[\d.]* % +\d[\d.]* % +>=1\.\d+")
        self.assertRegex(result.stderr, r"^run [0-9a-f]{16}: 4 measured, \d+ s, machine [0-9a-f]{16}\n$")
        listed = self.succeed("runs", "list")
        self.assertEqual(len(listed.splitlines()), 2, listed)
        self.assertIn("a name", listed)
        shown = self.succeed("runs", "show", "a name")
        self.assertIn("processor: ", shown)
        seconds = result.stderr.partition(" s, ")[0].split()[-1]
        self.assertIn(f", {seconds} s\n", shown)
        self.assertRegex(listed.splitlines()[1], rf" a name +4 +0 +{seconds} ")
        self.assertIn("\n".join(lines), shown)
        run_id = result.stderr.split()[1].rstrip(":")
        self.assertEqual(self.succeed("runs", "delete", run_id[:6]), f"deleted {run_id}\n")
        self.assertEqual(self.succeed("runs", "list"), "")

    def test_a_run_with_a_name_is_kept_or_it_fails(self):
        bench = ["bench", "sigmoid", *SHORT, "--size", "10"]
        with open(self.path("file"), "w"):
            os.environ["ACTBENCH_STATE_DIR"] = self.path("file")
        self.assertRegex(self.fail_with(*bench, "--save", "nightly"),
                         r"^actbench: nothing can be stored, as .*file/actbench\.sqlite cannot be used: ")
        result = run(*bench)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertRegex(result.stderr, r"^actbench: warning: state is kept in memory and lost at the end, as .*"
                                        r"file/actbench\.sqlite cannot be used: .*\nrun .*, not saved\n$")
        result = run(*bench, "--save", "nightly", env={"ACTBENCH_STATE_DIR": "none"})
        self.assertEqual(result.returncode, 2)
        self.assertIn("the run cannot be saved", result.stderr)

    def test_names_are_checked_and_old_ones_are_escaped(self):
        for name in ["x\ny", "\x1b[31mred", "a/b", "night.json", "-", "actbench", "base.so"]:
            error = self.fail_with("bench", "sigmoid", *SHORT, "--size", "10", f"--save={name}")
            self.assertRegex(error, r'^actbench: --save is ".*"; it must have at most 128 characters, letters, digits,')
            self.assertNotIn("\x1b", error)
        self.succeed("bench", "sigmoid", *SHORT, "--size", "10", "--save", "name")
        with sqlite3.connect(self.path("state/actbench.sqlite")) as database:
            run_bytes, = database.execute("SELECT run FROM runs").fetchone()
            database.execute("UPDATE runs SET run = ?", [run_bytes.replace(b"name", b"a\x1b\nb")])
        self.assertIn("  a\\033\\nb  ", self.succeed("runs", "list"))
        shown = self.succeed("runs", "show", "name")
        self.assertIn(", a\\033\\nb\n", shown)
        self.assertNotIn("\x1b", shown)

    def test_the_json_is_google_benchmarks(self):
        self.succeed("bench", "sigmoid", *SHORT, "--size", "100", "--json", self.path("run.json"), "--csv", self.path("run.csv"))
        with open(self.path("run.json")) as file:
            rows = json.load(file)["benchmarks"]
        self.assertEqual([row["name"] for row in rows], ["sigmoid/forward/f32/actbench/fast/scalar/n:100/dist:normal/cache:hot"])
        self.assertGreater(rows[0]["real_time"], 0)
        with open(self.path("run.csv")) as file:
            table = list(csv.DictReader(file))
        self.assertEqual(table[0]["name"], rows[0]["name"])
        exported = self.succeed("bench", "sigmoid", *SHORT, "--size", "100", "--csv", "-")
        self.assertEqual(len(list(csv.DictReader(io.StringIO(exported)))), 1)

    def test_errors_are_not_measured_where_they_are_not_wanted(self):
        rows = {}
        for flags in [[], ["--no_accuracy"]]:
            exported = self.succeed("bench", "sigmoid", *SHORT, "--size", "100", "--csv", "-", *flags)
            rows[len(flags)], = csv.DictReader(io.StringIO(exported))
        self.assertEqual(rows[0]["accuracy_mode"], "sampled")
        self.assertEqual((rows[1]["outcome"], rows[1]["accuracy_mode"], rows[1]["max_ulp"]), ("measured", "", ""))

    def test_one_process_has_no_interval(self):
        result = run("bench", "sigmoid", *SHORT[:-1], "1", "--size", "100", "--csv", self.path("run.csv"))
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertRegex(result.stdout, r"l1 +\d+\.\d+ +- .* one process: no interval\n$")
        with open(self.path("run.csv")) as file:
            row = next(csv.DictReader(file))
        self.assertEqual([row[name] for name in ["median_low_ns", "median_high_ns", "processes", "converged"]], ["", "", "1", "false"])

    def test_a_run_that_is_none_names_the_command(self):
        result = run("runs", "show", "nope")
        self.assertEqual((result.returncode, result.stdout), (2, ""))
        self.assertEqual(result.stderr, "actbench: there is no run with the id or name \"nope\"; 'actbench runs list' has them all\n")

    def test_a_case_that_cannot_be_is_skipped_and_the_others_measured(self):
        result = run("bench", "sigmoid", *SHORT[:4], "--tier", "all", "--dtype", "f32,f64", "--size", "10", "--time", "0.02",
                     "--processes", "2")
        self.assertEqual(result.returncode, 0, result.stderr)

    def test_the_users_own_tensor_is_timed(self):
        import numpy
        x = self.save("x.npy", numpy.linspace(-3, 3, 77, dtype=numpy.float32))
        self.assertRegex(self.succeed("bench", "sigmoid", *SHORT, "--in", x, "--direction", "all"), r"\n.* 77  l1 .* given")

    def test_mistakes_are_told(self):
        for arguments, part in [([], "needs activations"), (["sigmoidd"], "sigmoidd"), (["sigmoid", "--size", "0"], "--size"),
                                (["sigmoid", "--size", "x"], "whole numbers"), (["sigmoid", "--working_set", "l9"], "l9"),
                                (["sigmoid", "--cache", "warm"], "hot, cold"), (["sigmoid", "--threads", "9999"], "9999"),
                                (["sigmoid", "--launch", "alone"], "runs on the CPU"),
                                (["sigmoid", "--time", "0"], "--time"), (["sigmoid", "--distribution", "cauchy"], "cauchy"),
                                (["sigmoid", "--size", "1000000000000"], "--max_benchmark_bytes"),
                                (["sigmoid", "--json", "/"], "cannot write /"), (["sigmoid", "--in", "none.npy"], "none.npy")]:
            self.assertIn(part, self.fail_with("bench", *arguments), arguments)
        self.assertIn("no run with the id or name", self.fail_with("runs", "show", "nothing"))
        self.assertIn("no command", self.fail_with("runs"))

    def test_ctrl_c_stops_the_work_and_the_next_run_works(self):
        server = ServerProcess(server_program)
        self.addCleanup(server.stop)
        process = subprocess.Popen([actbench_program, "--server", server.address, "bench", "sigmoid", *SHORT[:4], "--time", "600"],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        server.wait_for_metric('actbench_worker_threads_busy', 1)
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=60)
        self.assertEqual(process.returncode, -signal.SIGINT, errors)
        self.assertIn("interrupted, the server's work is stopped", errors)
        server.wait_for_metric('actbench_worker_threads_busy', 0)
        self.succeed("--server", server.address, "bench", "sigmoid", *SHORT, "--size", "10")

    def test_two_clients_at_once_both_get_their_results(self):
        server = ServerProcess(server_program)
        self.addCleanup(server.stop)
        command = [actbench_program, "--server", server.address, "bench", "sigmoid", *SHORT, "--size", "10"]
        processes = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(3)]
        for process in processes:
            output, errors = process.communicate(timeout=100)
            self.assertEqual(process.returncode, 0, errors)
            self.assertEqual(len(output.splitlines()), 2, output)

    def test_a_killed_server_keeps_its_history_and_the_next_one_runs(self):
        state = ["--state_dir", self.path("server_state")]
        server = ServerProcess(server_program, *state)
        self.succeed("--server", server.address, "bench", "sigmoid", *SHORT, "--size", "10", "--save", "before")
        process = subprocess.Popen([actbench_program, "--server", server.address, "bench", "sigmoid", *SHORT[:4], "--time", "600"],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        server.wait_for_metric('actbench_worker_threads_busy', 1)
        server.kill()
        server.stop()
        output, errors = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 2, errors)
        self.assertIn("stopping or gone", errors)
        server = ServerProcess(server_program, *state)
        self.addCleanup(server.stop)
        self.assertIn("before", self.succeed("--server", server.address, "runs", "list"))
        self.succeed("--server", server.address, "bench", "sigmoid", *SHORT, "--size", "10")

    def test_a_worker_dies_with_a_killed_command(self):
        before = time.monotonic()
        process = subprocess.Popen([actbench_program, "bench", "sigmoid", *SHORT[:4], "--time", "600"], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        children = []
        while not children and time.monotonic() < before + 60:
            children = children_of(process.pid)
        self.assertTrue(children)
        process.kill()
        process.communicate()
        while os.path.exists(f"/proc/{children[0]}") and time.monotonic() < before + 60:
            time.sleep(0.01)
        self.assertFalse(os.path.exists(f"/proc/{children[0]}"))


if __name__ == "__main__":
    unittest.main()
