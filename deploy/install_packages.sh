#!/usr/bin/env bash
# Installs what building and testing actbench need, from Debian's packages alone. Does nothing where all are there.
#   deploy/install_packages.sh [build]   build: what building the programs needs, without tests and CI
set -euo pipefail

packages=(
  build-essential cmake ninja-build pkg-config
  # kernels
  libhwy-dev libabsl-dev libmpfr-dev libgmp-dev libsleef-dev libxxhash-dev
  # kernels/peers
  libdnnl-dev
  # server, client
  libgrpc++-dev libgrpc-dev libprotobuf-dev protobuf-compiler protobuf-compiler-grpc prometheus-cpp-dev
  libsqlite3-dev libcivetweb-dev libcli11-dev libspdlog-dev nlohmann-json3-dev zlib1g-dev libeigen3-dev
)
# Tests, CI.
[[ ${1:-} == build ]] || packages+=(
  git ccache clang-format clang-tidy
  libgtest-dev libgmock-dev libbenchmark-dev python3 python3-grpcio python3-protobuf python3-numpy python3-mpmath python3-yaml
  prometheus curl
  # deploy/build_image.sh where there is neither docker nor podman, nor a registry
  buildah debootstrap
)

missing=()
for package in "${packages[@]}"; do
  [[ $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null) == 'install ok installed' ]] || missing+=("$package")
done
if ((${#missing[@]} == 0)); then
  echo "install_packages: all ${#packages[@]} packages are there"
  exit 0
fi

as_root=(env DEBIAN_FRONTEND=noninteractive)
if ((EUID != 0)); then
  command -v sudo >/dev/null || {
    echo "install_packages: needs root or sudo to install: ${missing[*]}" >&2
    exit 2
  }
  as_root=(sudo "${as_root[@]}")  # sudo drops what was exported
fi
echo "install_packages: installing ${missing[*]}"
if [[ " ${missing[*]} " == *" prometheus "* ]] && command -v systemctl >/dev/null; then
  echo "install_packages: the tests start prometheus themselves, but its package would start a server on port 9090 of" \
    "every interface: that is masked ('systemctl unmask prometheus' gives it back)"
  "${as_root[@]}" systemctl mask --quiet prometheus.service
fi
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" apt-get install -y -qq --no-install-recommends -o Dpkg::Use-Pty=0 "${missing[@]}" >/dev/null
