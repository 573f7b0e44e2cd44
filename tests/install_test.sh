#!/usr/bin/env bash
# Installs a build into an empty folder and builds the README's C++ client and the example plug-in against that.
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

# The plug-in, by the command of docs/plugins.md, and its header in the strictest C and C++ that it is for.
command=$(grep '^cc -O3 -shared' "$source/docs/plugins.md")
(cd "$work" && bash -c "${command//PREFIX/"$work/prefix"}")
header=$work/prefix/include/actbench/kernels/plugin.h
for language in "cc -std=c11 -x c" "c++ -std=c++11 -x c++"; do
  $language -pedantic-errors -Wall -Wextra -Werror -fsyntax-only "$header" 2>&1
done
y=$("$work/prefix/bin/actbench" --plugin "$work/fast_sigmoid.so" eval sigmoid --provider fast_sigmoid --values=0,-inf)
[[ $y == "0.5 0" ]]
