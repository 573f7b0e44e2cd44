#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The exact tier against python-mpmath, which shares no code and no formula with it: the bits of every activation's
results, forward and gradient, in f32, f16 and bf16, at chosen points.

Usage: mpmath_test.py ACTBENCH_PROGRAM
"""
import json
import os
import random
import subprocess
import sys
import tempfile
import unittest
from collections import namedtuple

import mpmath
import numpy
from mpmath import erf, erfc, exp, expm1, log1p, mpf, sqrt, tanh

import server_process  # forgets the user's settings

# f, over the parameters by name, as a textbook has it; but where that adds numbers that cancel in a tail, an equal form
# that does not, since a result needs its sign and its digits however small it is. The derivative is taken by
# mpmath.diff unless it is written here, as it is where f has kinks: at one it is 0 if one side is 0, else the left
# side's. With two inputs f is over x and gate, and of the derivatives there are two.
Formula = namedtuple("Formula", ["f", "derivative"], defaults=[None])


def relu(x):
    return x if x > 0 else mpf(0)


def relu6(x):
    return min(relu(x), mpf(6))


def softplus(x):
    return log1p(exp(x)) if x < 0 else x + log1p(exp(-x))


# The first terms of the series where the difference has no digits; and where tanh rounds to 1, still less than that.
def tanh_shrink(x):
    if abs(x) < mpf(2)**-40:
        return x**3 / 3 - 2 * x**5 / 15
    return x - tanh(x) if abs(x) < 100 else x - mpmath.sign(x) * (1 - mpf(2)**-280)


def silu(x):
    return x / (1 + exp(-x))


def gelu(x):
    """x Phi(x)."""
    return x * (1 + erf(x / sqrt(2))) / 2 if x > 0 else x * erfc(-x / sqrt(2)) / 2


def clip(x, least, most):
    return min(max(x, least), most)


def squareplus(x, b):
    return (x + sqrt(x**2 + b)) / 2 if x > 0 else b / (2 * (sqrt(x**2 + b) - x))


FORMULAS = {
    "sigmoid": Formula(lambda x: 1 / (1 + exp(-x))),
    "tanh": Formula(tanh),
    "swish": Formula(lambda x, beta: x / (1 + exp(-beta * x))),
    "silu": Formula(silu),
    "gelu_erf": Formula(gelu),
    # x (1 + tanh(u)) / 2 = x / (1 + exp(-2 u)).
    "gelu_tanh": Formula(lambda x: x / (1 + exp(-2 * sqrt(2 / mpmath.pi) * (x + 44715 * x**3 / 1000000)))),
    "exp": Formula(exp, exp),
    "elu": Formula(lambda x, alpha: x if x > 0 else alpha * expm1(x),
                   lambda x, alpha: mpf(1) if x > 0 else alpha * exp(x)),
    "celu": Formula(lambda x, alpha: x if x > 0 else alpha * expm1(x / alpha),
                    lambda x, alpha: mpf(1) if x > 0 else exp(x / alpha)),
    "selu": Formula(lambda x, alpha, scale: scale * (x if x > 0 else alpha * expm1(x)),
                    lambda x, alpha, scale: scale * (1 if x > 0 else alpha * exp(x))),
    "softplus": Formula(lambda x, beta: softplus(beta * x) / beta),
    "log_sigmoid": Formula(lambda x: -softplus(-x)),
    "tanh_shrink": Formula(tanh_shrink, lambda x: tanh(x)**2),
    "quick_gelu": Formula(lambda x: x / (1 + exp(-1702 * x / 1000))),
    "mish": Formula(lambda x: x * tanh(softplus(x))),
    "relu": Formula(relu, lambda x: mpf(x > 0)),
    "relu6": Formula(relu6, lambda x: mpf(0 < x < 6)),
    "hard_sigmoid": Formula(lambda x: relu6(x + 3) / 6, lambda x: mpf(abs(x) < 3) / 6),
    "hard_sigmoid_as_printed": Formula(lambda x: (relu(x) + 3) / 6, lambda x: mpf(x > 0) / 6),
    "hard_swish": Formula(lambda x: x * relu6(x + 3) / 6,
                          lambda x: mpf(0) if x <= -3 else (2 * x + 3) / 6 if x <= 3 else mpf(1)),
    "hard_swish_as_printed": Formula(lambda x: x * (relu6(x) + 3) / 6,
                                     lambda x: mpf(0.5) if x <= 0 else (2 * x + 3) / 6 if x <= 6 else mpf(1.5)),
    "leaky_relu": Formula(lambda x, negative_slope: x if x > 0 else negative_slope * x,
                          lambda x, negative_slope: mpf(1) if x > 0 else negative_slope),
    "threshold": Formula(lambda x, threshold, value: x if x > threshold else value,
                         lambda x, threshold, value: mpf(x > threshold)),
    "thresholded_relu": Formula(lambda x, theta: x if x > theta else mpf(0), lambda x, theta: mpf(x > theta)),
    "hard_tanh": Formula(lambda x, min_val, max_val: clip(x, min_val, max_val),
                         lambda x, min_val, max_val: mpf(min_val < x < max_val)),
    "hard_sigmoid_affine": Formula(lambda x, alpha, beta: clip(alpha * x + beta, mpf(0), mpf(1)),
                                   lambda x, alpha, beta: alpha * (0 < alpha * x + beta < 1)),
    "softsign": Formula(lambda x: x / (1 + abs(x)), lambda x: 1 / (1 + abs(x))**2),
    "soft_shrink": Formula(lambda x, **p: mpmath.sign(x) * max(abs(x) - p["lambda"], mpf(0)),
                           lambda x, **p: mpf(abs(x) > p["lambda"])),
    "hard_shrink": Formula(lambda x, **p: x * (abs(x) > p["lambda"]), lambda x, **p: mpf(abs(x) > p["lambda"])),
    "squareplus": Formula(squareplus, lambda x, b: squareplus(x, b) / sqrt(x**2 + b)),
    "sparse_plus": Formula(lambda x: mpf(0) if x <= -1 else (x + 1)**2 / 4 if x < 1 else x,
                           lambda x: clip((x + 1) / 2, mpf(0), mpf(1))),
    "sparse_sigmoid": Formula(lambda x: clip((x + 1) / 2, mpf(0), mpf(1)), lambda x: mpf(abs(x) < 1) / 2),
    "relu_squared": Formula(lambda x: relu(x)**2, lambda x: 2 * relu(x)),
    "identity": Formula(lambda x: x, lambda x: mpf(1)),
    "abs": Formula(abs, mpmath.sign),
}

GATED_FORMULAS = {
    "glu": Formula(lambda x, gate: x / (1 + exp(-gate))),
    "bilinear": Formula(lambda x, gate: x * gate),
    "reglu": Formula(lambda x, gate: x * relu(gate), [lambda x, gate: relu(gate), lambda x, gate: x * (gate > 0)]),
    "geglu": Formula(lambda x, gate: x * gelu(gate)),
    "swiglu": Formula(lambda x, gate: x * silu(gate)),
    "swiglu_oai": Formula(
        lambda x, gate, alpha, limit: (1 + clip(x, -limit, limit)) * silu(alpha * min(gate, limit)) / alpha,
        [lambda x, gate, alpha, limit: (abs(x) < limit) * silu(alpha * min(gate, limit)) / alpha,
         lambda x, gate, alpha, limit: (gate < limit) * (1 + clip(x, -limit, limit)) * mpmath.diff(silu, alpha * gate)]),
}

# In bits: of mpmath.diff's result too about so many are right. Beside a tie, at the least subnormal of f32, it takes
# 2 * 149 to tell on which side the result lies.
PRECISION = 500
# In place of infinity: beyond every dtype, so that what rounds is the limit.
BEYOND = mpf(2)**200


class Dtype(namedtuple("Dtype", ["name", "precision", "exponent_bits", "integers", "numpy"])):
    """A binary format. Its numbers are handled by their bits."""

    @property
    def bias(self):
        return (1 << (self.exponent_bits - 1)) - 1

    @property
    def infinity(self):
        return ((1 << self.exponent_bits) - 1) << (self.precision - 1)

    @property
    def sign(self):
        return 1 << (self.exponent_bits + self.precision - 1)

    @property
    def least_quantum(self):
        """The exponent of the least subnormal number."""
        return 2 - self.bias - self.precision

    def value(self, bits):
        """REQUIRES: no NaN."""
        magnitude = bits & (self.sign - 1)
        exponent, fraction = divmod(magnitude, 1 << (self.precision - 1))
        if magnitude == self.infinity:
            value = BEYOND
        elif exponent == 0:
            value = mpf((0, fraction, self.least_quantum, fraction.bit_length()))
        else:
            significand = fraction | 1 << (self.precision - 1)
            value = mpmath.ldexp(mpf(significand), self.least_quantum + exponent - 1)
        return -value if bits & self.sign else value

    def rounded(self, value):
        """The bits of the nearest number, of two the even one. Of a zero +0."""
        if value == 0:
            return 0
        magnitude, exponent = value.man_exp
        magnitude = int(magnitude)
        # Of the last place, and how many bits stand behind it.
        quantum = max(exponent + magnitude.bit_length() - self.precision, self.least_quantum)
        behind = quantum - exponent
        if behind <= 0:
            units = magnitude << -behind
        elif behind > magnitude.bit_length():
            units = 0  # less than half of the least
        else:
            units, rest = divmod(magnitude, 1 << behind)
            half = 1 << (behind - 1)
            if rest > half or (rest == half and units % 2 == 1):
                units += 1
        bits = min(((quantum - self.least_quantum) << (self.precision - 1)) + units, self.infinity)
        return bits | self.sign if value < 0 else bits


DTYPES = [Dtype("f32", 24, 8, "<u4", "<f4"), Dtype("f16", 11, 5, "<u2", "<f2"), Dtype("bf16", 8, 8, "<u2", "<V2")]


def magnitudes(dtype):
    """Points at either side of 0: pairs of a real number, of which the nearest of the dtype is meant, and how many of
    its neighbours on either side are wanted too."""
    ulp = mpf(2)**-dtype.precision
    yield from [(mpf(kink), 3) for kink in [1.5, 3, 6]]
    yield mpf(1), 2
    # The zeros of the derivatives of gelu_erf, gelu_tanh, silu, quick_gelu and mish.
    yield from [(mpf(zero), 4) for zero in ["0.7517915693", "0.7524614220", "1.2784645428", "0.7511542554",
                                            "1.1924312144"]]
    # The anchors of the catalog, and its least domain.
    yield from [(mpf(anchor), 0) for anchor in ["90.25", "13.04", "10.0625", "1.25", "0.75", "0.5", "0.0009765625", "2",
                                                "2.5", "4", "7", "8", "9"]]
    # Where f32 has its nearest misses of ties (kernels/activations, HardInput).
    yield from [(mpf(int(significand, 16)) * mpf(2)**exponent, 1) for significand, exponent in [
        ("16148de", -16 - 24), ("140d932", -25 - 24), ("140d932", -26 - 24), ("1a1beca", -14 - 24)]]
    # 1/2 + x/4 and 1/2 + x/2 are ties, but for the next term of the series: around 2^-20 in f32.
    yield from [((2 * k + 1) * ulp * 2**j, 0) for k in [0, 1, 2, 7, 12] for j in [-1, 0, 1]]
    # The tails, up to where results underflow in f32.
    yield from [(mpf(x) + mpf(1) / 7, 0) for x in [5, 6, 8, 10, 11, 12, 13, 14, 15, 16, 17, 18, 20, 24, 30, 50, 80, 86]]
    yield from [(mpf(x), 0) for x in ["87.3", "88.7", "89.4", "91", "95.3", "100.1", "103.9", "104.1", "108", "150"]]


def points(dtype):
    """Bits, each once."""
    chosen = set()
    for value, neighbours in magnitudes(dtype):
        nearest = dtype.rounded(value)
        chosen.update(range(max(nearest - neighbours, 0), nearest + neighbours + 1))
    least_normal = 1 << (dtype.precision - 1)
    chosen.update([0, 1, 2, 3, least_normal - 1, least_normal, least_normal + 1, dtype.infinity - 1, dtype.infinity])
    generator = random.Random(7)
    # Halves of these are ties, but for the next term of the series.
    chosen.update(generator.randrange(2 * least_normal) | 1 for _ in range(15))
    chosen.update(generator.randrange(dtype.infinity) for _ in range(30))
    chosen.update(dtype.rounded(mpf(generator.uniform(0, 8))) for _ in range(20))
    return sorted({bits | sign for bits in chosen for sign in [0, dtype.sign]} | {dtype.infinity + least_normal // 2})


class MpmathTest(unittest.TestCase):

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.x_path, self.gate_path, self.y_path, self.dgate_path = (
            os.path.join(directory.name, name) for name in ["x.npy", "gate.npy", "y.npy", "dgate.npy"])

    def evaluate(self, activation, dtype, gradient, *inputs):
        """The bits of the exact tier's results, a list for each output."""
        for path, bits in zip([self.x_path, self.gate_path], inputs):
            numpy.save(path, numpy.array(bits, dtype.integers).view(dtype.numpy))
        outputs = [self.y_path, self.dgate_path] if gradient and len(inputs) == 2 else [self.y_path]
        subprocess.run([actbench_program, "eval", activation, *["--gradient"][:gradient], "--tier", "exact",
                        "--in", self.x_path, *["--gate", self.gate_path][:2 * len(inputs) - 2],
                        "--out", self.y_path, *["--gate_out", self.dgate_path][:2 * len(outputs) - 2]],
                       stderr=subprocess.DEVNULL, check=True, timeout=60)
        return [[int(y) for y in numpy.load(path).view(dtype.integers)] for path in outputs]

    def expected(self, function, dtype, bits):
        """The bits of the correctly rounded result."""
        x = dtype.value(bits)
        result = function(x)
        if result != 0 or x != 0:
            return dtype.rounded(result)
        # The sign is that of f on the side which this zero stands for, if f comes near to 0 there.
        beside = function(-1 / BEYOND if bits & dtype.sign else 1 / BEYOND)
        return dtype.sign if -mpf(2)**-170 < beside < 0 else 0

    def check(self, gradient):
        listed = subprocess.run([actbench_program, "list", "--json"], stdout=subprocess.PIPE, check=True, timeout=60)
        for activation in json.loads(listed.stdout):
            name = activation["name"]
            if name not in (FORMULAS if activation["inputs"] == 1 else GATED_FORMULAS):
                with self.subTest(name):
                    self.skipTest("a second opinion needs its formula, in FORMULAS or GATED_FORMULAS")
                continue
            parameters = {parameter["name"]: mpf(parameter["default"]) for parameter in activation["parameters"]}
            if activation["inputs"] == 2:
                self.check_gated(name, parameters, gradient)
                continue
            formula = FORMULAS[name].derivative if gradient else FORMULAS[name].f
            function = lambda x: formula(x, **parameters)
            if formula is None:
                function = lambda x: mpmath.diff(lambda t: FORMULAS[name].f(t, **parameters), x)
            for dtype in DTYPES:
                with self.subTest(name, dtype=dtype.name):
                    got, = self.evaluate(name, dtype, gradient, self.points[dtype])
                    self.check_points(function, dtype, self.points[dtype], got)

    def check_gated(self, name, parameters, gradient):
        """All points as x and as gate, in pairs: within 0.5000001 ulp. Infinities and the signs of zeros are left to
        kernels_test.cc."""
        def partial(by):
            orders = (1, 0) if by == 0 else (0, 1)
            return lambda *inputs: mpmath.diff(lambda x, gate: GATED_FORMULAS[name].f(x, gate, **parameters), inputs, orders)

        derivatives = GATED_FORMULAS[name].derivative
        functions = [GATED_FORMULAS[name].f]
        if gradient:
            functions = derivatives or [partial(0), partial(1)]
            parameters = parameters if derivatives else {}
        for dtype in DTYPES:
            with self.subTest(name, dtype=dtype.name):
                x = [bits for bits in self.points[dtype] if bits & (dtype.sign - 1) < dtype.infinity]
                gate = random.Random(9).sample(x, len(x))
                for function, got in zip(functions, self.evaluate(name, dtype, gradient, x, gate), strict=True):
                    for inputs, y in zip(zip(x, gate), got, strict=True):
                        values = [dtype.value(bits) for bits in inputs]
                        exact = function(*values, **parameters)
                        right = dtype.rounded(exact)
                        ulp = abs(dtype.value(y) - dtype.value(right))
                        if ulp > 0 and (abs(y - right) > 1 or abs(dtype.value(y) - exact) > mpf("0.5000001") * ulp):
                            self.fail(f"at {[mpmath.nstr(v, 9) for v in values]}: got {y:#x}, expected {right:#x}")

    def check_points(self, function, dtype, bits, got):
        self.assertEqual(len(got), len(bits))
        for x, y in zip(bits, got):
            if x & (dtype.sign - 1) > dtype.infinity:
                self.assertGreater(y & (dtype.sign - 1), dtype.infinity, "of NaN")
            elif y != (right := self.expected(function, dtype, x)):
                self.fail(f"at {x:#x}, {mpmath.nstr(dtype.value(x), 9)}: got {y:#x}, expected {right:#x}")

    @classmethod
    def setUpClass(cls):
        mpmath.mp.prec = PRECISION
        cls.points = {dtype: points(dtype) for dtype in DTYPES}

    def test_there_are_hundreds_of_points(self):
        for dtype in DTYPES:
            self.assertGreaterEqual(len(self.points[dtype]), 300, dtype.name)

    def test_rounding_is_numpys(self):
        generator = random.Random(3)
        for dtype in DTYPES[:2]:
            for _ in range(2000):
                value = generator.uniform(-4, 4) * 2.0**generator.randrange(dtype.least_quantum - 3, dtype.bias)
                if generator.randrange(2):  # often a tie
                    value = float(numpy.array(value, dtype.numpy)) * (1 + 2.0**-dtype.precision)
                expected = int(numpy.array(value, dtype.numpy).view(dtype.integers)) if value else 0
                self.assertEqual(dtype.rounded(mpf(value)), expected, f"{dtype.name} {value}")

    def test_forward(self):
        self.check(gradient=False)

    def test_gradient(self):
        self.check(gradient=True)


if __name__ == "__main__":
    actbench_program = sys.argv[1]
    del sys.argv[1]
    unittest.main()
