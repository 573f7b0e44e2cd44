#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Certifies that every kernel of ours keeps what it claims: builds what it needs, then does as certify.py says.
#   tests/certify.sh [--activation NAME...] [--dtype NAME...] [--table FILE] [--minutes N]
# All of it takes hours. What was certified stays so while the kernels are not built anew, so that it may be interrupted
# and run again. Exit status 0 if all claims are kept, 1 if not.
set -euo pipefail
root=$(dirname "$0")/..
(
  cd "$root"
  cmake --preset release
  cmake --build --preset release --target actbench
) >&2
exec /usr/bin/python3 "$root/tests/certify.py" "$root/build/release/bin/actbench" "$@"
