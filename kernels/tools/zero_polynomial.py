#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Prints what NearZeroOf in kernels/math.inc takes: a zero z of f' as two doubles, and the polynomial P for which
f'(z + t) = t P(t) within 1/8 of it. Needs mpmath.

  zero_polynomial.py EXPRESSION START   f(x), and a number near the zero of f'
    silu       zero_polynomial.py 'x / (1 + exp(-x))' -1.28
    gelu_erf   zero_polynomial.py 'x * erfc(-x / sqrt(2)) / 2' -0.75
    mish       zero_polynomial.py 'x * tanh(log(1 + exp(x)))' -1.19
    gelu_tanh  zero_polynomial.py 'x / (1 + exp(-2 * sqrt(2 / pi) * (x + mpf(44715) / 1000000 * x**3)))' -0.75
"""

import sys

import mpmath
from mpmath import mpf

DEGREE = 11
RADIUS = mpf(1) / 8


def main():
    expression, start = sys.argv[1], mpf(sys.argv[2])
    mpmath.mp.prec = 400
    names = {name: getattr(mpmath, name) for name in ("exp", "erfc", "sqrt", "tanh", "log", "pi")}

    def f(x):
        return eval(expression, {"x": x, "mpf": mpf, **names})

    # f' by a central difference at 400 bits: its error is the square of the step.
    def derivative(x):
        h = mpf(2) ** -100
        return (f(x + h) - f(x - h)) / (2 * h)

    zero = mpmath.findroot(derivative, start)
    high = mpf(float(zero))
    print(f"zero {float(high).hex()} {float(zero - high).hex()}")
    # Interpolation at Chebyshev's nodes, which is within a small factor of the best polynomial.
    nodes = [RADIUS * mpmath.cos(mpmath.pi * (2 * i + 1) / (2 * DEGREE + 2)) for i in range(DEGREE + 1)]
    matrix = mpmath.matrix([[node**j for j in range(DEGREE + 1)] for node in nodes])
    values = mpmath.matrix([derivative(zero + node) / node for node in nodes])
    coefficients = [mpf(float(c)) for c in mpmath.lu_solve(matrix, values)]
    worst = mpf(0)
    for i in range(-100, 101):
        t = RADIUS * i / 100 + mpf(2) ** -60
        exact = derivative(zero + t) / t
        worst = max(worst, abs(mpmath.polyval(coefficients[::-1], t) / exact - 1))
    print(", ".join(float(c).hex() for c in coefficients))
    print(f"relative error 2^{float(mpmath.log(worst, 2)):.1f}")


if __name__ == "__main__":
    main()
