#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Certifies that every kernel of ours keeps what it claims, and prints what was found as Markdown.

Of activations of one input: all inputs of f32 (gradients with dy = 1) on the widest instruction set, and of f16 and bf16
on all of them. Of the other instruction sets, f64, gated activations and parameters that are not the defaults: samples.
What a kernel claims is said by the server (docs/accuracy.md), and which kernels there are. The server keeps every
measurement of all inputs as a certificate, and shows that while the kernels are not built anew: so this may be
interrupted and run again.
"""
import argparse
import datetime
import itertools
import json
import math
import os
import re
import subprocess
import sys
import time
import traceback

BEGIN = "<!-- made by tests/certify.sh --table: begin -->"
END = "<!-- end -->"
# An f64 result is decided by MPFR.
SAMPLES = {"f64": 2000, "f32": 50000, "f16": 50000, "bf16": 50000}
DISTRIBUTIONS = ["bits", "uniform", "tails", "subnormal"]
PARAMETER_VALUES = [-1.5, 0.1, 1.702, 10.0]


def fail(message):
    print(f"certify: {message}", file=sys.stderr)
    sys.exit(2)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", help="the command actbench")
    parser.add_argument("--activation", nargs="+", metavar="NAME", help="these alone (default: all)")
    parser.add_argument("--dtype", nargs="+", choices=SAMPLES, default=list(SAMPLES), help="these alone (default: all)")
    parser.add_argument("--table", metavar="FILE", help="write the Markdown into this file too, between its markers")
    parser.add_argument("--minutes", type=float, default=math.inf, metavar="N",
                        help="begin no f32 sweep after so long; what is not certified yet is measured by samples")
    return parser.parse_args()


class Command:
    """The command actbench. What it tells goes to stderr."""

    def __init__(self, program):
        self.program = program

    def run(self, *arguments):
        result = subprocess.run([self.program, *arguments], stdout=subprocess.PIPE, text=True)
        if result.returncode != 0:
            fail(f"{self.program} {' '.join(arguments)} has exit status {result.returncode}")
        return json.loads(result.stdout)

    def measure(self, *arguments):
        """Results without their long lists, as there are thousands of them."""
        results = self.run("accuracy", *arguments, "--unit_upstream", "--json", "-")
        for result in results:
            del result["binades"], result["special_values"], result["worst"][1:]
        return results


def is_exhaustive(result):
    """Whether all inputs were measured: those of gradients with dy = 1, not the pairs of 16 bits."""
    gradient = result["kernel"].split("/")[1] == "gradient"
    return result["mode"] == ("exhaustive_unit_upstream" if gradient else "exhaustive")


def is_missed(result):
    return "claim" in result and not result["claim"]["kept"]


def describe(result):
    parameters = "".join(f", {name} = {value}" for name, value in result["parameters"].items())
    claim = result["claim"]
    rounded = ", 0 misrounded" if claim["correctly_rounded"] else ""
    at = f" at x = {result['worst'][0]['x']}" if result["worst"] else ""
    return (f"{result['kernel']}{parameters}: {result['max_ulp']} ulp{at}, {result['misrounded']} misrounded "
            f"({result['mode']}); it claims {claim['max_ulp']} ulp{rounded}")


class Certification:

    def __init__(self, command, arguments):
        self.command = command
        self.dtypes = arguments.dtype
        self.deadline = time.monotonic() + 60 * arguments.minutes
        self.kernels = command.run("list", "--kernels", "--json")
        # Those with kernels of ours: builds may have those of a few alone.
        ours = {kernel["activation"] for kernel in self.kernels if kernel["provider"] == "actbench"}
        self.catalog = {activation["name"]: activation for activation in command.run("list", "--json")
                        if activation["name"] in ours}
        unknown = [name for name in arguments.activation or [] if name not in self.catalog]
        if unknown:
            fail(f"no activation is named {unknown[0]}; there are {', '.join(self.catalog)}")
        self.activations = [name for name in self.catalog if name in (arguments.activation or self.catalog)]
        # What the table shows, by kernel without its instruction set, which is the widest.
        self.shown = {}
        self.isa = None  # the widest
        self.results = []  # of our kernels
        self.build_id = None

    def providers(self, activation):
        """Those of others that have it."""
        return sorted({kernel["provider"] for kernel in self.kernels
                       if kernel["activation"] == activation and kernel["dtype"] == "f32"} - {"actbench"})

    def record(self, results):
        """Of the widest instruction set, with default parameters."""
        for result in results:
            kernel, _, isa = result["kernel"].rpartition("/")
            self.shown[kernel] = result
            self.build_id = result["build_id"]
            if "/actbench/" in kernel:
                self.isa = isa

    def is_gated(self, activation):
        return self.catalog[activation]["inputs"] > 1

    def measure_widest(self, activations):
        """What is stored, else all inputs of 16 bits and samples of f32 and of pairs of inputs."""
        dtypes = [dtype for dtype in self.dtypes if dtype != "f64"]
        for activation in activations if dtypes else []:
            samples = ["--samples", str(SAMPLES["f32"])] if self.is_gated(activation) else []
            self.record(self.command.measure(activation, "--direction", "all", "--dtype", ",".join(dtypes), "--tier", "all",
                                             *samples))
            if "f32" in dtypes and (providers := self.providers(activation)):
                self.record(self.command.measure(activation, "--direction", "all", "--provider", ",".join(providers)))

    def sweep(self):
        """All inputs, of what is not certified yet."""
        ours = [result for result in self.shown.values() if self.is_wanted(result) and
                not self.is_gated(result["kernel"].split("/")[0])]
        # The fast tier first, as it is what changes.
        ours.sort(key=lambda result: (result["kernel"].split("/")[4] != "fast", result["kernel"].split("/")[1]))
        open_sweeps = [result["kernel"] for result in ours if not is_exhaustive(result)]
        for done, kernel in enumerate(open_sweeps):
            if time.monotonic() > self.deadline:
                print(f"certify: out of time, {len(open_sweeps) - done} sweeps are left", file=sys.stderr)
                return
            print(f"certify: sweep {done + 1} of {len(open_sweeps)}", file=sys.stderr)
            self.record(self.command.measure(kernel, "--exhaustive"))

    def is_wanted(self, result):
        activation, provider = [result["kernel"].split("/")[place] for place in (0, 3)]
        return provider == "actbench" and activation in self.activations

    def other_parameters(self, activation):
        """Sets of one parameter away from its default."""
        parameters = self.catalog[activation]["parameters"]
        defaults = {parameter["name"]: parameter["default"] for parameter in parameters}
        for parameter, value in itertools.product(parameters, PARAMETER_VALUES):
            changed = {**defaults, parameter["name"]: value}
            if parameter["min"] <= value <= parameter["max"] and all(
                    changed[other["name"]] <= changed[other["at_most"]] for other in parameters if other["at_most"]):
                yield {parameter["name"]: value}

    def sample(self):
        for activation in self.activations:
            narrow = [dtype for dtype in self.dtypes if dtype in ("f16", "bf16")]
            if narrow and not self.is_gated(activation):
                self.results += self.command.measure(activation, "--direction", "all", "--dtype", ",".join(narrow), "--tier",
                                                     "all", "--isa", "all")
            for parameters in [{}, *self.other_parameters(activation)]:
                flags = [flag for name, value in parameters.items() for flag in ("--param", f"{name}={value}")]
                for dtype, distribution in itertools.product(self.dtypes, DISTRIBUTIONS):
                    self.results += self.command.measure(
                        activation, "--direction", "all", "--dtype", dtype, "--tier", "all", "--isa", "all", "--samples",
                        str(SAMPLES[dtype]), "--distribution", distribution, *flags)

    def run(self, with_others):
        """`with_others`: also what is known of the activations that are not wanted, for the table."""
        self.measure_widest(self.catalog if with_others else self.activations)
        self.sample()
        self.sweep()
        self.results += [result for result in self.shown.values() if self.is_wanted(result)]


def number(ulp, is_maximum):
    """A maximum is never shown smaller than it is, a lower bound of one never larger. Beside a tie four decimals are not
    enough to tell its sides apart."""
    ulp = float(ulp)
    if math.isinf(ulp):
        return "inf"
    if ulp >= 1000:
        return ("" if is_maximum else ">= ") + f"{ulp:.1e}"
    decimals = 7 if 0.5 < ulp < 0.5001 else 4
    rounded = (math.ceil if is_maximum else math.floor)(ulp * 10**decimals) / 10**decimals
    return ("" if is_maximum else ">= ") + f"{rounded:.{decimals}f}"


class Report:
    """What a certification found, as Markdown."""

    def __init__(self, certification):
        self.of = certification

    def get(self, activation, direction, dtype, tier):
        return self.of.shown.get(f"{activation}/{direction}/{dtype}/{tier}")

    def max_ulp(self, result):
        if result is None:
            return "-"
        return number(result["max_ulp"], is_exhaustive(result))

    def best_peer(self, activation, direction):
        peers = [(float(result["max_ulp"]), provider, result) for provider in self.of.providers(activation)
                 if (result := self.get(activation, direction, "f32", f"{provider}/native")) is not None]
        if not peers:
            return "-"
        _, provider, result = min(peers, key=lambda peer: peer[0])
        return f"{provider} {self.max_ulp(result)}"

    def misrounded(self, activation, tier, dtypes):
        """Of all results of both directions; of which samples, that is said. Of gated activations the largest error."""
        results = [self.get(activation, direction, dtype, "actbench/" + tier)
                   for dtype in dtypes for direction in ("forward", "gradient")]
        results = [result for result in results if result is not None]
        if not results:
            return "-"
        if self.of.is_gated(activation):
            return self.max_ulp(max(results, key=lambda result: float(result["max_ulp"]))) + " ulp"
        total = f"{sum(result['misrounded'] for result in results):,}"
        sampled = [result for result in results if not is_exhaustive(result)]
        if not sampled:
            return total
        names = ["/".join(result["kernel"].split("/")[2:0:-1]) for result in sampled]
        return f"{total}; of samples {', '.join(names)}"

    def rows(self):
        yield ["activation", "forward", "best peer", "gradient", "best peer", "f16", "bf16", "exact tier"]
        yield ["---"] * 8
        measured = {kernel.split("/")[0] for kernel in self.of.shown}
        for activation in (name for name in self.of.catalog if name in measured):
            forward, gradient = [self.max_ulp(self.get(activation, direction, "f32", "actbench/fast"))
                                 for direction in ("forward", "gradient")]
            yield [f"`{activation}`", forward, self.best_peer(activation, "forward"), gradient,
                   self.best_peer(activation, "gradient"), self.misrounded(activation, "fast", ["f16"]),
                   self.misrounded(activation, "fast", ["bf16"]),
                   self.misrounded(activation, "exact", ["f32", "f16", "bf16"])]

    def missed(self):
        worst = {}
        for result in filter(is_missed, self.of.results):
            key = (result["kernel"], str(result["parameters"]))
            if key not in worst or float(worst[key]["max_ulp"]) < float(result["max_ulp"]):
                worst[key] = result
        return [describe(result) for result in worst.values()]

    def text(self):
        results = self.of.results
        missed = self.missed()
        kernels = len({result["kernel"] for result in results})
        exhaustive = len({result["kernel"] for result in results if is_exhaustive(result)})
        silent = sorted({result["kernel"].rpartition("/")[0] for result in results if "claim" not in result})
        lines = [
            f"{datetime.date.today()}, {machine()}, {self.of.isa}, build id {self.of.build_id}: {kernels} kernels in "
            f"{len(results)} measurements, {exhaustive} of them at all inputs; " +
            (f"{len(missed)} miss their claim:" if missed else "all keep their claim."), ""]
        if missed:
            lines += [f"- {text}" for text in missed] + [""]
        if silent:
            lines += [f"Nothing in ulp is claimed of {', '.join(silent)}.", ""]
        lines += ["| " + " | ".join(row) + " |" for row in self.rows()]
        return "\n".join(lines) + "\n"


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        found = re.search(r"^model name\s*: (.*)$", file.read(), re.MULTILINE)
    return f"{found.group(1) if found else os.uname().machine}, {len(os.sched_getaffinity(0))} CPUs"


class TableFile:
    """A file with a table between markers."""

    def __init__(self, path):
        self.path = path
        try:
            text = self.read()
        except OSError as error:
            fail(f"cannot read {path}: {error.strerror}")
        if text.count(BEGIN) != 1 or END not in text.split(BEGIN)[1]:
            fail(f"{path} has no place for the table: a line '{BEGIN}' and after it '{END}'")

    def read(self):
        with open(self.path, encoding="utf-8") as file:
            return file.read()

    def write(self, table):
        before, after = self.read().split(BEGIN)
        with open(self.path, "w", encoding="utf-8") as file:
            file.write(before + BEGIN + "\n" + table + END + after.split(END, 1)[1])


def main():
    arguments = parse_arguments()
    table_file = TableFile(arguments.table) if arguments.table else None
    certification = Certification(Command(arguments.program), arguments)
    try:
        certification.run(with_others=table_file is not None)
    except KeyboardInterrupt:
        print("certify: interrupted; what is certified stays so, run this again to go on", file=sys.stderr)
        return 130
    report = Report(certification)
    print(report.text(), end="")
    if table_file is not None:
        table_file.write(report.text())
    return 1 if report.missed() else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Exception:  # of which Python would make the 1 that means no
        traceback.print_exc()
        sys.exit(2)
