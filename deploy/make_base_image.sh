#!/usr/bin/env bash
# Makes what debian:bookworm-slim is, from the Debian mirror that this machine's apt uses, for where no registry is
# reachable: the root file system as a tar archive. Needs root and debootstrap.
#   deploy/make_base_image.sh FILE.tar
set -euo pipefail
archive=${1:?"give the file to write"}
work=$(mktemp -d)
# debootstrap mounts /proc and /sys below it; where it is interrupted they may be left.
trap 'rm -rf --one-file-system "$work"' EXIT
root=$work/root

# SITE CODENAME COMPONENT of each of Debian's own sources: releases, updates and security.
# shellcheck disable=SC2016  # apt expands these
apt-get indextargets --format '$(SITE) $(CODENAME) $(COMPONENT)' 'Created-By: Packages' 'Origin: Debian' |
  awk '$2 ~ /^bookworm(-updates|-security)?$/ && $3 == "main"' | sort -u >"$work/sources"
mirror=$(awk '$2 == "bookworm" {print $1; exit}' "$work/sources")
[[ -n $mirror ]] || {
  echo "make_base_image: this machine's apt has no Debian bookworm among its sources" >&2
  exit 2
}

debootstrap --variant=minbase bookworm "$root" "$mirror" >"$work/log" || {
  tail -n 5 "$work/log" >&2
  exit 2
}
sed 's/^/deb /' "$work/sources" >"$root/etc/apt/sources.list"
# As in the slim image: copyright files stay, other documentation is never installed.
printf 'path-exclude /usr/share/%s\n' 'doc/*' 'man/*' 'info/*' 'locale/*' >"$root/etc/dpkg/dpkg.cfg.d/slim"
echo 'path-include /usr/share/doc/*/copyright' >>"$root/etc/dpkg/dpkg.cfg.d/slim"
rm -rf "$root"/usr/share/{man,info,locale}/* "$root"/var/{cache/apt,lib/apt/lists,log}/* "$root"/var/cache/ldconfig/*
find "$root/usr/share/doc" -type f ! -name copyright -delete
find "$root/usr/share/doc" -type d -empty -delete

tar -C "$root" --sort=name --numeric-owner --one-file-system -cf "$archive" .
