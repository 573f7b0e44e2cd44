#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The tables that kernels/tools/frameworks.py makes, without any framework.

Usage: frameworks_test.py ACTBENCH_LIBRARY
"""
import os
import subprocess
import sys
import unittest
import unittest.mock

import numpy

TOOLS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "kernels", "tools")
sys.path.insert(0, TOOLS)
import c_library  # noqa: E402
import contenders  # noqa: E402
import frameworks  # noqa: E402


class FrameworksTest(unittest.TestCase):

    def test_a_copy_copies(self):
        copy = contenders.Copy(c_library.Library(library_path)).make(contenders.Case("relu", "forward", "f32"), 5)
        x = numpy.arange(5, dtype=numpy.float32)
        self.assertEqual(copy.evaluate([x]).tolist(), x.tolist())

    def run_tool(self, *arguments):
        tool = os.path.join(TOOLS, "frameworks.py")
        return subprocess.run([sys.executable, tool, "--library", library_path, *arguments], capture_output=True,
                              text=True, timeout=100)

    def test_its_tables_without_frameworks(self):
        result = self.run_tool("--frameworks", "none", "--activations", "sigmoid,relu", "--elements", "1000",
                               "--rounds", "3", "--samples", "2500")
        self.assertEqual(result.returncode, 0, result.stderr)
        lines = result.stdout.splitlines()
        self.assertIn("no frameworks", lines[0])
        rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines if line.startswith("|")]
        self.assertEqual({len(cells) for cells in rows}, {len(rows[0])})
        named = [cells for cells in rows if cells[0] and set(cells[0]) != {"-"}]
        self.assertEqual([cells[0] for cells in named], ["sigmoid", "sigmoid", "relu", "sigmoid, bf16", "sigmoid, f16"])
        for cells in named:
            self.assertGreater(float(cells[1]), 0)
            self.assertLessEqual(float(cells[2]), 2)  # ulp
        self.assertIn("libm", named[0][3] + named[0][10])  # the fastest peer or one of the others

    def test_what_it_does_not_know_it_refuses(self):
        for arguments, message in [(["--frameworks", "numpy"], 'no "numpy"; there are torch'),
                                   (["--activations", "gelu"], 'no "gelu"; there are sigmoid'),
                                   (["--elements", "0"], "0 is below 1"),
                                   (["--library", "/nowhere.so"], "no /nowhere.so")]:
            result = self.run_tool(*arguments)
            self.assertEqual(result.returncode, 2)
            self.assertIn(message, result.stderr)
            self.assertEqual(result.stdout, "")

    def results(self, ours):
        result = frameworks.Result
        return [result("actbench", ours, ours, 1.5), result("copy", 0.1, 0.1, 0), result("slow", 2, 1.9, float("inf")),
                result("quick", 0.5, 0.4, 16777216)]

    def test_a_row_has_the_fastest_peer_first_and_marks_what_misses_the_goal(self):
        self.assertEqual(frameworks.row("silu", self.results(0.3), goal_is_copy=False),
                         "| silu | 0.3 | 1.5 | quick | 0.5 | 1.7e7 | 0.60 | **0.75** | 0.1 | 3.00 | slow 2 (inf) |")
        self.assertEqual(frameworks.row("relu", self.results(0.125), goal_is_copy=True),
                         "| relu | 0.125 | 1.5 | quick | 0.5 | 1.7e7 | 0.25 | 0.31 | 0.1 | **1.25** | slow 2 (inf) |")
        self.assertEqual(frameworks.row("mish", self.results(0.3)[:2], goal_is_copy=False),
                         "| mish | 0.3 | 1.5 | - | - | - | - | - | 0.1 | 3.00 | - |")

    def test_numbers_have_three_digits(self):
        for value, text in [(0, "0"), (0.0731234, "0.0731"), (12.345, "12.3"), (999, "999"), (1234, "1.2e3"),
                            (1.678e7, "1.7e7"), (5.43e39, "5.4e39"), (float("inf"), "inf")]:
            self.assertEqual(frameworks.number(value), text)

    def test_bf16_is_rounded_to_nearest_even(self):
        values = numpy.array([1, 1 + 2**-8, 1 + 3 * 2**-8, 1 + 2**-8 + 2**-20], numpy.float32)
        self.assertEqual(frameworks.to_storage(values, "bf16").tolist(), [0x3F80, 0x3F80, 0x3F82, 0x3F81])

    def test_errors_are_measured_at_finite_inputs_alone(self):
        for dtype, count in [("f16", 2 * 31 * 1024), ("bf16", 2 * 255 * 128)]:
            x, dy = frameworks.error_inputs(contenders.Case("sigmoid", "gradient", dtype), 0)
            self.assertEqual(x.size, count)
            self.assertEqual(set(dy.tolist()), {1} if dtype == "f16" else {0x3F80})
        x, = frameworks.error_inputs(contenders.Case("sigmoid", "forward", "f32"), 1000)
        self.assertTrue(numpy.isfinite(x).all())
        self.assertGreater(x.size, 1900)

    def test_every_block_counts_for_the_error(self):
        case = contenders.Case("sigmoid", "forward", "f32")
        catalog = contenders.Catalog(c_library.Library(library_path), "actbench", "exact")
        kernel = c_library.Kernel(catalog.library, catalog.kernel_name(case))
        right = catalog.make(case, 300)
        x = numpy.linspace(1, 2, 1000, dtype=numpy.float32)
        self.assertLessEqual(frameworks.max_ulp(right, kernel, [x], 300), 0.5)
        for wrong_at in [0, 299, 300, 999]:
            evaluate = lambda inputs: numpy.where(inputs[0] == x[wrong_at], numpy.float32(2), right.evaluate(inputs))
            wrong = unittest.mock.Mock(evaluate=evaluate)
            self.assertGreater(frameworks.max_ulp(wrong, kernel, [x], 300), 1e6)

    def test_every_contender_is_timed_in_turn(self):
        turns = []
        made = [contenders.Contender(name, None, lambda calls, name=name: turns.append((name, calls)), None)
                for name in "ab"]
        self.assertEqual(len(frameworks.call_times(made, rounds=20)), 2)
        rounds = [turns[i:i + 4] for i in range(len(turns) - 80, len(turns), 4)]
        for (first, warm), (again, _), (second, warm_too), (second_again, _) in rounds:
            self.assertEqual((again, second_again, {first, second}), (first, second, set("ab")))
            self.assertEqual((warm, warm_too), (1, 1))
        self.assertEqual({one[0][0] for one in rounds}, set("ab"))  # not always the same first


if __name__ == "__main__":
    library_path = os.path.abspath(sys.argv.pop(1))
    unittest.main()
