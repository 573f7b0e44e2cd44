#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`actbench accuracy` run as a process, with a server inside it and against servers."""
import fcntl
import json
import os
import pty
import re
import signal
import subprocess
import threading
import time
import unittest
import xml.etree.ElementTree

import numpy

from accuracy_case import MEMBERS, AccuracyTest
from command_case import actbench_program, data_directory, run

RUNNING = "actbench_worker_threads_busy"


class UsageTest(AccuracyTest):

    def test_wrong_usage_is_status_2(self):
        for arguments, reason in [
                ([], "needs activations"), (["tanh", "--all"], "--all"), (["tanh/forward"], "ACTIVATION/DIRECTION/DTYPE"),
                (["tanh", "--exhaustive", "--samples", "5"], "exclude each other"),
                (["tanh", "--unit_upstream", "--in", "x.npy"], "exclude each other"), (["tanh", "--gate", "g.npy"], "needs --in"),
                (["tanh", "--seed", "-1"], "--seed: \"-1\" is not a whole number from 0"),
                (["tanh", "--seed"], "--seed: no value is given; it takes N"), (["tanh", "--samples", "0"], "above 0"),
                (["tanh", "--samples", "5x"], "--samples: \"5x\" is not a number of samples above 0"),
                (["tanh", "--limit", "small"], "--limit"), (["tanh", "--limit=-1"], "0 or more"),
                (["tanh", "--dtype", "f8"], "f64, f32"), (["tanh", "--isa", "avx2,"], "--isa"),
                (["tanh", "--param", "beta"], "NAME=NUMBER"), (["tanh", "--json", "-", "--plot", "-"], "same file"),
                (["tanh", "--json", "x", "--plot", "x"], "same file"), (["--compare", "tanh"], "--compare"),
                (["tanh", "--compare", "tanh", "tanh"], "no others"), (["--compare", "tanh", "tanh"], "of the form"),
                (["--compare", "a/b", "c/d", "--dtype", "f16"], "--dtype"), (["tanh", "--dtype", "f16,all"], "all alone")]:
            self.assertIn(reason, self.fail_with("accuracy", *arguments), arguments)

    def test_unknown_names_are_told_with_what_exists(self):
        self.assertIn("did you mean \"sigmoid\"", self.fail_with("accuracy", "sigmoit"))
        self.assertIn("there are:", self.fail_with("accuracy", "tanh", "--tier", "quick"))
        self.assertIn("bogus", self.fail_with("accuracy", "tanh", "--tier", "fast,bogus"))
        self.assertIn("with tier fast", self.fail_with("accuracy", "tanh", "--tier", "exact", "--dtype", "f32,f64"))
        self.assertIn("avx9000", self.fail_with("accuracy", "tanh/forward/f32/actbench/fast/avx9000"))

    def test_files_that_cannot_be_written_or_read_are_told_before_the_work(self):
        start = time.monotonic()
        for flag in ["--json", "--plot"]:
            error = self.fail_with("accuracy", "--all", "--exhaustive", flag, "/nonexistent/x")
            self.assertIn("cannot write /nonexistent/x: No such file", error)
        self.assertIn("missing.npy", self.fail_with("accuracy", "tanh", "--in", self.path("missing.npy")))
        self.assertLess(time.monotonic() - start, 20)

    def run_with(self, *arguments, **streams):
        return subprocess.run([actbench_program, *arguments], text=True, timeout=100,
                              **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams})

    def test_a_full_disk_below_the_table_is_told_at_once(self):
        server = self.start_server()
        path = self.path("x.json")
        told = "actbench: cannot write to standard output: No space left on device\n"
        for connection in [["--server", server.address], []]:
            arguments = [*connection, "accuracy", "relu", "tanh", "--dtype", "bf16", "--isa", "scalar"]
            with open("/dev/full", "w", encoding="utf-8") as full:
                result = self.run_with(*arguments, stdout=full)
                self.assertEqual((result.returncode, result.stderr), (2, told))
                if connection:
                    listed = self.succeed(*connection, "certificates", "list").splitlines()
                    self.assertEqual(len(listed), 1 + 1)
                # Who asked for a file too has it.
                result = self.run_with(*arguments, "--json", path, stdout=full)
                self.assertEqual((result.returncode, result.stderr), (2, f"wrote {path}: 2 kernels\n" + told))
            with open(path, encoding="utf-8") as file:
                self.assertEqual(len(json.load(file)), 2)

    def test_what_goes_to_stdout_needs_no_stderr(self):
        arguments = ["accuracy", "relu", "tanh", "--dtype", "bf16", "--isa", "scalar"]
        with open("/dev/full", "w", encoding="utf-8") as full:
            result = self.run_with(*arguments, "--json", "-", stderr=full)
            self.assertEqual((result.returncode, len(json.loads(result.stdout))), (0, 2))
            result = self.run_with(*arguments, "--plot", "-", stderr=full)
            self.assertEqual(result.returncode, 0)
            self.assertIn("</svg>", result.stdout)


class MeasureTest(AccuracyTest):

    def test_a_line_for_each_kernel(self):
        lines = self.succeed("accuracy", "relu", "tanh", "--dtype", "bf16", "--isa", "scalar", "--exhaustive").splitlines()
        self.assertEqual(lines[0].split()[:4], ["kernel", "inputs", "mode", "max"])
        self.assertEqual([line.split()[0] for line in lines[1:]],
                         [f"{name}/forward/bf16/actbench/fast/scalar" for name in ["relu", "tanh"]])
        for line in lines[1:]:
            self.assertNotIn(" 0.00 ", line)
            self.assertRegex(line, r" 2\^16  exhaustive +\d\.\d{4}  .* [0-9a-f]{16} +\d[\d.e-]*  -$")

    def test_json_has_every_number(self):
        with_upstream = ["--direction", "gradient", "--unit_upstream"]
        for flags, dy in [([], None), (with_upstream, 1.0)]:
            result, = self.measure("sigmoid", "--dtype", "f16", "--isa", "scalar", "--exhaustive", *flags)
            self.assertEqual(list(result), MEMBERS)
            self.assertEqual(result["device"], "cpu")
            self.assertEqual(result["checked"], 65536)
            self.assertEqual(result["max_ulp"], max(entry["ulp"] for entry in result["worst"]))
            self.assertEqual(len(result["worst"]), 10)
            for entry in result["worst"]:
                self.assertEqual(entry.get("dy"), dy)
                bits = numpy.array([entry["x"]], "<f2").view("<u2")[0]
                self.assertEqual(entry["x_bits"], f"0x{bits:04x}")
            self.assertEqual(sum(result["decided_by"].values()), 65536)
            self.assertEqual(sum(binade["checked"] for binade in result["binades"]), 65536 - 2048, "but inf and NaN")
            self.assertEqual(max(binade["max_ulp"] for binade in result["binades"]), result["max_ulp"])
            self.assertIn("NaN", [value["name"] for value in result["special_values"]])
            self.assertRegex(result["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
            self.assertRegex(result["build_id"], "^[0-9a-f]{16}$")
            self.assertNotEqual(result["certificate"], "")

    def test_samples_are_the_same_each_time_and_a_lower_bound(self):
        arguments = ["tanh", "--isa", "scalar", "--samples", "1000", "--distribution", "normal"]
        first, = self.measure(*arguments)
        self.assertEqual((first["mode"], first["checked"]), ("sampled", 1000))
        self.assertEqual(self.measure(*arguments)[0]["output_hash"], first["output_hash"])
        self.assertNotEqual(self.measure(*arguments, "--seed", "1")[0]["output_hash"], first["output_hash"])
        self.assertRegex(self.succeed("accuracy", *arguments), r" >=\d\.")
        self.assertIn("normal", self.fail_with("accuracy", "tanh", "--distribution", "norml"))
        padded, = self.measure("tanh", "--dtype", "f16", "--isa", "scalar", "--samples", "0100", "--seed", "010")
        self.assertEqual(padded["checked"], 100)
        seeded, = self.measure("tanh", "--dtype", "f16", "--isa", "scalar", "--samples", "100", "--seed", "10")
        self.assertEqual(padded["output_hash"], seeded["output_hash"])

    def test_by_default_all_inputs_of_16_bits_and_samples_of_others(self):
        arguments = ["tanh", "--isa", "scalar", "--direction", "all", "--dtype", "all"]
        measured = {tuple(result["kernel"].split("/")[1:3]): (result["mode"], result["checked"])
                    for result in self.measure(*arguments)}
        samples = {"f64": ("sampled", 100000), "f32": ("sampled", 1000000)}
        for dtype in ["f16", "bf16"]:
            self.assertEqual(measured.pop(("forward", dtype)), ("exhaustive", 65536))
            self.assertEqual(measured.pop(("gradient", dtype)), ("exhaustive_unit_upstream", 65536))
        self.assertEqual(measured, {(direction, dtype): mode for direction in ["forward", "gradient"]
                                    for dtype, mode in samples.items()})
        text = self.succeed("accuracy", "tanh", "--isa", "scalar", "--direction", "gradient", "--dtype", "f16,f32")
        self.assertIn(" exhaustive, dy = 1  ", text)
        self.assertIn(" sampled  ", text)

    def test_the_elements_of_files(self):
        x = os.path.join(data_directory, "digits_layer3_x.npy")
        dy = os.path.join(data_directory, "digits_layer3_dy.npy")
        result, = self.measure("gelu_erf", "--in", x)
        self.assertEqual((result["mode"], result["checked"]), ("given", numpy.load(x).size))
        both = self.measure("gelu_erf", "--in", x, "--upstream", dy, "--direction", "all", "--dtype", "f32,bf16")
        self.assertEqual(len(both), 4)
        self.assertIn("--direction gradient", self.fail_with("accuracy", "gelu_erf", "--in", x, "--upstream", dy))
        half = self.save("half.npy", numpy.linspace(-3, 3, 100, dtype="<f2"))
        self.assertIn("/f16/", self.measure("tanh", "--in", half)[0]["kernel"])

    def test_errors_of_the_server_name_flags(self):
        x = self.save("x.npy", numpy.ones(2, "<f4"))
        dy = self.save("dy.npy", numpy.ones(3, "<f4"))
        empty = self.save("empty.npy", numpy.ones(0, "<f4"))
        large = self.save("large.npy", numpy.ones(18 << 20, "<f4"))
        for arguments, reason in [
                (["--samples", "200000000"], "--samples is 200000000; at most"), (["--distribution", "x"], "--distribution is"),
                (["--dtype", "f64", "--exhaustive"], "--exhaustive: the forward direction of swish in f64"),
                (["--param", "gamma=1"], "--param: swish has no parameter"), (["--in", empty], "--in has 0 elements"),
                (["--in", x, "--upstream", dy, "--direction", "gradient"],
                 "actbench: the shape of --gate or --upstream is [3], but the shape of --in is [2]; all inputs (x, dy)"),
                (["--in", x, "--gate", x], "actbench: --in, --gate and --upstream give 2 tensors; the forward"),
                (["--in", large], "nearly all of them tensors; the server takes at most 71303168")]:
            self.assertIn(reason, self.fail_with("accuracy", "swish", *arguments), arguments)

    def test_a_kernels_name_and_flags_that_contradict_it(self):
        name = "tanh/forward/f32/actbench/fast/scalar"
        for flags, reason in [(["--dtype", "f64"], "--dtype is f64, but " + name), (["--isa", "avx2"], "--isa is avx2"),
                              (["--provider", "libm"], "--provider is libm")]:
            self.assertIn(reason, self.fail_with("accuracy", name, "--samples", "100", *flags))
            self.assertIn(reason, self.fail_with("bench", name, *flags))
        self.succeed("accuracy", name, "--samples", "100", "--dtype", "f32", "--isa", "all")

    def test_parameters(self):
        arguments = ["swish", "--dtype", "f16", "--isa", "scalar", "--exhaustive"]
        results = self.measure(*arguments) + self.measure(*arguments, "--param", "beta=1.5")
        self.assertEqual([result["parameters"] for result in results], [{"beta": 1.0}, {"beta": 1.5}])
        self.assertNotEqual(results[0]["output_hash"], results[1]["output_hash"])
        self.assertIn("gamma", self.fail_with("accuracy", *arguments, "--param", "gamma=1"))

    def test_a_limit_that_is_exceeded_is_status_1(self):
        arguments = ["accuracy", "relu", "tanh", "--dtype", "f16", "--isa", "scalar", "--exhaustive", "--limit"]
        result = run(*arguments, "0.1")
        self.assertEqual(result.returncode, 1, result.stderr)
        self.assertRegex(result.stderr, "^actbench: tanh/forward/f16/actbench/fast/scalar: .* over the limit of 0.1 ulp\n$")
        self.succeed(*arguments, "2")

    def test_claims_that_are_kept_are_status_0(self):
        arguments = ["accuracy", "tanh", "--dtype", "f32,f16", "--isa", "scalar", "--tier", "all", "--claims", "--samples", "999"]
        self.assertEqual(run(*arguments, "--direction", "all", "--unit_upstream").stderr, "")
        result = run(*arguments, "--direction", "gradient")
        self.assertEqual(result.returncode, 0)
        self.assertIn("actbench: tanh/gradient/f32/actbench/fast/scalar claims nothing of these inputs\n", result.stderr)
        self.assertNotIn("exact", result.stderr)

    def test_what_cannot_be_measured_is_told_and_the_rest_is_measured(self):
        result = run("accuracy", "tanh", "--dtype", "f64,f16", "--isa", "scalar", "--exhaustive", "--json",
                     self.path("x.json"))
        self.assertEqual(result.returncode, 2)
        self.assertRegex(result.stderr, "actbench: tanh/forward/f64/actbench/fast/scalar: .*use --samples")
        with open(self.path("x.json"), encoding="utf-8") as file:
            self.assertEqual([entry["kernel"] for entry in json.load(file)], ["tanh/forward/f16/actbench/fast/scalar"])
        self.assertIn("f64", self.fail_with("accuracy", "tanh", "--dtype", "f64", "--exhaustive"))

    def test_binades_special_values_and_comparisons(self):
        names = [f"tanh/forward/f16/actbench/fast/{isa}" for isa in self.isas()]
        output = self.succeed("accuracy", names[0], "--exhaustive", "--binades", "--special")
        self.assertRegex(output, r"\n +-2\^3 +1,024 +\d")
        self.assertRegex(output, r"\nleast subnormal +5\.96e-08 0x0001 ")
        output = self.succeed("accuracy", "--compare", names[0], names[-1], "--exhaustive")
        self.assertRegex(output, r"\n(all 65,536 outputs have the same bits|[\d,]+ of 65,536 outputs differ)")
        path = self.path("comparison.json")
        error = run("accuracy", "--compare", names[0], names[-1], "--exhaustive", "--json", path).stderr
        self.assertEqual(error, f"wrote {path}: 2 kernels\n")
        with open(path, encoding="utf-8") as file:
            comparison = json.load(file)
        self.assertEqual(list(comparison), ["checked", "differing", "differences", "first", "second"])
        self.assertEqual([comparison[which]["kernel"] for which in ["first", "second"]], [names[0], names[-1]])
        self.assertEqual(comparison["differing"] == 0,
                         comparison["first"]["output_hash"] == comparison["second"]["output_hash"])
        self.assertIn("one activation", self.fail_with("accuracy", "--compare", names[0], names[0].replace("f16", "f32")))

    def isas(self):
        kernels = json.loads(self.succeed("list", "--kernels", "--json"))
        return sorted({kernel["isa"] for kernel in kernels if kernel["provider"] == "actbench"})

    def test_a_plot_is_xml_with_a_line_for_each_kernel(self):
        path = self.path("plot.svg")
        self.succeed("accuracy", "gelu_erf", "--dtype", "f16,bf16", "--isa", "scalar", "--exhaustive", "--plot", path)
        root = xml.etree.ElementTree.parse(path).getroot()
        self.assertEqual(root.tag, "{http://www.w3.org/2000/svg}svg")
        names = [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")]
        for dtype in ["f16", "bf16"]:
            self.assertTrue(any(f"gelu_erf/forward/{dtype}/actbench/fast/scalar: " in name for name in names), names)
        drawn = [path.get("class") for path in root.iter("{http://www.w3.org/2000/svg}path")]
        self.assertEqual((drawn.count("line k0"), drawn.count("line k1")), (2, 2))

    def test_peers_are_measured_and_drawn_beside_ours(self):
        path = self.path("peers.svg")
        lines = self.succeed("accuracy", "gelu_erf", "--provider", "actbench,libm", "--isa", "scalar", "--tier", "all",
                             "--samples", "100000", "--plot", path).splitlines()
        names = [f"gelu_erf/forward/f32/{kernel}/scalar" for kernel in ["actbench/fast", "actbench/exact", "libm/native"]]
        self.assertCountEqual([line.split()[0] for line in lines[1:4]], names)
        with open(path, encoding="utf-8") as file:
            svg = file.read()
        for name in names:
            self.assertIn(name + ": ", svg)
        self.assertIn("libm/native", self.succeed("accuracy", "gelu_erf", "--provider", "libm"))
        self.succeed("accuracy", "gelu_erf", "--provider", "all", "--tier", "all", "--direction", "all", "--samples", "9")

    def test_progress_is_on_terminals_alone(self):
        arguments = [actbench_program, "accuracy", "tanh", "--samples", "20000000", "--isa", "scalar"]
        controller, terminal = pty.openpty()
        process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=terminal)
        os.close(terminal)
        shown = b""
        try:
            while data := os.read(controller, 1 << 16):
                shown += data
        except OSError:  # how the end of a terminal is told
            pass
        self.assertIn(b"tanh", process.communicate()[0])
        self.assertRegex(shown.decode(), r"\[[#.]{20}\] +\d+ %, [\d.]+ [kMG] inputs/s")
        self.assertTrue(shown.endswith(b"\r\x1b[K"), shown)
        self.assertEqual(subprocess.run(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE).stderr, b"")


# Some of one input.
ACTIVATIONS = "sigmoid relu relu6 hard_sigmoid swish silu hard_swish tanh gelu_erf gelu_tanh".split()


class InterruptTest(AccuracyTest):

    def interrupt(self, *connection, when):
        """Ctrl-C in the middle of long work."""
        path = self.path("x.json")
        process = subprocess.Popen(
            [actbench_program, *connection, "accuracy", *ACTIVATIONS, "--direction", "gradient", "--dtype", "f16", "--isa",
             "scalar", "--exhaustive", "--json", path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        when()
        start = time.monotonic()
        process.send_signal(signal.SIGINT)
        error = process.communicate(timeout=30)[1]
        self.assertLess(time.monotonic() - start, 5)
        self.assertEqual(process.returncode, -signal.SIGINT)
        self.assertRegex(error, r"^actbench: interrupted, .*; \d+ of \d+ kernels were measured, no file is written\n$")
        self.assertFalse(os.path.exists(path))

    def test_in_one_process(self):
        self.interrupt(when=lambda: time.sleep(1.5))

    def test_the_servers_work_stops(self):
        server = self.start_server("--threads", "1")
        self.interrupt("--server", server.address, when=lambda: server.wait_for_metric(RUNNING, 1))
        server.wait_for_metric(RUNNING, 0, patience=5)

    def test_while_stored_certificates_are_shown(self):
        server = self.start_server()
        arguments = ["--server", server.address, "accuracy", *ACTIVATIONS, "--dtype", "f16,bf16", "--isa", "all", "--tier", "all"]
        self.succeed(*arguments, "--exhaustive")
        process = subprocess.Popen([actbench_program, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0)
        # With the pipe this small the command waits for its reader before the server has been asked for all of them.
        fcntl.fcntl(process.stdout, fcntl.F_SETPIPE_SZ, 4096)
        self.assertEqual(os.read(process.stdout.fileno(), 1), b"k")
        server.process.send_signal(signal.SIGSTOP)
        self.addCleanup(server.process.send_signal, signal.SIGCONT)
        interrupt = threading.Timer(0.3, process.send_signal, [signal.SIGINT])
        interrupt.start()
        error = process.communicate(timeout=10)[1].decode()
        self.assertEqual(process.returncode, -signal.SIGINT)
        self.assertRegex(error, r"^actbench: interrupted, .*; \d+ of \d+ kernels were measured, no file is written\n$")

    def test_a_server_that_goes_away_is_told(self):
        server = self.start_server("--threads", "1")
        kill = threading.Thread(target=lambda: (server.wait_for_metric(RUNNING, 1), server.kill()))
        kill.start()
        error = self.fail_with("--server", server.address, "accuracy", *ACTIVATIONS, "--direction", "gradient",
                               "--dtype", "f16", "--isa", "scalar", "--exhaustive")
        kill.join()
        self.assertIn(f"the server at {server.address} is stopping or gone", error)


if __name__ == "__main__":
    unittest.main()
