#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Times our kernels beside those of PyTorch, JAX, ONNX Runtime, OpenVINO and the peers of our catalog, in one thread of
one process, and prints tables in Markdown: ns per element and max error in ulp. docs/performance.md says what is timed.

  cmake --build --preset release --target actbench_c
  kernels/tools/frameworks.py > tables.md

The frameworks come from PyPI into a virtual environment (--venv, 6 GB), which is made the first time.
"""
import argparse
import dataclasses
import datetime
import os
import platform
import random
import re
import shlex
import statistics
import subprocess
import sys
import time
import venv

SOURCES = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CACHE = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
FRAMEWORKS = ("torch", "jax", "onnxruntime", "openvino")
PEERS = ("onednn", "sleef", "highway", "libm")

SMOOTH = ("sigmoid", "tanh", "silu", "gelu_erf", "gelu_tanh", "mish", "softplus", "elu", "log_sigmoid")
PIECEWISE = ("relu", "relu6", "leaky_relu", "hard_sigmoid", "hard_swish", "hard_tanh")
IN_16_BITS = ("sigmoid", "silu", "gelu_erf")
# Title, activations, direction, dtypes, and whether the goal is a share of the copy's time instead of the peer's.
GROUPS = (("Forward, f32", SMOOTH, "forward", ("f32",), False), ("Gradient, f32", SMOOTH, "gradient", ("f32",), False),
          ("Piecewise, f32", PIECEWISE, "forward", ("f32",), True),
          ("16 bits", IN_16_BITS, "forward", ("bf16", "f16"), False))
RATIO_GOAL = 2 / 3
COPY_GOAL = 1.2


def names_of(known, text):
    """The names in a list with commas, each one of `known`."""
    names = [] if text == "none" else text.split(",")
    for name in names:
        if name not in known:
            raise argparse.ArgumentTypeError(f'there is no "{name}"; there are {", ".join(known)}')
    return names


def positive(text):
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{value} is below 1")
    return value


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    every = tuple(dict.fromkeys(SMOOTH + PIECEWISE))
    parser.add_argument("--library", default=os.path.join(SOURCES, "build/release/lib/libactbench.so"),
                        help="our kernels (default: %(default)s)")
    parser.add_argument("--venv", default=os.path.join(CACHE, "actbench/frameworks"),
                        help="where the frameworks are, or go (default: %(default)s)")
    parser.add_argument("--frameworks", type=lambda text: names_of(FRAMEWORKS, text), default=list(FRAMEWORKS),
                        metavar="LIST", help='of torch,jax,onnxruntime,openvino, or "none" (default: all)')
    parser.add_argument("--activations", type=lambda text: names_of(every, text), default=list(every), metavar="LIST",
                        help="of " + ",".join(every) + " (default: all)")
    parser.add_argument("--isa", default="", help="instruction set of our kernels (default: the widest)")
    parser.add_argument("--elements", type=positive, default=65536, metavar="N",
                        help="of a timed tensor (default: %(default)s, in L2 with the results)")
    parser.add_argument("--rounds", type=positive, default=51, metavar="N",
                        help="in which every contender is timed once (default: %(default)s)")
    parser.add_argument("--samples", type=positive, default=1 << 20, metavar="N",
                        help="f32 inputs for the error, of random bits and as many of [-20, 20] (default: %(default)s)")
    parsed = parser.parse_args(arguments)
    if not os.path.exists(parsed.library):
        parser.error(f"there is no {parsed.library}; the target actbench_c makes build/PRESET/lib/libactbench.so")
    return parsed


def enter_venv(directory, packages):
    """Goes on in the virtual environment, with the packages in it."""
    python = os.path.join(directory, "bin", "python")
    if os.path.abspath(sys.prefix) == os.path.abspath(directory):
        return
    marker = os.path.join(directory, "installed")  # what pip has finished to install
    installed = open(marker, encoding="utf-8").read().split() if os.path.exists(marker) else []
    missing = [package for package in packages if package not in installed]
    if missing:
        print(f"frameworks: installing {', '.join(missing)} into {directory}", file=sys.stderr)
        if not os.path.exists(python):
            venv.create(directory, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *missing], check=True, stdout=sys.stderr)
        with open(marker, "w", encoding="utf-8") as file:
            file.write("\n".join([*installed, *missing]) + "\n")
    os.execv(python, [python, os.path.abspath(__file__), *sys.argv[1:]])


def take_one_core():
    """Before any framework is there, which would count the cores."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    os.environ.update(OMP_NUM_THREADS="1", MKL_NUM_THREADS="1", JAX_PLATFORMS="cpu",
                      XLA_FLAGS="--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")


def to_storage(values, dtype):
    """f32 values in a dtype, rounded to nearest even, as an array of contenders.STORAGE."""
    if dtype == "bf16":
        bits = values.view("uint32")
        return ((bits + 0x7FFF + (bits >> 16 & 1)) >> 16).astype("uint16")
    return values.astype({"f32": "float32", "f16": "float16"}[dtype])


def timed_inputs(case, n):
    """x from N(0, 3), dy from N(0, 1)."""
    import numpy
    generator = numpy.random.default_rng(1)
    return [to_storage((generator.standard_normal(n) * scale).astype("float32"), case.dtype)
            for scale in (3, 1)[:case.inputs]]


def error_inputs(case, samples):
    """f32: finite random bits, and numbers from [-20, 20]; 16 bits: every finite number. Upstream gradients are 1."""
    import numpy
    if case.dtype == "f32":
        generator = numpy.random.default_rng(2)
        bits = generator.integers(0, 1 << 32, samples, dtype="uint32").view("float32")
        x = numpy.concatenate([bits, generator.uniform(-20, 20, samples).astype("float32")])
        finite = numpy.isfinite(x)
    else:
        bits = numpy.arange(1 << 16, dtype="uint16")
        x = bits if case.dtype == "bf16" else bits.view("float16")
        exponent = {"bf16": 0x7F80, "f16": 0x7C00}[case.dtype]
        finite = bits & exponent != exponent
    x = x[finite]
    return [x, to_storage(numpy.ones(x.size, "float32"), case.dtype)][:case.inputs]


def max_ulp(contender, kernel, inputs, n):
    """By our reference, block by block of n elements, as many as the contender takes."""
    import numpy
    worst = 0
    for start in range(0, inputs[0].size, n):
        block = [numpy.resize(array[start:start + n], n) for array in inputs]
        worst = max(worst, kernel.max_ulp(block, contender.evaluate(block))[0])
    return worst


def call_times(contenders, rounds):
    """The median time of a call in ns, of each contender. They take turns, so that what disturbs one disturbs all, each
    round in another order, lest another process that gets the core in turn always meets the same one. In a turn the
    first call, which finds the caches full of the others' data, is not timed."""
    def timed(contender, calls):
        contender.run(1)
        start = time.perf_counter_ns()
        contender.run(calls)
        return (time.perf_counter_ns() - start) / calls

    turn_ns = 300_000
    calls = [max(1, round(turn_ns / timed(contender, 3))) for contender in contenders]
    times = [[] for _ in contenders]
    order = list(range(len(contenders)))
    shuffle = random.Random(1).shuffle
    for _ in range(rounds):
        shuffle(order)
        for i in order:
            times[i].append(timed(contenders[i], calls[i]))
    return [statistics.median(one) for one in times]


@dataclasses.dataclass
class Result:
    """Times in ns per element; `bare` is without what a call costs whatever it computes."""
    name: str
    time: float
    bare: float
    ulp: float


SMALL = 16  # elements of a call that costs next to nothing beside the call itself


def measure(case, providers, kernel, arguments):
    """The results of all providers that have the case."""
    n = arguments.elements
    made = [(provider.make(case, n), provider.make(case, SMALL)) for provider in providers]
    made = [pair for pair in made if pair[0] is not None]
    inputs = timed_inputs(case, n)
    for contender, small in made:
        contender.load(inputs)
        small.load([array[:SMALL] for array in inputs])
    times = call_times([contender for contender, _ in made], arguments.rounds)
    small_times = call_times([small for _, small in made], arguments.rounds)
    samples = error_inputs(case, arguments.samples)
    return [Result(contender.name, time / n, max(0, time - small_time) / n,
                   max_ulp(contender, kernel, samples, n) if contender.name != "copy" else 0)
            for (contender, _), time, small_time in zip(made, times, small_times)]


def number(value):
    """Three digits, two of a large number."""
    return f"{value:.3g}" if value < 1000 or value == float("inf") else re.sub(r"e\+0?", "e", f"{value:.1e}")


def ratio(value, goal):
    return f"**{value:.2f}**" if value > goal else f"{value:.2f}"


HEADER = ("| | ours, ns | max ulp | fastest peer | ns | max ulp | ours / peer | without calls | copy, ns | ours / copy "
          "| others: ns (max ulp) |\n|---|---|---|---|---|---|---|---|---|---|---|")


def row(title, results, goal_is_copy):
    """A row of the table: results are ours, the copy's, and the peers'."""
    ours, copy, *peers = results
    peers.sort(key=lambda result: result.time)
    cells = [title, number(ours.time), number(ours.ulp)]
    if peers:
        least = min(peer.bare for peer in peers)
        goal = float("inf") if goal_is_copy else RATIO_GOAL
        cells += [peers[0].name, number(peers[0].time), number(peers[0].ulp), ratio(ours.time / peers[0].time, goal),
                  ratio(ours.bare / least, goal) if least > 0 else "-"]
    else:
        cells += ["-"] * 5
    cells += [number(copy.time), ratio(ours.time / copy.time, COPY_GOAL if goal_is_copy else float("inf"))]
    others = ", ".join(f"{peer.name} {number(peer.time)} ({number(peer.ulp)})" for peer in peers[1:])
    return "| " + " | ".join([*cells, others or "-"]) + " |"


def processor():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        return next((line.split(":")[1].strip() for line in file if line.startswith("model name")), platform.machine())


def introduction(frameworks, isa, load):
    """One line: the machine, the day, the versions, the command."""
    versions = ", ".join(f"{framework.name} {framework.version}" for framework in frameworks) or "no frameworks"
    command = shlex.join(["kernels/tools/frameworks.py", *sys.argv[1:]])
    return (f"{processor()} with {os.cpu_count()} cores, one of them used, load {load:.1f} before and "
            f"{os.getloadavg()[0]:.1f} after; ours for {isa}; {versions}; {datetime.date.today()}; `{command}`.")


def tables(arguments, providers, library):
    """The lines of all tables."""
    import c_library
    import contenders
    for title, activations, direction, dtypes, goal_is_copy in GROUPS:
        cases = [contenders.Case(activation, direction, dtype) for activation in activations
                 if activation in arguments.activations for dtype in dtypes]
        lines = []
        for case in cases:
            name = providers[0].kernel_name(case)
            if name is None:
                raise SystemExit(f"frameworks: there is no {'/'.join(case)}/actbench/fast/{arguments.isa}")
            print(f"frameworks: {'/'.join(case)}", file=sys.stderr)
            results = measure(case, providers, c_library.Kernel(library, name), arguments)
            lines.append(row(case.activation + (f", {case.dtype}" if len(dtypes) > 1 else ""), results, goal_is_copy))
        if lines:
            yield from ["", f"**{title}**", "", HEADER, *lines]


def main():
    arguments = parse(sys.argv[1:])
    if arguments.frameworks:
        packages = {"onnxruntime": ["onnxruntime", "onnx"]}
        enter_venv(arguments.venv, [p for name in arguments.frameworks for p in packages.get(name, [name])] + ["numpy"])
    load = os.getloadavg()[0]
    take_one_core()
    import c_library
    import contenders
    library = c_library.Library(arguments.library)
    frameworks = [contenders.FRAMEWORKS[name]() for name in arguments.frameworks]
    providers = [contenders.Catalog(library, "actbench", "fast", arguments.isa), contenders.Copy(library), *frameworks,
                 *(contenders.Catalog(library, peer) for peer in PEERS)]
    lines = list(tables(arguments, providers, library))
    if 5e-324 * 1.0 == 0:
        raise SystemExit("frameworks: a framework made this thread flush subnormal numbers, so the errors are wrong")
    isa = arguments.isa or library.widest("relu", "forward", "f32", "actbench", "fast").split("/")[-1]
    print(introduction(frameworks, isa, load), *lines, sep="\n")


if __name__ == "__main__":
    main()
