#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How far benchmarks and the gate are to be believed. Called by gate_study.sh; prints Markdown tables.

  gate      A/A comparisons of our kernels on a quiet machine, and simulated ones of their processes
  load      the same with two busy loops for each processor beside
  truth     remote benchmarks against Google Benchmark, in turns
  overhead  what a case takes beside the time that its processes are asked for
"""

import argparse
import collections
import contextlib
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

from server_process import ServerProcess

# Of kernels_benchmark's L2 in f32: with one input and with a gate.
L2_ELEMENTS = (512 * 1024 // 8, 512 * 1024 // 12)
BUSY_LOOP = [sys.executable, "-c", "while True: pass"]


class Study:
    def __init__(self, build, options):
        self.bin = pathlib.Path(build) / "bin"
        self.plugin = str(pathlib.Path(build) / "lib/actbench_kernels_plugin.so")
        self.options = options
        self.directory = pathlib.Path(options.directory or tempfile.mkdtemp(prefix="actbench_study."))
        self.directory.mkdir(parents=True, exist_ok=True)

    def run(self, *arguments, accept=(0,), **options):
        result = subprocess.run([str(self.bin / arguments[0]), *arguments[1:]], text=True, capture_output=True, check=False, **options)
        if result.returncode not in accept:
            sys.exit(f"{' '.join(arguments)}: exit status {result.returncode}\n{result.stderr}")
        return result.stdout

    # The gate

    def comparisons(self, name):
        """A/A: our kernels against a file with the same, run after run; kept in files, so that it can be gone on with."""
        other = self.directory / "head.so"
        other.write_bytes(pathlib.Path(self.plugin).read_bytes())
        runs = []
        for i in range(self.options.runs):
            path = self.directory / f"{name}.{i}.json"
            if not path.exists():
                self.run("actbench", "compare", self.plugin, str(other), "--accuracy", "off", "--json", str(path),
                         accept=(0, 1, 3))
            runs.append(json.loads(path.read_text()))
            print(f"{name}: run {i + 1} of {self.options.runs}: {runs[-1]['text']}", file=sys.stderr)
        return runs

    def judge(self, name):
        runs = self.comparisons(name)
        cases = collections.defaultdict(list)
        for run in runs:
            for case in run["cases"]:
                cases[case["name"].split("/n:")[0]].append(case)
        pools = [{"name": case, "processes": [process for one in found for process in
                                              zip(one["process_ratios"], one["process_control_ratios"], one["process_injected_ratios"])]}
                 for case, found in cases.items()]
        simulated = json.loads(self.run("gate_simulation", str(self.options.simulations), input=json.dumps(pools)))
        self.print_gate(cases, {one["name"]: one for one in simulated})

    def print_gate(self, cases, simulated):
        count = self.options.simulations
        print("| case | comparisons | verdicts | head to base, all | half width | 5 % of work measured as "
              f"| of {count:,} alike: slower at first | slower | same | of {count:,} with 5 % of work: slower |")
        print("|---|---|---|---|---|---|---|---|---|---|")
        total = collections.Counter()
        for name, found in cases.items():
            verdicts = collections.Counter(case["speed"] for case in found)
            total += verdicts
            ratios = [case["ratio"]["ratio"] for case in found]
            widths = [(case["ratio"]["high"] - case["ratio"]["low"]) / 2 for case in found]
            injected = [case["injected"]["ratio"] for case in found]
            alike, slower = simulated[name]["alike"], simulated[name]["slower"]
            print(f"| {name} | {len(found)} | {said(verdicts)} | {percent(min(ratios))} to {percent(max(ratios))} "
                  f"| {100 * statistics.median(widths):.2f} % (at most {100 * max(widths):.2f}) "
                  f"| {percent(min(injected))} to {percent(max(injected))} "
                  f"| {alike['slower_at_first']} | {alike['slower']} | {alike['same']} | {slower['slower']} |")
        print(f"\nAll {sum(total.values())} comparisons: {said(total)}.\n")

    def gate(self):
        self.judge("quiet")

    def load(self):
        hogs = [subprocess.Popen(BUSY_LOOP) for _ in range(2 * os.cpu_count())]
        try:
            self.judge("load")
        finally:
            for hog in hogs:
                hog.kill()

    # Against Google Benchmark

    @contextlib.contextmanager
    def server(self):
        process = ServerProcess(str(self.bin / "actbench-server"), "--state_dir", "none")
        try:
            yield process.address
        finally:
            process.stop()

    def truth(self):
        rows = self.benchmarks()[:self.options.kernels]
        with self.server() as address:
            print("| kernel | elements | Google Benchmark, ns | actbench bench, ns | ratio |")
            print("|---|---|---|---|---|")
            worst = 0
            for row in rows:
                worst = max(worst, abs(self.print_truth(row, address) - 1))
            print(f"\n{len(rows)} kernels; the largest difference is {100 * worst:.1f} %.\n")

    def benchmarks(self):
        """Those of our fast forward kernels in f32 for the widest instruction set, in L2."""
        for isa in ("avx512", "avx2", "sse4", "neon", "scalar"):
            rows = self.run("kernels_benchmark", "--benchmark_list_tests=true",
                            f"--benchmark_filter=^[a-z_0-9]+/forward/f32/actbench/fast/{isa}/L2/normal$").splitlines()
            rows = [row for row in rows if row.endswith("/L2/normal")]
            if rows:
                return rows
        sys.exit("kernels_benchmark has no kernels")

    def print_truth(self, row, address):
        kernel = row.removesuffix("/L2/normal")
        theirs, ours = [], []
        for _ in range(self.options.processes):
            out = json.loads(self.run("kernels_benchmark", f"--benchmark_filter=^{re.escape(row)}$", "--benchmark_format=json",
                                      # Its times are means, in which what interrupted them is: the median of 15 of 10 ms.
                                      "--benchmark_repetitions=15", "--benchmark_min_time=0.01", "--benchmark_min_warmup_time=0.02"))
            median = next(row for row in out["benchmarks"] if row.get("aggregate_name") == "median")
            theirs.append(median["real_time"])
            about = median["items_per_second"] * theirs[-1] * 1e-9
            elements = str(min(L2_ELEMENTS, key=lambda elements: abs(elements - about)))
            path = self.directory / "truth.json"
            self.run("actbench", "--server", address, "bench", kernel, "--size", elements, "--processes", "1", "--time", "0.15",
                     "--json", str(path))
            ours.append(json.loads(path.read_text())["benchmarks"][0]["real_time"])
        ratio = statistics.median(ours) / statistics.median(theirs)
        print(f"| {kernel} | {elements} | {statistics.median(theirs):,.0f} | {statistics.median(ours):,.0f} | {ratio:.3f} |", flush=True)
        return ratio

    def overhead(self):
        with self.server() as address:
            waits = []
            for _ in range(20):
                begin = time.monotonic()
                self.run("actbench", "--server", address, "bench", "sigmoid", "--provider", "actbench", "--tier", "fast", "--size", "1000",
                         "--processes", "1", "--time", "0.15")
                waits.append(time.monotonic() - begin - 0.15)
            print(f"A case of one process of 0.15 s, by a command of its own: {statistics.median(waits):.2f} s more than that, "
                  f"at most {max(waits):.2f} (20 times).\n")


def percent(ratio):
    return f"{100 * (ratio - 1):+.2f} %"


def said(counts):
    return ", ".join(f"{count} {name}" for name, count in counts.most_common())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("parts", nargs="*", default=[])
    parser.add_argument("--runs", type=int, default=6, help="comparisons of ten cases each (default: 6)")
    parser.add_argument("--simulations", type=int, default=10000, help="simulated comparisons of a case (default: 10000)")
    parser.add_argument("--kernels", type=int, default=20, help="kernels that are timed against Google Benchmark (default: 20)")
    parser.add_argument("--processes", type=int, default=16, help="processes of each (default: 16)")
    parser.add_argument("--directory", help="where the comparisons are kept, so that they can be gone on with")
    options = parser.parse_args()
    study = Study(options.build, options)
    for part in options.parts or ["gate", "load", "truth", "overhead"]:
        if part not in ("gate", "load", "truth", "overhead"):
            parser.error(f"{part} is no part; there are gate, load, truth, overhead")
        print(f"## {part}\n", flush=True)
        getattr(study, part)()


if __name__ == "__main__":
    main()
