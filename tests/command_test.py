#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The command run as a process: what it prints, where, and its exit status."""
import io
import json
import math
import os
import subprocess
import unittest

import numpy

from command_case import CommandTest, actbench_program, data_directory, run, server_program
from server_process import ServerProcess

ARTICLE_INPUTS = "--values=-4,-3,-1,0,1,3,4"


def bfloat16(values):
    """The bits of exactly representable values as '<V2', which is how ml_dtypes writes them."""
    bits = numpy.asarray(values, "<f4").view("<u4") >> 16
    return bits.astype("<u2").view("V2")


def from_bfloat16(array):
    return (array.view("<u2").astype("<u4") << 16).view("<f4")


class UsageTest(CommandTest):

    def test_help_and_version_succeed(self):
        self.assertIn("Examples:", self.succeed("--help"))
        for command in ["list", "eval", "accuracy", "certificates", "load", "study", "health"]:
            self.assertIn(command, self.succeed("--help"))
            self.assertIn("Examples:", self.succeed(command, "--help"))
        self.assertRegex(self.succeed("--version"), r"^actbench \d+\.\d+\.\d+\n$")

    def test_wrong_usage_is_status_2(self):
        self.assertIn("--sped", self.fail_with("eval", "relu", "--values", "1", "--sped"))
        self.assertIn("--sped", self.fail_with("--sped", "list"))
        self.assertIn("no command", self.fail_with())
        self.assertIn("frobnicate", self.fail_with("frobnicate"))
        self.assertIn("--sped", self.fail_with("eval", "--sped"))
        self.assertIn("--values or --in", self.fail_with("eval", "relu"))
        self.assertIn("more than once",
                      self.fail_with("eval", "swish", "--values", "1", "--param", "beta=1", "--param", "beta=2"))
        self.assertIn("--in", self.fail_with("eval", "relu", "--values", "1", "--in", "x.npy"))
        self.assertIn("--gradient", self.fail_with("eval", "relu", "--values", "1", "--upstream_values", "1"))
        self.assertIn('--dtype: "f8" is none of f64,f32,', self.fail_with("eval", "relu", "--values", "1", "--dtype", "f8"))
        self.assertIn('--json: "maybe" is neither true nor false', self.fail_with("list", "--json=maybe"))
        self.assertRegex(self.fail_with("eval", "relu", "--values", "1,one"), '--values: "one"')
        self.assertRegex(self.fail_with("eval", "relu", "--values", "1 2 3"), '--values: "1 2 3".*commas')
        self.assertRegex(self.fail_with("eval", "relu", "--values", "1", "--gate_values", "one"), '--gate_values: "one"')
        self.assertIn("NAME=NUMBER", self.fail_with("eval", "swish", "--values", "1", "--param", "beta"))
        self.assertIn("HOST:PORT", self.fail_with("--server", "localhost", "list"))
        for variable, value in [("ACTBENCH_SERVER", "http://localhost:50051"), ("ACTBENCH_TIMEOUT", "soon")]:
            self.assertIn(f"{variable}: \"{value}\"", self.fail_with("list", env={variable: value}))
        self.assertIn("--server: \"x\"", self.fail_with("--server=x", "list", env={"ACTBENCH_SERVER": "y"}))
        for seconds in ["nan", "inf", "0", "-1", "soon"]:
            self.assertRegex(self.fail_with("--timeout=" + seconds, "list"), "seconds above 0.*'actbench --help'")

    def test_wrong_addresses_are_told_and_not_tried(self):
        for address, reason in [("::1:50051", "brackets"), ("[::1:50051", "brackets"), ("[zz]:1", "IPv6"),
                                ("a b:1", "host"), ("host:+1", "port"), ("host:0", "port 0"), ("host:65536", "port"),
                                ("unix:", "0 bytes"), ("unix:" + 200 * "x", "200 bytes")]:
            self.assertIn(reason, self.fail_with("--server", address, "list"), address)

    def test_grpc_is_silent_unless_asked(self):
        address = "unix:" + self.path("no_socket")
        self.fail_with("--server", address, "list")
        loud = run("--server", address, "list", env={"GRPC_VERBOSITY": "debug"})
        self.assertGreater(loud.stderr.count("\n"), 1)

    def test_what_a_script_left_empty_is_a_mistake(self):
        for flag in ["--upstream", "--upstream_values", "--out", "--isa", "--dtype", "--server"]:
            self.assertIn(flag, self.fail_with("eval", "silu", "--values=1", "--gradient", flag, ""))
        self.assertIn("--values", self.fail_with("eval", "silu", "--values", ""))
        self.assertIn("--server", self.fail_with("--server", "", "health", status=1))
        self.assertIn("silu", self.succeed("list", env={"ACTBENCH_SERVER": ""}))

    def test_wrong_usage_of_health_is_status_1(self):
        self.fail_with("health", "--sped", status=1)
        self.fail_with("--sped", "health", status=1)

    def test_a_full_disk_below_stdout_is_told(self):
        for arguments in [["list"], ["--help"], ["eval", "--help"], ["--version"]]:
            with open("/dev/full", "w") as full:
                result = subprocess.run([actbench_program, *arguments], stdout=full, stderr=subprocess.PIPE, text=True)
            self.assertEqual(result.returncode, 2, arguments)
            self.assertIn("No space left", result.stderr)

    def test_a_closed_stdout_is_told(self):
        result = subprocess.run(["sh", "-c", f"{actbench_program} list >&-"], stderr=subprocess.PIPE, text=True)
        self.assertEqual(result.returncode, 2)
        self.assertIn("standard output", result.stderr)


class ListTest(CommandTest):

    def test_the_activations_as_json(self):
        activations = json.loads(self.succeed("list", "--json"))
        self.assertGreaterEqual(len(activations), 12)
        for activation in activations:
            self.assertEqual(list(activation), ["name", "summary", "source", "parameters", "inputs", "aliases"])
            self.assertIn(activation["inputs"], [1, 2])
            for parameter in activation["parameters"]:
                self.assertEqual(list(parameter), ["name", "default", "description", "min", "max", "excludes_zero", "at_most"])
        swish = next(activation for activation in activations if activation["name"] == "swish")
        self.assertEqual([(p["name"], p["default"]) for p in swish["parameters"]], [("beta", 1.0)])

    def test_the_kernels_as_json(self):
        kernels = json.loads(self.succeed("list", "--kernels", "--json"))
        for kernel in kernels:
            self.assertEqual(list(kernel),
                             ["name", "activation", "direction", "dtype", "provider", "tier", "device", "isa"])
            parts = [kernel[key] for key in ["activation", "direction", "dtype", "provider", "tier", "isa"]]
            self.assertEqual(kernel["name"], "/".join(parts))
        self.assertIn("sigmoid/forward/f32/actbench/fast/scalar", [kernel["name"] for kernel in kernels])

    def test_for_people_and_as_markdown(self):
        names = [activation["name"] for activation in json.loads(self.succeed("list", "--json"))]
        lines = self.succeed("list").splitlines()
        self.assertEqual([line.split()[0] for line in lines[1:]], names)
        lines = self.succeed("list", "--markdown").splitlines()
        self.assertEqual(lines[1], "| --- | --- | --- | --- | --- | --- |")
        self.assertEqual([line.split()[1] for line in lines[2:]], names)
        self.assertIn("| sigmoid/gradient/f16/actbench/fast/scalar | cpu |",
                      self.succeed("list", "--kernels", "--markdown"))


class EvalTest(CommandTest):

    def test_the_articles_hard_swish(self):
        expected = ["0 0 -0.3333333 0 0.6666667 3 4\n"]
        for arguments in [[ARTICLE_INPUTS], ["--values", "-4,-3,-1,0,1,3,4"]]:
            output = self.succeed("eval", "hard_swish", *arguments)
            self.assertIn(output.replace("-0 ", "0 "), expected)
        as_printed = self.succeed("eval", "hard_swish_as_printed", ARTICLE_INPUTS)
        self.assertNotIn(as_printed.replace("-0 ", "0 "), expected)

    def test_the_tail_of_gelu_in_every_instruction_set(self):
        kernels = json.loads(self.succeed("list", "--kernels", "--json"))
        for isa in sorted({kernel["isa"] for kernel in kernels if kernel["provider"] == "actbench"}):
            output = self.succeed("eval", "gelu_erf", "--values=-13.04", "--isa", isa)
            self.assertAlmostEqual(float(output) / -4.7242e-38, 1, delta=1e-4)

    def test_a_peer_loses_the_tail_of_gelu(self):
        self.assertIn(self.succeed("eval", "gelu_erf", "--values=-13.04", "--provider", "libm"), ["0\n", "-0\n"])

    def test_numbers_may_be_hexadecimal_infinite_or_nan(self):
        self.assertEqual(self.succeed("eval", "relu", "--values", "0x1.8p1, inf,-inf,nan,1e-3,+2"),
                         "3 inf 0 nan 0.001 2\n")
        self.assertEqual(self.succeed("eval", "relu", "--values", "1e39,1e400", "--dtype", "f32"), "inf inf\n")

    def test_json(self):
        result = json.loads(self.succeed("eval", "swish", "--values", "1,-2,nan,inf,-inf", "--param", "beta=1.5",
                                         "--json", "--check", "--isa", "scalar"))
        self.assertEqual(list(result), ["activation", "direction", "kernel", "device", "parameters", "dtype", "shape",
                                        "queue_ns", "compute_ns", "copy_ns", "to_device_ns", "from_device_ns", "values", "error"])
        self.assertEqual(result["activation"], "swish")
        self.assertEqual(result["direction"], "forward")
        self.assertEqual(result["kernel"], "swish/forward/f32/actbench/fast/scalar")
        self.assertEqual(result["device"], "cpu")
        self.assertEqual(result["parameters"], {"beta": 1.5})
        self.assertEqual(result["dtype"], "f32")
        self.assertEqual(result["shape"], [5])
        self.assertAlmostEqual(result["values"][0], 1 / (1 + math.exp(-1.5)), places=6)
        self.assertEqual(result["values"][2:4], ["NaN", "Infinity"])
        self.assertEqual(math.copysign(1, result["values"][4]), -1, "swish approaches 0 from below")
        self.assertEqual(list(result["error"]), ["max_ulp", "mean_ulp", "worst_input", "worst_input_bits", "checked"])
        self.assertEqual(result["error"]["checked"], 5)

    def test_json_has_no_values_of_large_tensors(self):
        for size, has_values in [(1000, True), (1001, False)]:
            path = self.save("x.npy", numpy.zeros(size, "<f2"))
            result = json.loads(self.succeed("eval", "tanh", "--in", path, "--json"))
            self.assertEqual("values" in result, has_values)
            self.assertEqual((result["dtype"], result["shape"]), ("f16", [size]))

    def test_json_values_are_the_results_bits(self):
        path = self.save("x.npy", numpy.linspace(-9, 9, 999, dtype="<f4"))
        for dtype, numpy_dtype in [("f64", "<f8"), ("f32", "<f4"), ("f16", "<f2")]:
            out = self.path("y.npy")
            text = self.succeed("eval", "gelu_tanh", "--in", path, "--dtype", dtype, "--json", "--out", out)
            values = numpy.array(json.loads(text)["values"], numpy_dtype)
            self.assertEqual(values.tobytes(), numpy.load(out).tobytes())

    def test_the_gradient_has_an_upstream_of_1_by_default(self):
        self.assertEqual(self.succeed("eval", "relu", "--values=-1,0,2", "--gradient"), "0 0 1\n")
        self.assertEqual(self.succeed("eval", "relu", "--values=-1,0,2", "--gradient", "--upstream_values", "5,6,7"),
                         "0 0 7\n")
        x = self.save("x.npy", numpy.array([[-1.0, 2.0]]))
        dy = self.save("dy.npy", numpy.array([[3.0, 4.0]], "<f4"))
        out = self.path("dx.npy")
        self.succeed("eval", "relu", "--in", x, "--gradient", "--upstream", dy, "--dtype", "f64", "--out", out)
        numpy.testing.assert_array_equal(numpy.load(out), numpy.array([[0.0, 4.0]]))

    def test_gated_units_take_x_and_gate_and_have_two_gradients(self):
        inputs = ["swiglu", "--values", "1,2", "--gate_values", "3,4"]
        silu = lambda x: x / (1 + math.exp(-x))
        values = [float(text) for text in self.succeed("eval", *inputs, "--dtype", "f64").split()]
        for value, expected in zip(values, [silu(3), 2 * silu(4)], strict=True):
            self.assertAlmostEqual(value, expected, places=12)
        result = json.loads(self.succeed("eval", *inputs, "--gradient", "--json"))
        self.assertAlmostEqual(result["values"][0], silu(3), places=6)
        sigmoid = 1 / (1 + math.exp(-4))
        self.assertAlmostEqual(result["gate_values"][1], 2 * sigmoid * (1 + 4 * (1 - sigmoid)), places=6)

    def test_an_alias_names_the_same_activation(self):
        activations = json.loads(self.succeed("list", "--json"))
        name, alias = next((a["name"], a["aliases"][0]) for a in activations if a["aliases"])
        self.assertEqual(json.loads(self.succeed("eval", alias, "--values", "1", "--json"))["activation"], name)

    def test_a_device_that_is_not_there_is_told_with_those_that_are(self):
        message = self.fail_with("eval", "silu", "--device", "cuda:99", "--values", "1")
        self.assertIn('no kernel here has device "cuda:99"; there are: cpu', message)

    def test_rows_are_lines_and_many_elements_a_summary(self):
        self.assertEqual(self.succeed("eval", "relu", "--in", self.save("x.npy", numpy.array([[1.0, 2], [3, -4]]))),
                         "1 2\n3 0\n")
        self.assertEqual(self.succeed("eval", "relu", "--in", self.save("x.npy", numpy.array(7.0))), "7\n")
        x = numpy.arange(-30.0, 170.0).reshape(20, 10)
        x[0, 0], x[1, 1], x[2, 2] = math.nan, math.inf, -math.inf
        y = numpy.where(numpy.isnan(x), x, numpy.maximum(x, 0))
        lines = self.succeed("eval", "relu", "--in", self.save("x.npy", x)).splitlines()
        summary = dict(line.split(maxsplit=1) for line in lines)
        self.assertEqual(summary["shape"], "[20, 10], f64")
        self.assertEqual(float(summary["min"]), 0)
        self.assertEqual(float(summary["max"]), 169)
        self.assertAlmostEqual(float(summary["mean"]), y[numpy.isfinite(y)].mean())
        self.assertEqual((summary["NaN"], summary["infinite"]), ("1", "1"))
        self.assertTrue(summary["first"].startswith("nan 0 0"))
        lines = self.succeed("eval", "relu", "--in", self.save("x.npy", numpy.full(200, 1.5e307))).splitlines()
        self.assertIn("mean      1.5e+307", lines)

    def test_check_tells_the_error(self):
        line = self.succeed("eval", "sigmoid", "--values=-1,0,1", "--check").splitlines()[1]
        number = r"[0-9.e-]+"
        self.assertRegex(line, rf"^error: max {number} ulp, mean {number} ulp, "
                               r"worst at x = \S+ \(0x[0-9a-f]{8}\), 3 checked$")


class FileTest(CommandTest):

    def test_dtype_is_the_files_unless_given_and_shapes_stay(self):
        x = numpy.array([[-1.5, 0.5, 2.0]])
        out = self.path("y.npy")
        inputs = {"f64": x, "f32": x.astype("<f4"), "f16": x.astype("<f2"), "bf16": bfloat16(x)}
        descriptions = {"f64": "<f8", "f32": "<f4", "f16": "<f2", "bf16": "|V2"}
        for source, array in inputs.items():
            path = self.save("x.npy", array)
            for target in [None, *inputs]:
                self.succeed("eval", "relu", "--in", path, "--out", out, *(["--dtype", target] if target else []))
                y = numpy.load(out)
                self.assertEqual(y.dtype, numpy.dtype(descriptions[target or source]))
                self.assertEqual(y.shape, (1, 3))
                values = from_bfloat16(y) if y.dtype.kind == "V" else y
                numpy.testing.assert_array_equal(values, [[0, 0.5, 2]])

    def test_bfloat16_is_written_as_ml_dtypes_does(self):
        out = self.path("y.npy")
        self.succeed("eval", "relu", "--values", "1", "--dtype", "bf16", "--out", out)
        with open(out, "rb") as file:
            self.assertIn(b"'descr': '<V2'", file.read(64))

    def test_conversion_rounds_to_nearest_even(self):
        out = self.path("y.npy")
        path = self.save("x.npy", numpy.array([1 + 2**-11, 1 + 3 * 2**-11, 65519.9, 65520, 2**-25]))
        self.succeed("eval", "relu", "--in", path, "--dtype", "f16", "--out", out)
        numpy.testing.assert_array_equal(numpy.load(out), [1, 1 + 2**-9, 65504, numpy.inf, 0])

    def test_files_of_different_dtypes_need_a_dtype(self):
        x, gate = self.save("x.npy", numpy.ones(2, "f4")), self.save("gate.npy", numpy.full(2, 1 + 2**-30))
        for command in [["eval"], ["accuracy"], ["bench"]]:
            error = self.fail_with(*command, "swiglu", "--in", x, "--gate", gate)
            self.assertIn("the file of --in is f32, that of --gate is f64; give files of one dtype, or --dtype", error)
        self.assertIn("--upstream is f64", self.fail_with("eval", "relu", "--gradient", "--in", x, "--upstream", gate))
        self.assertIn("--upstream is f64", self.fail_with("accuracy", "relu", "--direction", "gradient", "--in", x,
                                                          "--upstream", gate))
        for dtype in ["f32", "f64"]:
            self.assertEqual(json.loads(self.succeed("eval", "swiglu", "--in", x, "--gate", gate, "--dtype", dtype,
                                                     "--json"))["dtype"], dtype)
        self.succeed("accuracy", "swiglu", "--in", x, "--gate", gate, "--dtype", "f64")
        # Numbers are in the dtype of the files.
        result = json.loads(self.succeed("eval", "swiglu", "--values=1,2", "--gate", gate, "--json"))
        self.assertEqual(result["dtype"], "f64")

    def test_a_dash_is_standard_input_and_output(self):
        x = self.save("x.npy", numpy.array([[-1.5, 2]], "f4"))
        with open(x, "rb") as file:
            result = subprocess.run([actbench_program, "eval", "relu", "--in", "-", "--out", "-", "--check"],
                                    stdin=file, capture_output=True, timeout=100)
        self.assertEqual(result.returncode, 0, result.stderr)
        numpy.testing.assert_array_equal(numpy.load(io.BytesIO(result.stdout)), [[0, 2]])
        self.assertIn(b"error: max", result.stderr)
        # What is in a file already stays there.
        with open(self.path("log"), "wb") as file:
            file.write(b"before")
            file.flush()
            subprocess.run([actbench_program, "eval", "relu", "--values=1", "--out", "-"], stdout=file, check=True,
                           stderr=subprocess.DEVNULL, timeout=100)
        with open(self.path("log"), "rb") as file:
            self.assertEqual(file.read(6), b"before")
            numpy.testing.assert_array_equal(numpy.load(file), [1])
        self.assertIn("both standard input", self.fail_with("eval", "swiglu", "--in", "-", "--gate", "-"))
        self.assertIn("standard input: not a .npy file", self.fail_with("eval", "relu", "--in", "-", input="text"))
        self.assertIn("standard output", self.fail_with("eval", "relu", "--values=1", "--out", "-", "--json"))

    def test_what_cannot_be_read_or_written_is_named(self):
        missing = self.path("missing.npy")
        error = self.fail_with("eval", "relu", "--in", missing)
        self.assertIn(missing, error)
        self.assertIn("No such file", error)
        self.assertRegex(self.fail_with("eval", "relu", "--values", "1", "--out", "/nonexistent/y.npy"),
                         r"/nonexistent/y.npy.*No such file")
        self.assertRegex(self.fail_with("eval", "relu", "--values", "1", "--gradient", "--out", self.path("y.npy"),
                                        "--gate_out", self.path("y.npy")), "the same file")
        self.fail_with("eval", "no_such_activation", "--values", "1", "--out", self.path("y.npy"))
        self.assertFalse(os.path.exists(self.path("y.npy")))
        fortran = self.save("x.npy", numpy.asfortranarray(numpy.ones((2, 2))))
        self.assertIn("Fortran", self.fail_with("eval", "relu", "--in", fortran))
        self.assertIn("big-endian", self.fail_with("eval", "relu", "--in", self.save("x.npy", numpy.ones(2, ">f4"))))
        self.assertIn("objects", self.fail_with("eval", "relu", "--in", self.save("x.npy", numpy.array([{}]))))
        self.assertIn("|u1", self.fail_with("eval", "relu", "--in", self.save("x.npy", numpy.ones(2, "u1"))))
        path = self.save("x.npy", numpy.ones(9))
        os.truncate(path, os.path.getsize(path) - 1)
        self.assertIn("truncated", self.fail_with("eval", "relu", "--in", path))

    def test_real_tensors_give_the_same_bits_in_process_and_over_the_network(self):
        x = os.path.join(data_directory, "digits_layer3_x.npy")
        dy = os.path.join(data_directory, "digits_layer3_dy.npy")
        server = ServerProcess(server_program)
        self.addCleanup(server.stop)
        for flags in [["--check"], ["--gradient", "--upstream", dy]]:
            outputs = []
            for connection in [[], ["--server", server.address]]:
                out = self.path("y.npy")
                self.succeed(*connection, "eval", "gelu_erf", "--in", x, "--out", out, *flags)
                outputs.append(numpy.load(out))
            self.assertEqual(outputs[0].tobytes(), outputs[1].tobytes())
            self.assertEqual(outputs[0].shape, numpy.load(x).shape)
        reference = numpy.load(dy).astype("f8") * numpy.vectorize(
            lambda t: (1 + math.erf(t / math.sqrt(2))) / 2 + t * math.exp(-t * t / 2) / math.sqrt(2 * math.pi))(
                numpy.load(x).astype("f8"))
        numpy.testing.assert_allclose(outputs[0], reference, rtol=1e-5, atol=1e-12)


class StateTest(CommandTest):

    def test_without_a_server_state_is_where_the_servers_would_be(self):
        unset = {"ACTBENCH_STATE_DIR": "", "XDG_STATE_HOME": self.path("state_home")}
        self.succeed("eval", "relu", "--values", "1", env=unset)
        self.assertTrue(os.path.exists(self.path("state_home/actbench/actbench.sqlite")))
        self.succeed("eval", "relu", "--values", "1", env={"ACTBENCH_STATE_DIR": self.path("given")})
        self.assertTrue(os.path.exists(self.path("given/actbench.sqlite")))
        result = run("eval", "relu", "--values", "1", env={"ACTBENCH_STATE_DIR": "/dev/null/state"})
        self.assertEqual((result.returncode, result.stdout), (0, "1\n"), result.stderr)
        self.assertRegex(result.stderr, r"^actbench: warning: state is kept in memory and lost at the end, as "
                                        r"/dev/null/state/actbench.sqlite cannot be used: .*Not a directory\n")


class BadRequestTest(CommandTest):

    def test_the_servers_reason_is_one_line(self):
        error = self.fail_with("eval", "gelo", "--values", "1")
        self.assertIn("gelo", error)
        self.assertIn("list", error)
        self.assertIn("gamma", self.fail_with("eval", "swish", "--values", "1", "--param", "gamma=1"))
        self.assertIn("beta", self.fail_with("eval", "swish", "--values", "1", "--param", "beta=nan"))
        self.assertIn("actbench: --param: min_val is 2; it must be finite and at most max_val, which is 1",
                      self.fail_with("eval", "hard_tanh", "--values", "1", "--param", "min_val=2"))
        self.assertIn("actbench: ambiguous activation \"gelu\": it may be gelu_erf (torch:GELU, onnx:Gelu, keras:gelu, "
                      "tflite:GELU) or gelu_tanh (jax:gelu)", self.fail_with("eval", "gelu", "--values", "1"))
        self.assertIn("avx9000", self.fail_with("eval", "relu", "--values", "1", "--isa", "avx9000"))
        self.assertIn("actbench: the shape of the second input is [1], but the shape of x is [2]; all inputs (x, dy) must",
                      self.fail_with("eval", "relu", "--values", "1,2", "--gradient", "--upstream_values=1"))
        self.assertIn("actbench: the flags give 2 tensors; the forward direction of relu takes 1",
                      self.fail_with("eval", "relu", "--values", "1", "--gate_values", "1"))
        self.assertIn("the forward direction of swiglu takes 2", self.fail_with("eval", "swiglu", "--values", "1"))
        self.assertIn("--gate_out", run("eval", "relu", "--values", "1", "--gradient", "--gate_out",
                                        self.path("g.npy")).stderr)


if __name__ == "__main__":
    unittest.main()
