#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints the cases of a file of `actbench compare --json` that are worse, as arguments of another `actbench compare`.

  worse_cases.py FILE
"""

import json
import sys


def worse_cases(comparison):
    """Each as ACTIVATION/DIRECTION/DTYPE/TIER/ISA of BASE's kernel, once, in the order of the file."""
    cases = []
    for case in comparison["cases"]:
        if case["accepted"] or not (case["speed"] == "slower" or case["accuracy"]["verdict"] == "worse"):
            continue
        activation, direction, dtype, _, tier, isa = case["base_kernel"].split("/")
        name = "/".join((activation, direction, dtype, tier, isa))
        if name not in cases:
            cases.append(name)
    return cases


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__.strip())
    try:
        with open(sys.argv[1], encoding="utf-8") as file:
            print(*worse_cases(json.load(file)))
    except FileNotFoundError:
        print()
