#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Takes the names of the containers that an image was built in out of its configuration, so that two builds are alike.

  strip_builder.py DIRECTORY   an image of Docker's format, as `buildah push IMAGE dir:DIRECTORY` writes it
"""
import hashlib
import json
import pathlib
import sys


def main():
    directory = pathlib.Path(sys.argv[1])
    manifest = json.loads((directory / "manifest.json").read_bytes())
    blob = directory / manifest["config"]["digest"].removeprefix("sha256:")
    config = json.loads(blob.read_bytes())
    for entry in ("container", "container_config"):
        config.pop(entry, None)
    config["config"].pop("Hostname", None)
    text = json.dumps(config, sort_keys=True).encode()
    digest = hashlib.sha256(text).hexdigest()
    blob.unlink()
    (directory / digest).write_bytes(text)
    manifest["config"].update(digest=f"sha256:{digest}", size=len(text))
    (directory / "manifest.json").write_text(json.dumps(manifest, sort_keys=True), encoding="utf-8")


if __name__ == "__main__":
    main()
