#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints the cases of a file of `actbench compare --json` that are worse, as arguments of another `actbench compare`.

  worse_cases.py FILE
"""

import json
import sys


def worse_cases(comparison):
    """Each as ACTIVATION/DIRECTION/DTYPE/TIER, once, in the order of the file: the next machine may have another ISA."""
    cases = []
    for case in comparison["cases"]:
        if case["accepted"] or not (case["speed"] == "slower" or case["accuracy"]["verdict"] == "worse"):
            continue
        activation, direction, dtype, _, tier, _ = case["base_kernel"].split("/")
        name = "/".join((activation, direction, dtype, tier))
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
