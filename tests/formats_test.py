#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The JSON that the command prints is what docs/formats.md says, both ways.

Usage: formats_test.py ACTBENCH_PROGRAM FORMATS_DOCUMENT
"""
import io
import json
import os
import re
import subprocess
import sys
import unittest

import numpy

import server_process  # forgets the user's settings

TYPES = {"string": str, "boolean": bool, "integer": int, "number": (float, str), "object": dict, "array": list,
         "array of strings": list, "array of integers": list, "array of objects": list}


def printed(*arguments, stdin=b""):
    result = subprocess.run([actbench_program, *arguments, "--json"], input=stdin, stdout=subprocess.PIPE, check=True,
                            timeout=60)
    return json.loads(result.stdout)


def members(value, path=""):
    """The paths of all members of a JSON value, as the document writes them, with what they hold."""
    if isinstance(value, list):
        for element in value:
            yield from members(element, path + "[]")
    elif isinstance(value, dict):
        for name, member in value.items():
            name = f"{path}.{name}".removeprefix("[]").removeprefix(".")
            yield name, member
            yield from members(member, name)


class FormatsTest(unittest.TestCase):

    def check(self, heading, value, absent=frozenset(), free=()):
        """The value has the members that are documented, with their types, and no others; so has the example, if
        there is one, which is returned. `absent` are documented but not there; paths that begin with one of `free` are data."""
        with open(document, encoding="utf-8") as file:
            section = file.read().split(f"## `{heading}`\n")[1].split("\n## ")[0]
        documented = dict(re.findall(r"^\| `(\S+)` \| ([^|]*) \|", section, re.MULTILINE))
        block = re.search(r"^```json\n(.*)\n```$", section, re.MULTILINE)
        example = json.loads(block.group(1)) if block else None
        for one in [value, example] if block else [value]:
            found = [(path, member) for path, member in members(one) if not path.startswith(free)]
            self.assertEqual({path for path, _ in found}, documented.keys() - absent)
            for path, member in found:
                self.assertIsInstance(member, TYPES[documented[path]], path)
        return example

    def test_list(self):
        activations = printed("list")
        self.assertIn(self.check("actbench list --json", activations), activations)

    def test_list_kernels(self):
        kernels = printed("list", "--kernels")
        self.assertIn(self.check("actbench list --kernels --json", kernels), kernels)

    def test_eval(self):
        result = printed("eval", "swish", "--param", "beta=1.5", "--values=-2,nan,inf", "--dtype", "f16", "--gradient",
                         "--isa", "scalar", "--check")
        example = self.check("actbench eval --json", result, absent={"gate_values"}, free=("parameters.",))
        for changing in ["queue_ns", "compute_ns", "copy_ns", "error"]:
            del example[changing], result[changing]
        self.assertEqual(example, result)

    def test_eval_of_nothing(self):
        file = io.BytesIO()
        numpy.save(file, numpy.zeros((0, 3), "<f4"))
        result = printed("eval", "relu", "--in", "/dev/stdin", "--check", stdin=file.getvalue())
        self.assertEqual((result["shape"], result["values"]), ([0, 3], []))
        self.assertEqual(result["error"], {"max_ulp": 0, "mean_ulp": 0, "worst_input": 0,
                                           "worst_input_bits": "0x00000000", "checked": 0})

    def test_accuracy(self):
        result, = json.loads(subprocess.run(
            [actbench_program, "accuracy", "swish", "--param", "beta=1.5", "--samples", "2", "--distribution", "uniform",
             "--unit_upstream", "--direction", "gradient", "--dtype", "f16", "--isa", "scalar", "--json", "-"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True, timeout=60).stdout)
        absent = {f"{parent}[].{name}" for parent in ["worst", "special_values"]
                  for name in ["gate", "gate_bits", "output"]}
        example = self.check("actbench accuracy --json -", result, absent, free=("parameters.",))
        for changing in ["seconds", "build_id", "time", "decided_by"]:
            del example[changing], result[changing]
        self.assertEqual(example, result)

    def test_comparison(self):
        # Gradients of subnormal numbers lie beside ties, which only the second kernel decides.
        result = json.loads(subprocess.run(
            [actbench_program, "accuracy", "--compare", "silu/gradient/f32/actbench/fast/scalar",
             "silu/gradient/f32/actbench/exact/scalar", "--samples", "200000", "--distribution", "subnormal", "--json", "-"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True, timeout=60).stdout)
        absent = {f"differences[].{name}" for name in ["gate", "gate_bits", "output"]}
        self.check("actbench accuracy --compare KERNEL KERNEL --json -", result, absent, free=("first.", "second."))
        self.assertGreater(result["differing"], 0)
        self.assertLessEqual(result["differing"], result["checked"])
        for difference in result["differences"]:
            self.assertNotEqual(difference["first_got"], difference["second_got"])
        kernels = [result[which]["kernel"].split("/")[4] for which in ["first", "second"]]
        self.assertEqual(kernels, ["fast", "exact"])

    def test_load(self):
        result = json.loads(subprocess.run(
            [actbench_program, "load", "swish", "--param", "beta=1.5", "--isa", "scalar", "--size", "100", "--rate", "1000",
             "--duration", "0.2", "--warm_up", "0", "--arrivals", "constant", "--slo_ms", "60000", "--slo_quantile", "0.9",
             "--max_late_ms", "60000", "--json", "-"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True, timeout=60).stdout)
        few = {f"rates[].{times}_ns.{quantile}" for quantile in ["p99", "p999"]
               for times in ["latency", "lateness", "queue", "compute", "copy", "rest"]}
        example = self.check("actbench load --json -", result, absent=few, free=("parameters.", "rates[].errors."))
        del example["rates"], result["rates"]
        self.assertEqual(example, result)

    def test_study(self):
        answer, = json.loads(subprocess.run([actbench_program, "study", "--quick", "--only", "relu_gradient", "--json", "-"],
                                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True, timeout=60).stdout)
        self.assertEqual(self.check("actbench study --json FILE", answer), answer)

    def test_benchmark_run(self):
        with open(os.path.join(os.path.dirname(__file__), "data/benchmark_run.json"), encoding="utf-8") as file:
            run = json.load(file)
        self.check("actbench bench --json FILE", run, free=("actbench.run.",))

    def test_comparison_of_speed(self):
        with open(os.path.join(os.path.dirname(__file__), "data/comparison.json"), encoding="utf-8") as file:
            comparison = json.load(file)
        self.check("actbench compare --json FILE", comparison, free=("summary.",))


if __name__ == "__main__":
    actbench_program, document = sys.argv[1:3]
    del sys.argv[1:3]
    unittest.main()
