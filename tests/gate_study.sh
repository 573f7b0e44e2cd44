#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Measures how far benchmarks and the gate are to be believed: builds what it needs, then does as gate_study.py says.
#   tests/gate_study.sh [gate|load|truth|overhead ...] [--runs N] [--simulations N] [--directory DIR]
# All of it takes about an hour, on a machine that has nothing else to do. docs/method.md has what came out.
set -euo pipefail
root=$(dirname "$0")/..
(
  cd "$root"
  cmake --preset release
  cmake --build --preset release --target actbench actbench-server actbench-worker actbench_plugin gate_simulation \
    kernels_benchmark
) >&2
exec /usr/bin/python3 "$root/tests/gate_study.py" "$root/build/release" "$@"
