#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Prints the tables of kernels/tables_*f32.inc: for each interval of a function's argument the point that its distance t
is taken from, and the coefficients of a polynomial in t; and polynomials of one interval. Needs mpmath and numpy.

  kernels/tools/f32_tables.py kExp kTanh kSoftplus kSigmoid kSiluSlopeTable | clang-format > kernels/tables_f32.inc
  kernels/tools/f32_tables.py kGelu | clang-format > kernels/tables_gelu_f32.inc
  kernels/tools/f32_tables.py kMishTable kMishSlopeTable | clang-format > kernels/tables_mish_f32.inc
  kernels/tools/f32_tables.py kPoly | clang-format > kernels/polynomials_f32.inc

Arguments are how the names of tables begin; without any all tables are printed.

The points are chosen so that the function is nearly a float there: the constant coefficient is then exact. The others
minimise the largest relative error (Lawson's algorithm), and are rounded one by one from the lowest, each time fitting
those that are left anew. The error is printed beside each interval, in units of 2^-24: 1 is at most 1 ulp.
"""

import math
import struct
import sys

import mpmath
import numpy
from mpmath import mpf

mpmath.mp.prec = 150
POINTS = 160


def to_float(value):
    return struct.unpack("<f", struct.pack("<f", float(value)))[0]


def text(value):
    """A float in C's hexadecimal notation."""
    mantissa, exponent = float(value).hex().split("p")
    return f"{mantissa.rstrip('0').rstrip('.') if '.' in mantissa else mantissa}p{exponent}f"


def centre(f, low, high, aim):
    """A point near `aim`, of 12 bits, where f is nearly a float."""
    step = mpf(2) ** (mpmath.floor(mpmath.log(max(abs(low), abs(high)), 2)) - 11)
    middle = mpmath.nint(aim / step)
    reach = max(8, int((high - low) / step / 50))

    def badness(k):
        value = f(k * step)
        ulp = mpf(2) ** (mpmath.floor(mpmath.log(abs(value), 2)) - 23)
        return abs(value - to_float(value)) / ulp + abs(k - middle) / reach / 50

    return min((middle + k for k in range(-reach, reach + 1)), key=badness) * step


def minimax(powers, target, t, weight):
    """The coefficients of t^p, p of `powers`, for which weight * (sum - target) has the least maximum."""
    scale = numpy.max(numpy.abs(t))
    columns = numpy.stack([(t / scale) ** p for p in powers], axis=1) * weight[:, None]
    importance = numpy.ones(len(t))
    best, least = None, numpy.inf
    for _ in range(300):
        root = numpy.sqrt(importance)
        solution = numpy.linalg.lstsq(columns * root[:, None], target * weight * root, rcond=None)[0]
        error = numpy.abs(columns @ solution - target * weight)
        if numpy.max(error) < least:
            best, least = solution, numpy.max(error)
        importance *= error + 1e-3 * numpy.max(error)
        importance /= numpy.max(importance)
    return [c / scale**p for c, p in zip(best, powers)]


def fit(f, low, high, degree, fixed, zero, rise=0.25):
    """The centre, the coefficients c0, c1, ... as floats, and the largest relative error. `fixed` are the first of the
    coefficients where the centre is 0. If f has a zero inside, given near `zero`, the centre is the float beside it. Of an f
    that grows from low to high the centre is where it has grown by the `rise`-th power of that."""
    if zero is not None and low < zero < high:
        return fit_at_zero(f, low, high, degree, zero)
    aim = (low + high) / 2
    if low != 0 and 0 < f(low) / f(high) < 1:  # what grows loses less at its beginning if c0 is not much larger
        aim = mpmath.findroot(lambda x: f(x) / f(low) - (f(high) / f(low)) ** rise, (low, high), solver="anderson")
    point = mpf(0) if fixed else centre(f, low, high, aim)
    nodes = [(low + high) / 2 + (high - low) / 2 * mpmath.cos(mpmath.pi * (2 * i + 1) / (2 * POINTS)) for i in range(POINTS)]
    t = numpy.array([float(x - point) for x in nodes])
    exact = [f(x) for x in nodes]
    coefficients = list(fixed) or [to_float(f(point))]
    weight = numpy.array([float(1 / v) for v in exact])
    while len(coefficients) <= degree:
        rest = numpy.array([float(v - sum(mpf(c) * mpf(x) ** i for i, c in enumerate(coefficients))) for v, x in zip(exact, t)])
        powers = list(range(len(coefficients), degree + 1))
        coefficients.append(to_float(minimax(powers, rest, t, weight)[0]))
    worst = max(abs(sum(mpf(c) * mpf(x) ** i for i, c in enumerate(coefficients)) / v - 1) for v, x in zip(exact, t))
    return point, coefficients, float(worst * 2**24)


def fit_at_zero(f, low, high, degree, zero, to_doubles=0):
    """As fit, where the relative error is to stay small next to the zero: c0 is what f has left at the centre, and the
    others are fitted to f - c0, relative to itself. The first `to_doubles` are rounded to doubles."""
    point = mpf(to_float(mpmath.findroot(f, (zero - 1e-3, zero + 1e-3), solver="anderson")))
    coefficients = [float(f(point)) if to_doubles else to_float(f(point))]
    nodes = [(low + high) / 2 + (high - low) / 2 * mpmath.cos(mpmath.pi * (2 * i + 1) / (2 * POINTS)) for i in range(POINTS)]
    t = numpy.array([float(x - point) for x in nodes])
    slope = [(f(x) - coefficients[0]) / (x - point) for x in nodes]
    weight = numpy.array([float(1 / v) for v in slope])
    while len(coefficients) <= degree:
        rest = numpy.array([float(v - sum(mpf(c) * mpf(x) ** i for i, c in enumerate(coefficients[1:]))) for v, x in zip(slope, t)])
        powers = list(range(len(coefficients) - 1, degree))
        value = minimax(powers, rest, t, weight)[0]
        coefficients.append(float(value) if len(coefficients) < to_doubles else to_float(value))
    worst = max(abs(sum(mpf(c) * mpf(x) ** i for i, c in enumerate(coefficients[1:])) / v - 1) for v, x in zip(slope, t))
    return point, coefficients, float(worst * 2**24)


def print_polynomial(name, comment, coefficients):
    print(f"\n{comment}")
    print(f"ACT_DATA constexpr double {name}[] = {{" + ", ".join(text(c)[:-1] for c in coefficients) + "};")


def polynomial(name, comment, f, low, high, degree, weight):
    """Between `low` and `high`, of least maximum error times weight(x, f(x)); the first coefficient is f(0), a float."""
    nodes = [low + (high - low) * (1 + mpmath.cos(mpmath.pi * (2 * i + 1) / (2 * POINTS))) / 2 for i in range(POINTS)]
    t = numpy.array([float(x) for x in nodes])
    exact = [f(mpf(x)) for x in t]
    weights = numpy.array([float(weight(mpf(x), v)) for x, v in zip(t, exact)])
    coefficients = [to_float(f(mpf(2) ** -60))]
    while len(coefficients) <= degree:
        rest = numpy.array([float(v - sum(mpf(c) * mpf(x) ** i for i, c in enumerate(coefficients))) for v, x in zip(exact, t)])
        powers = list(range(len(coefficients), degree + 1))
        coefficients.append(to_float(minimax(powers, rest, t, weights)[0]))
    worst = max(abs(w * (sum(mpf(c) * mpf(x) ** i for i, c in enumerate(coefficients)) - v)) for v, x, w in zip(exact, t, weights))
    print_polynomial(name, f"// {comment}: {float(worst * 2**24):.2f}.", coefficients)


def polynomial_at_zero(name, comment, f, low, high, degree, zero):
    """Of the distance from the float next to f's zero, which is printed too."""
    point, coefficients, error = fit_at_zero(f, mpf(low), mpf(high), degree, mpf(zero), to_doubles=2)
    print_polynomial(name, f"// {comment} between {low:g} and {high:g}, by the distance from the float next to its zero: {error:.2f}.", coefficients)
    print(f"constexpr double {name}Zero = {text(point)[:-1]};")


def table(name, comment, f, degree, intervals, fixed=(), zero=None, more=None, entries=16, keep=0, mirror=False, **keywords):
    """`intervals`: (index, low, high). In that which begins at 0 the first coefficients are `fixed`, and but for the last
    `keep` 0 in the table: the kernel has them elsewhere. `more`: of a table that holds more, its type and what it has.
    `mirror`: of -f(-z), with all but the first coefficient negated."""
    rows = [[0.0] * entries for _ in range(degree + 2)]
    print(f"\n{comment}")
    for index, low, high in intervals:
        point, coefficients, error = fit(f, mpf(low), mpf(high), degree, fixed if low == 0 else (), zero, **keywords)
        if low == 0:
            coefficients[: len(fixed) - keep] = [0.0] * (len(fixed) - keep)
        if mirror:
            point = 0 - point
            coefficients = [-coefficients[0]] + [c * (-1) ** i for i, c in enumerate(coefficients) if i > 0]
        for row, value in zip(rows, [point] + coefficients):
            row[index] = value
        print(f"// [{float(low):g}, {float(high):g}]: {error:.2f}")
    cells = "{" + ",\n".join("{" + ", ".join(text(v) for v in row) + "}" for row in rows) + "}"
    size = f"{degree + 2}" if entries == 16 else f"{degree + 2}, {entries}"
    if more is None:
        print(f"alignas(64) ACT_DATA constexpr IntervalTable<{size}> {name} = {cells};")
    else:
        print(f"alignas(64) ACT_DATA constexpr {more[0]}<{size}> {name} = {{{cells}, {more[1]}}};")


def bits(value):
    return struct.unpack("<I", struct.pack("<f", float(value)))[0]


def exp_table(entries):
    """2^(j/entries) rounded to 8 bits after the point, what that does, and rounded to a float."""
    shift = 23 - int(math.log2(entries))
    powers = [mpf(2) ** (mpf(j) / entries) for j in range(entries)]
    scales = [mpmath.nint(power * 256) / 256 for power in powers]
    shifted, floats = (
        [struct.unpack("<f", struct.pack("<I", bits(s) - (j << shift)))[0] for j, s in enumerate(values)] for values in (scales, powers)
    )
    logs = [to_float(mpmath.log(s) - j * mpmath.log(2) / entries) for j, s in enumerate(scales)]
    print(f"\n// For j from 0 to {entries - 1}: 2^(j/{entries}) rounded to 8 bits after the point, with -j 2^{shift} added to its bits; the")
    print(f"// logarithm of what rounding did; and 2^(j/{entries}) as a float, with the same added.")
    cells = ", ".join("{" + ", ".join(text(v) for v in row) + "}" for row in (shifted, logs, floats))
    print(f"alignas(64) ACT_DATA constexpr float kExpTable{entries}[3][{entries}] = {{{cells}}};")


def quarter_binades(shift, end):
    """The intervals of QuarterBinade in kernels/math_tables_f32.inc: those of [0, end], in which a + shift has one exponent and
    one pair of leading fraction bits. There are at most 16; the last holds what is above."""
    intervals = []
    low = 0.0
    while low < end and len(intervals) < 16:
        exponent = math.floor(math.log2(low + shift))
        quarter = 2.0 ** (exponent - 2)
        high = (math.floor((low + shift) / quarter) + 1) * quarter - shift
        index = (4 * (exponent + 126) + math.floor((low + shift) / quarter)) % 16  # the leading 1 is 4 quarters
        intervals.append((index, low, high))
        low = high
    intervals[-1] = intervals[-1][:2] + (end,)
    return intervals


def step_table(name, comment, f, degree, step, zero=None, **keywords):
    """By the 16 intervals whose middles are the multiples of `step`."""
    middles = [mpf(step) * i for i in range(16)]
    intervals = [(i, max(mpf(0), m - mpf(step) / 2), m + mpf(step) / 2) for i, m in enumerate(middles)]
    table(name, comment, f, degree, intervals, zero=zero, more=("StepTable", step), **keywords)


def signed_step_table(name, comment, f, degree, step, first, zero=None):
    """By 32 intervals whose middles are multiples of `step`, the least of them `first` of it: of the interval's number,
    which may be negative, the index is the last five bits."""
    intervals = [(n % 32, mpf(step) * (n - mpf(0.5)), mpf(step) * (n + mpf(0.5))) for n in range(first, first + 32)]
    table(name, comment, f, degree, intervals, zero=zero, more=("StepTable", step), entries=32)


def gelu_tables(name, comment, f, degrees, ends, scale, first, **keywords):
    """By quarter binades of a + 0.9, and by binades of scale a + first."""
    table(name + "16", f"{comment}, by quarter binades of a + 0.9.", f, degrees[0], quarter_binades(0.9, ends[0]), **keywords)
    exponent = int(math.log2(first)) + 127
    bounds = [mpf(first) / scale * (2**i - 1) for i in range(4)] + [ends[1]]
    binades = [((exponent + i) % 4, bounds[i], bounds[i + 1]) for i in range(4)]
    table(name + "4", f"{comment}, by binades of {scale} a + {first}.", f, degrees[1], binades, entries=4, **keywords)


def sigmoid(x):
    return 1 / (1 + mpmath.exp(-x))


def silu_slope(x):
    return sigmoid(x) * (1 + x * sigmoid(-x))


def mish_factor(x):
    n = mpmath.exp(x) * (mpmath.exp(x) + 2)
    return n / (n + 2)


def mish_slope(x):
    e = mpmath.exp(x)
    return mish_factor(x) + 4 * x * e * (e + 1) / (e * (e + 2) + 2) ** 2


def polynomials():
    for name, reach, degree in (("4", "0.0888", 4), ("16", "0.026", 2), ("Half4", "0.0888", 3), ("Half16", "0.026", 1)):
        slope = lambda r: -mpmath.expm1(-r) / r
        comment = f"(1 - exp(-r)) / r for abs(r) up to {reach}, as a part of exp(-r)"
        comment += ", for results of 16 bits" if name.startswith("Half") else ""
        polynomial(f"kPolyExp{name}", comment, slope, -mpf(reach), mpf(reach), degree, lambda r, _: r)
    log1p = lambda x: mpmath.log1p(x) / x
    polynomial("kPolyLog1p", "log(1 + x) / x for x up to 1", log1p, mpf(0), 1 + mpf(2) ** -23, 9, lambda _, v: 1 / v)
    polynomial_at_zero("kPolySiluSlope", "silu'(-a)", lambda a: silu_slope(-a), 0, 1.95, 11, 1.2785)
    comment = "(1 - (1 + x)^-2) / x for x up to exp(-1.95), as a part of x times it"
    polynomial("kPolySiluTail", comment, lambda x: (2 + x) / (1 + x) ** 2, mpf(0), mpmath.exp(-1.95), 5, lambda x, _: x)
    polynomial_at_zero("kPolyMishSlope", "mish'(x)", mish_slope, -1.85, 0.35, 13, -1.1924)  # these ends give the right float at 0
    comment = "(1 - (1 + x + x^2 / 2)^-2) / x for x up to exp(-1.8), as a part of x times it"
    square = lambda x: (1 + x + x * x / 2) ** 2
    polynomial("kPolyMishTail", comment, lambda x: (square(x) - 1) / x / square(x), mpf(0), mpmath.exp(-1.8), 5, lambda x, _: x)


def main():
    wanted = tuple(sys.argv[1:])
    print("// SPDX-License-Identifier: Apache-2.0")
    if wanted == ("kPoly",):
        print("// Polynomials of f32 lanes, printed by kernels/tools/f32_tables.py: the coefficients of 1, x, x^2, ..., beside each")
        print("// its error in units of 2^-24.")
        return polynomials()
    print("// The tables of f32 lanes, printed by kernels/tools/f32_tables.py. Of those by intervals row 0 is what t is the")
    print("// distance from, the others the coefficients of 1, t, t^2, ...; beside each interval is the polynomial's relative")
    print("// error in units of 2^-24.")

    def phi(a):
        return mpmath.erfc(a / mpmath.sqrt(2)) / 2

    def gelu_tanh(a):
        return 2 * mpmath.sqrt(2 / mpmath.pi) * (a + mpf(44715) / 1000000 * a**3)

    def wants(name):
        return not wanted or name.startswith(wanted)

    if wants("kExpTable"):
        exp_table(4)
        exp_table(16)
    if wants("kTanhTable"):
        table("kTanhTable", "// tanh(a), by QuarterBinade of a + 0.625.", mpmath.tanh, 5, quarter_binades(0.625, 9.2), [0.0])
    gelu = lambda a: a * phi(a) * mpmath.exp(a * a / 2)
    if wants("kGeluTable"):
        gelu_tables("kGeluTable", "// a Phi(-a) exp(a^2 / 2)", gelu, (5, 9), (13.15, 13.15), 1, 1, fixed=[0.0, 0.5])
    if wants("kGeluHalfTable"):
        gelu_tables("kGeluHalfTable", "// a Phi(-a) exp(a^2 / 2), for results of 16 bits", gelu, (4, 7), (13.15, 13.15), 1, 1, fixed=[0.0, 0.5], keep=1)
    if wants("kExpm1Table"):
        comment = "// exp(-a) - 1, by QuarterBinade of a + 1.25, as c0 - (c1 + c2 t + ...) t with t = -a - (row 0)."
        table("kExpm1Table", comment, lambda a: -mpmath.expm1(-a), 5, quarter_binades(1.25, 18.75), [0.0], mirror=True)
    if wants("kSoftplusTable"):
        step_table("kSoftplusTable", "// log(1 + exp(-a)).", lambda a: mpmath.log1p(mpmath.exp(-a)), 7, 1.163)
    if wants("kSigmoidSlopeTable"):
        step_table("kSigmoidSlopeTable", "// sigmoid'(a).", lambda a: 1 / (2 + mpmath.exp(a) + mpmath.exp(-a)), 7, 1.163)
    if wants("kSiluSlopeTable"):
        step_table("kSiluSlopeTable", "// silu'(-a).", lambda a: silu_slope(-a), 7, 0.99, zero=1.2785, rise=0.5)
    if wants("kMishTable"):
        signed_step_table("kMishTable", "// tanh(softplus(x)).", mish_factor, 6, 0.66, -15)
    if wants("kMishSlopeTable"):
        signed_step_table("kMishSlopeTable", "// mish'(x).", mish_slope, 7, 0.66, -15, zero=-1.1924)
    if wants("kGeluSlopeTable"):
        slope = lambda a: phi(a) * mpmath.exp(a * a / 2) - a / mpmath.sqrt(2 * mpmath.pi)
        gelu_tables("kGeluSlopeTable", "// gelu_erf'(-a) exp(a^2 / 2)", slope, (5, 11), (13.15, 14), 0.9, 0.5, zero=0.7518)
    if wants("kGeluTanhSlopeTable"):
        def slope_tanh(a):
            growth = a * 2 * mpmath.sqrt(2 / mpmath.pi) * (1 + mpf(3 * 44715) / 1000000 * a**2)
            return (1 - growth / (1 + mpmath.exp(-gelu_tanh(a)))) / (1 + mpmath.exp(gelu_tanh(a)))

        # The linear coefficient has 16 bits after the point, so that ExpCubic takes a sum from it without error. Of the floats
        # next to the cubic one that for which the slope at the zero is nearest to a float.
        linear = mpmath.floor(2 * mpmath.sqrt(2 / mpmath.pi) * 2**16) / 2**16
        nearest = to_float(2 * mpmath.sqrt(2 / mpmath.pi) * 44715 / 1000000)
        zero = mpmath.findroot(slope_tanh, 0.7525)
        at_zero = mpmath.diff(slope_tanh, zero)

        def badness(cubic):
            value = at_zero * mpmath.exp(linear * zero + cubic * zero**3)
            return abs(value - to_float(value))

        cubic = min((nearest + k * 2.0**-27 for k in range(-16, 17)), key=badness)
        print(f"\n// What w(a) is made of below: c a + c3 a^3. (gelu_tanh itself has the rest of c besides.)\nconstexpr float kGeluTanhLinear = {text(linear)};\nconstexpr float kGeluTanhCubic = {text(cubic)};")
        slope = lambda a: slope_tanh(a) * mpmath.exp(linear * a + cubic * a**3)
        gelu_tables("kGeluTanhSlopeTable", "// gelu_tanh'(-a) exp(w(a))", slope, (6, 11), (12.1, 10.6), 0.9, 0.5, zero=0.7525)


if __name__ == "__main__":
    main()
