#!/usr/bin/env bash
# Every check and measurement that takes a GPU. Each part takes under 10 minutes, and writes its tables as text.
#   tests/gpu.sh                    builds, then runs all parts here
#   tests/gpu.sh bundle             builds build/gpu/bundle.tar.gz: programs and the libraries that they take
#   tests/gpu.sh run FILE OUT [PART...]
#                                   runs parts of a bundle on a machine that need have nothing but a driver, as long as
#                                   its C library is no older; parts are named in all_parts
# Without a GPU all parts are skipped, which is said, with their count. Status 1 if a part failed, or if the programs do
# not start or see no GPU where there is one.
#
# Environment:
#   ACTBENCH_GPU_ARCHITECTURES      what the bundle is compiled for: for 90-real, an H200 alone, it has 37 MiB
#   ACTBENCH_GPU_PROCESSES          in how many processes a case is timed, 0.15 s in each (default: 2)
#   ACTBENCH_GPU_PART_SECONDS       after which a part is ended, and the next one run (default: 540)
#   ACTBENCH_GPU_ARCHIVE            a file that all of OUT is packed into after each part
#
# A case is thought to take a process 0.7 s, most of it to make the device ready, and there are 99 cases in each of the
# parts that are named by a dtype and a direction (41 in f64). Where a GPU is lent for 15 minutes, at most 10 a call:
#   tests/gpu.sh run FILE OUT tests sweep peers link latency evaluate memcheck
#   ACTBENCH_GPU_PROCESSES=1 tests/gpu.sh run FILE OUT bf16_forward f32_forward f32_gradient
set -euo pipefail
caller=$PWD
archive=${ACTBENCH_GPU_ARCHIVE:+$(realpath -m "$ACTBENCH_GPU_ARCHIVE")}
cd "$(dirname "$0")/.."
all_parts=(tests sweep peers sizes latency link evaluate memcheck
  f32_forward f32_gradient f16_forward f16_gradient bf16_forward bf16_gradient f64_forward f64_gradient)
work=build/gpu
mebibyte=$((1 << 20))

bundle() {
  echo "== Build"
  local start=$SECONDS architectures=-UCMAKE_CUDA_ARCHITECTURES
  if [[ -n ${ACTBENCH_GPU_ARCHITECTURES:-} ]]; then
    architectures=-DCMAKE_CUDA_ARCHITECTURES=$ACTBENCH_GPU_ARCHITECTURES
  fi
  cmake -S . -B "$work/release" -G Ninja -DCMAKE_BUILD_TYPE=Release -DACTBENCH_CUDA=ON -DACTBENCH_ISAS=avx512 \
    -DACTBENCH_PEERS= -DACTBENCH_BENCHMARKS=OFF "$architectures" >/dev/null
  cmake --build "$work/release" --target actbench actbench-worker gpu_kernels_test cuda_sweep cuda_link
  local programs=("$work"/release/bin/{actbench,actbench-worker,gpu_kernels_test,cuda_sweep,cuda_link})
  rm -rf "$work/bundle"
  mkdir -p "$work/bundle/bin" "$work/bundle/lib"
  for program in "${programs[@]}"; do strip -o "$work/bundle/bin/$(basename "$program")" "$program"; done
  # All but the C library's own, which belong to the system's loader.
  ldd "${programs[@]}" | awk '$2 == "=>" && $3 ~ "^/" {print $3}' | sort -u |
    grep -vE '/lib(c|m|dl|rt|pthread|resolv)\.so' | xargs -I{} cp -L {} "$work/bundle/lib/"
  git describe --always --abbrev=12 --dirty --exclude='*' >"$work/bundle/commit" 2>/dev/null ||
    echo unknown >"$work/bundle/commit"
  tar -C "$work" -czf "$work/bundle.tar.gz" bundle
  local bytes
  bytes=$(stat -c %s "$work/bundle.tar.gz")
  echo "built in $((SECONDS - start)) s: $work/bundle.tar.gz, $bytes bytes"
  if ((bytes > 64 * mebibyte)); then
    echo "WARNING: that is more than 64 MiB; with ACTBENCH_GPU_ARCHITECTURES=90-real it is smaller" >&2
  fi
}

# What the tables are of: the first lines of each.
describe() {
  echo "date: $(date -u +%Y-%m-%d)"
  echo "commit: $(cat "$work/run/bundle/commit")"
  timeout 20 nvidia-smi --format=csv,noheader \
    --query-gpu=name,driver_version,clocks.max.sm,clocks.max.mem,power.limit 2>/dev/null | sed 's/^/GPU: /' || true
  echo
}

# CSV: of each kernel its share of the copy kernel's speed in bytes, which is identity in the fast tier at the same
# size. A kernel of more tensors moves more bytes.
shares() {
  awk -F, -v OFS=' | ' '
    NR == 1 { for (i = 1; i <= NF; ++i) column[$i] = i; next }
    $column["outcome"] != "measured" { next }
    {
      key = $column["direction"] " " $column["dtype"] " " $column["elements"] " " $column["cache"] " " $column["launch"]
      kernel = $column["activation"] "/" $column["direction"] "/" $column["dtype"]
      kernel = kernel "/" $column["provider"] "/" $column["tier"]
      speed = $column["bytes_per_second"]
      if ($column["activation"] == "identity" && $column["tier"] == "fast") copy[key] = speed
      row[++rows] = "| `" kernel "`" OFS $column["elements"] OFS $column["cache"] OFS $column["launch"] OFS \
        sprintf("%.0f", $column["median_ns"]) OFS sprintf("%.1f", 1e-9 * speed)
      keys[rows] = key; speeds[rows] = speed; link[rows] = $column["copy_ratio"]
    }
    END {
      print "| kernel | elements | cache | launch | ns | GB/s | of the copy kernel | of cudaMemcpy |"
      print "|---|---|---|---|---|---|---|---|"
      for (i = 1; i <= rows; ++i) {
        share = keys[i] in copy ? sprintf("%.1f %%", 100 * speeds[i] / copy[keys[i]]) : "-"
        print row[i], share, sprintf("%.1f %% |", 100 * link[i])
      }
    }' "$1"
}

# OUT PART ARGUMENT...: benchmarks of kernels of cuda:0. The table is also there where a case failed.
bench() {
  local csv=$1/$2.csv processes=${ACTBENCH_GPU_PROCESSES:-2} status=0 seconds
  shift 2
  seconds=$(awk -v processes="$processes" 'BEGIN { print 0.15 * processes }')
  rm -f "$csv"
  actbench bench --device cuda:0 --no_accuracy --processes "$processes" --time "$seconds" --csv "$csv" "$@" || status=$?
  if [[ -s $csv ]]; then
    echo
    shares "$csv"
  fi
  return "$status"
}

# NAME NS GB_PER_SECOND: a row for 64 MiB that took so long, beside so much a second.
rate() {
  awk -v name="$1" -v ns="$2" -v link="$3" -v bytes=$((64 * mebibyte)) 'BEGIN {
    if (ns > 0 && link > 0) {
      printf "| %s | %.3f | %.2f | %.1f %% |\n", name, 1e-6 * ns, bytes / ns, 100 * bytes / ns / link
    }
  }'
}

# MEMBER: its number, of which standard input, a line of JSON, has one; nothing if it has none.
json_number() {
  sed -nE "s/.*\"$1\":([0-9]+).*/\1/p"
}

# WORK: Evaluate of 64 MiB, of f32, through the service, beside what the link gives both ways at a time.
evaluate() {
  local tier link latency status=0
  cuda_link | tee "$1/link.txt"
  link=$(awk -F' *[|] *' '$2 == "both at a time" { print $4 }' "$1/link.txt")
  for tier in fast exact; do
    rm -f "$1/eval.json" "$1/load.json"
    echo
    for _ in 1 2 3; do
      actbench eval silu --device cuda:0 --tier "$tier" --in "$1/x.npy" --out "$1/y.npy" --json | tee "$1/eval.json" ||
        status=$?
    done
    echo
    actbench load silu --device cuda:0 --tier "$tier" --size $((16 * mebibyte)) --rate 4 --arrivals constant \
      --duration 6 --json "$1/load.json" || status=$?
    latency=$(grep -o '"latency_ns":{[^}]*}' "$1/load.json") || true
    echo
    echo "| $tier tier, 64 MiB each way | ms | GB/s | of pinned memory, both ways at a time |"
    echo "|---|---|---|---|"
    rate "the call, with its messages: median" "$(json_number p50 <<<"$latency")" "$link"
    rate "the call, with its messages: least" "$(json_number min <<<"$latency")" "$link"
    rate "copies to the device, summed" "$(json_number to_device_ns <"$1/eval.json")" "$link"
    rate "copies from the device, summed" "$(json_number from_device_ns <"$1/eval.json")" "$link"
  done
  return "$status"
}

# PART WORK OUT: with its inputs in WORK, tables that are no text to OUT.
run_part() {
  case $1 in
    tests) gpu_kernels_test --gtest_brief=1 ;;
    sweep) cuda_sweep ;;
    peers)
      actbench accuracy --all --device cuda:0 --provider all --tier native --dtype f32,f16,bf16 \
        --direction forward,gradient --samples 100000 ;;
    sizes) # ours beside peers', from 64 KiB of f32 in and out to 1 GiB
      bench "$3" "$1" identity silu gelu_erf --provider all --tier fast,native --dtype f32,bf16 \
        --size 8192,32768,131072,524288,2097152,8388608,33554432,134217728 ;;
    latency) # one element: what a launch in a graph takes; 1 MiB of bf16 in and out; cold; launches by the host's clock
      local status=0
      bench "$3" "$1" identity silu gelu_erf --provider all --tier all --dtype bf16 --size 1,262144,524288 \
        --cache hot,cold || status=$?
      echo
      bench "$3" "$1_launch" identity silu --provider all --tier fast,native --dtype bf16 --size 1,262144 \
        --launch alone,graph || status=$?
      return "$status" ;;
    *_forward | *_gradient) # every kernel, each tensor of 256 MiB
      local dtype=${1%_*} elements
      case $dtype in
        f64) elements=33554432 ;;
        f32) elements=67108864 ;;
        *) elements=134217728 ;;
      esac
      bench "$3" "$1" --all --provider all --tier all --direction "${1#*_}" --dtype "$dtype" --size "$elements" ;;
    link) cuda_link ;;
    evaluate) evaluate "$2" ;;
    memcheck)
      if ! command -v compute-sanitizer >/dev/null; then
        echo "SKIPPED: compute-sanitizer is not here"
        return 0
      fi
      local sanitize=(compute-sanitizer --tool memcheck --error-exitcode 1 gpu_kernels_test --gtest_brief=1) first
      first=$("${sanitize[@]}" --gtest_filter='*GpuLoop*Share*/silu_forward_f32' 2>&1) ||
        if grep -E 'Device not supported|Failed to initialize' <<<"$first"; then
          echo "SKIPPED: compute-sanitizer cannot run here"
          return 0
        fi
      "${sanitize[@]}" --gtest_filter='*GpuLoop*' ;;
  esac
}

# Those that lie where a container's shell and loader do not look: the driver, nvidia-smi and compute-sanitizer.
set_paths() {
  local folder bundle=$PWD/$work/run/bundle
  PATH=$bundle/bin:$PATH
  LD_LIBRARY_PATH=$bundle/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
  for folder in /usr/local/nvidia/bin /usr/local/cuda/bin; do
    if [[ -d $folder ]]; then PATH+=:$folder; fi
  done
  for folder in /usr/local/nvidia/lib64 /usr/local/nvidia/lib; do
    if [[ -d $folder ]]; then LD_LIBRARY_PATH+=:$folder; fi
  done
  export PATH LD_LIBRARY_PATH XDG_STATE_HOME=$PWD/$work/state
}

# OUT: all of it into one file, which is whole also where this is killed.
pack() {
  if [[ -z $archive ]]; then return 0; fi
  # Not made in OUT, where the archive may be wanted: a folder must not change while tar reads it.
  tar -C "$1" --exclude="$(basename "$archive")*" -czf "$work/run/archive" . &&
    cp "$work/run/archive" "$archive.part" && mv "$archive.part" "$archive"
}

run_parts() { # OUT PART...
  local out=$1 seconds=${ACTBENCH_GPU_PART_SECONDS:-540} failed=0 part
  for part in "${@:2}"; do
    echo "== $part"
    local start=$SECONDS status=0
    { describe && timeout -k 10 "$seconds" "$BASH" tests/gpu.sh part "$part" "$PWD/$work/run" "$out"; } \
      >"$out/$part.txt" 2>"$out/$part.log" || status=$?
    if [[ $status == 0 ]]; then
      tail -n 3 "$out/$part.txt"
    else
      failed=1
      tail -n 25 "$out/$part.txt" "$out/$part.log" | cut -c 1-200
    fi
    if [[ $status == 124 || $status == 137 ]]; then echo "$part: ended after $seconds s, the most that it may take"; fi
    echo "$part: status $status, $((SECONDS - start)) s"
    pack "$out" || failed=1
  done
  return "$failed"
}

run() { # FILE OUT PART...
  local file=$1 out=$2
  shift 2
  rm -rf "$work/run"
  mkdir -p "$work/run" "$out"
  tar -C "$work/run" -xzf "$file"
  set_paths
  if ! timeout -k 10 120 actbench list --kernels --json >"$work/run/kernels.json"; then
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
    head -c $((64 * mebibyte)) /dev/zero; } >"$work/run/x.npy"
  run_parts "$out" "$@"
}

case ${1:-} in
  '')
    bundle
    run "$PWD/$work/bundle.tar.gz" "$PWD/$work/out" "${all_parts[@]}"
    ;;
  bundle) bundle ;;
  run)
    shift
    file=$(cd "$caller" && realpath -m "$1")
    out=$(cd "$caller" && realpath -m "$2")
    shift 2
    run "$file" "$out" "${@:-${all_parts[@]}}"
    ;;
  part) # PART WORK OUT: of `run`, in a process of its own, which can be ended
    run_part "$2" "$3" "$4"
    ;;
  *)
    awk 'NR > 1 { if (!/^#/) exit; sub(/^# ?/, ""); print }' tests/gpu.sh >&2
    exit 2
    ;;
esac
