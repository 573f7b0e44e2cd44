#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the list of an image's packages, SPDX 2.3 in JSON, from dpkg's list of what is installed in it.

  make_spdx.py --version VERSION --revision COMMIT --created SECONDS_SINCE_1970 DPKG_STATUS_FILE

The same input gives the same bytes.
"""
import argparse
import datetime
import json
import re
import urllib.parse


def paragraphs(text):
    """The packages of /var/lib/dpkg/status, each a dictionary of its one-line fields."""
    for paragraph in text.strip().split("\n\n"):
        yield dict(re.findall(r"^([A-Za-z-]+): (.*)$", paragraph, re.MULTILINE))


def spdx_id(name):
    return "SPDXRef-" + re.sub(r"[^A-Za-z0-9.-]", lambda match: f"-{ord(match[0]):x}-", name)


def package(fields):
    name, version, architecture = fields["Package"], fields["Version"], fields["Architecture"]
    quoted_name, quoted_version = (urllib.parse.quote(text, safe="") for text in (name, version))
    return {
        "SPDXID": spdx_id(f"{name}-{architecture}"),
        "name": name,
        "versionInfo": version,
        "supplier": "Organization: Debian",
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False,
        # Debian's copyright files, which stay in the image, are the word on licenses; they are prose.
        "licenseConcluded": "NOASSERTION",
        "licenseDeclared": "NOASSERTION",
        "copyrightText": "NOASSERTION",
        "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                          "referenceLocator": f"pkg:deb/debian/{quoted_name}@{quoted_version}?arch={architecture}"}],
    }


def document(status, version, revision, created):
    installed = [fields for fields in paragraphs(status) if fields.get("Status") == "install ok installed"]
    packages = sorted((package(fields) for fields in installed), key=lambda entry: entry["SPDXID"])
    ours = {"SPDXID": "SPDXRef-actbench", "name": "actbench", "versionInfo": f"{version}+{revision}",
            "downloadLocation": "NOASSERTION", "filesAnalyzed": False, "licenseConcluded": "Apache-2.0",
            "licenseDeclared": "Apache-2.0", "copyrightText": "NOASSERTION"}
    relations = [("SPDXRef-DOCUMENT", "DESCRIBES", ours["SPDXID"])]
    relations += [(ours["SPDXID"], "DEPENDS_ON", entry["SPDXID"]) for entry in packages]
    return {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"actbench-{version}",
        "documentNamespace": f"https://spdx.org/spdxdocs/actbench-{version}-{revision}",
        "creationInfo": {"created": datetime.datetime.fromtimestamp(created, datetime.timezone.utc).strftime("%FT%TZ"),
                         "creators": ["Tool: make_spdx.py"]},
        "packages": [ours, *packages],
        "relationships": [{"spdxElementId": a, "relationshipType": kind, "relatedSpdxElement": b}
                          for a, kind, b in relations],
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--version", required=True)
    parser.add_argument("--revision", required=True)
    parser.add_argument("--created", required=True, type=int)
    parser.add_argument("status", type=argparse.FileType(encoding="utf-8"))
    flags = parser.parse_args()
    print(json.dumps(document(flags.status.read(), flags.version, flags.revision, flags.created), indent=1))


if __name__ == "__main__":
    main()
