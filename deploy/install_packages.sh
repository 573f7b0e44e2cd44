#!/usr/bin/env bash
# Installs what building and testing actbench need, from Debian's packages alone. Does nothing where all are there.
set -euo pipefail

packages=(
  # Build
  build-essential cmake ninja-build pkg-config clang-format
  # kernels
  libhwy-dev libabsl-dev libmpfr-dev libgmp-dev
  # server, client
  libgrpc++-dev libgrpc-dev libprotobuf-dev protobuf-compiler protobuf-compiler-grpc prometheus-cpp-dev libcivetweb-dev libcli11-dev
  libspdlog-dev nlohmann-json3-dev zlib1g-dev
  # tests
  libgtest-dev libgmock-dev libbenchmark-dev python3 python3-grpcio python3-protobuf python3-numpy python3-mpmath
  prometheus curl
)

missing=()
for package in "${packages[@]}"; do
  [[ $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null) == 'install ok installed' ]] || missing+=("$package")
done
if ((${#missing[@]} == 0)); then
  echo "install_packages: all ${#packages[@]} packages are there"
  exit 0
fi

sudo=()
if ((EUID != 0)); then
  command -v sudo >/dev/null || {
    echo "install_packages: needs root or sudo to install: ${missing[*]}" >&2
    exit 2
  }
  sudo=(sudo)
fi
echo "install_packages: installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
"${sudo[@]}" apt-get update -qq

"${sudo[@]}" apt-get install -y -qq --no-install-recommends -o Dpkg::Use-Pty=0 "${missing[@]}" >/dev/null
