#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`actbench load` run as a process: tables, JSON, exit statuses, servers that go away, Ctrl-C, mistakes."""
import json
import re
import signal
import subprocess
import threading
import time
import unittest

from command_case import CommandTest, actbench_program, run, server_program
from server_process import ServerProcess

# However busy the machine is: what is late is tested on its own.
PUNCTUAL = ["--max_late_ms", "60000"]
BRIEF = ["--size", "100", "--duration", "0.5", "--warm_up", "0.1", *PUNCTUAL]


def cells(line):
    return re.split(r"  +", line.strip())


class LoadTest(CommandTest):

    @classmethod
    def setUpClass(cls):
        cls.server = ServerProcess(server_program)
        cls.addClassCleanup(cls.server.stop)

    def load(self, *arguments, status=0):
        result = run("--server", self.server.address, "load", *arguments)
        self.assertEqual(result.returncode, status, result.stderr)
        return result

    def load_json(self, *arguments, status=0):
        return json.loads(self.load(*arguments, "--json", "-", status=status).stdout)


class TableTest(LoadTest):

    def test_a_row_for_each_rate_and_where_the_time_went(self):
        result = self.load("relu", "--rate", "400,800", "--arrivals", "constant", *BRIEF)
        lines = result.stdout.splitlines()
        header, first, second, note, empty, _, phases, *times = lines
        self.assertEqual(cells(header)[:4], ["rate/s", "offered/s", "achieved/s", "elements/s"])
        self.assertEqual((cells(first)[:2], cells(second)[:2]), (["400", "400"], ["800", "800"]))
        columns = cells(header)
        self.assertEqual([cells(row)[columns.index("succeeded")] for row in [first, second]], ["200", "400"])
        self.assertEqual([cells(row)[columns.index("p99 ms")] for row in [first, second]], ["-", "-"])
        self.assertEqual(note, "-: too few requests; a quantile takes ten beyond it: p99 1,000, p99.9 10,000")
        self.assertIn("server: queue", phases)
        self.assertEqual([cells(row)[:2] for row in times],
                         [["400", "p50"], ["400", "p99"], ["800", "p50"], ["800", "p99"]])
        self.assertRegex(result.stderr, r"^relu/forward/f32/actbench/fast/\w+ on cpu: requests of 1 x 100 elements "
                                        r"\(\d+ bytes\), constant arrivals, 1 connection, .*\n$")

    def test_in_process_and_by_default(self):
        output = self.succeed("load", "--rate", "300", *BRIEF)
        self.assertIn("300", output)
        result = run("load", "--rate", "300", *BRIEF, env={"ACTBENCH_SERVER": self.server.address})
        self.assertIn("1 connection", result.stderr)

    def test_kernels_are_chosen_as_eval_does(self):
        for arguments, kernel in [
                (["torch:SiLU", "--isa", "scalar"], "silu/forward/f32/actbench/fast/scalar"),
                (["swiglu", "--gradient", "--isa", "scalar"], "swiglu/gradient/f32/actbench/fast/scalar"),
                (["swish", "--param", "beta=1.5", "--dtype", "f16", "--tier", "exact", "--isa", "scalar"],
                 "swish/forward/f16/actbench/exact/scalar")]:
            result = self.load_json(*arguments, "--rate", "100", "--batch", "3", "--connections", "2", *BRIEF)
            self.assertEqual((result["kernel"], result["batch"], result["connections"]), (kernel, 3, 2))
            self.assertEqual(result["rates"][0]["errors"], {})


class JsonTest(LoadTest):

    def test_counts_add_up_and_the_seed_decides_the_arrivals(self):
        arguments = ["--rate", "500", "--seed", "4", *BRIEF]
        first, second = [self.load_json(*arguments)["rates"][0] for _ in range(2)]
        self.assertEqual(first["arrivals"], second["arrivals"])
        other = self.load_json("--rate", "500", "--seed", "5", *BRIEF)["rates"][0]
        self.assertNotEqual(first["arrivals"], other["arrivals"])
        for rate in [first, second, other]:
            counted = rate["succeeded"] + sum(rate["errors"].values()) + rate["unfinished"]
            self.assertEqual(counted + rate["dropped_in_flight"] + rate["dropped_late"], rate["arrivals"])
            self.assertEqual(sum(bucket["count"] for bucket in rate["latency_histogram"]), rate["succeeded"])
            self.assertGreater(rate["compute_ns"]["min"], 0)
            self.assertLessEqual(rate["latency_ns"]["p50"], rate["latency_ns"]["p90"])

    def test_a_file_and_the_table_beside_it(self):
        path = self.path("load.json")
        result = self.load("--rate", "200", "--json", path, *BRIEF)
        self.assertIn("achieved/s", result.stdout)
        self.assertIn(f"wrote {path}: 1 rate\n", result.stderr)
        with open(path, encoding="utf-8") as file:
            self.assertEqual(json.load(file)["server"], self.server.address)
        result = self.load("--rate", "200", "--json", "-", *BRIEF)
        self.assertIn("achieved/s", result.stderr)

    def test_a_full_disk_is_told(self):
        self.assertIn("No space left", self.load("--json", "/dev/full", *BRIEF, status=2).stderr)
        result = subprocess.run(["sh", "-c", f"{actbench_program} load {' '.join(BRIEF)} >&-"], stderr=subprocess.PIPE,
                                text=True)
        self.assertEqual(result.returncode, 2)


class StatusTest(LoadTest):

    def test_a_goal_that_is_missed_is_status_1(self):
        enough = ["--rate", "400", "--slo_quantile", "0.9", *BRIEF]
        self.load("--slo_ms", "60000", *enough)
        result = self.load("--slo_ms", "0.0001", *enough, status=1)
        self.assertIn("0.00 % of the requests succeeded in time, not 90 % within 0.0001 ms", result.stderr)
        self.assertIn("in 0.0001 ms", result.stdout)
        self.assertEqual(self.load_json("--slo_ms", "0.0001", *enough, status=1)["rates"][0]["slo"], "missed")

    def test_too_few_requests_for_a_goal_are_status_3(self):
        self.assertIn("takes 1,000", self.load("--slo_ms", "60000", "--rate", "100", *BRIEF, status=3).stderr)

    def test_a_late_generator_is_status_3(self):
        result = self.load("--rate", "400", "--duration", "0.5", "--warm_up", "0", "--max_late_ms", "1e-6", status=3)
        self.assertIn("do not trust", result.stderr)
        self.assertIn("generator late", result.stdout)

    def test_dropped_requests_are_told(self):
        result = self.load_json("--rate", "20000", "--max_in_flight", "1", "--size", "100000", "--duration", "0.5",
                                "--warm_up", "0", *PUNCTUAL)
        rate = result["rates"][0]
        self.assertGreater(rate["dropped_in_flight"], rate["succeeded"])
        self.assertGreater(rate["succeeded"], 0)

    def test_requests_that_all_fail_are_status_2(self):
        result = self.load("--rate", "200,300", "--size", "4000000", "--deadline_ms", "0.001", "--duration", "0.1",
                           "--warm_up", "0", *PUNCTUAL, status=2)
        self.assertIn("DEADLINE_EXCEEDED", result.stdout)
        self.assertIn("1 of 2 rates were not tried", result.stderr)


class GoneTest(CommandTest):

    def test_where_no_server_is_the_error_names_it(self):
        self.assertIn("no server at unix:", self.fail_with("--server", "unix:" + self.path("none"), "load"))

    def test_a_server_killed_in_the_middle_is_counted(self):
        server = ServerProcess(server_program)
        self.addCleanup(server.stop)
        kill = threading.Timer(1, server.kill)
        kill.start()
        result = run("--server", server.address, "load", "--rate", "200,100,50", "--size", "100", "--duration", "2",
                     "--warm_up", "0", *PUNCTUAL)
        kill.join()
        self.assertEqual(result.returncode, 2, "nothing succeeded at the second rate")
        lines = result.stdout.splitlines()
        self.assertRegex(lines[1], r"^ +200 .*UNAVAILABLE \d+")
        self.assertRegex(lines[2], r"^ +100 .* - .*UNAVAILABLE \d+")
        self.assertRegex(result.stderr, r"at 200/s \d+ of \d+ requests failed, the first with UNAVAILABLE")
        self.assertIn("1 of 3 rates were not tried", result.stderr)

    def test_an_interrupt_prints_what_there_is(self):
        server = ServerProcess(server_program)
        self.addCleanup(server.stop)
        path = self.path("load.json")
        process = subprocess.Popen([actbench_program, "--server", server.address, "load", "--rate", "300,400",
                                    "--duration", "600", "--warm_up", "0", "--json", path, *PUNCTUAL], text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        time.sleep(1.5)
        start = time.monotonic()
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=60)
        self.assertLess(time.monotonic() - start, 10)
        self.assertEqual(process.returncode, -signal.SIGINT)
        self.assertIn("interrupted", stdout.splitlines()[1])
        self.assertIn("where the time goes", stdout)
        self.assertIn("1 of 2 rates were not tried", stderr)
        with open(path, encoding="utf-8") as file:
            rate, = json.load(file)["rates"]
        self.assertTrue(rate["interrupted"])
        self.assertGreater(rate["succeeded"], 0)
        self.assertLess(rate["seconds"], 600)
        self.assertEqual(rate["errors"], {})


class MistakesTest(LoadTest):

    def test_wrong_numbers_are_told(self):
        for flag, values, allowed in [
                ("--rate", ["0", "-1", "nan", "inf", "1e7", "x", "100,", "100,,200", "1 2"], "is not a rate above 0"),
                ("--size", ["0", "-5", "1.5", "1e3"], "is not a number of elements above 0"),
                ("--batch", ["0", "x"], "is not a number of items above 0"),
                ("--duration", ["0", "-1", "nan", "inf", "1e6"], "is not a number of seconds above 0, at most 86,400"),
                ("--warm_up", ["-1", "nan"], "is not a number of seconds from 0"),
                ("--seed", ["-1", "1.5", "9223372036854775808"], "is not a whole number from 0 to 2^63 - 1"),
                ("--connections", ["0", "1001"], "connections from 1 to 1,000"),
                ("--max_in_flight", ["0", "1000001"], "requests from 1 to 1,000,000"),
                ("--deadline_ms", ["0", "nan"], "number of milliseconds above 0"),
                ("--slo_ms", ["0", "-1", "nan"], "number of milliseconds above 0"),
                ("--max_late_ms", ["0", "nan"], "number of milliseconds above 0"),
                ("--arrivals", ["burst"], "none of poisson,constant"),
                ("--dtype", ["f8"], "none of f64,f32")]:
            for value in values:
                self.assertIn(allowed, self.fail_with("load", f"{flag}={value}"), value)
        for value in ["1", "-0.1", "nan"]:
            self.assertIn("share from 0", self.fail_with("load", "--slo_ms", "1", f"--slo_quantile={value}"))

    def test_flags_that_do_not_fit_together_are_told(self):
        self.assertIn("--slo_ms", self.fail_with("load", "--slo_quantile", "0.9"))
        self.assertIn("less than one request", self.fail_with("load", "--rate", "0.5", "--duration", "1"))
        self.assertIn("--connections needs --server", self.fail_with("load", "--connections", "2"))
        self.assertIn("No such file", self.fail_with("load", "--json", "/no/such/file.json"))

    def test_what_the_server_does_not_have_or_take_is_told(self):
        for arguments, expected in [(["gelo"], "gelu_erf"),
                                    (["silu", "--isa", "sse9"], "sse9"),
                                    (["silu", "--provider", "me"], "me"),
                                    (["silu", "--device", "cuda:9"], "cuda:9"),
                                    (["silu", "--param", "beta=1"], "--param: silu has no parameter"),
                                    (["--size", "1000000000000"], "at most 67,108,864 elements"),
                                    (["--batch", "5000"], "at most 1,024 items"),
                                    (["--size", "67108864", "--dtype", "f64"], "--max_message_bytes")]:
            self.assertIn(expected, self.fail_with("--server", self.server.address, "load", *arguments), arguments)


if __name__ == "__main__":
    unittest.main()
