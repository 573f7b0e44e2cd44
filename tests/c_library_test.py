#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The kernels as a shared library of C functions.

Usage: c_library_test.py ACTBENCH_LIBRARY
"""
import os
import sys
import unittest

import numpy

TOOLS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "kernels", "tools")
sys.path.insert(0, TOOLS)
import c_library  # noqa: E402


class CLibraryTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.library = c_library.Library(library_path)

    def kernel(self, activation, direction="forward", dtype="f32", tier="exact"):
        name = self.library.widest(activation, direction, dtype, "actbench", tier)
        return c_library.Kernel(self.library, name)

    def run_kernel(self, kernel, *inputs, calls=1):
        output = numpy.full_like(inputs[0], 7)
        kernel.run(c_library.pointers(inputs), c_library.pointers([output]), output.size, calls)
        return output

    def test_names_are_those_of_the_catalog_each_once(self):
        names = self.library.kernel_names
        self.assertIn("sigmoid/forward/f32/actbench/fast/scalar", names)
        self.assertIn("sigmoid/gradient/f32/libm/native/scalar", names)
        self.assertEqual(len(names), len(set(names)))
        self.assertIsNone(self.library.widest("sigmoid", "forward", "f32", "actbench", "slow"))

    def test_the_instruction_set_can_be_chosen(self):
        name = self.library.widest("sigmoid", "forward", "f32", "actbench", "fast", "scalar")
        self.assertEqual(name, "sigmoid/forward/f32/actbench/fast/scalar")

    def test_an_unknown_kernel_is_refused_by_its_name(self):
        with self.assertRaisesRegex(KeyError, "sigmoid/forward/f32/actbench/fast/abacus"):
            c_library.Kernel(self.library, "sigmoid/forward/f32/actbench/fast/abacus")

    def test_a_kernel_computes(self):
        x = numpy.array([-numpy.inf, -1, 0, 1, numpy.inf], numpy.float32)
        expected = [0, 0.26894143, 0.5, 0.7310586, 1]
        for calls in [1, 3]:
            numpy.testing.assert_allclose(self.run_kernel(self.kernel("sigmoid"), x, calls=calls), expected, rtol=1e-6)
        self.assertEqual(self.run_kernel(self.kernel("sigmoid"), x, calls=0).tolist(), [7] * 5)

    def test_a_gradient_takes_dy_too(self):
        x, dy = numpy.array([[-2, 2, 3], [5, 5, -1]], numpy.float32)
        self.assertEqual(self.run_kernel(self.kernel("relu", "gradient"), x, dy).tolist(), [0, 5, -1])

    def test_errors_are_those_of_the_results_given(self):
        x = numpy.linspace(-5, 5, 1001, dtype=numpy.float32)
        kernel = self.kernel("sigmoid")
        y = self.run_kernel(kernel, x)
        self.assertLessEqual(kernel.max_ulp([x], y)[0], 0.5)
        y[700] = numpy.nextafter(y[700], numpy.float32(2)) + 9 * numpy.spacing(y[700])
        ulp, index = kernel.max_ulp([x], y)
        self.assertEqual(index, 700)
        self.assertAlmostEqual(ulp, 10, delta=0.5)

    def test_errors_of_a_gradient_depend_on_dy(self):
        kernel = self.kernel("sigmoid", "gradient")
        x, dy = numpy.ones(8, numpy.float32), numpy.full(8, 3, numpy.float32)
        dx = self.run_kernel(kernel, x, dy)
        self.assertLessEqual(kernel.max_ulp([x, dy], dx)[0], 0.5)
        self.assertGreater(kernel.max_ulp([x, numpy.ones_like(dy)], dx)[0], 1e6)


if __name__ == "__main__":
    library_path = os.path.abspath(sys.argv.pop(1))
    unittest.main()
