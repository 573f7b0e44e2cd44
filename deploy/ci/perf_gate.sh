#!/usr/bin/env bash
# Whether HEAD_REF's kernels are slower or less accurate than BASE_REF's: builds both as plug-ins from git and has
# `actbench compare` time them in turns, in the same processes.
#   deploy/ci/perf_gate.sh BASE_REF [HEAD_REF] [-- ARGUMENTS OF actbench compare, such as CASES]
# HEAD_REF is HEAD if it is not given. Exit status: that of actbench compare: 0 nothing is worse, 1 something is, 2 it
# could not be run, 3 the measurement is not to be trusted. docs/gate.md explains the table, and these:
#   ACTBENCH_GATE_DIR      where it builds, and leaves gate.md, gate.json and gate.xml (default: build/gate)
#   ACTBENCH_GATE_OPTIONS  of CMake, for both builds, such as -DACTBENCH_FEW_KERNELS=ON
#   ACTBENCH_GATE_COMMAND  the command that compares (default: HEAD_REF's, which is built too)
# Lines "Gate-Accept: PATTERN" at the end of the messages of commits from BASE_REF to HEAD_REF accept what is worse, as
# --accept does; "Gate-Skip: WHY" in HEAD_REF's says that nothing is to be compared.
set -Eeuo pipefail
cd "$(dirname "$0")/../.."
script=$PWD/deploy/ci/perf_gate.sh
trap 'exit 2' ERR  # 1 says that something is worse

fail() {
  echo "perf_gate: $*" >&2
  exit 2
}

commit_of() {
  git rev-parse --quiet --verify "$1^{commit}" || fail "there is no commit $1; in CI, fetch the whole history"
}

# The widest instruction set that this machine has and kernels exist for.
isa_here() {
  case $(uname -m) in
    x86_64)
      if grep -qw avx512vl /proc/cpuinfo && grep -qw avx512bw /proc/cpuinfo; then
        echo avx512
      elif grep -qw avx2 /proc/cpuinfo; then
        echo avx2
      else
        echo sse4
      fi ;;
  esac
}

# Everything that a plug-in is made of, so that it is built once for all commits that have the same.
key_of() {
  {
    for path in kernels CMakeLists.txt; do git rev-parse "$1:$path"; done
    "${CXX:-c++}" --version | head -n 1
    dpkg-query -W libhwy-dev libabsl-dev 2>/dev/null || true
    sha256sum <"$script"
    echo "$isa ${CXXFLAGS:-} ${options[*]}"
  } | sha256sum | cut -c1-16
}

build() { # COMMIT SERVER LINKER_FLAGS TARGETS...: in a directory of the commit's own
  local source=$directory/source/$1 build=$directory/build/$1
  echo "== Build of $(git log -1 --format='%h %s' "$1"): ${*:4}" >&2
  if [[ ! -d $source ]]; then
    mkdir -p "$source.part"
    git archive "$1" | tar -x -C "$source.part"
    mv "$source.part" "$source"
  fi
  cmake --fresh -S "$source" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DACTBENCH_SERVER="$2" -DACTBENCH_ISAS="$isa" \
    -DACTBENCH_TESTS=OFF -DACTBENCH_BENCHMARKS=OFF -DACTBENCH_CUDA=OFF -DCMAKE_MODULE_LINKER_FLAGS="$3" \
    "${options[@]}" >/dev/null
  cmake --build "$build" --target "${@:4}" >&2 || fail "$1 could not be built"
}

# Sets `plugin` to the directory of the commit's plug-in, and of the same with everything moved by some bytes, which
# makes no difference but to where functions lie in lines and pages.
make_plugin() { # COMMIT SERVER
  plugin=$directory/plugins/$(key_of "$1")
  if [[ -f $plugin/moved.so ]]; then return; fi
  mkdir -p "$plugin"
  local built=$directory/build/$1/lib/actbench_kernels_plugin.so
  build "$1" "$2" "" actbench_plugin
  cp "$built" "$plugin/kernels.so"
  printf '%s\n' 'asm(".text\n .skip 2096, 0x90");' | "${CXX:-c++}" -xc++ -c -o "$plugin/pad.o" -
  build "$1" "$2" "\"$plugin/pad.o\"" actbench_plugin
  cp "$built" "$plugin/part"
  mv "$plugin/part" "$plugin/moved.so"  # only what is whole has this name
}

refs=()
while [[ $# -gt 0 && $1 != -- ]]; do refs+=("$1") && shift; done
[[ ${1:-} == -- ]] && shift
[[ ${#refs[@]} -ge 1 && ${#refs[@]} -le 2 ]] ||
  fail "give BASE_REF, and HEAD_REF if it is not HEAD: deploy/ci/perf_gate.sh main -- sigmoid"
base=$(commit_of "${refs[0]}")
head=$(commit_of "${refs[1]:-HEAD}")
mkdir -p "${ACTBENCH_GATE_DIR:-build/gate}"
directory=$(realpath "${ACTBENCH_GATE_DIR:-build/gate}")
rm -f "$directory"/gate.{md,json,xml}
isa=$(isa_here)
read -ra options <<<"${ACTBENCH_GATE_OPTIONS:-}"

trailers() { git log --format="%(trailers:key=$1,valueonly)" "${@:2}" | sed '/^$/d'; }
skip=$(trailers Gate-Skip -1 "$head")
if [[ -n $skip ]]; then
  echo "perf_gate: not compared: $skip" >&2
  exit 0
fi
accept=()
while read -r pattern _; do  # and why
  accept+=(--accept "$pattern")
done < <(trailers Gate-Accept "$base..$head")

command=${ACTBENCH_GATE_COMMAND:-}
server=OFF
if [[ -z $command ]]; then
  server=ON
  build "$head" ON "" actbench actbench-worker
  command=$directory/build/$head/bin/actbench
fi
make_plugin "$head" $server
head_plugin=$plugin
make_plugin "$base" OFF
base_plugin=$plugin
# What was built is kept; what it was built from only of the head, for its command.
find "$directory/build" "$directory/source" -mindepth 1 -maxdepth 1 ! -name "$head" -exec rm -rf {} + 2>/dev/null || true

base_label=$(git log -1 --format='%h %s' "$base")
head_label=$(git log -1 --format='%h %s' "$head")
echo "== $base_label, against $head_label" >&2
status=0
"$command" compare "$base_plugin/kernels.so" "$head_plugin/kernels.so" --layout "$base_plugin/moved.so" \
  --base_label "$base_label" --head_label "$head_label" \
  --markdown "$directory/gate.md" --json "$directory/gate.json" --junit "$directory/gate.xml" "${accept[@]}" "$@" ||
  status=$?
if [[ -n ${GITHUB_STEP_SUMMARY:-} && -f $directory/gate.md ]]; then cat "$directory/gate.md" >>"$GITHUB_STEP_SUMMARY"; fi
((status <= 3)) || fail "$command ended with status $status"
exit $status
