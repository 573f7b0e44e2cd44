#!/usr/bin/env bash
# Installs a build into an empty folder and builds the README's C++ client against that.
#   install_test.sh SOURCE_DIRECTORY BUILD_DIRECTORY
set -euo pipefail
source=$1 build=$2
unset "${!ACTBENCH_@}"  # a user's settings are not what is tested
export ACTBENCH_STATE_DIR=none  # nor is what they have stored
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cmake --install "$build" --prefix "$work/prefix" >/dev/null
"$work/prefix/bin/actbench" eval relu --values=-1,2
"$work/prefix/bin/actbench-server" --version
version=$("$work/prefix/bin/actbench" --version)
cmake -S "$source/tests/install" -B "$work/build" -G Ninja -DCMAKE_BUILD_TYPE=Debug \
  -DCMAKE_PREFIX_PATH="$work/prefix" -DACTBENCH_EXAMPLE="$source/client/example.cc" \
  -DACTBENCH_EXPECTED_VERSION="${version#actbench }" >/dev/null
cmake --build "$work/build"
