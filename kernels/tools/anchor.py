#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints anchors for kernels/activations.inc: f(x) and f'(x) to 50 digits, by python-mpmath.

    kernels/tools/anchor.py 'x / (1 + exp(-x))' -- -13.04 -1 2.5

The expression is Python over mpmath's functions, evaluated to 400 digits. x is the double nearest to the text given.
At a kink the derivative printed is not the one that kernels/activations.inc asks for: set it by hand.
"""
import sys

import mpmath


def main():
    expression, *points = [argument for argument in sys.argv[1:] if argument != "--"]
    mpmath.mp.dps = 400  # far more than cancellation in any textbook expression can eat
    f = eval("lambda x: " + expression, vars(mpmath))
    for text in points:
        x = mpmath.mpf(float(text))
        value, derivative = (mpmath.nstr(v, 50, strip_zeros=False) for v in (f(x), mpmath.diff(f, x, h=mpmath.mpf(10) ** -150)))
        print(f'{{{text}, "{value}", "{derivative}"}},')


if __name__ == "__main__":
    main()
