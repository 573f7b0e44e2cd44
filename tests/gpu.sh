#!/usr/bin/env bash
# Every check and measurement that takes a GPU. Each part takes under 10 minutes, and writes its tables as text.
#   tests/gpu.sh                    builds, then runs all parts here
#   tests/gpu.sh bundle             builds build/gpu/bundle.tar.gz: programs and the libraries that they take
#   tests/gpu.sh run FILE OUT [PART...]
#                                   runs parts of a bundle on a machine that need have nothing but a driver, as long as
#                                   its C library is no older: tests, sweep, bench, latency, evaluate, memcheck
# Without a GPU all parts are skipped, which is said, with their count. Status 1 if a part failed, or if the programs do
# not start or see no GPU where there is one.
set -euo pipefail
cd "$(dirname "$0")/.."
all_parts=(tests sweep bench latency evaluate memcheck)
work=build/gpu

bundle() {
  echo "== Build"
  local start=$SECONDS
  cmake -S . -B "$work/release" -G Ninja -DCMAKE_BUILD_TYPE=Release -DACTBENCH_CUDA=ON -DACTBENCH_ISAS=avx512 \
    -DACTBENCH_PEERS= -DACTBENCH_BENCHMARKS=OFF >/dev/null
  cmake --build "$work/release" --target actbench actbench-worker gpu_kernels_test cuda_sweep
  local programs=("$work"/release/bin/{actbench,actbench-worker,gpu_kernels_test,cuda_sweep})
  rm -rf "$work/bundle"
  mkdir -p "$work/bundle/bin" "$work/bundle/lib"
  for program in "${programs[@]}"; do strip -o "$work/bundle/bin/$(basename "$program")" "$program"; done
  # All but the C library's own, which belong to the system's loader.
  ldd "${programs[@]}" | awk '$2 == "=>" && $3 ~ "^/" {print $3}' | sort -u |
    grep -vE '/lib(c|m|dl|rt|pthread|resolv)\.so' | xargs -I{} cp -L {} "$work/bundle/lib/"
  tar -C "$work" -czf "$work/bundle.tar.gz" bundle
  echo "built in $((SECONDS - start)) s: $work/bundle.tar.gz, $(du -h "$work/bundle.tar.gz" | cut -f1)"
}

# What the tables are of: the first lines of each.
describe() {
  echo "date: $(date -u +%Y-%m-%d)"
  echo "commit: $(git rev-parse --short=12 HEAD 2>/dev/null || echo unknown)"
  nvidia-smi --query-gpu=name,driver_version,clocks.max.sm,clocks.max.mem,power.limit --format=csv,noheader 2>/dev/null |
    sed 's/^/GPU: /' || true
  echo
}

# PART WORK OUT: with its inputs in WORK, tables that are no text to OUT.
run_part() {
  case $1 in
    tests) gpu_kernels_test --gtest_brief=1 ;;
    sweep) cuda_sweep ;;
    bench) # ours beside CUB's, in the cache and beyond it; "of a copy" is of cudaMemcpy, identity is the copy kernel
      actbench bench identity relu sigmoid tanh silu gelu_erf gelu_tanh softplus mish elu --device cuda:0 \
        --provider all --tier all --direction all --dtype f32,bf16 --working_set l2,dram --processes 2 --time 0.3 \
        --csv "$3/bench.csv" ;;
    latency) # one element: what a launch in a graph takes; 1 MiB of bf16 in and out; cold
      actbench bench identity silu gelu_erf --device cuda:0 --provider all --tier all --dtype bf16 \
        --size 1,262144,524288 --cache hot,cold --processes 2 --time 0.3 ;;
    evaluate) # 64 MiB over PCIe, through the service
      for tier in fast exact; do
        for _ in 1 2 3; do
          actbench eval silu --device cuda:0 --tier "$tier" --in "$2/x.npy" --out "$2/y.npy" --json ||
            return 1  # errexit is off in what is followed by "||"
        done
      done ;;
    memcheck)
      if ! command -v compute-sanitizer >/dev/null; then
        echo "SKIPPED: compute-sanitizer is not here"
        return 0
      fi
      compute-sanitizer --tool memcheck --error-exitcode 1 gpu_kernels_test --gtest_brief=1 --gtest_filter='*GpuLoop*' ;;
  esac
}

run() { # FILE OUT PART...
  local file=$1 out=$2 failed=0
  shift 2
  rm -rf "$work/run"
  mkdir -p "$work/run" "$out"
  tar -C "$work/run" -xzf "$file"
  export PATH=$PWD/$work/run/bundle/bin:$PATH LD_LIBRARY_PATH=$PWD/$work/run/bundle/lib XDG_STATE_HOME=$PWD/$work/state
  if ! actbench list --kernels --json >"$work/run/kernels.json"; then
    echo "FAILED: the programs of $file do not start here"
    return 1
  fi
  if ! grep -q '"cuda:0"' "$work/run/kernels.json"; then
    if [[ -e /dev/nvidia0 ]] || [[ $(nvidia-smi -L 2>/dev/null) == "GPU 0"* ]]; then
      echo "FAILED: there is a GPU here, but actbench lists no kernel of cuda:0"
      return 1
    fi
    echo "SKIPPED: there is no GPU here; $# parts were not run: $*"
    return 0
  fi
  # 16 Mi numbers of f32: a header of 128 bytes, then zeros, on which a copy takes as long as on any others.
  { printf '\x93NUMPY\x01\x00\x76\x00%-117s\n' "{'descr': '<f4', 'fortran_order': False, 'shape': (16777216,), }" &&
    head -c 67108864 /dev/zero; } >"$work/run/x.npy"
  for part in "$@"; do
    echo "== $part"
    local start=$SECONDS status=0
    { describe && run_part "$part" "$PWD/$work/run" "$out"; } >"$out/$part.txt" 2>"$out/$part.log" || status=$?
    tail -n 3 "$out/$part.txt"
    echo "$part: status $status, $((SECONDS - start)) s"
    [[ $status == 0 ]] || failed=1
  done
  return "$failed"
}

case ${1:-} in
  '')
    bundle
    run "$work/bundle.tar.gz" "$work/out" "${all_parts[@]}"
    ;;
  bundle) bundle ;;
  run)
    shift
    file=$1 out=$2
    shift 2
    run "$file" "$out" "${@:-${all_parts[@]}}"
    ;;
  *)
    sed -n '2,10s/^# //p' "$0" >&2
    exit 2
    ;;
esac
