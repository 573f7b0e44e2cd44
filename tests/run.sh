#!/usr/bin/env bash
# Installs what is needed, builds everything and runs every test. Exit status 0 if all pass.
#   tests/run.sh [PRESET [OPTIONS...]]   PRESET: release (default), dev, asan or tsan; OPTIONS: of ctest
set -euo pipefail
cd "$(dirname "$0")/.."
preset=${1:-release}
ctest_options=("${@:2}")

echo "== Packages"
deploy/install_packages.sh

echo "== Build ($preset)"
cmake --preset "$preset" >/dev/null
start=$SECONDS
cmake --build --preset "$preset"
echo "built in $((SECONDS - start)) s"

echo "== Tests ($preset)"
ctest --preset "$preset" --parallel "$(nproc)" "${ctest_options[@]}"
