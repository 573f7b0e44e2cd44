#!/usr/bin/env bash
# Builds the image of HEAD (Dockerfile) with docker, podman or buildah, whichever works here. Where no registry can be
# reached its base is made from Debian's packages.
#   deploy/build_image.sh [--tag NAME] [ARGUMENT=VALUE...]   arguments of the Dockerfile, such as CUDA_IMAGE=...
# Leaves in build/image (ACTBENCH_IMAGE_DIR): rootfs.tar, the image's files; config.json, how it is started;
# actbench.spdx.json, the list of its packages. Exit status: 3 if no builder works here, or none has a base.
set -euo pipefail
cd "$(dirname "$0")/.."
version=$(sed -n 's/^project(actbench VERSION \([0-9.]*\) .*/\1/p' CMakeLists.txt)
tag=actbench:$version
if [[ ${1:-} == --tag ]]; then
  tag=${2:?"--tag takes a name"}
  shift 2
fi
out=${ACTBENCH_IMAGE_DIR:-build/image}
mkdir -p "$out"
base=docker.io/library/debian:bookworm-slim  # in full: buildah takes the short name for own_base too
own_base=localhost/debian:bookworm-slim
revision=$(git rev-parse --short=12 HEAD)
epoch=$(git log -1 --format=%ct)
build_arguments=(VERSION="$version" REVISION="$revision" CREATED="$(date -u -d "@$epoch" +%Y-%m-%dT%H:%M:%SZ)" "$@")

# Whether buildah works: by its usual store, which podman may have in use too, else by one that needs no overlays.
buildah_works() {
  local driver
  command -v buildah >/dev/null || return 1
  export BUILDAH_ISOLATION=${BUILDAH_ISOLATION:-chroot}  # without a daemon and in containers too
  for driver in "${STORAGE_DRIVER:-}" vfs; do
    if [[ -n $driver ]]; then export STORAGE_DRIVER=$driver; fi
    container=$(buildah from scratch 2>/dev/null) || continue
    if buildah mount "$container" >/dev/null 2>&1; then
      buildah rm "$container" >/dev/null
      return 0
    fi
    buildah rm "$container" >/dev/null
  done
  return 1
}

# For each builder the same: whether an image is here and of when, whether a registry has it, whether one runs, one from
# a tar archive, build, take apart.
if docker info >/dev/null 2>&1 || podman info >/dev/null 2>&1; then
  engine=podman
  docker info >/dev/null 2>&1 && engine=docker
  has_image() { "$engine" image inspect "$1" >/dev/null 2>&1; }
  made_at() { "$engine" image inspect --format '{{.Created}}' "$1"; }
  pull_image() { "$engine" pull --quiet "$1" >/dev/null 2>&1; }
  can_run() { "$engine" run --rm "$1" true; }
  import_image() { "$engine" import "$1" "$2" >/dev/null; }
  build_image() {
    local format=()
    [[ $engine == podman ]] && format=(--format docker --timestamp "$epoch")  # OCI's has no HEALTHCHECK
    SOURCE_DATE_EPOCH=$epoch "$engine" build "${format[@]}" "$@"
  }
  take_apart() {
    local container
    container=$("$engine" create "$tag")
    "$engine" export -o "$out/rootfs.tar" "$container"
    "$engine" rm "$container" >/dev/null
    "$engine" image inspect --format '{{json .Config}}' "$tag" >"$out/config.json"
    "$engine" image inspect --format '{{.Id}}' "$tag" >"$out/id"
  }
elif buildah_works; then
  has_image() { buildah inspect --type image "$1" >/dev/null 2>&1; }
  made_at() { buildah inspect --type image --format '{{.OCIv1.Created}}' "$1"; }
  pull_image() { buildah pull --quiet --policy always "$1" >/dev/null 2>&1; }
  can_run() {
    local container status=0
    container=$(buildah from --pull-never "$1") || return 1
    buildah run "$container" true || status=$?
    buildah rm "$container" >/dev/null
    return "$status"
  }
  import_image() {
    local container
    container=$(buildah from scratch)
    buildah add --quiet "$container" "$1" / >/dev/null
    buildah commit --quiet --rm "$container" "$2" >/dev/null
  }
  # Its configuration without what no two builds have alike: the same bits each time.
  build_image() {
    local previous built image
    previous=$(buildah images --quiet --no-trunc "$tag" 2>/dev/null) || true
    buildah bud --format docker --timestamp "$epoch" --layers=false "$@"
    built=$(buildah inspect --type image --format '{{.FromImageID}}' "$tag")
    buildah push --quiet --format v2s2 "$tag" "dir:$work/image"
    deploy/strip_builder.py "$work/image"
    image=$(buildah pull --quiet "dir:$work/image")
    buildah tag "$image" "$tag"
    buildah rmi "$built" >/dev/null
    # What had the tag before, unless others use it.
    if [[ -n $previous && $previous != *"$image" ]]; then buildah rmi "${previous#sha256:}" >/dev/null 2>&1 || true; fi
  }
  take_apart() {
    local container
    container=$(buildah from --pull-never "$tag")
    tar -C "$(buildah mount "$container")" --sort=name --numeric-owner -cf "$out/rootfs.tar" .
    buildah rm "$container" >/dev/null
    buildah inspect --type image "$tag" |
      python3 -c 'import json, sys; print(json.dumps(json.load(sys.stdin)["Docker"]["config"]))' >"$out/config.json"
    buildah inspect --type image --format '{{.FromImageID}}' "$tag" >"$out/id"
  }
else
  echo "build_image: no builder works here: docker, podman or buildah" >&2
  exit 3
fi

work=$(mktemp -d)
trap 'rm -rf --one-file-system "$work"' EXIT
if [[ " $* " != *" BASE_IMAGE="* ]]; then
  # The newest; only one's own is never asked for elsewhere, where whoever has that name would supply it.
  if ! pull_image "$base" && ! has_image "$base"; then
    base=$own_base
    if has_image "$base"; then
      echo "== Base: no registry, so $base of $(made_at "$base"); once that is removed, a new one is made"
    else
      echo "== Base: no registry, so it is made of Debian's packages"
      deploy/make_base_image.sh "$work/base.tar" || exit 3
      import_image "$work/base.tar" "$base"
    fi
  fi
  build_arguments+=(BASE_IMAGE="$base")
  if ! can_run "$base"; then
    echo "build_image: a builder is here, but cannot run $base" >&2
    exit 3
  fi
fi

# From here on there is a builder, so that no failure is "no builder": builders hand on the status of what failed.
trap 'status=$?; rm -rf --one-file-system "$work"; exit "$((status != 0))"' EXIT
echo "== Image $tag of $revision"
# What is committed, and nothing else: one commit and base give the same bits.
mkdir "$work/source"
git archive HEAD | tar -x -C "$work/source"
flags=()
for argument in "${build_arguments[@]}"; do flags+=(--build-arg "$argument"); done
start=$SECONDS
build_image "${flags[@]}" --tag "$tag" "$work/source"
echo "built in $((SECONDS - start)) s"

take_apart
tar -xOf "$out/rootfs.tar" ./var/lib/dpkg/status 2>/dev/null >"$work/status" ||
  tar -xOf "$out/rootfs.tar" var/lib/dpkg/status >"$work/status"
deploy/make_spdx.py --version "$version" --revision "$revision" --created "$epoch" "$work/status" \
  >"$out/actbench.spdx.json"
echo "image $tag, $(<"$out/id"), $(gzip -1 <"$out/rootfs.tar" | wc -c) bytes compressed; see $out"
