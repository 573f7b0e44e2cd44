#!/usr/bin/env bash
# From a fresh clone to a first result: installs, builds, starts the server in the background, evaluates a real tensor
# certifies the kernels that do it and times them. Works again and again; a server that an earlier run left is replaced.
set -euo pipefail
cd -P "$(dirname "$0")/.."  # as /proc has the paths of programs
build=build/quickstart
state=$build/server
address=${ACTBENCH_QUICKSTART_ADDRESS:-127.0.0.1:50051}
metrics_address=${ACTBENCH_QUICKSTART_METRICS_ADDRESS:-127.0.0.1:9464}

bold='' plain=''
if [[ -t 1 ]]; then bold=$'\033[1m' plain=$'\033[0m'; fi
say() { printf '\n%s== %s%s\n' "$bold" "$*" "$plain"; }
show() {
  printf '\n%s$ %s%s\n' "$bold" "$*" "$plain"
  "$@"
}

stop_server() {
  [[ -f $state/pid ]] || return 0
  local pid
  pid=$(<"$state/pid")
  if [[ $(readlink -f "/proc/$pid/exe" 2>/dev/null) == "$PWD/$build/bin/actbench-server"* ]]; then
    kill -TERM "$pid"
    for _ in {1..100}; do
      kill -0 "$pid" 2>/dev/null || break
      sleep 0.1
    done
  fi
  rm -f "$state/pid"
}

start_server() {
  mkdir -p "$state"
  : >"$state/out"
  setsid "$build/bin/actbench-server" --address "$address" --metrics_address "$metrics_address" \
    --state_dir "$state" >"$state/out" 2>"$state/log" </dev/null &
  local pid=$!
  echo "$pid" >"$state/pid"
  for _ in {1..100}; do
    if [[ $(grep -c '' "$state/out") -ge 2 ]]; then
      cat "$state/out"
      return 0
    fi
    if ! kill -0 "$pid" 2>/dev/null; then
      echo "quickstart: the server did not start:" >&2
      cat "$state/log" >&2
      echo "quickstart: where a port is taken, set ACTBENCH_QUICKSTART_ADDRESS and" \
        "ACTBENCH_QUICKSTART_METRICS_ADDRESS to other HOST:PORTs" >&2
      return 2
    fi
    sleep 0.1
  done
  echo "quickstart: the server did not say where it listens within 10 s; see $state/log" >&2
  return 2
}

say "Packages"
deploy/install_packages.sh

say "Build (Release, without tests)"
cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DACTBENCH_CUDA=OFF -DACTBENCH_TESTS=OFF \
  -DACTBENCH_BENCHMARKS=OFF >/dev/null
start=$SECONDS
cmake --build "$build"
echo "built in $((SECONDS - start)) s"

say "Start the server"
stop_server
start_server
export ACTBENCH_SERVER=$address
actbench=$build/bin/actbench

say "What it has"
show "$actbench" list

say "A few values: the standard hard_swish, and the one an article misprints"
show "$actbench" eval hard_swish --values=-4,-3,-1,0,1,3,4
show "$actbench" eval hard_swish_as_printed --values=-4,-3,-1,0,1,3,4

say "A real tensor: what a trained network feeds into its third GELU, and how exact the result is"
show "$actbench" eval gelu_erf --in tests/data/digits_layer3_x.npy --out "$state/y.npy" --check

say "Its gradient, from the gradient that arrived there in training"
show "$actbench" eval gelu_erf --gradient --in tests/data/digits_layer3_x.npy \
  --upstream tests/data/digits_layer3_dy.npy --out "$state/dx.npy" --check

say "Its certificate: the error of either tier, not at a sample but at every one of the 2^32 inputs that f32 has"
show "$actbench" accuracy gelu_erf --exhaustive --tier all

say "The server keeps it, and from now on shows it at once"
show "$actbench" accuracy gelu_erf --tier all

say "How fast it is here, beside other people's kernels, each timed in fresh processes"
show "$actbench" bench gelu_erf --save quickstart
show "$actbench" report quickstart --to html --out "$state/report.html"
echo "Open $PWD/$state/report.html in a browser: speed against error, a point for each kernel"

say "What Prometheus would see at http://$metrics_address/metrics"
curl -sS --noproxy '*' "http://$metrics_address/metrics" |
  grep -E '^actbench_(build_info|kernel_elements_total|kernel_duration_seconds_(sum|count)|accuracy_max_ulp)'

say "The server goes on, as process $(<"$state/pid"); its log is $state/log"
echo "Use it:   ACTBENCH_SERVER=$address $actbench eval silu --values=-1,0,1"
echo "Stop it:  kill $(<"$state/pid")"
